//! Signs: checks evidence and signs claims about it.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`cli`] | the command line |
//! | [`config`] | its settings |
//! | [`evidence`] | learns something about a person, at a source a file describes |
//! | [`http`] | the listener: pages for people, JSON for nodes |
//! | [`issuance`] | takes one request from the asking to the handing over |
//! | [`ledger`] | remembers what was signed, about which account, and what became of it |
//! | [`office`] | where the parts meet: what the listener and the command line hold |
//! | [`revocation`] | computes status lists and the statements that change them |
//! | [`ground`] | what all of it stands on: the node, in the attestor's words |

pub mod cli;
pub mod config;
pub mod evidence;
pub mod ground;
pub mod http;
pub mod issuance;
pub mod ledger;
pub mod office;
pub mod revocation;
