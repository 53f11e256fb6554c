//! What lies on the disks of a network that was stopped, and the secrets in its vaults.

use super::search::{Canary, Haystack};
use crate::world::unlike;
use countersign_node::door::TOKENS;
use countersign_node::store::disk::Disk;
use countersign_node::store::{Keep, Store};
use countersign_node::vault::passphrase::Passphrase;
use countersign_node::vault::{Kind, Vault};
use countersign_testnet::Failure;
use secrecy::ExposeSecret as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads every file below `folder`, but for those of whoever is named in `but`.
pub(super) fn files(folder: &Path, but: &str) -> Result<Vec<Haystack>, Failure> {
    let mut found = Vec::new();
    for path in paths(folder)? {
        let place = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        if !place.starts_with(but) {
            found.push(Haystack::new(place, read(&path)?));
        }
    }
    Ok(found)
}

fn paths(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let (mut found, mut next) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = next.pop() {
        let failed = |cause| Failure::File { path: folder.clone(), cause };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() { next.push(path) } else { found.push(path) }
        }
    }
    Ok(found)
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|cause| Failure::File { path: path.to_owned(), cause })
}

/// Gives the tokens of a member, each of which belongs into its own file.
pub(super) fn tokens(data: &Path) -> Result<Vec<Canary>, Failure> {
    let mut tokens = Vec::new();
    for path in paths(&data.join(TOKENS))? {
        let home = path.strip_prefix(data.parent().unwrap_or(data)).unwrap_or(&path);
        let token = String::from_utf8_lossy(&read(&path)?).trim().to_owned();
        let what = format!("the token {}", home.display());
        tokens.push(Canary::new(&what, token).belongs(&home.display().to_string()));
    }
    Ok(tokens)
}

/// Opens a vault as its owner would, and gives the keys and the providers' secrets in it, if there is one.
pub(super) fn vault(data: &Path, passphrase: &str) -> Result<Vec<Canary>, Failure> {
    let bad = |error: &dyn std::fmt::Display| unlike("a vault", &error.to_string());
    let store: Arc<dyn Store> =
        Arc::new(Disk::open(&data.join("store"), MEMORY).map_err(|error| bad(&error))?);
    if !Vault::exists(&*store).map_err(|error| bad(&error))? {
        return Ok(Vec::new());
    }
    let passphrase = Passphrase::new(passphrase).map_err(|error| bad(&error))?;
    let vault = Vault::open(Arc::clone(&store), &passphrase).map_err(|error| bad(&error))?;
    let whose = data.file_name().unwrap_or_default().to_string_lossy();
    let mut secrets = Vec::new();
    for kind in SECRET {
        for id in vault.list(kind).map_err(|error| bad(&error))? {
            let Some(secret) = vault.get(kind, &id).map_err(|error| bad(&error))? else {
                continue;
            };
            let what = format!("{kind} of {whose}, {}", String::from_utf8_lossy(&id));
            secrets.push(Canary::new(&what, secret.expose_secret().to_vec()));
        }
    }
    let signing = vault.signing(&passphrase).map_err(|error| bad(&error))?;
    for (scid, keep) in store.all_kept().map_err(|error| bad(&error))? {
        if keep == Keep::Own
            && let Some(key) = signing.update_key(&scid).map_err(|error| bad(&error))?
        {
            secrets.push(Canary::new(&format!("update key of {whose}"), key.seed().to_vec()));
        }
    }
    Ok(secrets)
}

/// What is a secret in a vault; the others are what people wrote, which the test wrote itself.
const SECRET: [Kind; 6] = [
    Kind::AuthenticationKey,
    Kind::AssertionKey,
    Kind::WitnessKey,
    Kind::NodeKey,
    Kind::AccountKey,
    Kind::Provider,
];

/// Bytes of memory for a store that is looked into once.
const MEMORY: u64 = 1024 * 1024;
