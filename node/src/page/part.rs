//! A list that may be longer than a page: which rows of it a page shows, and the ways to the others.

use super::{Markup, html, parts};
use maud::Render;
use serde::Deserialize;

/// Rows of a table on one page: each may weigh a KiB.
pub const ROWS: usize = 50;
/// Cards on one page: each may weigh as much as five rows.
pub const CARDS: usize = 10;

/// Where in a list a page begins, as its address says it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Begin {
    /// Rows before it.
    pub from: usize,
}

/// The rows of a list that one page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    from: usize,
    to: usize,
    total: usize,
    most: usize,
}

impl Part {
    /// Gives at most `most` rows of `total`, from row `from` on; behind the end the list begins again.
    #[must_use]
    pub const fn of(total: usize, from: usize, most: usize) -> Self {
        let from = if from < total { from } else { 0 };
        let rest = total.saturating_sub(from);
        let to = from.saturating_add(if rest < most { rest } else { most });
        Self { from, to, total, most }
    }

    /// Gives these rows of `all`.
    pub fn rows<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        all.get(self.from..self.to).unwrap_or_default()
    }

    /// Tells whether there are no others.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.from == 0 && self.to == self.total
    }

    /// Gives the number of the first row, counted from one, of the last, and of all.
    #[must_use]
    pub const fn counted(&self) -> [usize; 3] {
        let first = self.from.saturating_add(1);
        [if first < self.to { first } else { self.to }, self.to, self.total]
    }

    /// Gives where the part before this one begins, if there is one.
    #[must_use]
    pub fn before(&self) -> Option<usize> {
        (self.from > 0).then(|| self.from.saturating_sub(self.most))
    }

    /// Gives where the part behind this one begins, if there is one.
    #[must_use]
    pub fn after(&self) -> Option<usize> {
        (self.to < self.total).then_some(self.to)
    }

    /// Says of the list called `what` which part this is, with the ways to the one before and the one after it.
    pub fn ways(
        &self,
        what: &str,
        said: impl Render,
        [before, after]: [&str; 2],
        address: impl Fn(usize) -> String,
    ) -> Markup {
        html! {
            nav.actions aria-label=(what) {
                @if let Some(from) = self.before() { (parts::quiet_link(&address(from), before)) }
                span.small { (said) }
                @if let Some(from) = self.after() { (parts::quiet_link(&address(from), after)) }
            }
        }
    }
}

/// Cuts `text` where it would be too long for a page that holds many like it.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_by_part_every_row_is_shown_once() {
        for total in [0, 1, 49, 50, 51, 100, 123] {
            let all: Vec<usize> = (0..total).collect();
            let mut seen = Vec::new();
            let mut next = Some(0);
            while let Some(from) = next {
                let part = Part::of(total, from, ROWS);
                seen.extend_from_slice(part.rows(&all));
                assert!(part.rows(&all).len() <= ROWS);
                assert_eq!(part.is_all(), total <= ROWS);
                next = part.after();
            }
            assert_eq!(seen, all);
        }
    }

    #[test]
    fn from_any_part_there_is_a_way_back_to_the_first() {
        let part = Part::of(123, 100, ROWS);
        assert_eq!(
            (part.counted(), part.before(), part.after()),
            ([101, 123, 123], Some(50), None)
        );
        assert_eq!(Part::of(123, 30, ROWS).before(), Some(0));
        assert_eq!(
            Part::of(123, 500, ROWS),
            Part::of(123, 0, ROWS),
            "there is nothing behind the end"
        );
        assert_eq!(Part::of(0, 0, ROWS).counted(), [0, 0, 0]);
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("ÄÖÜ", 2), "ÄÖ…");
        assert_eq!(cut("ÄÖÜ", 3), "ÄÖÜ");
    }
}
