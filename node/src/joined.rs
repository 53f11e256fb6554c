//! The network a node is in: a file in its data folder that a person can read.

use crate::private;
use crate::problem::{Kind, Problem};
use countersign_protocol::key::{PublicKey, did_key};
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::Parameters;
use countersign_protocol::wire::topic::Shards;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A network this node is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// What all its nodes have alike.
    pub parameters: Parameters,
    /// Addresses to dial first; none for the node that founds it.
    pub peers: Vec<String>,
    /// Witnesses it offers to whoever has none of their own.
    pub witnesses: Vec<PublicKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    shards: u16,
    difficulty: u8,
    heartbeat: u64,
    epoch: u64,
    peers: Vec<String>,
    witnesses: Vec<String>,
}

impl Joined {
    /// Begins a network that has nobody in it yet.
    #[must_use]
    pub const fn founded(parameters: Parameters) -> Self {
        Self { parameters, peers: Vec::new(), witnesses: Vec::new() }
    }

    /// Tells whether all whom it dials first are on this very computer.
    #[must_use]
    pub fn is_on_this_computer(&self) -> bool {
        let here = |peer: &String| peer.starts_with("/ip4/127.") || peer.starts_with("/ip6/::1/");
        !self.peers.is_empty() && self.peers.iter().all(here)
    }

    /// Reads the network the node at `data` is in, if it is in one.
    ///
    /// # Errors
    ///
    /// Returns a problem if the file is damaged.
    pub fn read(data: &Path) -> Result<Option<Self>, Problem> {
        let path = data.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(damaged(&path).because(error)),
        };
        let written: Written =
            toml::from_str(&text).map_err(|error| damaged(&path).because(error))?;
        written.joined().map(Some).map_err(|problem| damaged(&path).because(problem))
    }

    /// Writes it into `data`.
    ///
    /// # Errors
    ///
    /// Returns a problem if another network is joined already, or the file cannot be written.
    pub fn write(&self, data: &Path) -> Result<(), Problem> {
        if let Some(other) = Self::read(data)?
            && other.parameters != self.parameters
        {
            return Err(Problem::new(Kind::Conflict, "this node is in another network already")
                .because(format!("it joined `{}`", other.parameters.id()))
                .hint("a node is in one network; use another data folder with --data FOLDER"));
        }
        self.replace(data)
    }

    /// Writes it into `data`, where no node is yet, in place of any other.
    ///
    /// # Errors
    ///
    /// Returns a problem if the file cannot be written.
    pub(crate) fn replace(&self, data: &Path) -> Result<(), Problem> {
        let written = Written {
            id: self.parameters.id().to_string(),
            shards: self.parameters.shards().count(),
            difficulty: self.parameters.difficulty(),
            heartbeat: self.parameters.heartbeat(),
            epoch: self.parameters.epoch(),
            peers: self.peers.clone(),
            witnesses: self.witnesses.iter().map(did_key::to_did).collect(),
        };
        let text = toml::to_string(&written).unwrap_or_default();
        let text = format!(
            "# {FILE}: the network this node is in; all but `peers` and `witnesses` is the same in all its nodes\n{text}"
        );
        private::write(&data.join(FILE), text.as_bytes())
            .map_err(|error| Problem::unwritable(&data.join(FILE), error))
    }
}

impl From<Invite> for Joined {
    fn from(invite: Invite) -> Self {
        Self {
            parameters: invite.parameters().clone(),
            peers: invite.peers().to_vec(),
            witnesses: invite.witnesses().to_vec(),
        }
    }
}

impl Written {
    fn joined(self) -> Result<Joined, Problem> {
        let wrong = |error: &dyn core::fmt::Display| Problem::new(Kind::Invalid, error.to_string());
        let id = self.id.parse().map_err(|error| wrong(&error))?;
        let shards =
            Shards::new(self.shards).ok_or_else(|| wrong(&"`shards` is no power of two"))?;
        let parameters = Parameters::new(id, shards, self.difficulty, self.heartbeat, self.epoch)
            .map_err(|error| wrong(&error))?;
        let witnesses = self
            .witnesses
            .iter()
            .map(|did| did_key::parse(did).map_err(|error| wrong(&error)))
            .collect::<Result<_, _>>()?;
        Ok(Joined { parameters, peers: self.peers, witnesses })
    }
}

fn damaged(path: &Path) -> Problem {
    Problem::new(Kind::Invalid, format!("{} cannot be read", path.display()))
        .hint("remove the file and join again with `countersign join INVITATION`")
}

/// The file in the data folder.
pub(crate) const FILE: &str = "network.toml";

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_protocol::key::SecretKey;

    #[test]
    fn what_is_written_reads_back_and_is_not_replaced_by_another() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Joined::read(folder.path()).unwrap(), None);
        let mut joined = Joined::founded(Parameters::testnet("one".parse().unwrap()));
        joined.peers.push("/ip4/127.0.0.1/tcp/1/p2p/12D3KooWx".to_owned());
        joined.witnesses.push(SecretKey::from_seed([1; 32]).public());
        joined.write(folder.path()).unwrap();
        assert_eq!(Joined::read(folder.path()).unwrap(), Some(joined));
        let other = Joined::founded(Parameters::testnet("two".parse().unwrap()));
        assert_eq!(other.write(folder.path()).unwrap_err().slug(), "conflict");
    }

    #[test]
    fn a_network_is_on_this_computer_if_all_its_first_peers_are() {
        let mut joined = Joined::founded(Parameters::testnet("one".parse().unwrap()));
        assert!(!joined.is_on_this_computer(), "its founder does not know yet");
        joined.peers = vec!["/ip4/127.0.0.1/tcp/1".to_owned(), "/ip6/::1/tcp/2".to_owned()];
        assert!(joined.is_on_this_computer());
        joined.peers.push("/ip4/192.168.0.7/tcp/3".to_owned());
        assert!(!joined.is_on_this_computer());
    }
}
