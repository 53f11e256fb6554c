//! What the rules of the sources demand, beside what they demanded when they signed first.

use super::{Office, OfficeError};
use crate::evidence::rule;
use crate::ledger::Ledger;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Office {
    /// Checks that every rule that ever signed demands what it did then: whoever relies on a claim by it
    /// relies on that.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::RuleChanged`] for one that does not.
    pub async fn check_rules(&self) -> Result<(), OfficeError> {
        let signed = self.on_disk(Ledger::rules).await?;
        for settings in self.sources.values().map(|source| source.settings()) {
            let rule = rule::name(settings);
            if signed.get(&rule).is_some_and(|digest| *digest != rule::digest(settings)) {
                return Err(OfficeError::RuleChanged { rule, file: settings.file.clone() });
            }
        }
        Ok(())
    }

    /// Notes what the rules demand that signed before the books noted that.
    pub(super) async fn define_used_rules(&self) -> Result<(), OfficeError> {
        let settings = self.sources.values().map(|source| source.settings());
        let rules: BTreeMap<String, String> =
            settings.map(|one| (rule::name(one), rule::digest(one))).collect();
        let now = self.now();
        self.on_disk(move |ledger| ledger.define_used(rules, now)).await
    }

    /// Gives the digest of what each rule demands that ever signed, what the node finds, and the replaced keys
    /// that no claim needs.
    pub(super) async fn examine(&self) -> Result<Value, OfficeError> {
        let rules = self.on_disk(Ledger::rules).await?;
        let idle = self.keys().await?.idle();
        Ok(json!({ "rules": rules, "node": self.ground.findings().await?, "idle": idle }))
    }
}
