//! Another passphrase for the owner's vault.

use crate::node::{Node, stopping};
use crate::passphrase::Passphrase;
use crate::problem::Problem;
use crate::vault::Vault;
use crate::vault::passphrase::Passphrase as Opening;
use crate::verb::passphrase::{ChangePassphrase, Changed};
use std::sync::Arc;

impl Node {
    /// Puts another passphrase in the place of the old one, also where the node is not unlocked. What it
    /// seals stays sealed under the same keys, and so a backup from before opens with the old one.
    pub(crate) async fn change_passphrase(
        &self,
        change: ChangePassphrase,
    ) -> Result<Changed, Problem> {
        let ChangePassphrase { old, new } = change;
        let new = Passphrase::choose(new.reveal(), new.reveal())?;
        let store = Arc::clone(&self.inner().store);
        let work = move || {
            let (old, new) = (Opening::new(old.reveal())?, Opening::new(new.reveal())?);
            Vault::open(store, &old)?.change_passphrase(&old, &new)
        };
        let done = tokio::task::spawn_blocking(work).await.map_err(|_| stopping())?;
        done.map(|()| Changed {}).map_err(Problem::from)
    }
}
