//! Names given to other people's identities: they stand in no log and on no wire.

use super::Verb;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::io;

/// Gives a name to an identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// The name to give: letters, digits, dashes and dots.
    pub name: String,
    /// The identity: its DID, or the beginning of it, its SCID or another name.
    pub did: String,
    /// Whether the name may have meant another identity until now.
    #[serde(default)]
    pub replace: bool,
}

/// Lists the names that were given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {}

/// A name and whom it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The name.
    pub name: String,
    /// The DID, as it was given if it was whole.
    pub did: String,
    /// Eight characters to compare.
    pub fingerprint: String,
}

/// All names.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Contacts {
    /// In the order of the names.
    pub contacts: Vec<Contact>,
}

impl Verb for Add {
    type Answer = Contact;
    const PATH: &'static str = "/v1/contacts/add";

    async fn perform(self, node: &Node) -> Result<Contact, Problem> {
        node.add_contact(&self.name, &self.did, self.replace).await
    }
}

impl Verb for List {
    type Answer = Contacts;
    const PATH: &'static str = "/v1/contacts";

    async fn perform(self, node: &Node) -> Result<Contacts, Problem> {
        Ok(Contacts { contacts: node.contacts()? })
    }
}

impl Text for Contact {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{:<16} {}  {}", self.name, self.fingerprint, self.did)
    }
}

impl Text for Contacts {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        if self.contacts.is_empty() {
            return writeln!(to, "no names yet: `countersign contact add NAME DID`");
        }
        self.contacts.iter().try_for_each(|contact| contact.text(to))
    }
}
