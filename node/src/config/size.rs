//! Numbers of bytes as people write them: `16 GiB`, `500MB`.

use core::fmt;
use core::str::FromStr;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let no_size = || SizeError::NoSize { text: text.to_owned() };
        let trimmed = text.trim();
        let end = trimmed.find(|one: char| !one.is_ascii_digit() && one != '.');
        let (number, unit) = trimmed.split_at(end.unwrap_or(trimmed.len()));
        let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
        let unit = unit.trim().to_ascii_lowercase();
        let (_, bytes) =
            UNITS.iter().find(|(name, _)| name.to_ascii_lowercase() == unit).ok_or_else(no_size)?;
        // More digits behind the point mean nothing to a person.
        if rest.len() > 3 {
            return Err(no_size());
        }
        let parts = 10_u64.pow(u32::try_from(rest.len()).unwrap_or(0));
        let [whole, rest] = [whole, rest].map(|digits| digits.parse::<u64>().ok());
        let (whole, rest) = (whole.ok_or_else(no_size)?, rest.ok_or_else(no_size)?);
        let all = whole.checked_mul(*bytes);
        let rest = bytes.checked_mul(rest).map(|rest| rest / parts);
        let sum = all.zip(rest).and_then(|(all, rest)| all.checked_add(rest));
        sum.map(Self).ok_or(SizeError::TooMuch)
    }
}

/// Writes a number of bytes as people read it, which is not always what it was exactly: with at most one digit
/// behind the point, in the largest of `units` it fills, each 1024 of the one before.
pub fn rounded(bytes: u64, units: &str) -> String {
    let mut units = units.split(' ').peekable();
    let mut name = units.next().unwrap_or_default();
    let (mut whole, mut rest) = (bytes, 0);
    while let Some(next) = units.next_if(|_| whole >= 1024) {
        (rest, whole, name) = (whole % 1024, whole / 1024, next);
    }
    match rest * 10 / 1024 {
        0 => format!("{whole} {name}"),
        tenth => format!("{whole}.{tenth} {name}"),
    }
}

/// It reads back as what it was.
impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |unit: &&(&str, u64)| self.0 > 0 && self.0.is_multiple_of(unit.1);
        match UNITS.iter().filter(fits).max_by_key(|unit| unit.1) {
            Some((_, 1)) | None => write!(formatter, "{} B", self.0),
            Some((name, bytes)) => write!(formatter, "{} {name}", self.0 / bytes),
        }
    }
}

/// What a person wrote is no number of bytes. Hers to write again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum SizeError {
    /// It is no number, or its unit is none.
    #[error("`{text}` is no size: write a number with its unit, such as 16 GiB or 500 MB")]
    NoSize { text: String },
    /// No computer has so many.
    #[error("no computer has so many bytes")]
    TooMuch,
}

/// What a computer counts in.
pub const BINARY: &str = "B KiB MiB GiB TiB";

/// Bytes need no name.
const UNITS: [(&str, u64); 10] = [
    ("", 1),
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them_and_back() {
        for (text, bytes, again) in [
            ("0", 0, "0 B"),
            ("1023", 1023, "1023 B"),
            ("16 GiB", 16 << 30, "16 GiB"),
            ("256mib", 256 << 20, "256 MiB"),
            (" 1.5 GiB ", 3 << 29, "1536 MiB"),
            ("500 MB", 500_000_000, "500 MB"),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
            assert_eq!(Size(bytes).to_string(), again);
            assert_eq!(again.parse(), Ok(Size(bytes)));
        }
    }

    #[test]
    fn sizes_read_as_people_count() {
        assert_eq!(rounded(1023, BINARY), "1023 B");
        assert_eq!(rounded(1536, BINARY), "1.5 KiB");
        assert_eq!(rounded(16 << 30, BINARY), "16 GiB");
        assert_eq!(rounded(u64::MAX, BINARY), "16777215.9 TiB");
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "GiB", "-1 GiB", "16 Gib/s", "1.2.3 GiB", "1.23456 GiB", "many", "1."] {
            let refused = text.parse::<Size>().unwrap_err();
            assert!(matches!(refused, SizeError::NoSize { .. }), "{text}: {refused}");
        }
        assert_eq!("99999999 TiB".parse::<Size>(), Err(SizeError::TooMuch));
    }
}
