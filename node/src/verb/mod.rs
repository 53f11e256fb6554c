//! What an owner can ask of her node: once, for the command line, the door and code alike.
//!
//! A [`Verb`] is a question that can be written down: its members are the request body, its
//! [`Verb::Answer`] is the response body. The command line asks a running node over HTTP when there
//! is one and the data folder itself when there is none; both end in [`Verb::perform`].

pub mod asking;
pub mod backup;
pub mod claims;
pub mod contacts;
pub mod desk;
pub mod devices;
pub mod home;
pub mod identity;
pub mod limits;
pub mod network;
pub mod overview;
pub mod passphrase;
pub mod presenting;
pub mod resolve;
pub mod statement;

use crate::door::Scope;
use crate::node::Node;
use crate::problem::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One thing an owner can ask.
pub trait Verb: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What comes back.
    type Answer: Serialize + DeserializeOwned + Send + 'static;

    /// Where the owner's door has it, such as `/v1/resolve`.
    const PATH: &'static str;

    /// What a token must allow.
    const SCOPE: Scope = Scope::Owner;

    /// Whether a device of the owner's may ask it, too: a phone that answers requests.
    const DEVICE: bool = false;

    /// Does it.
    ///
    /// # Errors
    ///
    /// Returns a [`Problem`] that says what failed, why and what to do.
    fn perform(self, node: &Node) -> impl Future<Output = Result<Self::Answer, Problem>> + Send;
}
