//! Everything that was ever acknowledged, and whether it is still there.

use super::deeds::Done;
use crate::world::{PATIENCE, Seat, books, holds, read, show_until};
use countersign_node::verb::presenting::Answer;
use countersign_node::verb::resolve::Resolve;
use countersign_node::verb::{claims, contacts, identity};
use countersign_testnet::Failure;
use countersign_testnet::cluster::Cluster;
use countersign_testnet::owner::Owner;
use countersign_testnet::process::{self, Program};
use countersign_testnet::story::scenes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

/// What was acknowledged so far.
#[derive(Debug, Default)]
pub(super) struct Book {
    names: BTreeSet<String>,
    version: u64,
    key: Option<String>,
    rotations: usize,
    shown: u64,
    claimed: BTreeSet<String>,
    revoked: BTreeSet<String>,
    tokens: Vec<PathBuf>,
    /// Every claim the attestor's books ever showed.
    seats: BTreeMap<String, Seat>,
}

impl Book {
    pub(super) fn note(&mut self, acknowledged: Vec<Done>) {
        for done in acknowledged {
            match done {
                Done::Named { name } => self.names.extend([name]),
                Done::Rotated { version, key } => {
                    self.rotations += 1;
                    (self.version, self.key) = (version, key);
                }
                Done::Shown { version } => self.shown = version,
                Done::Claimed { name } => self.claimed.extend([name]),
                Done::Revoked { ids } => self.revoked.extend(ids),
                Done::Token { file } => self.tokens.push(file),
            }
        }
    }

    /// Looks for all of it, on the nodes that acknowledged it.
    pub(super) async fn check(&mut self, cluster: &Cluster) -> Result<(), Failure> {
        self.anna_has_hers(cluster).await?;
        self.ben_has_his(cluster).await?;
        self.berlin_opens(cluster).await?;
        self.north_has_its_books(cluster).await
    }

    async fn anna_has_hers(&self, cluster: &Cluster) -> Result<(), Failure> {
        let anna = cluster.member("anna")?;
        let named = anna.owner.ask(&contacts::List {}).await?.contacts;
        let named: BTreeSet<String> = named.into_iter().map(|contact| contact.name).collect();
        let lost: Vec<&String> = self.names.difference(&named).collect();
        holds("names given by anna", lost.is_empty(), lost)?;
        let own = anna.owner.ask(&identity::Show {}).await?;
        // What was not acknowledged may have been done all the same.
        holds("anna's version", own.version >= self.version, (&own, self.version))?;
        if own.version == self.version {
            holds("anna's key", own.authentication.first() == self.key.as_ref(), &own)?;
        }
        holds("anna's showcase", own.showcase.unwrap_or(0) >= self.shown, (&own, self.shown))
    }

    async fn ben_has_his(&self, cluster: &Cluster) -> Result<(), Failure> {
        let held = cluster.member("ben")?.owner.ask(&claims::List {}).await?.claims;
        let held: BTreeSet<String> = held.into_iter().map(|claim| claim.name).collect();
        let lost: Vec<&String> = self.claimed.difference(&held).collect();
        holds("claims of ben", lost.is_empty(), lost)
    }

    /// The newest keys open the shop's door; the older ones still lie there.
    async fn berlin_opens(&self, cluster: &Cluster) -> Result<(), Failure> {
        let berlin = cluster.member("berlin")?;
        let question = Resolve { name: berlin.did().to_owned(), fresh: false };
        for (age, file) in self.tokens.iter().rev().enumerate() {
            if age >= TRIED {
                holds("a key to berlin's door", file.is_file(), file)?;
                continue;
            }
            let shop = Owner::at("berlin's shop", berlin.ready.owner, file)?;
            shop.ask(&question).await?;
        }
        Ok(())
    }

