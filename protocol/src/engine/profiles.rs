//! What attestors say of themselves: announced by hash, fetched, verified, the newest kept.

use super::command::{Outcome, Refusal};
use super::effect::{BodyKind, Change, Class, Effect, Fault, Notice as Told};
use super::gossip::Announced;
use super::identity::Identity;
use super::pace::Saying;
use super::{Engine, Then, asking};
use crate::credential::claim::Claim;
use crate::credential::profile::Profile;
use crate::credential::showcase::Showcase;
use crate::credential::{Credential, Keys};
use crate::did::Scid;
use crate::encoding::multihash::sha256;
use crate::proof::Purpose;
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::wire::bounds;
use crate::wire::exchange::want::Page;
use crate::wire::exchange::{Request, Response};
use crate::wire::notice::Notice;
use crate::wire::peer::Peer;
use crate::wire::topic::Kind;

/// A profile that waits for the keys of its attestor.
#[derive(Debug, Clone)]
pub(super) struct Offered {
    announced: Announced,
    from: From,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
enum From {
    Peer(Peer),
    Owner(u64),
}

impl Engine {
    /// Publishes what the owner, an attestor, says of itself.
    pub(super) fn publish_profile(&mut self, command: u64, scid: Scid, bytes: Vec<u8>) {
        let notice = Notice { scid, hash: sha256(&bytes) };
        let announced = Announced { kind: Kind::Profile, notice, token: None };
        let offered = Offered { announced, from: From::Owner(command), bytes };
        self.with_identity(scid, Then::Profile(offered));
    }

    /// Takes a profile that was announced and fetched.
    pub(super) fn profile(&mut self, announced: Announced, peer: &Peer, bytes: Vec<u8>) {
        let scid = announced.notice.scid;
        let offered = Offered { announced, from: From::Peer(peer.clone()), bytes };
        self.with_identity(scid, Then::Profile(offered));
    }

    pub(super) fn judge_profile(&mut self, offered: Offered, identity: Option<&Identity>) {
        let Offered { announced, from, bytes } = offered;
        let Notice { scid, hash } = announced.notice;
        let verdict = match identity.map(|identity| read(&bytes, identity)) {
            // Without the attestor's log nobody can tell: it is looked for, and the profile waits.
            None if matches!(from, From::Peer(_)) => {
                return self.postpone_profile(Offered { announced, from, bytes });
            }
            None => Err(Verdict::Ignore),
            Some(read) => read.and_then(|issued| {
                let held = self.profiles.get(&scid);
                let newer = held.is_none_or(|(held, at)| *held == hash || *at < issued);
                let room = matches!(from, From::Owner(_)) || self.has_room_for_profile(&scid);
                // What is not kept is not told on: nobody could have it from here.
                if newer && room { Ok(issued) } else { Err(Verdict::Ignore) }
            }),
        };
        match (&verdict, from) {
            (Ok(issued), from) => {
                let class = self.class(&scid);
                self.keep_profile(scid, bytes, *issued, class);
                if let From::Owner(command) = from {
                    self.announce(Kind::Profile, announced.notice.to_bytes());
                    let outcome = Outcome::Published { receipts: Vec::new(), announced: true };
                    self.answer(command, outcome);
                }
            }
            (Err(_), From::Owner(command)) => {
                self.answer(command, Outcome::Refused(Refusal::NotAProfile));
            }
            (Err(Verdict::Reject), From::Peer(peer)) => self.fault(&peer, Fault::BadSignature),
            (Err(Verdict::Ignore | Verdict::Accept), From::Peer(_)) => {}
        }
        self.judge_announced(&announced, verdict.err().unwrap_or(Verdict::Accept));
    }

    fn postpone_profile(&mut self, offered: Offered) {
        let scid = offered.announced.notice.scid;
        let teller = match &offered.from {
            From::Peer(peer) => Some(peer.clone()),
            From::Owner(_) => None,
        };
        if self.unread_profiles.len() >= MAX_UNREAD && !self.unread_profiles.contains_key(&scid) {
            return self.judge_announced(&offered.announced, Verdict::Ignore);
        }
        if let Some(before) = self.unread_profiles.insert(scid, offered) {
            self.judge_announced(&before.announced, Verdict::Ignore);
        }
        self.find_out(scid, teller.as_ref());
        if !self.lookups.look_for(&scid) {
            self.profile_looked_for(scid);
        }
    }

    /// Ends the wait of a profile: whoever it is about was looked for.
    pub(super) fn profile_looked_for(&mut self, scid: Scid) {
        if self.directory.get(&scid).is_some() {
            return self.read_profile(scid);
        }
        if let Some(offered) = self.unread_profiles.remove(&scid) {
            self.judge_announced(&offered.announced, Verdict::Ignore);
        }
    }

