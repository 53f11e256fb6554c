//! What a keeper and a witness promised others, looked for on the disk that the dead one left.
//!
//! Once it runs again it could ask the network for what it lost, and nobody would notice.

use crate::world::holds;
use countersign_node::store::disk::Disk;
use countersign_node::store::{Keep, Store as _, StoreError};
use countersign_node::verb::identity;
use countersign_node::verb::overview::Overview;
use countersign_protocol::did::{Did, Scid};
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Member};
use std::collections::BTreeMap;

/// What a witness noted before it signed, as it was seen on its disk; none of it may ever change.
#[derive(Debug, Default)]
pub(super) struct Noted(BTreeMap<Vec<u8>, Vec<u8>>);

impl Noted {
    /// Looks on the disk of whoever was killed for what others hold its signature for.
    pub(super) async fn check(&mut self, cluster: &Cluster, victim: &str) -> Result<(), Failure> {
        let dead = cluster.member(victim)?;
        match victim {
            "wanda" => self.cosigned(dead, cluster.member("anna")?).await,
            "first" => {
                promised(dead, cluster.member("anna")?).await?;
                promised(dead, cluster.member("ben")?).await
            }
            _ => Ok(()),
        }
    }

    /// Whoever has but one witness has entries that stand by its signature, and each is noted there.
    async fn cosigned(&mut self, witness: &Member, whose: &Member) -> Result<(), Failure> {
        let own = whose.owner.ask(&identity::Show {}).await?;
        let (disk, scid) = (left_by(witness)?, scid(whose)?);
        let rows = disk.rows("cosigned", &[], None, MOST);
        let rows: BTreeMap<_, _> =
            rows.map_err(|error| unreadable(witness, &error))?.into_iter().collect();
        if own.stands {
            let newest = [scid.digest().as_slice(), &own.version.to_be_bytes()].concat();
            holds("the entry the witness signed", rows.contains_key(&newest), own.version)?;
        }
        let stays = self.0.iter().all(|(key, row)| rows.get(key) == Some(row));
        holds("all that the witness noted before", stays, (self.0.len(), rows.len()))?;
        self.0 = rows;
        Ok(())
    }
}

/// Where `home` holds the keeper's receipt for its newest head, the keeper keeps as much.
async fn promised(keeper: &Member, home: &Member) -> Result<(), Failure> {
    let receipts = home.owner.ask(&Overview {}).await?.keepers;
    if !receipts.iter().any(|receipt| receipt.keeper == keeper.ready.peer) {
        return Ok(());
    }
    let version = home.owner.ask(&identity::Show {}).await?.version;
    let (disk, scid) = (left_by(keeper)?, scid(home)?);
    let read = disk.kept(&scid).and_then(|kept| Ok((kept, disk.length(&scid)?)));
    let (kept, length) = read.map_err(|error| unreadable(keeper, &error))?;
    holds("an identity a keeper promised to keep", matches!(kept, Some(Keep::Promised(_))), kept)?;
    holds("its log at the keeper", length >= version, (length, version))
}

fn left_by(member: &Member) -> Result<Disk, Failure> {
    Disk::open(&member.data.join("store"), CACHE).map_err(|error| unreadable(member, &error))
}

fn scid(member: &Member) -> Result<Scid, Failure> {
    let did = member.did().parse::<Did>();
    did.map(|did| did.scid()).map_err(|_| Failure::Nobody { name: member.name.clone() })
}

fn unreadable(member: &Member, error: &StoreError) -> Failure {
    Failure::Page { url: format!("the store of {}", member.name), found: error.to_string() }
}

/// More rows than a run's rotations make.
const MOST: usize = 10_000;
/// Enough to read a few logs.
const CACHE: u64 = 1 << 20;
