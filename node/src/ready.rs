//! What a node says once it is ready: for the person who started it, and for the program that did.

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