    /// Judges the profile that waited for the log of `scid`, which is known now.
    pub(super) fn read_profile(&mut self, scid: Scid) {
        if let Some(offered) = self.unread_profiles.remove(&scid) {
            self.with_identity(scid, Then::Profile(offered));
        }
    }

    fn has_room_for_profile(&self, scid: &Scid) -> bool {
        let held = self.profiles.contains_key(scid) || self.is_wanted(scid);
        held || self.profiles.len() < MAX_PROFILES
    }

    fn keep_profile(&mut self, scid: Scid, bytes: Vec<u8>, issued: Timestamp, class: Class) {
        let hash = self.save_body(scid, BodyKind::Profile, bytes, class);
        self.save(Change::Profile { scid, hash, issued });
        self.pace.count(scid, Saying::Profile, self.now.monotonic_ms);
        let before = self.profiles.insert(scid, (hash, issued));
        if before.is_none_or(|(before, _)| before != hash) {
            self.effects.push(Effect::Notify(Told::Profile { scid, hash }));
        }
    }

    /// Asks some keepers which profiles they know, for an owner who waits for one.
    pub(super) fn ask_around(&mut self, command: u64) {
        for peer in self.peers.some(&mut self.dice, AROUND, &[]) {
            self.ask_catalogue(&peer);
        }
        self.answer(command, Outcome::Done);
    }

    /// Asks a peer which profiles and forks it knows: what was announced while we were away.
    pub(super) fn ask_catalogue(&mut self, peer: &Peer) {
        let page = Page { after: None };
        self.ask(peer, Request::Forks(page), asking::Purpose::Catalogue);
        self.ask(peer, Request::Profiles(page), asking::Purpose::Catalogue);
    }

    pub(super) fn catalogue(&mut self, peer: &Peer, response: Option<Response>) {
        let (kind, notices) = match response {
            Some(Response::Forks(notices)) => (Kind::Fork, notices),
            Some(Response::Profiles(notices)) => (Kind::Profile, notices),
            Some(_) | None => return,
        };
        let news = |notice: &Notice| match kind {
            // Without the log nobody can tell, so a fork of somebody unknown is not asked for.
            Kind::Fork => {
                let known = self.directory.get(&notice.scid).is_some();
                !self.forks.holds(notice) && (known || self.is_wanted(&notice.scid))
            }
            Kind::Profile | Kind::Head(_) | Kind::Status => {
                self.profiles.get(&notice.scid).is_none_or(|(hash, _)| *hash != notice.hash)
            }
        };
        let news: Vec<Notice> = notices.into_iter().filter(news).take(MAX_CATALOGUE).collect();
        for notice in news {
            self.announced(Announced { kind, notice, token: None }, peer);
        }
    }
}

impl Engine {
    /// Tells whether an attestor this node trusts vouches for `scid` in what it shows the world.
    pub(super) fn vouches(&mut self, scid: &Scid, showcase: &[u8]) -> bool {
        let Ok(shown) = Showcase::parse(showcase) else { return false };
        shown.credentials().iter().any(|credential| {
            let issuer = credential.issuer().scid();
            let theirs = credential.subject().is_some_and(|subject| subject.scid() == *scid);
            let identity = self.shelf.get(&issuer).filter(|_| self.config.trust.contains(&issuer));
            let holds = |identity: &Identity| verified(credential.clone(), identity).is_ok();
            theirs && identity.is_some_and(|identity| holds(&identity))
        })
    }
}

/// Verifies a profile and gives when it was made.
fn read(bytes: &[u8], identity: &Identity) -> Result<Timestamp, Verdict> {
    let credential = Credential::parse_within(bytes, bounds::PROFILE);
    let claim = verified(credential.map_err(|error| error.verdict())?, identity)?;
    Profile::read(&claim).map_err(|error| error.verdict())?;
    claim.period().from.ok_or(Verdict::Reject)
}

/// Checks that `credential` is signed by the identity that names itself its issuer.
pub(super) fn verified(credential: Credential, identity: &Identity) -> Result<Claim, Verdict> {
    if credential.issuer().scid() != identity.scid() {
        return Err(Verdict::Reject);
    }
    let document = identity.history().document();
    let keys: &Keys<'_> = &|_, method| document.key_for(Purpose::AssertionMethod, method);
    // A key we do not know may be newer than what we know.
    Claim::verify(credential, keys).map_err(|error| error.verdict())
}

/// Profiles of attestors not heard of before that wait for a log: each takes up to 16 KiB.
const MAX_UNREAD: usize = 64;

/// Attestors whose profile is held, beside our own and those that matter here: people choose among them,
/// so they are few.
const MAX_PROFILES: usize = 4096;

/// Peers asked at once for what they know.
const AROUND: usize = 3;

/// Notices of one answer that are followed at once; the next sync brings the next.
const MAX_CATALOGUE: usize = 64;
