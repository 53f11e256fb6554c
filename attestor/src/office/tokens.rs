//! The tokens by which providers are asked again: each lives exactly as long as the claim it is for.

use super::{Office, OfficeError};
use crate::evidence::Seen;
use countersign_protocol::encoding::base64url;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// Turns: what is done with one token is done one after the other.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits until nobody else does something with the token `name`.
    pub(super) async fn wait(&self, name: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(name.to_owned()).or_default())
        };
        turn.lock_owned().await
    }

    /// Counts those who do something with the token `name`, or wait to.
    #[cfg(test)]
    pub(super) fn count(&self, name: &str) -> usize {
        let turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.get(name).map_or(0, |turn| Arc::strong_count(turn) - 1)
    }
}

impl Office {
    /// Keeps the token to ask again with under a new name.
    pub(super) fn keep_token(&self, seen: &Seen) -> Result<Option<String>, OfficeError> {
        let Some(token) = &seen.refresh else { return Ok(None) };
        let name = format!("{TOKENS}{}", base64url::encode(&rand::random::<[u8; 16]>()));
        self.ground.keep_secret(&name, token.reveal().as_bytes())?;
        Ok(Some(name))
    }

    /// Removes tokens nobody needs any more, as [`Self::forget_tokens`] does; what fails now is done at
    /// the next start.
    pub(super) async fn sweep_tokens(&self) {
        if let Err(error) = self.forget_tokens().await {
            tracing::warn!(%error, "a token nobody needs any more could not be removed");
        }
    }

    /// Removes every token that no standing claim needs: of revoked and ended ones, of a claim that
    /// was not signed after all, of a step a crash cut off.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the books or the keys cannot be used.
    pub async fn forget_tokens(&self) -> Result<u64, OfficeError> {
        // Nobody is between keeping a token and writing down what it is for.
        let _alone = self.tokens.write().await;
        let now = self.now();
        let needed = self.on_disk(move |ledger| {
            let mut needed = BTreeSet::new();
            ledger.each(|issued| {
                if issued.stands(now) {
                    needed.extend(issued.refresh);
                }
            })?;
            Ok(needed)
        });
        let needed = needed.await?;
        let mut forgotten = 0_u64;
        for name in self.ground.secret_names()? {
            if name.starts_with(TOKENS) && !needed.contains(&name) {
                self.ground.forget_secret(&name)?;
                forgotten = forgotten.saturating_add(1);
            }
        }
        Ok(forgotten)
    }
}

/// How the names of tokens begin.
const TOKENS: &str = "attestor/refresh/";
