//! Lets the owner into the pages of a node that runs already.

use super::Verb;
use crate::link::Link;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use serde::{Deserialize, Serialize};

/// Makes a code that opens the pages in one browser, once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enter {
    /// What is shown first: `countersign:challenge:…` or `countersign:invite:…`. It is looked at, not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The number of the user of this computer whose browser is about to be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<u32>,
}

/// Where the pages are, and the code that opens them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opened {
    /// The address to open, with the code in it.
    pub url: String,
    /// The code alone, for a page that was opened already.
    pub code: String,
    /// An address without the code, which opens the pages once for a browser of that user; anybody else is
    /// asked for the code. Only where the kernel says whose a connection is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_user: Option<String>,
}

impl Verb for Enter {
    type Answer = Opened;
    const PATH: &'static str = "/v1/home";

    async fn perform(self, node: &Node) -> Result<Opened, Problem> {
        let entrance = node.inner().entrance.get().ok_or_else(|| {
            Problem::new(Kind::Unavailable, "no node is running whose pages could be opened")
                .hint("`countersign home` starts one")
        })?;
        let link = self.link.map(|link| link.parse::<Link>()).transpose()?;
        Ok(entrance.open(self.user, link))
    }
}
