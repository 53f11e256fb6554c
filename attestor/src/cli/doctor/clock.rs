//! Compares the clock with those of the providers: before the first `run` nobody else is asked.

use super::{Found, note, well, wrong};
use countersign_protocol::time::Timestamp;

/// What time it was at a provider.
pub(super) struct Told {
    /// The provider.
    pub(super) by: String,
    /// By its clock.
    pub(super) there: Timestamp,
    /// By the clock of this computer.
    pub(super) here: Timestamp,
}

impl Told {
    fn apart(&self) -> u64 {
        self.there.since(self.here).max(self.here.since(self.there))
    }
}

/// Says whether the clock is one to sign by. One provider whose clock is wrong does not make ours wrong.
pub(super) fn compared(told: &[Told]) -> Found {
    let Some(nearest) = told.iter().min_by_key(|told| told.apart()) else {
        let hint = "compare it with another one: what is signed by a wrong clock nobody believes. A running \
                    attestor compares it with its peers";
        return note("clock", "no provider said what time it is".to_owned(), hint);
    };
    let says = format!("{} s apart from the clock of {}", nearest.apart(), nearest.by);
    if nearest.apart() <= MOST_APART {
        well("clock", says)
    } else {
        wrong("clock", says, "set this computer's clock; nothing is signed until then")
    }
}

/// Seconds, as many as a node lets its clock be apart from its peers'.
const MOST_APART: u64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_no_provider_agrees_with_is_wrong() {
        let here = Timestamp::from_seconds(1_800_000_000);
        let told = |there: Timestamp| Told { by: "North".to_owned(), there, here };
        let found = compared(&[told(here.plus(301)), told(here.minus(86_400))]);
        assert!(!found.ok);
        assert_eq!(found.says, "301 s apart from the clock of North");
        assert!(compared(&[told(here.minus(86_400)), told(here.minus(300))]).ok);
        let nobody = compared(&[]);
        assert!(nobody.ok && nobody.hint.is_some(), "{nobody:?}");
    }
}
