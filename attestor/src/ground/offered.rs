//! Logs that people sent along who ask before their deposit has spread: a few, for a while.

use countersign_protocol::did::Scid;
use countersign_protocol::did::log::History;
use countersign_protocol::time::Timestamp;
use std::collections::VecDeque;

/// What was sent along, the oldest first.
#[derive(Default)]
pub(super) struct Offered {
    logs: VecDeque<Log>,
    bytes: usize,
}

struct Log {
    history: History,
    bytes: usize,
    since: Timestamp,
}

impl core::fmt::Debug for Offered {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "Offered({} logs, {} bytes)", self.logs.len(), self.bytes)
    }
}

impl Offered {
    /// Keeps a log that came as `bytes` bytes; the oldest go where there is no room.
    pub(super) fn keep(&mut self, history: History, bytes: usize, now: Timestamp) {
        self.logs.retain(|log| log.history.scid() != history.scid());
        self.logs.push_back(Log { history, bytes, since: now });
        self.recount();
        while self.bytes > MOST || self.front_is_old(now) {
            self.logs.pop_front();
            self.recount();
        }
    }

    /// Gives the log of `scid`, if it was sent along a short while ago.
    pub(super) fn get(&self, scid: Scid, now: Timestamp) -> Option<History> {
        let log = self.logs.iter().find(|log| log.history.scid() == scid)?;
        (!log.is_old(now)).then(|| log.history.clone())
    }

    fn front_is_old(&self, now: Timestamp) -> bool {
        self.logs.front().is_some_and(|log| log.is_old(now))
    }

    fn recount(&mut self) {
        self.bytes = self.logs.iter().fold(0, |sum, log| sum.saturating_add(log.bytes.max(LEAST)));
    }
}

impl Log {
    fn is_old(&self, now: Timestamp) -> bool {
        now.since(self.since) > LIFE
    }
}

/// Bytes of logs, as they came: read, they take a few times as much.
const MOST: usize = 8 << 20;
/// What the shortest log takes.
const LEAST: usize = 2048;
/// Seconds: a deposit spreads in minutes, and an account that moves comes back after an hour.
const LIFE: u64 = 2 * 3600;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::memory::identity;
    use countersign_protocol::key::SecretKey;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn somebody() -> History {
        let key = SecretKey::from_seed([1; 32]);
        identity(&key, &key, NOW).unwrap()
    }

    #[test]
    fn the_oldest_goes_first_and_bytes_decide_when() {
        let mut offered = Offered::default();
        let people: Vec<History> = (0..3).map(|_| somebody()).collect();
        for (seconds, one) in (0..).zip(&people) {
            offered.keep(one.clone(), MOST / 2, NOW.plus(seconds));
        }
        let held = |one: &History| offered.get(one.scid(), NOW.plus(3)).is_some();
        assert_eq!(people.iter().map(held).collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn a_small_log_takes_room_too() {
        let mut offered = Offered::default();
        for _ in 0..3 {
            offered.keep(somebody(), 1, NOW);
        }
        assert_eq!(offered.bytes, 3 * LEAST);
    }

    #[test]
    fn who_comes_again_takes_one_place_and_is_forgotten_after_a_while() {
        let mut offered = Offered::default();
        let one = somebody();
        offered.keep(one.clone(), 5000, NOW);
        offered.keep(one.clone(), 6000, NOW.plus(1));
        assert_eq!(offered.bytes, 6000);
        assert!(offered.get(one.scid(), NOW.plus(1 + LIFE)).is_some());
        assert!(offered.get(one.scid(), NOW.plus(2 + LIFE)).is_none());
        offered.keep(somebody(), 5000, NOW.plus(2 + LIFE));
        assert_eq!(offered.bytes, 5000, "nor does it take any room");
    }
}
