//! The place for the 24 words on paper.
//!
//! Words that were typed and not taken stand there again, in that one answer and for her alone: whoever
//! wrote one of them wrong mends that one. No page is ever kept by the browser.

use super::texts::{T, fill};
use crate::page::parts::{Field, Line, Tone, notice};
use crate::page::{Markup, html};
use crate::passphrase::Words;
use crate::start;

/// A place for them, in which stands what was `typed` before, below the words that are none.
pub(super) fn words(name: &str, typed: &str) -> Markup {
    let wrong = start::unknown_words(&Words::new(typed));
    html! {
        @if !wrong.is_empty() {
            (notice(Tone::Warning, T.words_unknown, html! {
                ul { @for (number, word) in &wrong {
                    li { (fill(T.words_unknown_one, &[("number", &number.to_string()), ("word", word)])) }
                } }
            }))
        }
        (Field { name, ..Field::new("words", T.words_field, Line::Long) }.hint(T.words_hint).value(typed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_that_is_none_is_named_with_its_place() {
        let shown = words("words", "1. abandon 2. ABANDOM 3. art <b>").into_string();
        assert!(
            shown.contains("Number 2: “abandom”") && shown.contains("Number 4: “b”"),
            "{shown}"
        );
        assert!(!shown.contains("<b>") && shown.contains("&lt;b&gt;"), "{shown}");
        let empty = words("words", "").into_string();
        assert!(!empty.contains("notice"), "{empty}");
        assert!(!words("words", "abandon art").into_string().contains("notice"));
    }
}
