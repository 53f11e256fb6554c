//! Who is connected, what they are worth, and what their faults cost.

use super::event::Prefix;
use crate::wire::peer::Peer;

/// What is known of one connected peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Who.
    pub peer: Peer,
    /// Which part of the address space.
    pub prefix: Prefix,
    /// We chose it.
    pub outbound: bool,
    /// It keeps what others deposit, as it says.
    pub keeper: bool,
    /// It is a witness, as it says.
    pub witness: bool,
    /// What its faults cost so far, 0 at best.
    pub cost: u32,
}
