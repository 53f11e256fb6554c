//! Ports for whoever is to be found at the same place after a restart.

use crate::Failure;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Mutex, PoisonError};

/// Gives a port of this computer that nobody has, for TCP and for UDP. The system gives it to nobody who asks
/// for any port, nor to a connection that goes out: those are above [`OURS`], so it is still free when a
/// member comes back to it.
///
/// # Errors
///
/// Returns [`Failure::Start`] if none is found.
pub(crate) fn lasting() -> Result<u16, Failure> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let drawn = || rand::random_range(OURS);
    let port = std::iter::repeat_with(drawn)
        .take(ATTEMPTS)
        .find(|port| !given.contains(port) && is_free(*port).is_ok());
    let port = port.ok_or_else(|| Failure::Start {
        name: "a listener".to_owned(),
        cause: std::io::ErrorKind::AddrInUse.into(),
    })?;
    given.insert(port);
    Ok(port)
}

fn is_free(port: u16) -> std::io::Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).map(drop)
}

/// Below the ports that Linux (from 32768) and other systems (RFC 6335, section 6: from 49152) give away.
const OURS: std::ops::Range<u16> = 20_000..32_768;
/// Draws before it is given up: more than all of them would need if nearly all were taken.
const ATTEMPTS: usize = 100_000;

/// What was given in this process: members that start at one time take their ports a little later.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice_and_none_that_somebody_has() {
        let mut all = BTreeSet::new();
        for _ in 0..200 {
            let port = lasting().unwrap();
            assert!(OURS.contains(&port) && all.insert(port), "{port}");
        }
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, lasting().unwrap())).unwrap();
        assert!(is_free(taken.local_addr().unwrap().port()).is_err());
    }
}
