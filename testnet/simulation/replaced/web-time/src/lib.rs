//! The two clocks of `web-time`, on tokio's, which a simulation can pause.

use std::cell::OnceCell;
use std::ops::{Add, Sub};
pub use std::time::{Duration, SystemTimeError, TryFromFloatSecsError};
pub use tokio::time::Instant;

/// The clock on the wall. On each thread it begins at [`EPOCH`] when it is first asked, and goes as
/// tokio's clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemTime(std::time::SystemTime);

/// The beginning of 1970.
pub const UNIX_EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

/// Seconds from 1970 to 2026-11-22T00:00:00Z, where every simulation begins.
pub const EPOCH: u64 = 1_795_305_600;

thread_local! {
    static BEGAN: OnceCell<Instant> = const { OnceCell::new() };
}

impl SystemTime {
    /// The beginning of 1970.
    pub const UNIX_EPOCH: Self = Self(std::time::UNIX_EPOCH);

    /// Gives the present.
    #[must_use]
    pub fn now() -> Self {
        let now = Instant::now();
        let began = BEGAN.with(|began| *began.get_or_init(|| now));
        Self(std::time::UNIX_EPOCH + Duration::from_secs(EPOCH) + now.duration_since(began))
    }

    /// Counts the time since `earlier`.
    ///
    /// # Errors
    ///
    /// Returns [`SystemTimeError`] if `earlier` is later.
    pub fn duration_since(&self, earlier: Self) -> Result<Duration, SystemTimeError> {
        self.0.duration_since(earlier.0)
    }

    /// Counts the time since then.
    ///
    /// # Errors
    ///
    /// Returns [`SystemTimeError`] if it is in the future.
    pub fn elapsed(&self) -> Result<Duration, SystemTimeError> {
        Self::now().duration_since(*self)
    }

    /// Gives the moment so much later.
    #[must_use]
    pub fn checked_add(&self, by: Duration) -> Option<Self> {
        self.0.checked_add(by).map(Self)
    }

    /// Gives the moment so much earlier.
    #[must_use]
    pub fn checked_sub(&self, by: Duration) -> Option<Self> {
        self.0.checked_sub(by).map(Self)
    }
}

impl Add<Duration> for SystemTime {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(self.0 + by)
    }
}

impl Sub<Duration> for SystemTime {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        Self(self.0 - by)
    }
}
