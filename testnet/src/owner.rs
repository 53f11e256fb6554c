//! What an owner asks of her node, at its door, over real HTTP.

use crate::Failure;
use countersign_node::Problem;
use countersign_node::door::client::{Client, DoorError, Events};
use countersign_node::verb::Verb;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// The owner's door of one node, and the token that opens it.
#[derive(Debug, Clone)]
pub struct Owner {
    name: String,
    door: Client,
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
        let door =
            Client::at(address, &token, TIMEOUT).map_err(|error| Failure::of(name, error))?;
        Ok(Self { name: name.to_owned(), door })
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
        self.door.ask(question).await.map_err(|error| Failure::of(&self.name, error))
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
        match self.door.ask(question).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(DoorError::Refused { problem }) => Ok(Err(*problem)),
            Err(error) => Err(Failure::of(&self.name, error)),
        }
    }

    /// Opens the stream of events behind event number `after`.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if the node does not answer.
    pub async fn events(&self, after: Option<u64>) -> Result<Events, Failure> {
        self.door.events(after).await.map_err(|error| Failure::of(&self.name, error))
    }
}

/// A look-up with its fallback takes no longer.
const TIMEOUT: Duration = Duration::from_secs(60);
