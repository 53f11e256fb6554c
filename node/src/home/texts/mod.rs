//! Every sentence a person reads on the owner's pages: one file a language, and none is missing.
//!
//! A language is a value of [`Texts`], so that a sentence that is not translated does not compile.
//! What stands in braces is filled in by [`fill`].
//!
//! What the node says in sentences of its own (a [`Problem`], a [`Finding`], an [`Alarm`]) is English where it is
//! made, because the command line, the door and other programs read it, too. On its way to a page it goes
//! through the language: English says it as it is, but for what to do about a [`Finding`], and another one by its
//! stable word, with the sentence beside it.

mod en;

use crate::page::{Markup, parts};
use crate::problem::Problem;
use crate::verb::network::Finding;
use crate::verb::overview::Alarm;
pub(super) use en::Texts;

/// How a language says what the node says.
pub(super) struct Voice {
    problem: fn(&Problem) -> Problem,
    finding: fn(&Finding) -> Finding,
    alarm: fn(&Alarm) -> Alarm,
}

/// Shows what went wrong: what, why, what to do.
pub(super) fn problem(problem: &Problem) -> Markup {
    parts::problem(&(en::VOICE.problem)(problem))
}

/// Says what was found of one thing.
pub(super) fn finding(finding: &Finding) -> Finding {
    (en::VOICE.finding)(finding)
}

/// Says what was done in the owner's name.
pub(super) fn alarm(alarm: &Alarm) -> Alarm {
    (en::VOICE.alarm)(alarm)
}

/// The texts in use.
pub(super) static T: &Texts = &en::ENGLISH;

/// Fills in what stands in braces.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            filled.push_str(after);
            return filled;
        };
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(value.map_or(name, |(_, value)| value));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let filled = fill("{vendor} asks {what}", &[("vendor", "{what}"), ("what", "you")]);
        assert_eq!(filled, "{what} asks you");
        assert_eq!(fill("nothing", &[]), "nothing");
    }
}
