//! Whether our own clock is to be trusted: peers sign the time, and we compare; they never set it.
//!
//! A node with a wrong clock would sign heads, statements and proofs that others refuse, or that
//! count for longer than they should. So before anything is signed, the clock must agree with the
//! median of what at least three peers signed, and must not be behind our own last signature.

use super::event::{Now, Prefix};
use crate::time::Timestamp;
use crate::wire::peer::Peer;
use core::fmt;
use std::collections::BTreeMap;

/// What is known of our clock.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    /// How many seconds each connected peer is ahead of our monotonic clock's zero.
    theirs: BTreeMap<Peer, (Prefix, Reading)>,
    /// When we last signed anything.
    signed: Option<Timestamp>,
    /// Whether the trouble of now was told already.
    told: bool,
}

/// What a peer's clock showed, and when by our monotonic one.
#[derive(Debug, Clone, Copy)]
struct Reading {
    showed: Timestamp,
    at_ms: u64,
}

impl Clock {
    pub(super) fn new(signed: Option<Timestamp>) -> Self {
        Self { signed, ..Self::default() }
    }

    /// Notes the time a peer in a part of the address space signed in answer to a request made at
    /// `asked_ms`.
    pub(super) fn observe(
        &mut self,
        (peer, prefix): (Peer, Prefix),
        showed: Timestamp,
        asked_ms: u64,
        now: Now,
    ) {
        // The peer may have looked at its clock at any moment of the wait; beyond this, the answer
        // says more about the connection than about the clock.
        if now.monotonic_ms.saturating_sub(asked_ms) <= LONGEST_WAIT_MS {
            let reading = Reading { showed, at_ms: now.monotonic_ms };
            self.theirs.insert(peer, (prefix, reading));
        }
    }

    pub(super) fn forget(&mut self, peer: &Peer) {
        self.theirs.remove(peer);
    }

    /// Notes that something is about to be signed at `at`; tells whether that is news.
    pub(super) fn sign(&mut self, at: Timestamp) -> bool {
        let later = self.signed.is_none_or(|signed| at > signed);
        self.signed = self.signed.max(Some(at));
        later
    }

    /// Compares our clock with those of peers.
    pub(super) fn report(&self, now: Now) -> Report {
        // Readings age by the monotonic clock, so a jump of the one on the wall shows at once.
        let mut near: BTreeMap<Prefix, Vec<i64>> = BTreeMap::new();
        for (prefix, reading) in self.theirs.values() {
            near.entry(*prefix).or_default().push(reading.ahead(now));
        }
        // Names cost nothing where an address is paid for once: each place has one opinion.
        let opinions: Vec<i64> = near.into_values().filter_map(middle).collect();
        let peers = opinions.len();
        let median = middle(opinions).filter(|_| peers >= ENOUGH);
        let behind = self.signed.filter(|signed| now.wall < *signed);
        let off = median.filter(|offset| offset.unsigned_abs() > MAX_OFFSET);
        let trouble = match (behind, off) {
            (Some(signed), _) => Some(Trouble::Backwards { signed }),
            (None, Some(seconds)) => Some(Trouble::Off { seconds }),
            (None, None) => None,
        };
        Report { peers, median, trouble }
    }

    /// Gives a report when trouble begins, and none until it is over and begins again.
    pub(super) fn news(&mut self, now: Now) -> Option<Report> {
        let report = self.report(now);
        let first = report.trouble.is_some() && !self.told;
        self.told = report.trouble.is_some();
        first.then_some(report)
    }
}

impl Reading {
    fn ahead(&self, now: Now) -> i64 {
        let elapsed = now.monotonic_ms.saturating_sub(self.at_ms) / 1000;
        let theirs = i64::try_from(self.showed.plus(elapsed).seconds()).unwrap_or(i64::MAX);
        let ours = i64::try_from(now.wall.seconds()).unwrap_or(i64::MAX);
        theirs.saturating_sub(ours)
    }
}

/// Gives the middle one, of two the greater.
fn middle(mut offsets: Vec<i64>) -> Option<i64> {
    offsets.sort_unstable();
    offsets.get(offsets.len() / 2).copied()
}

/// Says how our clock compares with those of peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// How many peers' signed times it rests on; those of one part of the address space count once.
    pub peers: usize,
    /// By how many seconds the median of them is ahead of us; none with fewer than three.
    pub median: Option<i64>,
    /// Why nothing is to be signed now, if so.
    pub trouble: Option<Trouble>,
}

