//! The handle everything that asks a node holds: the doors, the command line, an attestor.

use crate::config::Config;
use crate::door::Scope;
use crate::joined::Joined;
use crate::metrics::Link;
use crate::own::Asked;
use crate::problem::{Kind, Problem};
use crate::store::disk::Disk;
use crate::store::{Store, StoreError};
use crate::vault::Vault;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::did::Scid;
use countersign_protocol::engine::command::{Command, Found, Freshness, Outcome};
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// A node that runs in this process. Clones are the same node.
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
    /// Where the engine takes commands.
    commands: mpsc::Sender<Ask>,
    /// On whose behalf it is asked.
    scope: Scope,
    /// From which device the owner asks, if not from this computer.
    device: Option<Arc<str>>,
    /// Whether whoever asks waits for nobody but this computer.
    at_once: bool,
}

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) data: PathBuf,
    pub(crate) config: Config,
    /// The network it joined; none before `join`.
    pub(crate) joined: Option<Joined>,
    /// Whether it takes part in the network, or only looks at its own disk.
    pub(crate) online: bool,
    /// The key it cosigns with, if it is a witness.
    pub(crate) witness: Option<SecretKey>,
    pub(crate) store: Arc<Disk>,
    /// The vault, if the passphrase was given.
    pub(crate) vault: Option<Arc<Vault>>,
    pub(crate) events: watch::Sender<u64>,
    /// What the network is like now.
    pub(crate) link: watch::Receiver<Link>,
    /// Whom it has nothing to do with; none where it takes no part in the network.
    pub(crate) blocked: Option<watch::Sender<BTreeSet<crate::network::peer::Peer>>>,
    pub(crate) clock: fn() -> Timestamp,
    /// When it was started.
    pub(crate) began: Instant,
    /// Is cancelled when the node stops.
    pub(crate) stop: CancellationToken,
    /// The limits in force, which change while it runs.
    pub(crate) caps: tokio::sync::Mutex<crate::config::Caps>,
    /// Held while the owner's identity changes: one change after the other.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Held while a line of the statement is written: each follows the one before.
    pub(crate) stating: tokio::sync::Mutex<()>,
    /// What was decided.
    pub(crate) desk: Mutex<crate::vendor::Lying>,
    /// Where the owner's pages are, once they are served.
    pub(crate) entrance: std::sync::OnceLock<crate::home::Entrance>,
    /// The owner's other devices.
    pub(crate) devices: Arc<crate::devices::Devices>,
    /// The door they come in by, once there are pages.
    pub(crate) phone: std::sync::OnceLock<crate::home::phone::Phone>,
    /// What runs beside the engine.
    pub(crate) tasks: tokio_util::task::TaskTracker,
    /// Claims that were verified, by the hash of their canonical form.
    pub(crate) claims: moka::sync::Cache<[u8; 32], Arc<Claim>>,
    /// Showcases and freshness statements that were verified.
    pub(crate) recent: crate::vendor::Recent,
    /// Claims that are being asked for.
    pub(crate) requests: Mutex<BTreeMap<String, Asked>>,
    /// Challenges that were made and not answered yet.
    pub(crate) challenges: Mutex<crate::vendor::Open>,
}

/// A command, and where its answer goes.
#[derive(Debug)]
pub struct Ask {
    /// What the engine is to do.
    pub command: Command,
    /// Where what came of it goes.
    pub answer: oneshot::Sender<Outcome>,
}

impl Node {
    pub(crate) fn new(inner: Inner, commands: mpsc::Sender<Ask>) -> Self {
        Self { inner: Arc::new(inner), commands, scope: Scope::Owner, device: None, at_once: false }
    }

    /// Gives the same node with somebody between it and its engine.
    #[cfg(test)]
    pub(crate) fn with_engine(&self, commands: mpsc::Sender<Ask>) -> Self {
        Self { commands, ..self.clone() }
    }

    /// Gives the same node, asked by whoever has a token of `scope`: names the owner gave to others are
    /// told to nobody but her.
    pub(crate) fn asked_with(&self, scope: Scope) -> Self {
        Self { scope, device: None, ..self.clone() }
    }

    /// Gives the same node, asked by its owner from one of her devices: her statement says which.
    pub(crate) fn asked_from(&self, device: Option<Arc<str>>) -> Self {
        Self { device, ..self.clone() }
    }

    /// Gives the name of the device its owner asks from, if it is not this computer.
    pub(crate) fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// Gives the same node, asked by whoever waits for nobody, such as a page: it tells what is known
    /// here, and looks for the rest behind the answer.
    #[must_use]
    pub fn at_once(&self) -> Self {
        Self { at_once: true, ..self.clone() }
    }

