//! One of each signed object, by two people who know each other, to be damaged.

use crate::samples::person::{BEGINNING, Person};
use countersign_protocol::credential::draft::{Audience, Draft, present, publish, to_bytes};
use countersign_protocol::credential::evidence::Rule;
use countersign_protocol::credential::profile::{Offer, Profile};
use countersign_protocol::credential::{self, Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::fork::Fork;
use countersign_protocol::did::log::draft::{Change, Place};
use countersign_protocol::did::log::witness::{self, File};
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::forks::Evidence;
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::proof::Purpose;
use countersign_protocol::status::bits::Bits;
use countersign_protocol::status::statement::{Body, Flip};
use countersign_protocol::status::{self, list, list_url, why::Why};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::exchange::hello::{Greeting, Hello, Roles, SPOKEN};
use countersign_protocol::wire::freshness::Round;
use countersign_protocol::wire::head::{Head, HeadHash, Showcase, Stamp};
use countersign_protocol::wire::network::Parameters;
use countersign_protocol::wire::notice::Notice;
use countersign_protocol::wire::receipt::Receipt;
use countersign_protocol::wire::staple::{self, Staple};
use serde_json::{Map, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(super) const NOW: Timestamp = Timestamp::from_seconds(BEGINNING.seconds() + 3 * 86_400);
pub(super) const CHALLENGE: &str = "4d3c2b1a";
pub(super) const DOMAIN: &str = "https://berlin.example";

/// The bytes of each object, as a peer would send them.
pub(super) struct Sample {
    pub(super) issuer: Person,
    pub(super) holder: Person,
    pub(super) witnesses: Vec<u8>,
    pub(super) credential: Vec<u8>,
    pub(super) presentation: Vec<u8>,
    pub(super) showcase: Vec<u8>,
    pub(super) head: Vec<u8>,
    pub(super) notice: Vec<u8>,
    pub(super) statement: Vec<u8>,
    pub(super) list: Vec<u8>,
    pub(super) profile: Vec<u8>,
    pub(super) freshness: Vec<u8>,
    pub(super) receipt: Vec<u8>,
    pub(super) fork: Vec<u8>,
    pub(super) fork_of_heads: Vec<u8>,
    pub(super) fork_of_statements: Vec<u8>,
    pub(super) fork_of_lists: Vec<u8>,
    pub(super) hello: Vec<u8>,
    pub(super) staple: Vec<u8>,
}

pub(super) static SAMPLE: LazyLock<Sample> = LazyLock::new(Sample::new);

impl Sample {
    fn new() -> Self {
        let issuer = Person::create("issuer", Place::Home, None);
        let mut holder = Person::create("holder", Place::Home, None);
        holder.rotate();
        let credential = credential(&issuer, &holder);
        let shown = [Credential::parse(&credential).unwrap()];
        let (did, key) = (holder.history.did(), holder.hot_key());
        let audience = Audience { challenge: CHALLENGE, domain: DOMAIN, created: NOW, life: 300 };
        let presentation = to_bytes(&present(did, &shown, audience, &key));
        let showcase = to_bytes(&publish(did, &shown, 1, NOW, NOW.plus(86_400), &key));
        let version = holder.history.version_id();
        let witness = SecretKey::from_seed([9; 32]);
        let mut file = File::default();
        file.add(version, &witness::cosign(version, &witness, NOW)).unwrap();
        let head = head(&holder, &showcase);
        let freshness = freshness(&holder, &head, &witness);
        let list = list(&issuer, 0);
        let statement = statement(&issuer);
        Self {
            fork: fork(),
            fork_of_heads: fork_of_heads(&holder, &head),
            fork_of_statements: fork_of_statements(&issuer, &statement),
            // The statement led to other bits than this list has at the same sequence.
            fork_of_lists: Evidence::Status([self::list(&issuer, 1), statement.clone()]).to_bytes(),
            hello: hello(),
            profile: profile(&issuer),
            receipt: receipt(&holder, &head),
            staple: staple(&holder, &head, &freshness, &issuer, &list, &statement),
            list,
            freshness,
            head,
            notice: Notice { scid: holder.history.scid(), hash: sha256(&showcase) }.to_bytes(),
            statement,
            witnesses: file.to_bytes(),
            issuer,
            holder,
            credential,
            presentation,
            showcase,
        }
    }

    /// Every object, for parsers that are given the wrong one.
    pub(super) fn all(&self) -> [&[u8]; KINDS] {
        [
            &self.holder.log,
            &self.witnesses,
            &self.credential,
            &self.presentation,
            &self.showcase,
            &self.head,
            &self.notice,
            &self.statement,
            &self.list,
            &self.profile,
            &self.freshness,
            &self.receipt,
            &self.fork,
            &self.fork_of_heads,
            &self.fork_of_statements,
            &self.fork_of_lists,
            &self.hello,
            &self.staple,
        ]
    }

    /// Finds a key of the two, as a node that holds their logs would.
    pub(super) fn key(&self, purpose: Purpose, url: &str) -> Option<PublicKey> {
        [&self.issuer, &self.holder]
            .into_iter()
            .find_map(|person| person.history.document().key_for(purpose, url))
    }
}

fn credential(issuer: &Person, holder: &Person) -> Vec<u8> {
    let says = json!({ "id": holder.history.did(), "provider": "paypal.com", "verified": true });
    let draft = Draft {
        id: None,
        types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
        issuer: issuer.history.did().clone(),
        subject: says.as_object().cloned().unwrap_or_else(Map::new),
        valid_from: NOW,
        valid_until: NOW.plus(86_400),
        status: Vec::new(),
        evidence: Vec::new(),
    };
    to_bytes(&draft.sign(&issuer.hot_key(), NOW))
}

fn head(holder: &Person, showcase: &[u8]) -> Vec<u8> {
    let parameters = parameters();
    let (network, scid) = (parameters.id(), holder.history.scid());
    let version = holder.history.version_id();
    let head = Head {
        scid,
        version: version.number,
        version_digest: version.digest,
        log_length: holder.log.len().try_into().unwrap(),
        showcase: Some(Showcase { version: 1, hash: sha256(showcase) }),
        sequence: 2,
        stamp: Stamp::mine(&scid, network, parameters.difficulty(), 0, u64::MAX).unwrap(),
        key: holder.hot_key().public(),
    };
    head.seal(network, &holder.hot_key())
}

fn statement(issuer: &Person) -> Vec<u8> {
    body(issuer).seal(parameters().id().as_str(), &issuer.hot_key())
}

fn body(issuer: &Person) -> Body {
    Body {
        issuer: issuer.history.scid(),
        list: 3,
        purpose: status::Purpose::Revocation,
        from: 0,
        to: 1,
        bits: [5; 32],
        previous: None,
        issued: NOW,
        valid_until: NOW.plus(3600),
        effective_at: NOW,
        flips: [(17, Why::AccountClosed), (4711, Why::Unspecified)]
            .map(|(index, why)| Flip { index, code: why.code() })
            .into(),
    }
}

fn list(issuer: &Person, sequence: u64) -> Vec<u8> {
    let draft = list::Draft {
        issuer: issuer.history.did(),
        url: &list_url("https://attestor.example", 3),
        purpose: status::Purpose::Revocation,
        bits: &Bits::new(0),
        sequence,
        statement: (sequence > 0).then_some([6; 32]),
        issued: NOW,
        valid_until: NOW.plus(86_400),
    };
    to_bytes(&draft.sign(&issuer.hot_key()))
}

fn profile(issuer: &Person) -> Vec<u8> {
    let profile = Profile {
        name: "North".to_owned(),
        offers: vec![Offer {
            claim: PAYMENT_ACCOUNT_VERIFIED.to_owned(),
            evidence: "a sign-in".to_owned(),
            kept: vec!["the account, as a keyed hash".to_owned()],
            rule: Rule { name: "paypal".to_owned(), version: 1 },
        }],
        lists: Vec::new(),
        reach: Vec::new(),
    };
    let mut subject = profile.to_subject();
    subject.insert("id".to_owned(), json!(issuer.history.did()));
    let draft = Draft {
        id: None,
        types: vec![credential::profile::TYPE.to_owned()],
        issuer: issuer.history.did().clone(),
        subject,
        valid_from: NOW,
        valid_until: NOW.plus(86_400),
        status: Vec::new(),
        evidence: Vec::new(),
    };
    to_bytes(&draft.sign(&issuer.hot_key(), NOW))
}

fn freshness(holder: &Person, head: &[u8], witness: &SecretKey) -> Vec<u8> {
    let other = Person::create("other", Place::Home, None).history.scid();
    let scid = holder.history.scid();
    let heads = BTreeMap::from([(scid, HeadHash::of(head)), (other, HeadHash::of(b"other"))]);
    Round::sign(&heads, NOW, parameters().id(), witness).proof(&scid).unwrap()
}

fn receipt(holder: &Person, head: &[u8]) -> Vec<u8> {
    let keeper = keeper();
    let receipt = Receipt {
        scid: holder.history.scid(),
        head: HeadHash::of(head),
        until: NOW.plus(86_400),
        keeper: keeper.public(),
    };
    receipt.seal(parameters().id(), &keeper)
}

/// The key behind the PeerId of the keeper that gave the receipt.
pub(super) fn keeper() -> SecretKey {
    SecretKey::from_seed([8; 32])
}

/// The holder's next entry, written twice.
fn fork() -> Vec<u8> {
    let [mut owner, mut thief] = [(), ()].map(|()| {
        let mut holder = Person::create("holder", Place::Home, None);
        holder.rotate();
        holder
    });
    owner.rotate();
    thief.change(&Change::default());
    Fork::between(&owner.history, &thief.history).unwrap().to_proof().to_bytes()
}

/// The holder's head once more in its place, without the showcase.
fn fork_of_heads(holder: &Person, head: &[u8]) -> Vec<u8> {
    let named = Head::parse(head).unwrap();
    let other = Head { showcase: None, ..named.unverified().clone() };
    let other = other.seal(parameters().id(), &holder.hot_key());
    Evidence::Heads([head.to_vec(), other]).to_bytes()
}

/// The issuer's statement once more, with other bits.
fn fork_of_statements(issuer: &Person, statement: &[u8]) -> Vec<u8> {
    let other = Body { bits: [4; 32], ..body(issuer) };
    let other = other.seal(parameters().id().as_str(), &issuer.hot_key());
    Evidence::Status([statement.to_vec(), other]).to_bytes()
}

/// What a node asked whoever says hello.
pub(super) const GREETING: Greeting =
    Greeting { versions: SPOKEN, roles: Roles::NONE, nonce: [7; 16] };

fn hello() -> Vec<u8> {
    let (keeper, roles) = (keeper(), Roles::KEEPER.with(Roles::WITNESS));
    let (versions, nonce, key) = (SPOKEN, GREETING.nonce, keeper.public());
    Hello { versions, roles, time: NOW, nonce, key }.seal(parameters().id(), &keeper)
}

fn staple(
    holder: &Person,
    head: &[u8],
    freshness: &[u8],
    issuer: &Person,
    list: &[u8],
    statement: &[u8],
) -> Vec<u8> {
    let holds = |person: &Person, head: Option<&[u8]>| staple::Identity {
        scid: person.history.scid(),
        log: person.log.clone(),
        witness: None,
        freshness: head.iter().map(|_| freshness.to_vec()).collect(),
        head: head.map(<[u8]>::to_vec),
    };
    let staple = Staple {
        parameters: parameters(),
        identities: vec![holds(holder, Some(head)), holds(issuer, None)],
        lists: vec![staple::List {
            issuer: issuer.history.scid(),
            number: 3,
            credential: list.to_vec(),
            statements: vec![statement.to_vec()],
        }],
    };
    staple.to_bytes().unwrap()
}

/// Kinds of objects that a peer can send.
pub(super) const KINDS: usize = 18;

pub(super) fn parameters() -> Parameters {
    Parameters::testnet("testnet-properties".parse().unwrap())
}
