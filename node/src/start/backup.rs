//! How a node comes out of a backup.

use super::{CLI, STORE, check_empty, is_joined, made, settings_of};
use crate::config::{self, Config};
use crate::door::{self, Scope, TOKENS};
use crate::passphrase::Passphrase;
use crate::problem::Problem;
use crate::store::disk::Disk;
use crate::store::{Keep, Store};
use crate::vault::backup::{self, Backup};
use countersign_protocol::did::Scid;
use std::path::Path;
use std::sync::Arc;

/// What came out of a backup.
#[derive(Debug)]
pub struct Restored {
    /// The identity, if there was one.
    pub identity: Option<Scid>,
    /// The files of the data folder that were put back.
    pub files: Vec<String>,
    /// Whether a network is joined by now.
    pub joined: bool,
}

/// Tells whether `file` is a whole backup, before anybody is asked for a passphrase.
///
/// # Errors
///
/// Returns a problem if it is none, or damaged, or a newer program's.
pub fn check(file: &Path) -> Result<(), Problem> {
    backup::check(file).map_err(Problem::from)
}

/// Makes a node in `data` of the backup in `file`.
///
/// # Errors
///
/// Returns a problem if there is a node already, the file is no backup or the passphrase is wrong; then
/// there is no node in `data` either.
pub async fn restore(
    data: &Path,
    config: &Config,
    file: &Path,
    passphrase: &Passphrase,
) -> Result<Restored, Problem> {
    check_empty(data)?;
    let (file, passphrase) = (file.to_owned(), passphrase.clone());
    let work = move || -> Result<_, Problem> {
        let opening = crate::vault::passphrase::Passphrase::new(passphrase.reveal())?;
        Backup::open(&file, &opening).map_err(Problem::from)
    };
    let opened = tokio::task::spawn_blocking(work).await;
    let opened = opened.map_err(|_| crate::node::stopping())??;
    let config = config.clone();
    let files = opened.files().iter().cloned().chain([settings_of(&config)]).collect();
    let work = move |data: &Path| -> Result<_, Problem> {
        let files = crate::files::put_back(data, opened.files())?;
        if !data.join(config::FILE).exists() {
            config.write(data)?;
        }
        door::make_token(&data.join(TOKENS), Scope::Owner, CLI)?;
        let store: Arc<dyn Store> = Arc::new(Disk::open(&data.join(STORE), config.limits.cache)?);
        opened.into_vault(Arc::clone(&store))?;
        crate::own::mark_restored(&*store)?;
        let kept = store.all_kept()?;
        let own = kept.into_iter().find(|(_, keep)| *keep == Keep::Own);
        Ok((own.map(|(scid, _)| scid), files))
    };
    let (identity, files) = made(data, files, work).await?;
    Ok(Restored { identity, files, joined: is_joined(data)? })
}