    /// Tells whether it answers with what is known here: who takes part in no network waits for nobody.
    pub(crate) fn waits_for_nobody(&self) -> bool {
        self.at_once || !self.inner.online
    }

    /// Tells whether the owner herself asks.
    pub(crate) fn is_asked_by_owner(&self) -> bool {
        self.scope == Scope::Owner
    }

    /// Gives the time on this computer's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// Gives the settings in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Gives the folder everything of this node lies in.
    #[must_use]
    pub fn data(&self) -> &std::path::Path {
        &self.inner.data
    }

    /// Gives the network this node joined.
    ///
    /// # Errors
    ///
    /// Returns a problem with a hint if it joined none.
    pub fn joined(&self) -> Result<&Joined, Problem> {
        self.inner.joined.as_ref().ok_or_else(not_joined)
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Gives the key this node cosigns with, if it is a witness.
    #[must_use]
    pub fn witness_key(&self) -> Option<PublicKey> {
        self.inner.witness.as_ref().map(SecretKey::public)
    }

    /// Waits until the node listens where it should, and says where that is.
    pub(crate) async fn reachable(&self) -> Link {
        let mut link = self.inner.link.clone();
        if self.waits_for_nobody() {
            return link.borrow().clone();
        }
        let wanted = self.inner.config.network.listen.len();
        let wait = link.wait_for(|link| link.addresses.len() >= wanted);
        let _heard = tokio::time::timeout(LISTENING, wait).await.is_ok();
        self.inner.link.borrow().clone()
    }

    /// Waits until somebody is connected who can be asked, for as long as a person waits: a node that began
    /// a moment ago knows nobody yet.
    pub(crate) async fn met_somebody(&self) {
        if !self.waits_for_nobody() {
            let mut link = self.inner.link.clone();
            let wait = link.wait_for(|link| link.metrics.peers > 0);
            let _met = tokio::time::timeout(MEETING, wait).await.is_ok();
        }
    }

    /// Tells whether whoever asks does well to wait for the first peer: the node has just begun. Where it has
    /// long been alone, waiting would help nobody.
    fn met_nobody_yet(&self) -> bool {
        !self.waits_for_nobody() && !self.is_ready() && self.inner.began.elapsed() < MEETING
    }

    /// Says how others reach this node. On one computer everybody reaches everybody.
    pub(crate) fn reach(&self) -> crate::verb::overview::Reach {
        let is_here = self.is_online() && self.inner.config.network.loopback;
        let reach = self.inner.link.borrow().reach;
        if is_here { crate::verb::overview::Reach::Direct } else { reach }
    }

    /// Tells whether there is anybody to ask.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.inner.link.borrow().metrics.peers > 0
    }

