//! In whose name the office works: what it does then, the audit log says who had it done.
//!
//! A customer's sign-in has no name here: what is signed for it says whom it is about.

use super::{Office, OfficeError, Verb};
use crate::ledger::audit::By;
use serde_json::Value;

tokio::task_local! {
    static NAME: By;
}

impl By {
    /// Works in this name until `work` is done.
    pub(crate) async fn has<W: Future>(self, work: W) -> W::Output {
        NAME.scope(self, work).await
    }

    /// Gives in whose name the work is that goes on now.
    pub(super) fn now() -> Option<Self> {
        NAME.try_with(|by| *by).ok()
    }
}

impl Office {
    /// Does what its owner asks as [`Self::perform`] does, and notes which way it came.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if it cannot be done.
    pub async fn perform_by(&self, by: By, verb: Verb) -> Result<Value, OfficeError> {
        by.has(self.perform(verb)).await
    }
}