    async fn north_has_its_books(&mut self, cluster: &Cluster) -> Result<(), Failure> {
        let north = cluster.member("north")?;
        let found = books(north).await?;
        let mut used = BTreeMap::new();
        for seat in &found {
            let before = used.insert((seat.list, seat.index), seat.id.clone());
            holds("an index used once", before.is_none(), (seat, before))?;
        }
        let found: BTreeMap<String, Seat> =
            found.into_iter().map(|seat| (seat.id.clone(), seat)).collect();
        for (id, before) in &self.seats {
            let now = found.get(id);
            let same = now.is_some_and(|now| {
                (now.list, now.index) == (before.list, before.index)
                    && (now.revoked || !before.revoked)
            });
            holds("a claim in the books", same, (before, now))?;
        }
        for id in &self.revoked {
            let now = found.get(id);
            holds("a claim that was taken back", now.is_some_and(|seat| seat.revoked), (id, now))?;
        }
        self.seats = found;
        let audit =
            process::run(Program::Attestor, &north.data, &["--json", "audit"], &[0]).await?;
        let sound = read(&audit)?.get("holds").and_then(Value::as_bool) == Some(true);
        holds("north's audit chain", sound, audit)
    }

    /// Once nobody is killed any more, everybody else knows it too.
    pub(super) async fn settled(&self, cluster: &Cluster) -> Result<(), Failure> {
        let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
        let wanted = anna.owner.ask(&identity::Show {}).await?.version;
        let began = Instant::now();
        loop {
            let question = Resolve { name: anna.did().to_owned(), fresh: true };
            let found = berlin.owner.try_ask(&question).await?.ok();
            let version =
                found.as_ref().and_then(|found| found.metadata.get("versionId")?.as_str());
            if version.is_some_and(|version| version.starts_with(&format!("{wanted}-"))) {
                break;
            }
            let late = began.elapsed() > PATIENCE;
            holds("anna's newest version at berlin", !late, (wanted, version))?;
            tokio::time::sleep(crate::world::BETWEEN).await;
        }
        self.taken_back_is_known(cluster).await
    }

    /// The shop says of each of Ben's claims what the attestor's books say.
    async fn taken_back_is_known(&self, cluster: &Cluster) -> Result<(), Failure> {
        let (ben, berlin) = (cluster.member("ben")?, cluster.member("berlin")?);
        let held = ben.owner.ask(&claims::List {}).await?.claims;
        for summary in held.iter().take(LOOKED_AT) {
            let show = claims::Show { claim: summary.name.clone() };
            let whole = ben.owner.ask(&show).await?.credential;
            let id = whole.get("id").and_then(Value::as_str).unwrap_or_default();
            let seat = self.seats.get(id);
            holds("a claim of ben's in the books", seat.is_some(), id)?;
            let revoked = seat.is_some_and(|seat| seat.revoked);
            let wanted = if revoked { Answer::Refused } else { Answer::Accepted };
            show_until(berlin, ben, &summary.name, wanted).await?;
        }
        let north = scenes::resolve(berlin, cluster.member("north")?.did(), PATIENCE).await?;
        holds("north said nothing twice", !north.forked, &north.metadata)
    }

    /// A run in which nothing was acknowledged would prove nothing.
    pub(super) fn has_something_of_everything(&self, kills: u64) -> Result<(), Failure> {
        let counts = self.counts();
        let empty = counts.iter().any(|(_, count)| *count == 0);
        holds("something of everything", kills < MANY || !empty, counts)?;
        holds("something of most", self.has_something_of_most(), counts)
    }

    /// Tells whether enough kinds of deeds were acknowledged for the looks at them to say something.
    pub(super) fn has_something_of_most(&self) -> bool {
        let counts = self.counts();
        let some = counts.iter().filter(|(_, count)| *count > 0).count();
        some >= counts.len() / 2
    }

    /// Says how much of everything was acknowledged.
    pub(super) fn counts(&self) -> [(&'static str, usize); 6] {
        [
            ("names", self.names.len()),
            ("rotations", self.rotations),
            ("showcases", usize::try_from(self.shown).unwrap_or(usize::MAX)),
            ("claims", self.claimed.len()),
            ("revocations", self.revoked.len()),
            ("tokens", self.tokens.len()),
        ]
    }
}

/// Keys tried at the door; all of them would be half the test.
const TRIED: usize = 4;
/// Ben's newest claims that the shop is asked about.
const LOOKED_AT: usize = 10;
/// So many kills leave time for each kind of deed.
pub(super) const MANY: u64 = 20;
