//! What an owner asks of her node, at its door, over real HTTP.

use crate::Failure;
use countersign_node::Problem;
use countersign_node::verb::Verb;
use reqwest::Client;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// The owner's door of one node, and the token that opens it.
#[derive(Debug, Clone)]
pub struct Owner {
    name: String,
    base: String,
    token: String,
    client: Client,
}

impl Owner {
    /// Stands before the door at `address` with the token in `token_file`.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::File`] if the token cannot be read.
    pub fn at(name: &str, address: SocketAddr, token_file: &Path) -> Result<Self, Failure> {
        let token = std::fs::read_to_string(token_file)
            .map_err(|cause| Failure::File { path: token_file.to_owned(), cause })?;
        let client = Client::builder().no_proxy().timeout(TIMEOUT).build();
        let client =
            client.map_err(|cause| Failure::Unreachable { name: name.to_owned(), cause })?;
        Ok(Self {
            name: name.to_owned(),
            base: format!("http://{address}"),
            token: token.trim().to_owned(),
            client,
        })
    }

    /// Gives the name of the node.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Problem`] with what the node said, or [`Failure::Unreachable`].
    pub async fn ask<V: Verb>(&self, question: &V) -> Result<V::Answer, Failure> {
        self.try_ask(question).await?.map_err(|problem| self.failed(problem))
    }

    /// Asks, and gives the node's refusal as a value.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Unreachable`] if the node does not answer.
    pub async fn try_ask<V: Verb>(
        &self,
        question: &V,
    ) -> Result<Result<V::Answer, Problem>, Failure> {
        let unreachable = |cause| Failure::Unreachable { name: self.name.clone(), cause };
        let response = self
            .client
            .post(format!("{}{}", self.base, V::PATH))
            .bearer_auth(&self.token)
            .json(question)
            .send()
            .await
            .map_err(unreachable)?;
        if response.status().is_success() {
            return response.json().await.map(Ok).map_err(unreachable);
        }
        response.json().await.map(Err).map_err(unreachable)
    }

    fn failed(&self, problem: Problem) -> Failure {
        Failure::Problem { name: self.name.clone(), problem: Box::new(problem) }
    }

    /// Opens the stream of events behind event number `after`.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Unreachable`] if the node does not answer.
    pub async fn events(&self, after: Option<u64>) -> Result<reqwest::Response, Failure> {
        // A stream has no end, so it has no deadline either; whoever reads it brings one.
        let client = Client::builder().no_proxy().build();
        let mut request = client
            .map_err(|cause| Failure::Unreachable { name: self.name.clone(), cause })?
            .get(format!("{}/v1/events", self.base))
            .bearer_auth(&self.token);
        if let Some(after) = after {
            request = request.header("last-event-id", after.to_string());
        }
        request
            .send()
            .await
            .map_err(|cause| Failure::Unreachable { name: self.name.clone(), cause })
    }
}

/// A look-up with its fallback takes no longer.
const TIMEOUT: Duration = Duration::from_secs(60);
