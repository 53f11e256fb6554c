//! How a node comes to be and comes up: its folder, its keys, its engine, its doors.

pub mod backup;
mod listen;
mod making;
mod running;
#[cfg(test)]
mod tests;
mod time;
mod weak;

use crate::config::{self, Caps, Config, Role};
use crate::devices::Devices;
use crate::door::note::Note;
use crate::door::{self, Scope, TOKENS};
use crate::driver::{self, Driver, Ends, Waiting};
use crate::home::{self, Home};
use crate::http;
use crate::joined::Joined;
use crate::network::Network;
use crate::network::config::StartError;
use crate::node::{Ask, Inner, Node, not_joined};
use crate::own::first_entry;
use crate::passphrase::{Passphrase, Words};
use crate::problem::{Kind, Problem};
use crate::ready::Ready;
use crate::serve;
use crate::settings::{self, Keys};
use crate::store::disk::Disk;
use crate::store::{Keep, Store, StoreError};
use crate::vault::backup::File;
use crate::vault::words::Words as Recovery;
use crate::vault::{Cost, Kind as Secret, Vault, new_key};
use crate::vendor::{Lying, still_open};
use countersign_protocol::did::Did;
use countersign_protocol::did::log::witness::Rule;
use countersign_protocol::engine::Engine;
use countersign_protocol::engine::config::Config as Engines;
use countersign_protocol::key::{PublicKey, SecretKey, did_key};
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::Parameters;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

pub(crate) use listen::{listen, listen_for_owner};
use making::Making;
pub(crate) use making::unmake;
pub use making::{BEGINS_ANEW, check_empty, check_made, was_cut_off};
pub use running::Running;
pub(crate) use time::clock;

/// What a new node is to be.
#[derive(Debug, Clone)]
pub struct NewNode {
    /// What it does for others.
    pub role: Role,
    /// The words that recover its identity, which its owner has by now; none for a node without one.
    pub words: Option<Words>,
    /// Whether that identity signs claims: an attestor's.
    pub attests: bool,
    /// Derives keys from the passphrase fast and weakly: for testnets, and refused in any other network.
    pub weak_passphrase: bool,
}

/// What was made.
#[derive(Debug)]
pub struct Created {
    /// The identity, if one was asked for.
    pub identity: Option<Did>,
    /// Whether a network was joined before.
    pub joined: bool,
}

/// Writes the network an invitation names into the data folder.
///
/// # Errors
///
/// Returns a problem if the text is no invitation, or another network is joined already.
pub fn join(data: &Path, invite: &str) -> Result<Joined, Problem> {
    let invite: Invite = invite.parse().map_err(|error| {
        Problem::new(Kind::Invalid, "this is no invitation")
            .because(error)
            .hint("an invitation begins with countersign:invite: and is one long line")
    })?;
    into(data, Joined::from(invite))
}

/// Begins a network that has nobody in it yet.
///
/// # Errors
///
/// Returns a problem if the id is none, or another network is joined already.
pub fn found(data: &Path, id: &str, testnet: bool) -> Result<Joined, Problem> {
    let id = id.parse().map_err(|error| {
        Problem::new(Kind::Invalid, "no network can be called so").because(error)
    })?;
    let parameters = if testnet { Parameters::testnet(id) } else { Parameters::standard(id) };
    into(data, Joined::founded(parameters))
}

/// Says why a home founds no network.
#[must_use]
pub fn no_founder() -> Problem {
    Problem::new(Kind::Invalid, "a home cannot be the first node of a network")
        .because("invitations name the first node, and a home takes another name at each start")
        .hint(
            "found it with a full node (--role full); a home of yours joins it from another folder",
        )
}

/// Writes a network into the data folder. As long as there is no node, whoever tries again may mean another.
fn into(data: &Path, joined: Joined) -> Result<Joined, Problem> {
    if check_empty(data).is_ok() {
        joined.replace(data)?
    } else {
        joined.write(data)?
    }
    Ok(joined)
}

/// Tells whether the node in `data` is in a network.
#[must_use]
pub fn has_joined(data: &Path) -> bool {
    Joined::read(data).is_ok_and(|joined| joined.is_some())
}

