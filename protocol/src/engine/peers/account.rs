//! What a peer did, and what is left of its shares: points that time forgives, and tokens it gives back.

/// What a peer did, and what is left of its shares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) points: Points,
    pub(super) requests: Bucket,
    /// What we may still pull from it, so that it need not refuse us.
    pub(super) pulls: Bucket,
    pub(super) introductions: Bucket,
}

impl Account {
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            points: Points::default(),
            requests: Bucket::new(REQUESTS, REQUESTS_A_SECOND, now_ms),
            pulls: Bucket::new(PULLS, PULLS_A_SECOND, now_ms),
            introductions: Bucket::new(INTRODUCTIONS, INTRODUCTIONS_A_SECOND, now_ms),
        }
    }
}

/// What faults cost so far; it grows less by one every [`FORGIVEN_MS`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Points {
    pub(super) cost: u32,
    at_ms: u64,
}

impl Points {
    /// Gives what they cost now.
    pub(super) fn now(self, now_ms: u64) -> u32 {
        let forgiven = now_ms.saturating_sub(self.at_ms) / FORGIVEN_MS;
        self.cost.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }

    /// Adds what a fault costs, and gives what all of them cost now.
    pub(super) fn add(&mut self, cost: u32, now_ms: u64) -> u32 {
        *self = Self { cost: self.now(now_ms).saturating_add(cost), at_ms: now_ms };
        self.cost
    }
}

/// Tokens that come back with time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    room: u32,
    per_second: u32,
    tokens: u32,
    at_ms: u64,
}

impl Bucket {
    const fn new(room: u32, per_second: u32, at_ms: u64) -> Self {
        Self { room, per_second, tokens: room, at_ms }
    }

    /// Takes so many; tells whether there were enough.
    pub(super) fn take(&mut self, tokens: u32, now_ms: u64) -> bool {
        let seconds = now_ms.saturating_sub(self.at_ms) / 1000;
        if seconds > 0 {
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            let back = seconds.saturating_mul(self.per_second);
            self.tokens = self.tokens.saturating_add(back).min(self.room);
            self.at_ms = self.at_ms.saturating_add(u64::from(seconds).saturating_mul(1000));
        }
        let left = self.tokens.checked_sub(tokens);
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }

    /// Tells whether so many are there, and takes none.
    pub(super) fn has(&mut self, tokens: u32, now_ms: u64) -> bool {
        let _refilled = self.take(0, now_ms);
        self.tokens >= tokens
    }
}

/// One point is forgiven in this time, so a ban's worth in a quarter of an hour.
pub(super) const FORGIVEN_MS: u64 = 10_000;

/// Tokens for requests of one peer: a look-up costs three, a whole sync about forty.
pub(super) const REQUESTS: u32 = 2048;
const REQUESTS_A_SECOND: u32 = 256;

/// Pulls from one peer: of what it answers half, because a sync asks other things as well.
pub(super) const PULLS: u32 = REQUESTS / 2;
const PULLS_A_SECOND: u32 = REQUESTS_A_SECOND / 2;

/// Identities one peer may be first to tell of: a busy relay in a network that grows by ten thousand
/// a day brings less than one a second.
pub(super) const INTRODUCTIONS: u32 = 256;
const INTRODUCTIONS_A_SECOND: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_forgiven_with_time() {
        let mut points = Points::default();
        assert_eq!(points.add(25, 0), 25);
        assert_eq!(points.now(9_999), 25);
        assert_eq!(points.add(25, 100_000), 40);
        assert_eq!(points.now(1_000_000), 0);
    }

    #[test]
    fn tokens_come_back_second_by_second_and_never_beyond_the_room() {
        let mut bucket = Bucket::new(10, 2, 0);
        assert!(bucket.take(10, 0));
        assert!(!bucket.take(1, 999));
        assert!(bucket.take(2, 1_000));
        assert!(!bucket.take(1, 1_999));
        assert!(!bucket.take(11, 1_000_000));
        assert!(bucket.take(10, 1_000_000));
    }
}
