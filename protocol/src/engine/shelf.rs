//! Verified logs at hand, so that what is asked often is neither read nor verified again.

use super::Engine;
use super::directory::Listing;
use super::effect::{BodyKind, Change, Class, Effect, Loaded};
use super::identity::Identity;
use crate::did::Scid;
use crate::encoding::multihash::sha256;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The logs that were used last.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    identities: BTreeMap<Scid, (Arc<Identity>, u64)>,
    /// What was used longest ago stands in front.
    order: BTreeMap<u64, Scid>,
    uses: u64,
    weight: usize,
}

impl Shelf {
    /// Gives a log and remembers that it was used.
    pub(super) fn get(&mut self, scid: &Scid) -> Option<Arc<Identity>> {
        self.uses = self.uses.saturating_add(1);
        let (identity, used) = self.identities.get_mut(scid)?;
        self.order.remove(used);
        *used = self.uses;
        self.order.insert(self.uses, *scid);
        Some(Arc::clone(identity))
    }

    /// Tells whether a log is at hand, and counts that as no use of it.
    pub(super) fn has(&self, scid: &Scid) -> bool {
        self.identities.contains_key(scid)
    }

    /// Puts a log in the place of an earlier one, and drops what there is no room for.
    pub(super) fn put(&mut self, identity: Arc<Identity>) {
        let scid = identity.scid();
        self.remove(&scid);
        self.uses = self.uses.saturating_add(1);
        self.weight = self.weight.saturating_add(identity.weight());
        self.order.insert(self.uses, scid);
        self.identities.insert(scid, (identity, self.uses));
        while self.weight > ROOM {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.remove(&oldest);
        }
    }

    pub(super) fn remove(&mut self, scid: &Scid) {
        if let Some((identity, used)) = self.identities.remove(scid) {
            self.order.remove(&used);
            self.weight = self.weight.saturating_sub(identity.weight());
        }
    }
}

impl Engine {
    /// Verifies a log that was read from the disk and puts it on the shelf.
    pub(super) fn shelve(&mut self, scid: Scid, loaded: Loaded) -> Option<Arc<Identity>> {
        let Loaded::Log(Some(stored)) = loaded else { return None };
        // It was held against the clock when it came; ours may have been set back since.
        let read = Identity::read(&stored.log, stored.witnesses.as_deref(), Timestamp::MAX);
        let identity = Arc::new(read.ok().filter(|identity| identity.scid() == scid)?);
        self.shelf.put(Arc::clone(&identity));
        Some(identity)
    }

    /// Saves what `identity` has more than, or other than, `base`, and has it at hand from now on.
    ///
    /// The disk has the log whose newest entry is listed. If that is not `base` any more, the whole of
    /// `identity` takes the place of whatever is there: so nothing a peer does while somebody waits leaves
    /// a hole.
    pub(super) fn save_log(
        &mut self,
        identity: Arc<Identity>,
        base: Option<&Identity>,
        class: Class,
    ) {
        let scid = identity.scid();
        let listed = self.directory.get(&scid).map(Listing::version);
        let base = base.filter(|base| listed == Some(base.history().version_id()));
        let keep = base.map_or(0, |base| base.shares(&identity));
        let lines = identity.lines_after(keep);
        let lines: Vec<Vec<u8>> = lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(<[u8]>::to_vec)
            .collect();
        if !lines.is_empty() || base.is_none_or(|base| base.history().number() > keep) {
            self.save(Change::Log { scid, keep, lines, class });
        }
        let witnesses = identity.witnesses();
        if let Some(bytes) = witnesses.filter(|_| base.and_then(Identity::witnesses) != witnesses) {
            self.save(Change::Witnesses { scid, bytes: bytes.to_vec(), class });
        }
        self.asking.outdate(&scid);
        self.shelf.put(identity);
    }

    pub(super) fn save_body(
        &mut self,
        owner: Scid,
        kind: BodyKind,
        bytes: Vec<u8>,
        class: Class,
    ) -> [u8; 32] {
        let hash = sha256(&bytes);
        self.save(Change::Body { owner, kind, hash, bytes, class });
        hash
    }

    pub(super) fn save(&mut self, change: Change) {
        self.effects.push(Effect::Save(change));
    }
}

/// Bytes of logs at hand: eight thousand identities of two entries, in a home's 60 MiB.
const ROOM: usize = 32 * 1024 * 1024;
