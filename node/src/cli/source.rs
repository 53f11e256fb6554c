//! A file named on the command line, or `-` for standard input.

use crate::problem::{Kind, Problem};
use countersign_protocol::wire::bounds;
use std::io::Read as _;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a command reads a document from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl FromStr for Source {
    type Err = core::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "-" { Self::Stdin } else { Self::File(PathBuf::from(text)) })
    }
}

impl Source {
    /// Reads at most `bound` bytes.
    pub(super) fn read(&self, bound: usize) -> Result<Vec<u8>, Problem> {
        let limit = u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        let read = match self {
            Self::Stdin => std::io::stdin().lock().take(limit).read_to_end(&mut bytes),
            Self::File(path) => {
                std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
            }
        };
        read.map_err(|error| {
            Problem::new(Kind::Invalid, format!("{self} cannot be read"))
                .because(error)
                .hint("look whether it is there, and who may read it")
        })?;
        if bytes.len() > bound {
            return Err(Problem::new(Kind::Invalid, format!("{self} is too large"))
                .because(format!("a document of this kind has at most {bound} bytes"))
                .hint("`countersign inspect FILE` says what a file is"));
        }
        Ok(bytes)
    }

    /// Reads text of at most `bound` bytes.
    pub(super) fn read_text(&self, bound: usize) -> Result<String, Problem> {
        String::from_utf8(self.read(bound)?).map_err(|_| {
            Problem::new(Kind::Invalid, format!("{self} is not text"))
                .hint("`countersign inspect FILE` says what a file is")
        })
    }
}

/// Reads a vendor's challenge: the text itself, a file, or `-` for standard input.
pub(super) fn challenge(text: String) -> Result<String, Problem> {
    if text.starts_with("countersign:") {
        return Ok(text);
    }
    let Ok(source) = text.parse::<Source>();
    let read = source.read_text(bounds::CHALLENGE).map_err(|problem| {
        problem.hint(
            "copy the shop's challenge whole, it begins with `countersign:challenge:`; \
             or name a file that holds it",
        )
    })?;
    Ok(read.trim().to_owned())
}

impl core::fmt::Display for Source {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Stdin => formatter.write_str("standard input"),
            Self::File(path) => write!(formatter, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_copied_without_its_beginning_is_asked_for_whole() {
        let problem = challenge("eyJjbGFpbXMiOltd".to_owned()).unwrap_err();
        assert!(problem.to_string().contains("countersign:challenge:"));
    }
}
