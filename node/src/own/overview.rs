//! Looks at what this node is to others, and for what was done in its owner's name by somebody else.

use super::identity::Own;
use crate::node::{Node, unexpected};
use crate::problem::Problem;
use crate::records;
use crate::store::{Keep, Store as _};
use crate::vault::Kind as Secret;
use crate::verb::overview::{Alarm, Bytes, Holds, Peer, Promise, Seen, Traffic};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::cbor::Sealed;
use countersign_protocol::encoding::json;
use countersign_protocol::engine::command::{Command, Outcome, Statistics};
use countersign_protocol::engine::directory::DISK;
use countersign_protocol::engine::event::Prefix;
use countersign_protocol::engine::traffic;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::head::{Head, HeadHash};
use countersign_protocol::wire::receipt::Receipt;
use std::path::Path;

impl Node {
    /// Looks at all of it.
    pub(crate) async fn overview(&self) -> Result<Seen, Problem> {
        let link = self.inner().link.borrow().clone();
        let metrics = link.metrics;
        let held = self.statistics().await?;
        let spent = held.traffic;
        Ok(Seen {
            network: self.joined().ok().map(|joined| joined.parameters.id().to_string()),
            online: self.is_online(),
            peer: link.peer,
            addresses: link.addresses,
            reach: self.reach(),
            peers: self.connected().await?,
            most_peers: self.caps().await.max_peers,
            keepers: self.promises().await?,
            holds: self.holds(held).await?,
            traffic: Traffic {
                heard: metrics.gossip_heard,
                passed_on: metrics.gossip_accepted,
                refused: metrics.gossip_rejected,
                questions_heard: metrics.questions_heard,
                questions_asked: metrics.questions_asked,
                met: metrics.met,
                carried: metrics.carried,
                today: bytes(spent.today),
                month: bytes(spent.month),
                most_today: spent.cap.unwrap_or_default(),
                spent: spent.spent,
            },
            alarms: self.alarms().await?,
        })
    }

    async fn connected(&self) -> Result<Vec<Peer>, Problem> {
        let Outcome::Peers(peers) = self.ask(Command::Peers).await? else {
            return Err(unexpected());
        };
        let peer = |report: countersign_protocol::engine::peers::Report| Peer {
            peer: report.peer.to_string(),
            chosen: report.outbound,
            keeper: report.keeper,
            witness: report.witness,
            relayed: report.prefix == Prefix::RELAYED,
            cost: report.cost,
        };
        Ok(peers.into_iter().map(peer).collect())
    }

    /// Says who keeps the owner's identity.
    async fn promises(&self) -> Result<Vec<Promise>, Problem> {
        if self.own_scid().await?.is_none() {
            return Ok(Vec::new());
        }
        let own = self.own().await?;
        let promise = |receipt: Receipt| Promise {
            keeper: receipt.keeper.to_string(),
            until: receipt.until.to_string(),
        };
        Ok(self.receipts(&own).await?.into_iter().map(promise).collect())
    }

    /// Gives the receipts of those who keep the newest its owner signed: whoever keeps only what was
    /// before cannot give it back.
    pub(super) async fn receipts(&self, own: &Own) -> Result<Vec<Receipt>, Problem> {
        let scid = own.scid();
        let sealed = self.read(move |store| records::sealed_head(store, &scid)).await?;
        let Some(sealed) = sealed else { return Ok(Vec::new()) };
        let is_newest = Head::parse(&sealed)
            .is_ok_and(|head| head.unverified().version == own.history.number());
        if !is_newest {
            return Ok(Vec::new());
        }
        let newest = HeadHash::of(&sealed);
        let rows = self.read(|store| records::rows(store, records::RECEIPTS)).await?;
        let own = rows.into_iter().filter(|(key, _)| key.starts_with(scid.digest()));
        let receipt = |(_, bytes): (Vec<u8>, Vec<u8>)| {
            let sealed = Sealed::<Receipt>::parse(&bytes, bounds::RECEIPT).ok()?;
            Some(*sealed.unverified()).filter(|receipt| receipt.head == newest)
        };
        Ok(own.filter_map(receipt).collect())
    }

    /// Counts what the engine holds and what it spent.
    pub(crate) async fn statistics(&self) -> Result<Statistics, Problem> {
        match self.ask(Command::Statistics).await? {
            Outcome::Statistics(statistics) => Ok(statistics),
            _ => Err(unexpected()),
        }
    }

    async fn holds(&self, held: Statistics) -> Result<Holds, Problem> {
        let kept = self.read(|store| store.all_kept()).await?;
        let promised = kept.iter().filter(|(_, keep)| matches!(keep, Keep::Promised(_))).count();
        let data = self.data().to_owned();
        let disk_bytes = tokio::task::spawn_blocking(move || bytes_in(&data, DEEPEST)).await;
        let most_head_bytes = self.caps().await.heads;
        Ok(Holds {
            heads: held.heads,
            head_bytes: held.head_bytes,
            most_head_bytes,
            record_bytes: held.disk_bytes,
            most_record_bytes: most_head_bytes.saturating_mul(DISK),
            promised,
            lists: held.lists,
            forks: held.forks,
            disk_bytes: disk_bytes.unwrap_or_default(),
        })
    }

