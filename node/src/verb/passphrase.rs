//! Another passphrase for a node.

use super::Verb;
use crate::node::Node;
use crate::output::Text;
use crate::passphrase::Passphrase;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::io;

/// Puts another passphrase in the place of the one that opens this node.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangePassphrase {
    /// The one that opens it now.
    pub old: Passphrase,
    /// The one that opens it from now on.
    pub new: Passphrase,
}

/// It was changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changed {}

impl Verb for ChangePassphrase {
    type Answer = Changed;
    const PATH: &'static str = "/v1/passphrase";

    async fn perform(self, node: &Node) -> Result<Changed, Problem> {
        node.change_passphrase(self).await
    }
}

impl Text for Changed {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "The new passphrase opens this node from now on, and the old one no more.")
    }
}
