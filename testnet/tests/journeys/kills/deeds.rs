//! What people do while processes die: one deed after the other, each acknowledged or not.

use super::dice::Dice;
use crate::world::{BETWEEN, books, claim, revoke};
use countersign_node::verb::{claims, contacts, identity};
use countersign_testnet::Failure;
use countersign_testnet::cluster::Cluster;
use countersign_testnet::process::{self, Program};
use countersign_testnet::story::scenes;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::watch;

/// Something a process said was done.
#[derive(Debug, Clone)]
pub(super) enum Done {
    /// Anna gave a name to an identity.
    Named { name: String },
    /// Anna's identity has this version now, and this key.
    Rotated { version: u64, key: Option<String> },
    /// The world sees this version of Anna's showcase.
    Shown { version: u64 },
    /// Ben holds this claim.
    Claimed { name: String },
    /// North took these back.
    Revoked { ids: Vec<String> },
    /// Berlin has a key for its shop.
    Token { file: PathBuf },
}

/// The work of one round.
pub(super) struct Work {
    dice: Mutex<Dice>,
    begun: watch::Sender<usize>,
    ended: watch::Sender<bool>,
}

impl Work {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            dice: Mutex::new(Dice::new(dice.throw())),
            begun: watch::Sender::new(0),
            ended: watch::Sender::new(false),
        }
    }

    /// Waits until more than `deeds` have begun.
    pub(super) async fn begun(&self, deeds: usize) {
        let mut begun = self.begun.subscribe();
        // The sender lives as long as the work.
        let _begun = begun.wait_for(|begun| *begun > deeds).await.is_ok();
    }

    /// Lets everybody finish what is under way, and begin nothing.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Has everybody work at once until the end; gives what was acknowledged.
    pub(super) async fn done_by_all(&self, cluster: &Cluster) -> Vec<Done> {
        let anna = self.repeat(async || self.by_anna(cluster).await);
        let north = self.repeat(async || self.by_ben_and_north(cluster).await);
        let berlin = self.repeat(async || self.by_berlin(cluster).await);
        let (anna, north, berlin) = tokio::join!(anna, north, berlin);
        anna.into_iter().chain(north).chain(berlin).collect()
    }

    async fn repeat(&self, deed: impl AsyncFn() -> Result<Done, Failure>) -> Vec<Done> {
        let mut acknowledged = Vec::new();
        while !*self.ended.borrow() {
            self.begun.send_modify(|begun| *begun += 1);
            match tokio::time::timeout(LONGEST, deed()).await {
                Ok(Ok(done)) => acknowledged.push(done),
                // Somebody is dead, or was a moment ago: nothing was acknowledged.
                Ok(Err(_)) | Err(_) => tokio::time::sleep(BETWEEN).await,
            }
        }
        acknowledged
    }

    fn throw(&self) -> u64 {
        self.dice.lock().map_or(0, |mut dice| dice.throw())
    }

    async fn by_anna(&self, cluster: &Cluster) -> Result<Done, Failure> {
        let anna = cluster.member("anna")?;
        let choice = self.throw();
        match choice % 4 {
            0 => {
                let own = scenes::rotate(anna).await?;
                let key = own.authentication.first().cloned();
                Ok(Done::Rotated { version: own.version, key })
            }
            1 => {
                let held = anna.owner.ask(&claims::List {}).await?.claims;
                let shown = if held.iter().any(|claim| claim.published) {
                    anna.owner.ask(&claims::Withdraw { claims: Vec::new() }).await?
                } else {
                    let claims = held.into_iter().map(|claim| claim.name).collect();
                    anna.owner.ask(&claims::Publish { claims }).await?
                };
                Ok(Done::Shown { version: shown.version })
            }
            _ => {
                let name = format!("name-{choice:x}");
                let did = cluster.member("berlin")?.did().to_owned();
                anna.owner.ask(&contacts::Add { name: name.clone(), did, replace: false }).await?;
                Ok(Done::Named { name })
            }
        }
    }

    /// Ben asks for claims, and now and then North takes all of them back.
    async fn by_ben_and_north(&self, cluster: &Cluster) -> Result<Done, Failure> {
        let (ben, north) = (cluster.member("ben")?, cluster.member("north")?);
        if !self.throw().is_multiple_of(3) {
            let name = claim(ben, north, &email("ben")).await?;
            return Ok(Done::Claimed { name });
        }
        let standing = books(north).await?;
        let one = standing.iter().find(|seat| seat.subject == ben.did() && !seat.revoked);
        match one {
            Some(seat) => Ok(Done::Revoked { ids: revoke(north, &seat.id).await? }),
            None => Ok(Done::Claimed { name: claim(ben, north, &email("ben")).await? }),
        }
    }

    async fn by_berlin(&self, cluster: &Cluster) -> Result<Done, Failure> {
        let berlin = cluster.member("berlin")?;
        let name = format!("shop-{:x}", self.throw());
        let new = ["--json", "token", "new", "--scope", "check", "--name", &name];
        let said = process::run(Program::Node, &berlin.data, &new, &[0]).await?;
        let made = crate::world::read(&said)?;
        let file = made.get("file").and_then(Value::as_str).unwrap_or_default();
        // A shop asks about its customer with it.
        berlin.owner.ask(&identity::Show {}).await?;
        Ok(Done::Token { file: PathBuf::from(file) })
    }
}

/// The account of one of the people at the SIMULATED provider.
pub(super) fn email(name: &str) -> String {
    format!("{name}@simulated.example")
}

/// Longer than any deed takes between the living.
const LONGEST: Duration = Duration::from_secs(60);
