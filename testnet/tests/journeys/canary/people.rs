//! The secrets of this story, and what was found where.

use super::search::{Canary, Haystack};
use countersign_testnet::manners::Manners;
use countersign_testnet::provider::people::Customer;
use std::path::PathBuf;

/// What the test chose: nobody else can know it but from whoever was told.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) passphrase: String,
    /// What was typed in its place.
    pub(super) mistyped: String,
    client_secret: String,
    /// The name anna gave to ben.
    pub(super) contact: String,
    /// The name anna gave to her attestor.
    pub(super) named: String,
    /// What an operator notes about a claim that is taken back.
    pub(super) note: String,
    /// Whoever signs in.
    pub(super) anna: Customer,
    pub(super) ben: Customer,
    /// A code nobody gave, brought by a browser of somebody who tries.
    pub(super) stray: String,
}

/// What came of the story.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) canaries: Vec<Canary>,
    pub(super) haystacks: Vec<Haystack>,
    /// Folders whose vaults are opened at the end.
    pub(super) members: Vec<PathBuf>,
}

impl Chosen {
    pub(super) fn new() -> Self {
        let unique = |what: &str| format!("{what}-{:016x}", rand::random::<u64>());
        let person = |who: &str| {
            let address = format!("{}@simulated.example", unique(who));
            Customer::new(&address, &unique("Kanaria & <Daughters>"), true)
        };
        Self {
            passphrase: unique("Kanari/\u{fc}+ &?\"%"),
            mistyped: unique("mistyped/\u{fc}+ &?\"%"),
            client_secret: unique("client+secret/"),
            contact: unique("kanarien.name"),
            named: unique("kanarien.amt"),
            note: unique("a note of the operator, \u{fc} & <"),
            anna: person("anna"),
            ben: person("ben"),
            stray: unique("stray-code-of-a-provider"),
        }
    }

    /// Gives how the network is begun: everything is logged, and a claim says a name.
    pub(super) fn manners(&self) -> Manners {
        Manners {
            passphrase: self.passphrase.clone(),
            log: Some("trace"),
            client_secret: self.client_secret.clone(),
            claim: "[claim.seen.holder]\npointer = \"/name\"\ntype = \"text\"\n".to_owned(),
            ..Manners::default()
        }
    }

    /// Gives what was chosen, and where each belongs.
    pub(super) fn canaries(&self) -> Vec<Canary> {
        // An attestor's books hold the claims it signed and its operator's notes; so do their backups.
        let (books, passphrase) = ("north/store/durable.redb", self.passphrase.as_str());
        let mut canaries = vec![
            Canary::new("the passphrase", passphrase).belongs("/passphrase"),
            Canary::new("a passphrase that was mistyped", self.mistyped.as_str())
                .belongs("/mistyped"),
            Canary::new("the attestor's secret at its provider", self.client_secret.as_str())
                .belongs("/simulated.secret"),
            Canary::new("the name of a contact", self.contact.as_str()),
            Canary::new("the name of an attestor", self.named.as_str()),
            Canary::new("the note of an operator", self.note.as_str()).belongs(books),
            Canary::new("a stray code", self.stray.as_str()),
        ];
        for (who, customer) in [("anna", &self.anna), ("ben", &self.ben)] {
            canaries.push(
                Canary::new(&format!("what the claim says about {who}"), customer.name.as_str())
                    .belongs(books),
            );
            let account = [
                ("address", customer.email.clone()),
                ("account", customer.payer_id()),
                ("account at north", customer.user_id("north")),
                ("account at south", customer.user_id("south")),
            ];
            let account =
                account.map(|(what, value)| Canary::new(&format!("{what} of {who}"), value));
            canaries.extend(account);
        }
        canaries
    }
}

/// Left on purpose where temporary files lie: whoever searches must find it.
pub(super) const CONTROL: &str = "left-lying-about-on-purpose";
/// Where that is.
pub(super) const PLANTED: &str = "temporary/planted";

/// Gives words as canaries: any four in a row, as they are written and as a list.
pub(super) fn words(whose: &str, words: &str) -> Vec<Canary> {
    let list: Vec<&str> = words.split_whitespace().collect();
    let what = format!("the words of {whose}");
    let home = format!("{whose}/words");
    let four = |four: &[&str]| {
        [" ", "\", \"", "\",\"", "-", ", "]
            .map(|between| Canary::new(&what, four.join(between)).belongs(&home))
    };
    list.windows(4).flat_map(four).collect()
}
