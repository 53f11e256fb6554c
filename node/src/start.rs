//! How a node comes to be: its folder, its keys, its identity.
//!
//! | file | what |
//! | --- | --- |
//! | `making`, `backup` | all of a folder or nothing of it; a node out of a backup |
//! | `opened`, `weak`, `time` | how one that was made comes up, and what keeps it from that |
//! | `doors`, `listen`, `running` | its doors, and the end of everything |

pub mod backup;
mod doors;
mod listen;
mod making;
mod opened;
mod running;
#[cfg(test)]
mod tests;
mod time;
mod weak;

use crate::config::{self, Config, Role};
use crate::door::{self, Scope, TOKENS};
use crate::joined::Joined;
use crate::own::first_entry;
use crate::passphrase::{Passphrase, Words};
use crate::problem::{Kind, Problem};
use crate::store::Store;
use crate::store::disk::Disk;
use crate::vault::backup::File;
use crate::vault::words::Words as Recovery;
use crate::vault::{Cost, Kind as Secret, Vault, new_key};
use countersign_protocol::did::Did;
use countersign_protocol::did::log::witness::Rule;
use countersign_protocol::key::PublicKey;
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::Parameters;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use doors::serve;
pub(crate) use doors::{open_phone, open_public, write_door};
pub(crate) use listen::{listen, listen_for_owner};
use making::Making;
pub(crate) use making::unmake;
pub use making::{BEGINS_ANEW, check_empty, check_made, was_cut_off};
use opened::{NODE, cannot_open};
pub use opened::{alone, online};
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

/// Tells whether the node in `data` joined a network.
pub(crate) fn is_joined(data: &Path) -> Result<bool, Problem> {
    Ok(Joined::read(data)?.is_some())
}

/// Where the owner's door of a running node is; a file in the data folder.
pub(crate) const DOOR_FILE: &str = "door";
/// The token of this computer's command line.
const CLI: &str = "cli";
/// Its file.
pub(crate) const CLI_TOKEN: &str = "owner-cli";
/// What to do about a disk.
const ROOM: &str = "`df -h` says which disks are full; make room, and start it again";
/// The folder of the store inside the data folder.
const STORE: &str = "store";
