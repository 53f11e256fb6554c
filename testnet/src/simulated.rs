//! The SIMULATED payment provider as a process of its own, and what attestors are told of it.

use crate::Failure;
use crate::process::{Process, Program};
use crate::provider::people::{Customer, Given};
use crate::provider::program::Ready;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The running provider.
#[derive(Debug)]
pub struct Simulated {
    process: Process,
    ready: Ready,
    data: PathBuf,
}

impl Simulated {
    /// Starts the provider; its log lies in `folder`.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if it does not get ready.
    pub async fn start(folder: &Path) -> Result<Self, Failure> {
        let data = folder.join("provider");
        let mut process = Process::start("provider", Program::Provider, &data, &[])?;
        let ready = process.ready().await?;
        Ok(Self { process, ready, data })
    }

    /// Gives where it is.
    #[must_use]
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Gives the folder its log lies in.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Gives the source file by which the attestor `client` asks this provider, with `more` about the
    /// claim in it.
    #[must_use]
    pub fn source(&self, client: &str, more: &str) -> String {
        include_str!("../../attestor/examples/simulated.toml")
            .replace("http://127.0.0.1:7990", &self.ready.issuer)
            .replace("127.0.0.1:7990", &self.ready.address.to_string())
            .replace("client_id = \"attestor\"", &format!("client_id = \"{client}\""))
            .replace("[account]", &format!("{more}\n[account]"))
    }

    /// Makes an attestor known to the provider.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Unreachable`] if the provider does not answer.
    pub async fn register(
        &self,
        client: &str,
        secret: &str,
        redirect: &str,
    ) -> Result<(), Failure> {
        let client = json!({ "id": client, "secret": secret, "redirect": redirect });
        self.tell("clients", &client).await
    }

    /// Makes one more customer known to the provider, or says something else of one.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Unreachable`] if the provider does not answer.
    pub async fn admit(&self, customer: &Customer) -> Result<(), Failure> {
        self.tell("customers", customer).await
    }

    /// Asks the provider for everything secret that it ever gave or got: codes, verifiers, tokens.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Unreachable`] if the provider does not answer.
    pub async fn given(&self) -> Result<Vec<Given>, Failure> {
        let unreachable = |cause| Failure::Unreachable { name: "provider".to_owned(), cause };
        let http = reqwest::Client::builder().no_proxy().timeout(TIME).build();
        let asked =
            http.map_err(unreachable)?.get(format!("{}/simulated/given", self.ready.issuer));
        asked.send().await.map_err(unreachable)?.json().await.map_err(unreachable)
    }

    async fn tell(&self, whom: &str, what: &impl serde::Serialize) -> Result<(), Failure> {
        let unreachable = |cause| Failure::Unreachable { name: "provider".to_owned(), cause };
        let http = reqwest::Client::builder().no_proxy().timeout(TIME).build();
        let sent = http
            .map_err(unreachable)?
            .post(format!("{}/simulated/{whom}", self.ready.issuer))
            .json(what)
            .send()
            .await;
        sent.and_then(reqwest::Response::error_for_status).map(drop).map_err(unreachable)
    }

    /// Ends the provider.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if the system does not let us.
    pub async fn stop(self) -> Result<(), Failure> {
        self.process.kill().await
    }
}

/// A program on this computer answers at once, but for a computer that is busy deriving keys.
const TIME: Duration = Duration::from_secs(60);
