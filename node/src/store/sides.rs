//! Says which side of the disk a change is for.

use super::Change;
use super::plan::Step;
use countersign_protocol::did::Scid;

/// The steps of a batch, by side.
#[derive(Default)]
pub(super) struct Sides {
    pub(super) durable: Vec<Step>,
    pub(super) cached: Vec<Step>,
}

impl Sides {
    /// Adds a change, to the side of the identity it is about or of its kind.
    pub(super) fn add(&mut self, change: &Change, is_kept: impl Fn(&Scid) -> bool) {
        let durable = match change {
            Change::Append { scid, .. }
            | Change::Log { scid, .. }
            | Change::Witnesses { scid, .. }
            | Change::Head { scid, .. }
            | Change::Freshness { scid, .. }
            | Change::Forget { scid }
            | Change::Body { owner: scid, .. }
            | Change::OnlyBody { owner: scid, .. }
            | Change::DropBody { owner: scid, .. }
            | Change::Heartbeat { issuer: scid, .. }
            | Change::DropHeartbeat { issuer: scid, .. }
            | Change::List { issuer: scid, .. }
            | Change::Statement { issuer: scid, .. }
            | Change::DropStatements { issuer: scid, .. } => is_kept(scid),
            Change::Keep { .. }
            | Change::Release { .. }
            | Change::Seen { .. }
            | Change::Fork { .. }
            | Change::Secret { .. }
            | Change::EraseSecret { .. }
            | Change::Event { .. }
            | Change::DropEvents { .. }
            | Change::Setting { .. }
            | Change::Row { .. }
            | Change::RemoveRow { .. }
            | Change::Link { .. } => true,
        };
        let side = if durable { &mut self.durable } else { &mut self.cached };
        side.push(Step::Change(change.clone()));
    }
}