/// Makes a node in `data`: its keys under `passphrase`, its identity, its settings.
///
/// # Errors
///
/// Returns a problem if there is one already or something cannot be written.
pub async fn create(
    data: &Path,
    config: &Config,
    new: NewNode,
    passphrase: &Passphrase,
) -> Result<Created, Problem> {
    check_empty(data)?;
    let joined = Joined::read(data)?;
    if new.weak_passphrase {
        weak::check(joined.as_ref())?;
    }
    let config = Config { role: new.role, ..config.clone() };
    let (passphrase, files) = (passphrase.clone(), vec![settings_of(&config)]);
    let witnesses = joined.as_ref().map(|joined| joined.witnesses.clone()).unwrap_or_default();
    let work = move |data: &Path| -> Result<_, Problem> {
        config.write(data)?;
        door::make_token(&data.join(TOKENS), Scope::Owner, CLI)?;
        let store: Arc<dyn Store> = Arc::new(Disk::open(&data.join(STORE), config.limits.cache)?);
        make(&store, &new, &passphrase, witnesses)
    };
    let identity = made(data, files, work).await?;
    Ok(Created { identity, joined: joined.is_some() })
}

/// Makes 24 words for an identity that is not there yet: its owner has them on paper before anything
/// of it is written.
///
/// # Errors
///
/// Returns a problem if the system has no randomness.
pub fn new_words() -> Result<Words, Problem> {
    let words = Recovery::random()?;
    let text: Vec<&str> = words.reveal().collect();
    Ok(Words::new(&text.join(" ")))
}

/// Checks that these can be somebody's 24 words, before anything is made for them.
///
/// # Errors
///
/// Returns a problem if they cannot.
pub fn check_words(words: &Words) -> Result<(), Problem> {
    Recovery::parse(words.reveal())
        .map(drop)
        .map_err(|error| Problem::new(Kind::Invalid, "these are not the 24 words").because(error))
}

/// Gives those of somebody's words that are none, each with its number, counted from 1.
pub(crate) fn unknown_words(words: &Words) -> Vec<(usize, String)> {
    Recovery::unknown(words.reveal())
}

fn make(
    store: &Arc<dyn Store>,
    new: &NewNode,
    passphrase: &Passphrase,
    witnesses: Vec<PublicKey>,
) -> Result<Option<Did>, Problem> {
    let opening = crate::vault::passphrase::Passphrase::new(passphrase.reveal())?;
    let cost = if new.weak_passphrase { Cost::TESTNET } else { Cost::STANDARD };
    let vault = Vault::create(Arc::clone(store), &opening, cost)?;
    for (kind, id) in [(Secret::NodeKey, NODE), (Secret::WitnessKey, NODE)] {
        let key = new_key()?;
        let seal = vault.seal_key(kind, id, &key)?;
        store.commit(&[seal])?;
    }
    let Some(words) = &new.words else { return Ok(None) };
    let words = Recovery::parse(words.reveal())
        .map_err(|error| Problem::new(Kind::Invalid, "these are not 24 words").because(error))?;
    let signing = vault.signing(&opening)?;
    let rule = majority(witnesses)?;
    let (draft, changes) =
        first_entry(&vault, &signing, &words, new.attests, rule.as_ref(), clock())?;
    store.commit(&changes)?;
    Ok(Some(draft.history.did().clone()))
}

/// Makes a node in `data` by `work`, beside whose store `files` are to lie.
async fn made<T: Send + 'static>(
    data: &Path,
    files: Vec<File>,
    work: impl FnOnce(&Path) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    time::check(clock())?;
    let data = data.to_owned();
    let made = move || Making::begin(&data, &files)?.run(work);
    tokio::task::spawn_blocking(made).await.map_err(|_| crate::node::stopping())?
}

/// Gives the file of the settings.
fn settings_of(config: &Config) -> File {
    File { name: config::FILE.to_owned(), bytes: config.to_text().into_bytes().into() }
}

/// Puts the folder in `data` back to what it was before a newer program changed it, and gives where
/// what it is now is kept; nothing if this program can open it as it is.
///
/// # Errors
///
/// Returns a problem if a node runs there, or nothing is kept of what the folder was.
pub async fn downgrade(data: &Path) -> Result<Option<PathBuf>, Problem> {
    check_made(data)?;
    let folder = data.join(STORE);
    let work = move || Disk::go_back(&folder).map_err(|error| cannot_open(&error));
    tokio::task::spawn_blocking(work).await.map_err(|_| crate::node::stopping())?
}

