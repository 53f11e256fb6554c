//! The node of this process as an attestor's ground: every line translates, none decides.

use super::books::{Books, BooksError, Change, Expect, Row};
use super::offered::Offered;
use super::{Attestor, Ground, GroundError};
use async_trait::async_trait;
use countersign_node::problem::Kind;
use countersign_node::verb::network::Finding;
use countersign_node::{Known, Node, Problem, books};
use countersign_protocol::did::log::History;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::ledger::State;
use countersign_protocol::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// A node an attestor lives in.
#[derive(Debug)]
pub struct InNode {
    node: Node,
    network: String,
    heartbeat: Duration,
    /// Logs their owners sent along before the network knew them.
    offered: Mutex<Offered>,
}

impl InNode {
    /// Takes a node that is open. One that joined no network signs for none.
    #[must_use]
    pub fn new(node: Node) -> Self {
        let (network, heartbeat) = match node.joined() {
            Ok(joined) => (joined.parameters.id().to_string(), joined.parameters.heartbeat()),
            Err(_) => (String::new(), UNJOINED),
        };
        let heartbeat = Duration::from_secs(heartbeat);
        Self { node, network, heartbeat, offered: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Offered> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives what came along now or before, whichever goes further. Where its owner named witnesses it counts
    /// only once the network shows what they cosigned.
    fn offered(&self, scid: Scid, now: Option<&History>) -> Option<History> {
        let held = self.held().get(scid, self.node.now());
        let now = now.filter(|one| one.scid() == scid && one.witness_rule().is_none()).cloned();
        held.into_iter().chain(now).max_by_key(History::number)
    }
}

#[async_trait]
impl Ground for InNode {
    fn now(&self) -> Timestamp {
        self.node.now()
    }

    fn network(&self) -> &str {
        &self.network
    }

    fn heartbeat(&self) -> Duration {
        self.heartbeat
    }

    async fn own(&self) -> Result<History, GroundError> {
        self.node.own_history().await.map_err(failed)
    }

    async fn check_clock(&self) -> Result<(), GroundError> {
        self.node.check_clock().await.map_err(failed)
    }

    async fn findings(&self) -> Result<Vec<Finding>, GroundError> {
        let found = self.node.examine().await.map_err(failed)?;
        let ours = found.findings.into_iter();
        Ok(ours.filter(|one| ["clock", "disk"].contains(&one.what.as_str())).collect())
    }

    async fn assertion_key(&self, _at: Timestamp) -> Result<SecretKey, GroundError> {
        self.node.assertion_key().await.map_err(failed)
    }

    async fn newest(&self, scid: Scid, offered: Option<&History>) -> Result<History, GroundError> {
        let offered = self.offered(scid, offered);
        let known = match self.node.newest(scid).await {
            Ok(known) => known,
            Err(problem) if problem.is_no() => {
                return offered.ok_or(GroundError::NotFound { scid });
            }
            Err(problem) => return Err(failed(problem)),
        };
        let found = settled(&known)?;
        let newer = offered.filter(|one| found.is_prefix_of(one));
        Ok(newer.unwrap_or(found))
    }

    fn hold(&self, log: History, bytes: usize) {
        if log.witness_rule().is_none() {
            self.held().keep(log, bytes, self.node.now());
        }
    }

    async fn attestor(&self, name: &str) -> Result<Attestor, GroundError> {
        let (known, profile) = self.node.attestor(name).await.map_err(failed)?;
        Ok(Attestor { history: settled(&known)?, profile })
    }

    fn books(&self) -> Arc<dyn Books> {
        Arc::new(OfNode(self.node.books()))
    }

    fn keep_secret(&self, name: &str, secret: &[u8]) -> Result<(), GroundError> {
        self.node.keep_secret(name, secret).map_err(failed)
    }

    fn secret(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, GroundError> {
        self.node.secret(name).map_err(failed)
    }

    fn forget_secret(&self, name: &str) -> Result<(), GroundError> {
        self.node.forget_secret(name).map_err(failed)
    }

    fn secret_names(&self) -> Result<Vec<String>, GroundError> {
        self.node.secret_names().map_err(failed)
    }

    async fn publish_statement(
        &self,
        statement: Vec<u8>,
        list: Option<Vec<u8>>,
    ) -> Result<(), GroundError> {
        self.node.publish_statement(statement, list).await.map_err(failed)
    }

    async fn meets_somebody(&self, patience: Duration) -> bool {
        // A node that was just started is on its way to its first peers.
        self.node.is_online() && self.node.meets_somebody(patience).await
    }

    async fn wait_for_more(&self) {
        tokio::time::sleep(MORE).await;
    }

    async fn known_status(&self, list: u64) -> Result<Option<State>, GroundError> {
        self.node.own_status(list).await.map_err(failed)
    }

    async fn publish_profile(&self, owner: &Did, profile: Vec<u8>) -> Result<(), GroundError> {
        self.node.publish_profile(owner.scid(), profile).await.map_err(failed)
    }
}

/// The node's books.
#[derive(Debug)]
struct OfNode(books::Books);

impl Books for OfNode {
    fn write(&self, changes: Vec<Change>) -> Result<(), BooksError> {
        self.0.write(changes.into_iter().map(translated).collect()).map_err(unusable)
    }

    fn row(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, BooksError> {
        self.0.row(table, key).map_err(unusable)
    }

    fn rows(
        &self,
        table: &str,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, BooksError> {
        self.0.rows(table, after, limit).map_err(unusable)
    }

    fn links(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, BooksError> {
        self.0.links(chain, from, limit).map_err(unusable)
    }

    fn life(&self) -> Result<Vec<u8>, BooksError> {
        self.0.life().map_err(unusable)
    }

    fn length(&self, chain: &str) -> Result<u64, BooksError> {
        self.0.length(chain).map_err(unusable)
    }
}

fn translated(change: Change) -> books::Change {
    match change {
        Change::Put { table, key, expect, bytes } => {
            let expect = match expect {
                Expect::Nothing => books::Expect::Nothing,
                Expect::Exactly(bytes) => books::Expect::Exactly(bytes),
                Expect::Anything => books::Expect::Anything,
            };
            books::Change::Put { table: table.to_owned(), key, expect, bytes }
        }
        Change::Link { chain, length, bytes } => {
            books::Change::Link { chain: chain.to_owned(), length, bytes }
        }
    }
}

/// Gives the log of somebody, unless nobody can tell which of two it is.
fn settled(known: &Known) -> Result<History, GroundError> {
    if known.is_open_fork() {
        return Err(GroundError::Forked { scid: known.scid() });
    }
    Ok(known.history().clone())
}

fn failed(problem: Problem) -> GroundError {
    match problem.kind() {
        Kind::Locked => GroundError::Locked,
        Kind::Clock => GroundError::Clock { cause: problem.into() },
        _ => GroundError::Failed { cause: problem.into() },
    }
}

fn unusable(problem: Problem) -> BooksError {
    match problem.kind() {
        Kind::Conflict => BooksError::Conflict,
        _ => BooksError::Failed { cause: problem.into() },
    }
}

/// Seconds between heartbeats that nobody hears.
const UNJOINED: u64 = 900;

/// How long a start waits after the first peers, so that it need not believe them alone.
const MORE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_doubt_is_no_failure_and_is_told_in_the_nodes_own_words() {
        let doubt = Problem::new(Kind::Clock, "nothing is signed under this clock").hint("set it");
        let error = failed(doubt.clone());
        assert!(matches!(error, GroundError::Clock { .. }), "{error}");
        assert_eq!(error.problem(), Some(&doubt));
    }
}
