//! A vendor's request, before anything is shown: looked at, or refused.

use super::Verb;
use crate::known::brief;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;

/// Says who asks for what, and what of the owner's would answer it. Nobody learns of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// The challenge.
    pub to: String,
}

/// Refuses a request: a line in the statement, and nothing leaves this node.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// The challenge.
    pub to: String,
}

/// A request, in words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// Whose it is: a DID or an origin.
    pub vendor: String,
    /// The name given to them here, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for, in the vendor's words.
    pub purpose: String,
    /// The types of claims that are wanted.
    pub wanted: Vec<String>,
    /// The name of the policy that will decide.
    pub policy: String,
    /// Until when it can be answered.
    pub expires: String,
    /// Where the answer is sent; without it the owner hands it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver: Option<String>,
    /// The identity that would be shown.
    pub identity: String,
    /// The claims that fit, each with all that the vendor would see of it.
    pub fitting: Vec<Fitting>,
}

/// A claim that fits a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fitting {
    /// The claim in a few words.
    pub claim: super::claims::Summary,
    /// The claim whole: exactly what would be shown.
    pub credential: Value,
}

/// A request that was refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refused {
    /// Whose it was.
    pub vendor: String,
}

impl Verb for Preview {
    type Answer = Request;
    const PATH: &'static str = "/v1/present/preview";
    const DEVICE: bool = true;

    async fn perform(self, node: &Node) -> Result<Request, Problem> {
        node.preview(&self.to).await
    }
}

impl Verb for Refuse {
    type Answer = Refused;
    const PATH: &'static str = "/v1/present/refuse";
    const DEVICE: bool = true;

    async fn perform(self, node: &Node) -> Result<Refused, Problem> {
        node.refuse(&self.to).await
    }
}

impl Text for Request {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        let vendor = brief(self.name.as_deref().unwrap_or(&self.vendor));
        writeln!(to, "{vendor} asks for {}", self.wanted.join(", "))?;
        if !self.purpose.is_empty() {
            writeln!(to, "for: {}", self.purpose)?;
        }
        write!(to, "It can be answered until {}. ", self.expires)?;
        if self.fitting.is_empty() {
            writeln!(to, "You hold nothing that fits.")?;
            for wanted in &self.wanted {
                writeln!(to, "Who signs it: countersign attestors --claim {wanted}")?;
            }
            return Ok(());
        }
        writeln!(to, "What fits:")?;
        self.fitting.iter().try_for_each(|fitting| fitting.claim.text(to))
    }
}

impl Text for Refused {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{} was shown nothing, and was not told", brief(&self.vendor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whoever_has_no_name_here_is_called_by_eight_characters() {
        let request = json!({
            "vendor": format!("did:webvh:{0}:countersign.alt:{0}", "QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ"),
            "purpose": "", "wanted": ["A"], "policy": "p", "expires": "", "identity": "", "fitting": [],
        });
        let request: Request = serde_json::from_value(request).unwrap();
        let mut written = Vec::new();
        request.text(&mut written).unwrap();
        assert!(String::from_utf8(written).unwrap().starts_with("fGEUAcMp asks for A\n"));
    }

    #[test]
    fn whoever_holds_nothing_that_fits_reads_who_signs_it() {
        let request = json!({
            "vendor": "did:webvh:x", "purpose": "", "wanted": ["PaymentAccountVerified"], "policy": "p",
            "expires": "2026-11-22T12:00:00Z", "identity": "did:webvh:y", "fitting": [],
        });
        let request: Request = serde_json::from_value(request).unwrap();
        let mut written = Vec::new();
        request.text(&mut written).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert!(written.contains("countersign attestors --claim PaymentAccountVerified"));
        assert!(!written.contains("What fits"));
    }
}
