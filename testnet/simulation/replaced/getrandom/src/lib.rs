//! The dice of `getrandom` 0.2, by way of the C library, where a simulation can load them.

use std::fmt;
use std::num::NonZeroU32;

/// No dice.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Error(NonZeroU32);

impl Error {
    /// Codes from here on are the crate's own.
    pub const INTERNAL_START: u32 = 1 << 31;
    /// Codes from here on are anybody's.
    pub const CUSTOM_START: u32 = (1 << 31) + (1 << 30);

    /// Gives the code of the operating system, if it is one.
    #[must_use]
    pub fn raw_os_error(self) -> Option<i32> {
        i32::try_from(self.0.get()).ok()
    }

    /// Gives the code.
    #[must_use]
    pub const fn code(self) -> NonZeroU32 {
        self.0
    }
}

impl From<NonZeroU32> for Error {
    fn from(code: NonZeroU32) -> Self {
        Self(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no dice: {}", self.0)
    }
}

impl std::error::Error for Error {}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

unsafe extern "C" {
    #[link_name = "getrandom"]
    fn c_getrandom(to: *mut u8, length: usize, flags: u32) -> isize;
}

/// Fills `to`.
///
/// # Errors
///
/// Returns [`Error`] if the system has no dice.
pub fn getrandom(to: &mut [u8]) -> Result<(), Error> {
    let mut rest = to;
    while !rest.is_empty() {
        // SAFETY: `rest` is valid for writes of its own length.
        let filled = unsafe { c_getrandom(rest.as_mut_ptr(), rest.len(), 0) };
        let Some(filled) = usize::try_from(filled).ok().filter(|filled| *filled > 0) else {
            return Err(Error(NonZeroU32::MIN));
        };
        rest = rest.get_mut(filled..).unwrap_or_default();
    }
    Ok(())
}
