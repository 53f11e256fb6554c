//! The clock of this computer, and whether it can be right at all.

use crate::problem::{Kind, Problem};
use countersign_protocol::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Gives the time on this computer's clock.
pub(crate) fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(since.as_secs())
}

/// Refuses a clock that nothing can be counted by: what lies on the disk counts from 1970 on.
pub(super) fn check_counted() -> Result<(), Problem> {
    counted(SystemTime::now())
}

fn counted(now: SystemTime) -> Result<(), Problem> {
    now.duration_since(UNIX_EPOCH).map(drop).map_err(|_| {
        Problem::new(Kind::Clock, "this computer's clock cannot be right")
            .because("it says a year before 1970")
            .hint(SET)
    })
}

/// Refuses a clock under which an identity would be dead for years: one made in the future stands for nobody
/// until then, and no peer can say so before a network is entered.
pub(super) fn check(now: Timestamp) -> Result<(), Problem> {
    if (EARLIEST..=LATEST).contains(&now.seconds()) {
        return Ok(());
    }
    Err(Problem::new(Kind::Clock, "this computer's clock cannot be right")
        .because(format!("it says {now}, and this program is neither so old nor so new"))
        .hint(SET))
}

const SET: &str =
    "set this computer's clock, then try again: what is made keeps the time it was made at";
/// 2025-01-01: this program is younger.
const EARLIEST: u64 = 1_735_689_600;
/// 2037-01-01: ten years after it was written, and a program that old is to be replaced.
const LATEST: u64 = 2_114_380_800;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn nothing_is_made_under_a_clock_of_before_the_program_or_long_after() {
        for wrong in ["1970-01-01T00:00:00Z", "2024-12-31T23:59:59Z", "2038-01-19T03:14:08Z"] {
            let refused = check(Timestamp::parse(wrong).unwrap()).unwrap_err();
            assert!(refused.is(Kind::Clock) && refused.to_string().contains(wrong), "{refused}");
        }
        for right in ["2025-01-01T00:00:00Z", "2036-12-31T23:59:59Z"] {
            check(Timestamp::parse(right).unwrap()).unwrap();
        }
    }

    #[test]
    fn a_clock_of_before_1970_is_an_error_and_no_panic() {
        let early = counted(UNIX_EPOCH - Duration::from_secs(1)).unwrap_err();
        assert!(early.is(Kind::Clock) && early.to_string().contains("1970"), "{early}");
        counted(UNIX_EPOCH).unwrap();
    }
}
