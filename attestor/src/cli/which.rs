//! Flags that say which claims are meant.

use crate::office::query::{Query, State};
use countersign_node::Problem;
use countersign_node::problem::Kind;
use countersign_protocol::time::Timestamp;

/// Which claims are meant; what is not said leaves nothing out.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Which {
    /// Signed by this rule: its name, or its name and version, such as paypal-verified-account/1
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// On evidence of this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// About this identity: any part of its DID
    #[arg(long, value_name = "DID")]
    about: Option<String>,
    /// Signed then or later: a day such as 2026-11-22, or a time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Signed before then
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// Ending before then
    #[arg(long, value_name = "TIME")]
    ends_before: Option<String>,
}

impl Which {
    /// Gives what is meant.
    pub(super) fn query(self, state: Option<State>) -> Result<Query, Problem> {
        let Self { rule, source, about: text, since, before, ends_before } = self;
        let time = |text: Option<String>| text.as_deref().map(time).transpose();
        let (since, before, ends_before) = (time(since)?, time(before)?, time(ends_before)?);
        Ok(Query { text, rule, source, state, since, before, ends_before })
    }
}

/// Reads a time, or a day as its beginning.
pub(super) fn time(text: &str) -> Result<Timestamp, Problem> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    Timestamp::parse(&whole).map_err(|cause| {
        Problem::new(Kind::Invalid, format!("`{text}` is no time"))
            .because(cause)
            .hint("write it like 2026-11-22 or 2026-11-22T07:30:00Z")
    })
}
