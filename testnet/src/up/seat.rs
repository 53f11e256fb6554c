//! Where each member of a running network is, copied out of it: whoever only looks never waits for
//! whoever does something.

use crate::cluster::{Cluster, Member, Part};
use crate::owner::Owner;
use std::net::SocketAddr;
use std::path::PathBuf;

/// One member, as it was when somebody last started or ended one.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) name: String,
    pub(super) part: Part,
    pub(super) running: bool,
    /// The name other nodes know it by.
    pub(super) peer: String,
    pub(super) identity: Option<String>,
    pub(super) owner: Owner,
    pub(super) door: SocketAddr,
    pub(super) tls: Option<SocketAddr>,
    pub(super) data: PathBuf,
    pub(super) half: Half,
}

/// One of the two groups a network is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Half {
    /// The first, third and so on of each part.
    Left,
    /// The others.
    Right,
}

/// Copies where everybody is: by what they are for, then by their names.
pub(super) fn seats(cluster: &Cluster) -> Vec<Seat> {
    let mut seats = Vec::new();
    for part in ORDER {
        let members = cluster.members().filter(|member| member.part == part);
        for (number, member) in members.enumerate() {
            let half = if number.is_multiple_of(2) { Half::Left } else { Half::Right };
            seats.push(seat(member, half));
        }
    }
    seats
}

fn seat(member: &Member, half: Half) -> Seat {
    let ready = &member.ready;
    Seat {
        name: member.name.clone(),
        part: member.part,
        running: member.is_running(),
        peer: ready.peer.clone(),
        identity: ready.identity.clone(),
        owner: member.owner.clone(),
        door: ready.owner,
        tls: member.tls,
        data: member.data.clone(),
        half,
    }
}

impl Seat {
    /// Gives what is another when somebody came, went or started again.
    pub(super) fn key(&self) -> (&str, bool, &str, SocketAddr) {
        (&self.name, self.running, &self.peer, self.door)
    }

    /// Gives the SCID of its identity.
    pub(super) fn scid(&self) -> Option<&str> {
        self.identity.as_deref()?.split(':').nth(2)
    }
}

/// Those everybody joins by first, people last.
const ORDER: [Part; 6] =
    [Part::Bootstrap, Part::Witness, Part::Attestor, Part::Vendor, Part::Customer, Part::Other];
