//! Every sentence a person reads on the owner's pages: one file a language, and none is missing.
//!
//! A language is a value of [`Texts`], so that a sentence that is not translated does not compile.
//! What stands in braces is filled in by [`fill`].

mod en;

pub(super) use en::Texts;

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
