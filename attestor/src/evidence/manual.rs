//! Evidence that a person of the attestor looked at: what no program can ask anybody about.
//!
//! Nobody signs in anywhere, so it is no [`super::Evidence`]: whoever may operate the attestor says that
//! she looked, and the claim says so in the attestor's name. Asking again is looking again.
//!
//! - The words are those of OpenID Connect for Identity Assurance, schema 1.0: `vdig` is the inspection
//!   of electronic evidence, of its properties and what it says.

use countersign_protocol::credential::evidence::{Check, Evidence, Rule};
use countersign_protocol::time::Timestamp;

/// Stands in the books where a source's slug does; no file of a source may take it.
pub const SLUG: &str = "manual";

/// Says that a person of `attestor`, as it calls itself, looked at something at `at`.
#[must_use]
pub fn looked(attestor: &str, at: Timestamp) -> Evidence {
    let check = Check {
        method: "vdig".to_owned(),
        organization: Some(attestor.to_owned()),
        time: Some(at),
        transaction: None,
    };
    let rule = Rule { name: "accreditation".to_owned(), version: 1 };
    Evidence { kind: "electronic_record".to_owned(), checks: vec![check], rule: Some(rule) }
}