    /// Tells whether the node takes part in its network.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.inner.online
    }

    /// Has the engine do something, and waits for what comes of it.
    ///
    /// Dropping the future loses the answer, not the deed.
    ///
    /// # Errors
    ///
    /// Returns a problem if the engine refuses, or the node is stopping.
    pub(crate) async fn ask(&self, command: Command) -> Result<Outcome, Problem> {
        let command = if self.waits_for_nobody() { here(command) } else { command };
        let (answer, outcome) = oneshot::channel();
        self.commands.send(Ask { command, answer }).await.map_err(|_| stopping())?;
        match outcome.await.map_err(|_| stopping())? {
            Outcome::Refused(refusal) => Err(refused(&refusal)),
            outcome => Ok(outcome),
        }
    }

    /// Finds an identity, here or in the network. A node that has just begun meets somebody first.
    ///
    /// # Errors
    ///
    /// Returns a problem of kind not-found if nobody asked knew it, or unavailable if nobody could be asked.
    pub(crate) async fn find(&self, scid: Scid, freshness: Freshness) -> Result<Found, Problem> {
        let find = Command::Find { scid, freshness };
        let mut outcome = self.ask(find.clone()).await?;
        let early = matches!(outcome, Outcome::NotFound { .. }) && self.met_nobody_yet();
        if early && self.meets_somebody(MEETING).await {
            outcome = self.ask(find).await?;
        }
        match outcome {
            Outcome::Found(found) => Ok(*found),
            Outcome::NotFound { paths } => Err(self.not_found(scid, paths)),
            _ => Err(unexpected()),
        }
    }

    fn not_found(&self, scid: Scid, paths: u32) -> Problem {
        let problem = Problem::new(Kind::NotFound, format!("no identity {scid} was found"));
        if self.inner.online && self.at_once {
            problem
                .because("it is not held here yet, and is being looked for")
                .hint("look again in a moment")
        } else if self.inner.online && !self.is_ready() {
            Problem::new(Kind::Unavailable, format!("nobody could be asked for {scid}"))
                .because("it is not held here, and no peer is connected that could know it")
                .hint("`countersign doctor` says how your node is connected")
        } else if self.inner.online {
            problem.because(format!(
                "it is not held here, and {paths} ways through the network knew nothing"
            ))
        } else {
            problem
                .because("it is not held here, and no node is running that could ask the network")
                .hint("start one with `countersign run`")
        }
    }

    /// Reads from the disk, on a thread that may wait for it.
    ///
    /// # Errors
    ///
    /// Returns a problem if the disk does not answer as it should.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Disk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = Arc::clone(&self.inner.store);
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .map_err(|_| stopping())?
            .map_err(Problem::from)
    }

    /// Gives the vault.
    ///
    /// # Errors
    ///
    /// Returns a problem if it was not unlocked.
    pub(crate) fn vault(&self) -> Result<&Vault, Problem> {
        self.inner.vault.as_deref().ok_or_else(locked)
    }

    /// Gives the vault, to take it to another thread.
    pub(crate) fn vault_handle(&self) -> Result<Arc<Vault>, Problem> {
        self.inner.vault.clone().ok_or_else(locked)
    }

    /// Gives the number of the newest event.
    ///
    /// # Errors
    ///
    /// Returns a problem if the disk does not answer.
    pub async fn newest_event(&self) -> Result<u64, Problem> {
        self.read(|store| store.newest_event()).await
    }

    /// Gives up to `limit` events behind number `after`, each as JSON.
    ///
    /// # Errors
    ///
    /// Returns a problem if the disk does not answer.
    pub async fn events_after(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, String)>, Problem> {
        let events = self.read(move |store| store.events(after, limit)).await?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(events.into_iter().map(|(number, bytes)| (number, text(bytes))).collect())
    }

    /// Wakes whoever follows the events.
    #[must_use]
    pub fn wake_on_events(&self) -> watch::Receiver<u64> {
        self.inner.events.subscribe()
    }
}

impl core::fmt::Debug for Node {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Node").field("data", &self.inner.data).finish_non_exhaustive()
    }
}

/// Makes of what may ask others what is answered from here.
fn here(command: Command) -> Command {
    match command {
        Command::Find { scid, .. } => Command::Find { scid, freshness: Freshness::Here },
        Command::Status { issuer, list, .. } => Command::StatusHere { issuer, list },
        Command::Body { hash } => Command::BodyHere { hash },
        command => command,
    }
}

fn locked() -> Problem {
    Problem::new(Kind::Locked, "the keys are locked").hint(
        "give the passphrase with --passphrase-file FILE, or name the file in \
         COUNTERSIGN_PASSPHRASE_FILE",
    )
}

fn refused(refusal: &countersign_protocol::engine::command::Refusal) -> Problem {
    use countersign_protocol::engine::command::Refusal;
    let (kind, hint) = match refusal {
        Refusal::DoesNotVerify { .. } => (Kind::Invalid, None),
        Refusal::NotNewer { .. } => (
            Kind::Conflict,
            Some(
                "somebody published in this name already: if that was not you, run `countersign id recover`",
            ),
        ),
        Refusal::NotAStatement | Refusal::NotAProfile => (Kind::Invalid, None),
        Refusal::UnknownList => (Kind::Unavailable, None),
        Refusal::Clock { .. } => (Kind::Clock, Some("set this computer's clock, then try again")),
        Refusal::Busy => (Kind::Busy, Some("try again in a moment")),
    };
    let problem = Problem::new(kind, "the node refused").because(refusal);
    match hint {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

pub(crate) fn not_joined() -> Problem {
    Problem::new(Kind::Unavailable, "this node has joined no network").hint(
        "ask somebody who is in one for an invitation and type `countersign join INVITATION`; \
         to try a whole network on this computer, `cargo up`",
    )
}

/// Tells that the node is on its way out.
pub(crate) fn stopping() -> Problem {
    Problem::new(Kind::Unavailable, "the node is stopping")
}

/// An engine answers a command with the outcome that belongs to it.
pub(crate) fn unexpected() -> Problem {
    Problem::new(Kind::Internal, "the node answered something else than was asked")
}

/// Listening on this computer takes moments.
const LISTENING: Duration = Duration::from_secs(5);
/// A node that begins reaches one of the first peers within seconds, or they are away.
const MEETING: Duration = Duration::from_secs(10);
