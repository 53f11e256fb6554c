//! Lets the owner into the pages of a node that runs already.

use super::Verb;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use serde::{Deserialize, Serialize};

/// Makes a code that opens the pages in one browser, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Enter {}

/// Where the pages are, and the code that opens them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opened {
    /// The address to open, with the code in it.
    pub url: String,
    /// The code alone, for a page that was opened already.
    pub code: String,
}

impl Verb for Enter {
    type Answer = Opened;
    const PATH: &'static str = "/v1/home";

    async fn perform(self, node: &Node) -> Result<Opened, Problem> {
        let entrance = node.inner().entrance.get().ok_or_else(|| {
            Problem::new(Kind::Unavailable, "no node is running whose pages could be opened")
                .hint("`countersign home` starts one")
        })?;
        Ok(entrance.open())
    }
}
