//! How the members of a network are begun: what protects them, what they log, what they claim.

use countersign_attestor::ledger::Second;

/// What holds for members that are added from now on.
#[derive(Debug, Clone)]
pub struct Manners {
    /// What opens each member's vault.
    pub passphrase: String,
    /// How much they log, if it is not what they do by themselves.
    pub log: Option<&'static str>,
    /// What proves an attestor to the SIMULATED provider.
    pub client_secret: String,
    /// What stands in an attestor's source of evidence besides, such as one more property of the claim.
    pub claim: String,
    /// What attestors do when an account signs in for a second identity.
    pub second: Second,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            passphrase: "a testnet keeps no secrets".to_owned(),
            log: None,
            client_secret: "simulated".to_owned(),
            claim: String::new(),
            second: Second::Reject,
        }
    }
}