    /// Finds what was done in the owner's name and not by this node.
    pub(crate) async fn alarms(&self) -> Result<Vec<Alarm>, Problem> {
        let Some(scid) = self.own_scid().await? else { return Ok(Vec::new()) };
        let own = self.own().await?;
        let mut alarms = Vec::new();
        let forks = self.read(move |store| store.forks(&scid)).await?.len();
        if forks > 0 {
            alarms.push(alarm(format!(
                "the network holds proofs that two versions of you were signed: {forks}"
            )));
        }
        let highest = self.read(move |store| store.highest(&scid)).await?;
        let head = self.own_head(&own).await?;
        if let Some(highest) = highest {
            let sequence = head.as_ref().map_or(0, |head| head.sequence);
            let version = own.history.number();
            if highest.version > version {
                alarms.push(alarm(format!(
                    "version {} of you was seen, and this node made only {version}",
                    highest.version
                )));
            } else if highest.version == version && highest.sequence > sequence {
                alarms.push(alarm(format!(
                    "head {} of you was seen, and this node signed only {sequence}: a key that \
                     signs every day, or your showcase, is in other hands",
                    highest.sequence
                )));
            }
        }
        // What others signed comes onto this disk like what she signed herself; her keys do not.
        if self.lists_foreign_key(&own)? {
            alarms.push(alarm(format!(
                "version {} of you has keys that this node did not make",
                own.history.number()
            )));
        } else if let Some(head) = &head
            && self.was_not_by_us(scid, head).await?
        {
            alarms.push(alarm(format!(
                "head {} of you was signed elsewhere: a key that signs every day is in other hands",
                head.sequence
            )));
        }
        if self.newer_elsewhere(scid, own.history.number()).await {
            alarms.push(alarm("the network has a newer version of you".to_owned()));
        }
        alarms.dedup_by(|one, other| one.says == other.says);
        Ok(alarms)
    }

    /// Tells whether her identity lists a key for every day which this node has not. While the keys are
    /// locked nobody can tell.
    fn lists_foreign_key(&self, own: &Own) -> Result<bool, Problem> {
        let Ok(vault) = self.vault() else { return Ok(false) };
        for key in own.history.document().authentication_keys() {
            let held = vault.key(Secret::AuthenticationKey, key.as_bytes());
            if held?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells whether it was noted that the newest head came from elsewhere.
    async fn was_not_by_us(&self, scid: Scid, head: &Head) -> Result<bool, Problem> {
        let newest = self.newest_event().await?;
        let events = self.events_after(newest.saturating_sub(LOOKED_AT), PAGE).await?;
        let (scid, version, sequence) = (scid.to_string(), head.version, head.sequence);
        let is_it = |text: &str| {
            let event = json::parse(text.as_bytes(), LONGEST_EVENT).unwrap_or_default();
            event["event"] == "not-by-us"
                && event["scid"] == scid
                && event["version"] == version
                && event["sequence"] == sequence
        };
        Ok(events.iter().any(|(_, text)| text.contains("not-by-us") && is_it(text)))
    }

    /// Tells whether what this node holds of its owner is newer than what she made. Before her first
    /// entry was published nothing is held of her, and nobody is waited for who could say so.
    async fn newer_elsewhere(&self, scid: Scid, number: u64) -> bool {
        match self.at_once().known(scid, false).await {
            Ok(known) => known.history().number() > number,
            Err(_) => false,
        }
    }
}

const fn bytes(counted: traffic::Bytes) -> Bytes {
    Bytes { received: counted.received, sent: counted.sent }
}

fn alarm(says: String) -> Alarm {
    let hint =
        "if that was not you on another computer, take your identity back with the 24 words: \
                countersign id recover"
            .to_owned();
    Alarm { says, hint }
}

/// Counts the bytes of the files below `folder`.
fn bytes_in(folder: &Path, deepest: u8) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() && deepest > 0 => {
                bytes_in(&entry.path(), deepest.saturating_sub(1))
            }
            Ok(metadata) if metadata.is_file() => metadata.len(),
            _ => 0,
        })
        .fold(0, u64::saturating_add)
}

/// The newest events that are looked through for what was not done here.
const LOOKED_AT: u64 = 1000;
const PAGE: usize = 1000;
/// An event is a line or two.
const LONGEST_EVENT: usize = 16 * 1024;
/// A data folder is three folders deep; a link to elsewhere is not followed for ever.
const DEEPEST: u8 = 6;
