//! What a vendor's node decided lately, without a word on about whom, and whom it follows.

use super::Verb;
use crate::door::Scope;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::io;

/// Looks at both.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {}

/// Decisions and identities that are followed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OnDesk {
    /// The newest first, as many as are remembered.
    pub decisions: Vec<Made>,
    /// Who is followed.
    pub followed: Vec<Followed>,
}

/// One decision, without the person it was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// When.
    pub when: String,
    /// By which policy.
    pub policy: String,
    /// What came out.
    pub answer: super::presenting::Answer,
    /// What was checked and not passed, such as `control` or `freshness`.
    pub failed: Vec<String>,
}

/// Somebody who is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// The name given to them here, or their identity.
    pub name: String,
    /// Eight characters to compare.
    pub fingerprint: String,
}

impl Verb for Desk {
    type Answer = OnDesk;
    const PATH: &'static str = "/v1/desk";
    const SCOPE: Scope = Scope::Check;

    async fn perform(self, node: &Node) -> Result<OnDesk, Problem> {
        node.desk().await
    }
}

impl Text for OnDesk {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if self.decisions.is_empty() {
            writeln!(to, "no decision yet")?;
        }
        for made in &self.decisions {
            let answer = made.answer.word();
            writeln!(to, "{}  {answer:<9} {}  {}", made.when, made.policy, made.failed.join(", "))?;
        }
        for followed in &self.followed {
            writeln!(to, "following {}  {}", followed.fingerprint, followed.name)?;
        }
        Ok(())
    }
}
