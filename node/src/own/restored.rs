//! Nothing of the owner's is signed beside something newer: a folder that came out of a backup asks
//! the network first, for what was signed after the backup would be a second branch of the same log.

use super::identity::Own;
use crate::known::Known;
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::store::{Change as Write, Store, StoreError};

/// Notes in a folder that it came out of a backup.
///
/// # Errors
///
/// Returns what the disk returned.
pub(crate) fn mark_restored(store: &dyn Store) -> Result<(), StoreError> {
    store.commit(&[note(&[1])])
}

/// Tells whether a folder ever came out of a backup.
///
/// # Errors
///
/// Returns what the disk returned.
pub(crate) fn was_restored(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(store.setting(RESTORED)?.is_some())
}

impl Node {
    /// Asks the network for anything newer of our own before we sign beside it.
    pub(super) async fn is_newest(&self, own: &Own) -> Result<(), Problem> {
        if self.newest_of(own).await? {
            return Err(Problem::new(Wrong::Conflict, "the network has a newer version of you")
                .because("this computer was restored from an old backup, or somebody has your keys")
                .hint("`countersign id recover` brings it here and takes the keys back"));
        }
        Ok(())
    }

    /// Asks the network before anything is signed beside what came out of a backup; tells whether it asked,
    /// which may have brought a newer head here. Who never came out of one asks nobody.
    pub(super) async fn asks_first(&self, own: &Own) -> Result<bool, Problem> {
        let asks = self.has_to_ask().await?;
        if asks {
            self.is_newest(own).await?;
        }
        Ok(asks)
    }

    async fn has_to_ask(&self) -> Result<bool, Problem> {
        let restored = self.read(|store| store.setting(RESTORED)).await?;
        Ok(restored.is_some_and(|note| note == [1]))
    }

    /// Asks the network what it has of us, which brings it here; tells whether that was newer.
    pub(super) async fn newest_of(&self, own: &Own) -> Result<bool, Problem> {
        let restored = self.has_to_ask().await?;
        let newer = |known: &Known| known.history().number() > own.history.number();
        let known = match self.is_online() {
            true => self.known(own.scid(), true).await.ok(),
            false => None,
        };
        match known.filter(|known| known.confirmed() > 0 || newer(known)) {
            Some(known) => {
                if restored {
                    self.write(vec![note(&[0])]).await?;
                }
                Ok(newer(&known))
            }
            None if restored => Err(Problem::new(
                Wrong::Unavailable,
                "this node came out of a backup and has asked nobody yet",
            )
            .because("what it would sign now could contradict what you signed after the backup")
            .hint(
                "let it ask the network first: countersign join INVITATION, then countersign run",
            )),
            None => Ok(false),
        }
    }
}

fn note(value: &[u8]) -> Write {
    Write::Setting { name: RESTORED.to_owned(), bytes: value.to_vec() }
}

/// Whether the folder came out of a backup and has asked nobody since: 1 if so, 0 once it has asked.
const RESTORED: &str = "restored";
