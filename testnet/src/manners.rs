//! How the members of a network are begun: what protects them, what they log, what they claim.

use crate::Failure;
use countersign_attestor::config::{About, Config, FILE};
use countersign_attestor::ledger::Second;
use std::path::Path;

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

/// Has a new attestor say on its public page who it is, as a real one has to.
pub(crate) fn introduce(name: &str, data: &Path) -> Result<(), Failure> {
    let path = data.join(FILE);
    let failed = |cause| Failure::File { path: path.clone(), cause };
    let mut config = Config::read(data).map_err(|error| failed(std::io::Error::other(error)))?;
    config.about = About {
        who: format!(
            "{name} is an attestor of a test network. Whoever runs that network answers for it."
        ),
        keeps: "All of it goes when the network is stopped and its folder removed.".to_owned(),
        complain: "To whoever runs the network on this computer: nothing here is true of anybody."
            .to_owned(),
    };
    std::fs::remove_file(&path).map_err(failed)?;
    config.write(data).map_err(|error| failed(std::io::Error::other(error)))?;
    Ok(())
}
