//! An attestor: somebody whose claims can be taken back, and who says how they stand.

use crate::dice::Dice;
use crate::person::Person;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::{Credential, Keys, PAYMENT_ACCOUNT_VERIFIED, draft};
use countersign_protocol::did::Did;
use countersign_protocol::engine::command::Command;
use countersign_protocol::proof::Purpose as KeyPurpose;
use countersign_protocol::status::bits::Bits;
use countersign_protocol::status::ledger::{Ledger, Times};
use countersign_protocol::status::why::Why;
use countersign_protocol::status::{Entry, Purpose, list, list_url};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::network::Parameters;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// An identity that signs claims, and its list number 1.
pub struct Attestor {
    /// The identity.
    pub person: Person,
    network: Parameters,
    list: Vec<u8>,
    ledger: Ledger,
    statements: Vec<Vec<u8>>,
}

impl Attestor {
    /// Makes one at `now`.
    #[must_use]
    pub fn new(network: &Parameters, dice: &mut Dice, now: Timestamp) -> Self {
        let person = Person::new(network, dice, None, now);
        let first = list::Draft {
            issuer: person.did(),
            url: &list_url(HOST, LIST),
            purpose: Purpose::Revocation,
            bits: &Bits::new(0),
            sequence: 0,
            statement: None,
            issued: now,
            valid_until: now.plus(365 * DAY),
        };
        let list = draft::to_bytes(&first.sign(person.assertion()));
        let credential = Credential::parse_within(&list, bounds::STATUS_LIST).expect("a list");
        let document = person.history().document();
        let keys: &Keys<'_> = &|_, url| document.key_for(KeyPurpose::AssertionMethod, url);
        let claim = Claim::verify(credential, keys).expect("a list that holds");
        let ledger = Ledger::start(&list::List::read(&claim).expect("a list"));
        Self { person, network: network.clone(), list, ledger, statements: Vec::new() }
    }

    /// Signs that the subject's account is verified; bit `index` of the list says when no longer.
    #[must_use]
    pub fn claim(&self, subject: &Did, index: u64, now: Timestamp) -> Credential {
        let says = json!({ "id": subject, "provider": "paypal.com", "verified": true });
        let claim = draft::Draft {
            id: None,
            types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
            issuer: self.person.did().clone(),
            subject: object(says),
            valid_from: now,
            valid_until: now.plus(30 * DAY),
            status: vec![Entry {
                purpose: Purpose::Revocation,
                list: LIST,
                index,
                url: list_url(HOST, LIST),
            }],
            evidence: Vec::new(),
        };
        Credential::from_value(claim.sign(self.person.assertion(), now)).expect("a claim")
    }

    /// Says how the list stands, with these bits set from now on.
    pub fn say(&mut self, flips: &[u64], now: Timestamp) -> Command {
        let wanted: BTreeMap<u64, bool> = flips.iter().map(|index| (*index, true)).collect();
        let times = Times { issued: now, valid_until: now.plus(30 * DAY), effective_at: now };
        let key = self.person.assertion();
        let signed =
            self.ledger.sign(&wanted, Why::default(), times, self.network.id().as_str(), key);
        let (mut statements, ledger) = signed.expect("a statement");
        let first = self.statements.is_empty();
        self.ledger = ledger;
        let statement = statements.remove(0).sealed().to_vec();
        self.statements.push(statement.clone());
        Command::PublishStatement { statement, list: first.then(|| self.list.clone()) }
    }

    /// Gives the list everything began with.
    #[must_use]
    pub fn list(&self) -> &[u8] {
        &self.list
    }

    /// Gives all that was said of it so far, sealed.
    #[must_use]
    pub fn statements(&self) -> &[Vec<u8>] {
        &self.statements
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

const HOST: &str = "https://north.example";
const LIST: u64 = 1;
const DAY: u64 = 86_400;