impl Report {
    /// Tells whether anything may be signed by this clock.
    ///
    /// With fewer than three peers there is nothing to compare with; a first identity is made
    /// without any network, so that is no reason to refuse.
    #[must_use]
    pub const fn may_sign(&self) -> bool {
        self.trouble.is_none()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.trouble, self.median) {
            (Some(trouble), _) => write!(formatter, "{trouble}"),
            (None, Some(seconds)) => {
                write!(formatter, "{seconds} seconds from the median of {} peers", self.peers)
            }
            (None, None) if self.peers == 1 => {
                write!(formatter, "one peer is too few to compare with")
            }
            (None, None) => write!(formatter, "{} peers are too few to compare with", self.peers),
        }
    }
}

/// What is wrong with our clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum Trouble {
    /// Peers agree on another time.
    #[error("peers' clocks are {seconds} seconds ahead of this one: set this computer's clock")]
    Off { seconds: i64 },
    /// We signed something later than now.
    #[error(
        "something was already signed at {signed}, which is later than now: set this computer's clock, or wait"
    )]
    Backwards { signed: Timestamp },
}

/// With three readings one lying peer cannot move the median past the honest ones.
const ENOUGH: usize = 3;

/// Five minutes: what TLS and OpenID allow as well, and far more than NTP leaves.
const MAX_OFFSET: u64 = 300;

/// A reading this old by the time it comes is no reading.
const LONGEST_WAIT_MS: u64 = 30_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn now(seconds: u64) -> Now {
        Now { wall: Timestamp::from_seconds(seconds), monotonic_ms: 0 }
    }

    fn clock(theirs: &[u64]) -> Clock {
        let mut clock = Clock::default();
        for (number, seconds) in (0_u8..).zip(theirs) {
            let showed = Timestamp::from_seconds(*seconds);
            let whose = (Peer::from_bytes(&[number]).unwrap(), Prefix(number.into()));
            clock.observe(whose, showed, 0, now(0));
        }
        clock
    }

    #[test]
    fn two_peers_are_too_few_to_doubt_a_clock() {
        assert!(clock(&[90_000, 90_000]).report(now(1000)).may_sign());
        assert!(!clock(&[90_000, 90_000, 90_000]).report(now(1000)).may_sign());
    }

    #[test]
    fn one_lying_peer_moves_nothing() {
        let report = clock(&[1000, 1010, 999_999]).report(now(1000));
        assert_eq!(report.median, Some(10));
        assert!(report.may_sign());
    }

    #[test]
    fn many_peers_in_one_place_are_one_opinion() {
        let mut clock = clock(&[1000, 1010]);
        for number in 100..120 {
            let liar = (Peer::from_bytes(&[number]).unwrap(), Prefix::RELAYED);
            clock.observe(liar, Timestamp::from_seconds(999_999), 0, now(0));
        }
        let report = clock.report(now(1000));
        assert_eq!((report.peers, report.median), (3, Some(10)));
        assert!(report.may_sign());
    }

    #[test]
    fn five_minutes_are_the_line() {
        assert!(clock(&[1300, 1300, 1300]).report(now(1000)).may_sign());
        let report = clock(&[1301, 1301, 1301]).report(now(1000));
        assert_eq!(report.trouble, Some(Trouble::Off { seconds: 301 }));
        let report = clock(&[699, 699, 699]).report(now(1000));
        assert_eq!(report.trouble, Some(Trouble::Off { seconds: -301 }));
    }

    #[test]
    fn a_clock_behind_our_own_signature_is_refused_without_any_peer() {
        let mut clock = Clock::new(Some(Timestamp::from_seconds(500)));
        assert!(clock.report(now(500)).may_sign());
        assert!(!clock.report(now(499)).may_sign());
        assert!(clock.sign(Timestamp::from_seconds(2000)));
        assert!(!clock.report(now(1999)).may_sign());
    }

    #[test]
    fn a_jump_of_the_wall_clock_shows_without_asking_again() {
        let clock = clock(&[1000, 1000, 1000]);
        let day_later = Now { wall: Timestamp::from_seconds(87_400), monotonic_ms: 5000 };
        assert_eq!(clock.report(day_later).trouble, Some(Trouble::Off { seconds: -86_395 }));
    }

    #[test]
    fn trouble_is_told_once() {
        let mut clock = clock(&[9000, 9000, 9000]);
        assert!(clock.news(now(1000)).is_some());
        assert!(clock.news(now(1001)).is_none());
        assert!(clock.news(now(9000)).is_none());
        assert!(clock.news(now(1000)).is_some());
    }
}
