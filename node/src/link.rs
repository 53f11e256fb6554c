//! A link such as a shop's page has: a vendor's request or an invitation, in one line.
//!
//! Anybody can write one, and a web page can have it opened. What it says is read where it is shown; here
//! it is only told which of the two it is, and that it is one line without anything odd in it.

use crate::problem::{self, Problem};
use core::fmt;
use core::str::FromStr;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::{challenge, invite};

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    kind: Kind,
    text: String,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To look at what a vendor asks for.
    Request,
    /// To join a network.
    Invitation,
}

impl Link {
    /// Tells which of the two it is.
    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        let kinds = [
            (Kind::Request, challenge::PREFIX, bounds::CHALLENGE),
            (Kind::Invitation, invite::PREFIX, bounds::INVITE),
        ];
        let found = kinds
            .into_iter()
            .find_map(|(kind, prefix, bound)| Some((kind, text.strip_prefix(prefix)?, bound)));
        let (kind, said, bound) = found.ok_or(LinkError::SomethingElse)?;
        if text.len() > bound {
            return Err(LinkError::TooLong { length: text.len(), bound });
        }
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if said.is_empty() || !said.bytes().all(is_letter) {
            return Err(LinkError::Damaged);
        }
        Ok(Self { kind, text: text.to_owned() })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// It leads nowhere. Fault of whoever wrote or copied it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkError {
    /// It begins with neither of the two.
    #[error("a link begins with {} or {}", challenge::PREFIX, invite::PREFIX)]
    SomethingElse,
    /// A character is missing or was changed on the way.
    #[error("the link was cut short or changed on the way; copy it once more, whole")]
    Damaged,
    /// Longer than what it leads to can be.
    #[error("{length} characters are more than the {bound} of such a link")]
    TooLong { length: usize, bound: usize },
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        Self::new(problem::Kind::Invalid, "this link leads nowhere").because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_request_or_an_invitation() {
        let kind = |text: &str| text.parse::<Link>().map(|link| link.kind());
        assert_eq!(kind("countersign:challenge:eyJ-_0"), Ok(Kind::Request));
        assert_eq!(kind(" countersign:invite:gw\n"), Ok(Kind::Invitation));
        let link: Link = " countersign:invite:gw\n".parse().unwrap();
        assert_eq!(link.to_string(), "countersign:invite:gw");
    }

    #[test]
    fn whatever_else_a_page_writes_is_no_link() {
        let error = |text: &str| text.parse::<Link>().unwrap_err();
        for text in
            ["", "https://shop.example", "countersign:", "countersign:words:abc", "--data", "{}"]
        {
            assert_eq!(error(text), LinkError::SomethingElse, "{text}");
        }
        for said in
            ["", "e30%20--data", "e30 x", "e30\u{1b}[2J", "e30=", "../../x", "<b>", "e30\nx"]
        {
            for prefix in [challenge::PREFIX, invite::PREFIX] {
                assert_eq!(error(&format!("{prefix}{said}")), LinkError::Damaged, "{said}");
            }
        }
        let long = format!("{}{}", challenge::PREFIX, "a".repeat(bounds::CHALLENGE));
        let too_long = LinkError::TooLong { length: long.len(), bound: bounds::CHALLENGE };
        assert_eq!(error(&long), too_long);
    }
}