/// More than half of the witnesses a network offers have to cosign: two majorities share one.
fn majority(witnesses: Vec<PublicKey>) -> Result<Option<Rule>, Problem> {
    if witnesses.is_empty() {
        return Ok(None);
    }
    let threshold = u32::try_from(witnesses.len() / 2 + 1).unwrap_or(u32::MAX);
    Rule::new(threshold, witnesses).map(Some).map_err(|error| {
        Problem::new(Kind::Invalid, "the network's witnesses cannot be used").because(error)
    })
}

/// Opens the node in `data` without entering the network: for a command when no node runs.
///
/// # Errors
///
/// Returns a problem if there is no node, it runs elsewhere, or the passphrase is wrong.
pub async fn alone(
    data: &Path,
    config: Config,
    passphrase: Option<&Passphrase>,
) -> Result<(Node, Running), Problem> {
    let opened = Opened::open(data, config, passphrase).await?;
    opened.run(None)
}

/// Opens the node in `data` and enters its network.
///
/// # Errors
///
/// Returns a problem if there is no node, it runs already, it joined no network, or the passphrase
/// is wrong.
pub async fn online(
    data: &Path,
    config: Config,
    passphrase: &Passphrase,
) -> Result<(Node, Running), Problem> {
    let began = Instant::now();
    let opened = loop {
        match Opened::open(data, config.clone(), Some(passphrase)).await {
            // A command that looks something up has the folder for a moment.
            Err(problem) if problem.is(Kind::Busy) && began.elapsed() < OTHERS => {
                tokio::time::sleep(BETWEEN).await;
            }
            opened => break opened?,
        }
    };
    let joined = opened.joined.as_ref().ok_or_else(not_joined)?;
    weak::check_entering(opened.vault.as_deref(), joined)?;
    let network = opened.enter(joined)?;
    let (node, running) = opened.run(Some(network))?;
    node.follow_again().await?;
    Ok((node, running))
}

/// A node whose folder is open and that does nothing yet.
struct Opened {
    data: PathBuf,
    config: Config,
    joined: Option<Joined>,
    store: Arc<Disk>,
    vault: Option<Arc<Vault>>,
    witness: Option<SecretKey>,
    node_key: SecretKey,
}

