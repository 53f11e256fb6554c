//! What a node says once it is ready: for the person who started it, and for the program that did.
//!
//! A service manager named a socket for that (sd_notify(3)): until it hears there that the node is ready,
//! `systemctl restart` waits, and fails when the node does.

use crate::output::Text;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a running node says once it is ready; with `--json` it is one line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// Where the owner's door is.
    pub owner: SocketAddr,
    /// The key to it.
    pub token_file: PathBuf,
    /// Where the public door is, if there is one.
    pub public: Option<SocketAddr>,
    /// The identity, if there is one.
    pub identity: Option<String>,
    /// The key it cosigns with, if it is a witness.
    pub witness: Option<String>,
    /// The network it is in.
    pub network: String,
    /// The name other nodes know it by.
    pub peer: String,
    /// Where other nodes reach it.
    pub addresses: Vec<String>,
}

impl Text for Ready {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "Your node is running in the network `{}`.", self.network)?;
        if let Some(identity) = &self.identity {
            writeln!(to, "identity     {identity}")?;
        }
        writeln!(to, "your door    http://{}", self.owner)?;
        if let Some(public) = self.public {
            writeln!(to, "public door  http://{public}/1.0/identifiers/DID")?;
        }
        if let Some(witness) = &self.witness {
            writeln!(to, "witness      {witness}")?;
        }
        for address in &self.addresses {
            writeln!(to, "reachable    {address}")?;
        }
        writeln!(to, "Stop it with Ctrl-C. `countersign doctor` says how it is.")
    }
}

/// Tells the service manager, if one started this program, that the node is ready.
///
/// # Errors
///
/// Returns an error of the system if the manager cannot be told; it would stop a node it hears nothing of.
#[cfg(unix)]
pub fn tell_manager() -> io::Result<()> {
    match std::env::var_os("NOTIFY_SOCKET") {
        Some(socket) => tell(&socket),
        None => Ok(()),
    }
}

/// Tells nobody: there is no such manager.
///
/// # Errors
///
/// Returns none.
#[cfg(not(unix))]
pub const fn tell_manager() -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn tell(socket: &std::ffi::OsStr) -> io::Result<()> {
    let datagram = std::os::unix::net::UnixDatagram::unbound()?;
    let address = match socket.as_encoded_bytes().split_first() {
        // One without a file.
        Some((b'@', name)) => abstract_address(name)?,
        _ => std::os::unix::net::SocketAddr::from_pathname(socket)?,
    };
    datagram.send_to_addr(b"READY=1", &address).map(drop)
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> io::Result<std::os::unix::net::SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    std::os::unix::net::SocketAddr::from_abstract_name(name)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn abstract_address(_: &[u8]) -> io::Result<std::os::unix::net::SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn a_manager_is_told_at_its_file_or_at_its_name() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("notify");
        let file = UnixDatagram::bind(&path).unwrap();
        let mut said = [0; 64];
        tell(path.as_os_str()).unwrap();
        let length = file.recv(&mut said).unwrap();
        assert_eq!(&said[..length], b"READY=1");
        let name = format!("countersign-{}", place.path().display());
        let unnamed = UnixDatagram::bind_addr(&abstract_address(name.as_bytes()).unwrap()).unwrap();
        tell(format!("@{name}").as_ref()).unwrap();
        let length = unnamed.recv(&mut said).unwrap();
        assert_eq!(&said[..length], b"READY=1");
        assert!(tell(place.path().join("nobody").as_os_str()).is_err());
    }
}
