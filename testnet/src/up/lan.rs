//! This computer's address in the local network.

use crate::Failure;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

/// Finds the address other computers of the local network reach this one at.
///
/// # Errors
///
/// Returns [`Failure::Unequipped`] if this computer is in no network.
pub(super) fn address() -> Result<IpAddr, Failure> {
    let alone = || Failure::Unequipped { what: "option --lan", needs: "a local network" };
    // Nothing is sent: a socket that is connected knows from which address it would send. The address
    // is one of those that documentation is written with (RFC 5737).
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0));
    let found = socket.and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    let found = found.map_err(|_| alone())?.ip();
    if found.is_loopback() || found.is_unspecified() {
        return Err(alone());
    }
    Ok(found)
}