impl Opened {
    async fn open(
        data: &Path,
        config: Config,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, Problem> {
        check_made(data)?;
        time::check_counted()?;
        let folder = data.join(STORE);
        let joined = Joined::read(data)?;
        let config = match &joined {
            Some(joined) if joined.is_on_this_computer() => config.on_this_computer(),
            Some(_) | None => config,
        };
        let (limit, passphrase) = (config.limits.cache, passphrase.cloned());
        let work = move || -> Result<_, Problem> {
            let store = Arc::new(Disk::open(&folder, limit).map_err(|error| cannot_open(&error))?);
            let vault = match passphrase {
                None => None,
                Some(passphrase) => {
                    Some(unlock(Arc::clone(&store) as Arc<dyn Store>, &passphrase)?)
                }
            };
            Ok((store, vault))
        };
        let opened = tokio::task::spawn_blocking(work).await;
        let (store, vault) = opened.map_err(|_| crate::node::stopping())??;
        // A home has another name at each start, so that nobody can follow it.
        let node_key = SecretKey::from_seed(rand::random());
        let (data, witness) = (data.to_owned(), None);
        let mut opened = Self { data, config, joined, store, vault, witness, node_key };
        if opened.config.role == Role::Full && opened.vault.is_some() {
            opened.node_key = opened.key(Secret::NodeKey)?;
        }
        if opened.config.network.witness {
            opened.witness = Some(opened.key(Secret::WitnessKey)?);
        }
        Ok(opened)
    }

    /// Enters the network: listens, and dials the first peers.
    fn enter(&self, joined: &Joined) -> Result<Network, Problem> {
        let failed = |what: &str, error: &dyn core::fmt::Display| {
            Problem::new(Kind::Invalid, format!("the node cannot enter the network: {what}"))
                .because(error.to_string())
        };
        let taken = |error: &StartError| {
            match error.is_taken() {
            true => Problem::new(Kind::Conflict, "the node cannot enter the network")
                .because(error)
                .hint(
                    "another program, perhaps another node of yours, listens there: end it, or choose \
                     another port with --set network.listen=…",
                ),
            false => failed("it did not start", error),
        }
        };
        let key = self.node_key.clone();
        let settings = settings::network(&self.config, joined, key)
            .map_err(|error| failed(&error.address, &error))?;
        Network::start(settings).map_err(|error| taken(&error))
    }

    fn key(&self, kind: Secret) -> Result<SecretKey, Problem> {
        let locked = || Problem::new(Kind::Locked, "the keys of this node are locked");
        let vault = self.vault.as_ref().ok_or_else(locked)?;
        vault.key(kind, NODE)?.ok_or_else(locked)
    }

    /// Puts an engine between the disk and the network, and starts it.
    fn run(self, network: Option<Network>) -> Result<(Node, Running), Problem> {
        let running = Running::new();
        let (stop, tasks) = (running.stop.clone(), running.tasks.clone());
        let (commands, asks) = mpsc::channel::<Ask>(COMMANDS);
        let newest = self.store.newest_event()?;
        let challenges = still_open(&*self.store, clock())?;
        let desk = Lying::on_disk(&*self.store)?;
        let (events, _) = watch::channel(newest);
        let online = network.is_some();
        let blocked = network.as_ref().map(Network::block_list);
        let engine = self.engine()?;
        let ends = Ends {
            network,
            store: Arc::clone(&self.store),
            waiting: Waiting::Aside,
            commands: asks,
            events: events.clone(),
            clock: Arc::new(clock),
        };
        let (driver, link) = Driver::new(engine, ends, stop.clone());
        running.drive(driver.run(stop.clone()));
        let devices = Arc::new(Devices::read(&self.data));
        let caps = tokio::sync::Mutex::new(Caps::of(&self.config));
        let inner = Inner {
            data: self.data,
            config: self.config,
            caps,
            joined: self.joined,
            online,
            witness: self.witness,
            store: self.store,
            vault: self.vault,
            events,
            link,
            blocked,
            clock,
            stop: stop.clone(),
            changing: tokio::sync::Mutex::new(()),
            stating: tokio::sync::Mutex::new(()),
            desk: std::sync::Mutex::new(desk),
            entrance: OnceLock::new(),
            devices,
            phone: OnceLock::new(),
            tasks: tasks.clone(),
            claims: moka::sync::Cache::new(CLAIMS),
            recent: crate::vendor::Recent::new(),
            requests: std::sync::Mutex::default(),
            challenges: std::sync::Mutex::new(challenges),
        };
        Ok((Node::new(inner, commands), running))
    }

    /// Makes the engine, which remembers what the disk does.
    fn engine(&self) -> Result<Engine, Problem> {
        let parameters = match &self.joined {
            Some(joined) => joined.parameters.clone(),
            // Without a network nothing is heard, sent or signed for one.
            None => Parameters::standard("none".parse().map_err(|_| not_joined())?),
        };
        let kept = self.store.all_kept()?;
        let own = kept.into_iter().filter(|(_, keep)| *keep == Keep::Own);
        let keys = Keys { node: self.node_key.clone(), witness: self.witness.clone() };
        let restored = crate::own::was_restored(&*self.store)?;
        let own = own.map(|(scid, _)| scid).collect();
        let config = settings::engine(&self.config, parameters, keys, own);
        let config = Engines { restored, ..config };
        let snapshot = driver::snapshot(&*self.store)?;
        Ok(Engine::new(config, snapshot, rand::random()))
    }
}

/// Opens the doors of `node`, and says where everything is once all of it is ready.
///
/// # Errors
///
/// Returns a problem if an address is in use.
pub async fn serve(node: &Node, running: &Running) -> Result<Ready, Problem> {
    let (config, data) = (node.config(), node.data());
    let (owner, address) = listen_for_owner(config.doors.owner).await?;
    let pages = Home::new(data.to_owned(), Vec::new(), address, false);
    let note = pages.note().clone();
    pages.adopt(node.clone()).await?;
    running.tasks.spawn(serve::serve(
        owner,
        None,
        home::router(pages),
        http::OWNER_LIMITS,
        running.stop.clone(),
    ));
    let public = open_public(node, running).await?;
    open_phone(node).await;
    write_door(data, &note, running)?;
    let link = node.reachable().await;
    let identity = match node.own_scid().await? {
        Some(_) => Some(node.own().await?.history.did().to_string()),
        None => None,
    };
    Ok(Ready {
        owner: address,
        token_file: data.join(TOKENS).join(CLI_TOKEN),
        public,
        identity,
        witness: node.witness_key().map(|key| did_key::to_did(&key)),
        network: node.joined()?.parameters.id().to_string(),
        peer: link.peer,
        addresses: link.addresses,
    })
}

/// Opens the public door of `node`, if its settings say where.
pub(crate) async fn open_public(
    node: &Node,
    running: &Running,
) -> Result<Option<SocketAddr>, Problem> {
    let Some(wanted) = node.config().doors.public else { return Ok(None) };
    let (listener, address) = listen(wanted, "doors.public").await?;
    let (router, stop) = (http::public(node.clone()), running.stop.clone());
    running.tasks.spawn(serve::serve(listener, None, router, http::PUBLIC_LIMITS, stop));
    Ok(Some(address))
}

/// Opens the door for devices, if the settings say where. Where it cannot be opened, as in another
/// network than usual, the node is there for its owner all the same, and its pages say so.
pub(crate) async fn open_phone(node: &Node) {
    let Some(phone) = node.inner().phone.get() else { return };
    if let Err(problem) = phone.open_again(node.config().doors.phone).await {
        tracing::warn!(%problem, "the door for devices stays shut");
    }
}

/// Writes where the owner's door is, for commands to find for as long as the node runs.
pub(crate) fn write_door(data: &Path, note: &Note, running: &Running) -> Result<(), Problem> {
    let posted = note.post(&data.join(DOOR_FILE)).map_err(|error| cannot_write(data, &error))?;
    let stop = running.stop.clone();
    running.tasks.spawn(async move {
        stop.cancelled().await;
        drop(posted);
    });
    Ok(())
}

/// Tells whether the node in `data` joined a network.
pub(crate) fn is_joined(data: &Path) -> Result<bool, Problem> {
    Ok(Joined::read(data)?.is_some())
}

fn unlock(store: Arc<dyn Store>, passphrase: &Passphrase) -> Result<Arc<Vault>, Problem> {
    let opening = crate::vault::passphrase::Passphrase::new(passphrase.reveal())?;
    Vault::open(store, &opening).map(Arc::new).map_err(Problem::from)
}

fn cannot_open(error: &StoreError) -> Problem {
    let (kind, hint) = match error {
        // Whoever has it may be about to answer, or to be done.
        StoreError::InUse { folder } => {
            let lock = folder.join("lock");
            let which =
                format!("end the program that has it; `fuser {}` says which", lock.display());
            (Kind::Busy, which)
        }
        StoreError::Newer { .. } => {
            let version = "`countersign --version` says which program this is; get the newer one";
            (Kind::Unusable, version.to_owned())
        }
        StoreError::Damaged { .. } | StoreError::Unreadable { .. } => {
            let back =
                "`countersign --data NEWFOLDER restore BACKUP` makes it anew in another folder";
            (Kind::Unusable, back.to_owned())
        }
        StoreError::Full { .. } => (Kind::Internal, ROOM.to_owned()),
        _ => (Kind::Internal, WRITABLE.to_owned()),
    };
    Problem::new(kind, "the data folder cannot be opened").because(error).hint(hint)
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Kind::Internal, format!("{} cannot be written", path.display())).because(error)
}

/// Where the owner's door of a running node is; a file in the data folder.
pub(crate) const DOOR_FILE: &str = "door";
/// The token of this computer's command line.
const CLI: &str = "cli";
/// Its file.
pub(crate) const CLI_TOKEN: &str = "owner-cli";
/// Under which id a node's own keys lie in the vault.
const NODE: &[u8] = b"node";
/// What to do about a disk.
const ROOM: &str = "`df -h` says which disks are full; make room, and start it again";
const WRITABLE: &str = "every command writes there: look whose the folder is, and whether its disk can be \
    written";
/// The folder of the store inside the data folder.
const STORE: &str = "store";
/// Commands that wait for the engine: one owner's programs, not the world's.
const COMMANDS: usize = 256;
/// Verified claims remembered.
const CLAIMS: u64 = 4096;
/// How long commands that have the folder open may take until a node comes up.
const OTHERS: Duration = Duration::from_secs(5);
const BETWEEN: Duration = Duration::from_millis(100);
