//! A moment in time, to the second, as every signed object of the network writes it.
//!
//! - Standard: RFC 3339, UTC only, as `dateTimeStamp` in VC Data Model 2.0 and `versionTime` in
//!   did:webvh 1.0 use it.

use core::fmt;
use std::time::{Duration, UNIX_EPOCH};

/// Names a moment: whole seconds since 1970-01-01T00:00:00Z, never before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The last moment that can be written: 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799);

    /// Makes a moment from seconds since the epoch; later than [`Self::MAX`] becomes that.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        if seconds > Self::MAX.0 { Self::MAX } else { Self(seconds) }
    }

    /// Gives the seconds since the epoch.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Gives the moment `seconds` later, at most [`Self::MAX`].
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self::from_seconds(self.0.saturating_add(seconds))
    }

    /// Gives the moment `seconds` earlier, at the earliest the epoch.
    #[must_use]
    pub const fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Counts the seconds from `earlier` to this moment; none if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads `2026-11-22T07:30:00Z`; a fraction of a second is cut off, an offset other than zero
    /// is converted.
    ///
    /// # Errors
    ///
    /// Returns [`TimeError`] for anything RFC 3339 does not allow, a missing zone, or a year
    /// before 1970.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let malformed = || TimeError { text: text.chars().take(40).collect() };
        // RFC 3339, section 5.6: the zone is `Z` or an offset, never missing.
        let (local, offset) = split_zone(text).ok_or_else(malformed)?;
        // RFC 3339, section 5.6: a point and digits may follow the seconds, and nothing else may.
        let (seconds, fraction) = local.split_once('.').unwrap_or((local, "0"));
        let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
        if seconds.len() != SECONDS.len() || !digits {
            return Err(malformed());
        }
        let utc = format!("{local}Z");
        let moment = humantime::parse_rfc3339(&utc).map_err(|_| malformed())?;
        let seconds = moment.duration_since(UNIX_EPOCH).map_err(|_| malformed())?.as_secs();
        let seconds = seconds.checked_add_signed(offset).ok_or_else(malformed)?;
        if seconds > Self::MAX.0 {
            return Err(malformed());
        }
        Ok(Self(seconds))
    }
}

/// Cuts the zone off and gives the seconds to add to reach UTC.
fn split_zone(text: &str) -> Option<(&str, i64)> {
    if let Some(local) = text.strip_suffix('Z') {
        return Some((local, 0));
    }
    let (local, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (sign, hours_minutes) = match zone.split_at_checked(1)? {
        ("+", rest) => (-1_i64, rest),
        ("-", rest) => (1_i64, rest),
        _ => return None,
    };
    let (hours, minutes) = hours_minutes.split_once(':')?;
    let two_digits = |part: &str, below: i64| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<i64>().ok())
            .flatten()
            .filter(|number| *number < below)
    };
    let minutes = two_digits(hours, 24)?.checked_mul(60)?.checked_add(two_digits(minutes, 60)?)?;
    Some((local, minutes.checked_mul(60)?.checked_mul(sign)?))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = UNIX_EPOCH.checked_add(Duration::from_secs(self.0)).unwrap_or(UNIX_EPOCH);
        write!(formatter, "{}", humantime::format_rfc3339_seconds(moment))
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The form of a moment up to its seconds.
const SECONDS: &str = "2026-11-22T07:30:00";

/// The text is not a moment this network can write. Fault of whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time such as 2026-11-22T07:30:00Z")]
pub struct TimeError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for seconds in [0, 1, 951_782_399, 1_795_332_600, 2_147_483_648, Timestamp::MAX.0] {
            let moment = Timestamp(seconds);
            assert_eq!(Timestamp::parse(&moment.to_string()), Ok(moment));
        }
    }

    #[test]
    fn converts_an_offset() {
        let utc = Timestamp::parse("2026-11-22T07:30:00Z").unwrap();
        assert_eq!(Timestamp::parse("2026-11-22T07:30:00+00:00"), Ok(utc));
        assert_eq!(Timestamp::parse("2026-11-22T09:00:00.25+01:30"), Ok(utc));
        assert_eq!(Timestamp::parse("2026-11-21T23:30:00-08:00"), Ok(utc));
    }

    #[test]
    fn a_fraction_is_cut_off_however_long_it_is() {
        let whole = Timestamp::parse("2026-11-22T07:30:00Z").unwrap();
        for fraction in ["0", "9", "999999999", "99999999999999999999"] {
            let text = format!("2026-11-22T07:30:00.{fraction}Z");
            assert_eq!(Timestamp::parse(&text), Ok(whole), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "Z",
            "2026-11-22",
            "2026-11-22T07:30:00",
            "2026-11-22 07:30:00Z",
            "2026-02-30T07:30:00Z",
            "2026-11-22T24:30:00Z",
            "2026-11-22T07:30:00.Z",
            "1969-12-31T23:59:59Z",
            "2026-11-22T07:30:00+25:00",
            "2026-11-22T07:30:00+1:00",
            "12026-11-22T07:30:00Z",
            "9999-12-31T23:59:59-01:00",
            "2026-11-22T07:30:00é00:00",
            "2026-11-22T07:30:00ZZ",
            "2026-11-22T07:30:00Z+01:00",
            "2026-11-22T07:30:00Z any Z",
            "2026-11-22T07:30:00+00:00Z",
            "2026-11-22T07:30:00.5ZZ",
            "2026-11-22T07:30:00.+5Z",
            "2026-11-22T07:30:0.5Z",
            "2026-11-22T07:30:00.5.5Z",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text} was read");
        }
    }
}
