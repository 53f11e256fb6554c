//! What an office does after bad days: its keys are replaced, its books are put back.

use super::query::Query;
use super::{Office, OfficeError, Rules, Verb, keys_of};
use crate::config::About;
use crate::evidence::Account;
use crate::ground::Ground as _;
use crate::ground::memory::{Memory, MemoryBooks, identity};
use crate::ground::node::InNode;
use crate::ledger::account::AccountKeys;
use crate::ledger::audit::{self, By};
use crate::ledger::tests::known;
use crate::ledger::{Ledger, Order, Outcome, Reason, Second};
use crate::revocation::Pen;
use countersign_node::config::Role;
use countersign_node::passphrase::Passphrase;
use countersign_node::start::{self, NewNode};
use countersign_node::{Config, Node};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::evidence::{Evidence, Rule};
use countersign_protocol::credential::profile::Profile;
use countersign_protocol::did::Did;
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::statement::Signed;
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

pub(crate) fn rules() -> Rules {
    Rules {
        name: "North".to_owned(),
        public_url: Url::parse("https://north.example").unwrap(),
        pin: None,
        second: Second::Reject,
        wait: 60,
        ask_again: Duration::from_secs(86_400),
        about: About::default(),
    }
}

/// Makes an attestor's node that is in a network of its own.
async fn node(folder: &Path, passphrase: &Passphrase) -> (Node, start::Running) {
    start::found(folder, "theft", true).unwrap();
    made(folder, passphrase, true).await
}

async fn made(folder: &Path, passphrase: &Passphrase, weak: bool) -> (Node, start::Running) {
    let words = Some(start::new_words().unwrap());
    let new = NewNode { role: Role::Full, words, attests: true, weak_passphrase: weak };
    start::create(folder, &Config::default(), new, passphrase).await.unwrap();
    start::alone(folder, Config::default(), Some(passphrase)).await.unwrap()
}

fn order(subject: &Did, pen: &Pen) -> Order {
    let keys = AccountKeys::new(vec![(1, Zeroizing::new([7; 32]))]);
    let account =
        Account { issuer: "https://id.example".to_owned(), id: Zeroizing::new("7".to_owned()) };
    Order {
        account: keys.names(&account),
        subject: subject.clone(),
        source: "simulated".to_owned(),
        claim: "PaymentAccountVerified".to_owned(),
        says: Map::from_iter([("verified".to_owned(), json!(true))]),
        evidence: Evidence { kind: "electronic_record".to_owned(), checks: Vec::new(), rule: None },
        demands: None,
        evidence_at: pen.now,
        valid_until: pen.now.plus(86_400),
        refresh: None,
        second: Second::Reject,
        wait: 60,
        note: String::new(),
    }
}

fn sign(ledger: &Ledger, order: &Order, pen: &Pen) -> Value {
    match ledger.issue(order, pen, &mut rand::random).unwrap() {
        Outcome::Issued { claim, .. } => claim.credential,
        other => panic!("{other:?}"),
    }
}

/// An office in which much was signed, for whoever looks at it.
pub(crate) struct Filled {
    pub(crate) office: Arc<Office>,
    pen: Pen,
    people: Vec<Did>,
}

impl Filled {
    pub(crate) async fn new() -> Self {
        let begun = Timestamp::from_seconds(1_800_000_000);
        let ground = Arc::new(Memory::new(begun).unwrap());
        let office = Arc::new(Office::open(ground.clone(), Vec::new(), rules()).await.unwrap());
        let pen = office.pen().await.unwrap();
        ground.set_clock(begun.plus(5 * 86_400));
        let person = |at: u8| {
            let key = SecretKey::from_seed([at; 32]);
            identity(&key, &key, begun).unwrap().did().clone()
        };
        Self { office, pen, people: (0..=200).map(person).collect() }
    }

    /// Gives the `day` after the beginning, as a form takes it.
    pub(crate) fn day(&self, day: u64) -> String {
        self.pen.now.plus(day * 86_400).to_string().chars().take(10).collect()
    }

    /// Signs a claim on a day, by a version of the rule, and gives its name.
    pub(crate) fn signed(&self, account: usize, person: usize, version: u64, day: u64) -> String {
        let (order, pen) = self.order(account, person, version, day);
        sign(&self.office.ledger, &order, &pen)["id"].as_str().unwrap().to_owned()
    }

    /// Tells whether an account is refused because it backs somebody else.
    pub(crate) fn refused(&self, account: usize, person: usize) -> bool {
        let (order, pen) = self.order(account, person, 1, 0);
        let outcome = self.office.ledger.issue(&order, &pen, &mut rand::random).unwrap();
        matches!(outcome, Outcome::Taken)
    }

    /// Signs a claim for one more identity of an account.
    pub(crate) fn shared(&self, account: usize, person: usize) {
        let (order, pen) = self.order(account, person, 1, 0);
        let order = Order { second: Second::Allow, ..order };
        sign(&self.office.ledger, &order, &pen);
    }

    /// Takes back all that a query means.
    pub(crate) async fn revoke_all(&self, query: Query) {
        let counted = self.office.perform(Verb::Preview { query: query.clone() }).await.unwrap();
        let confirmed = counted["count"].as_u64().unwrap();
        let (reason, note) = (Why::IssuedInError, String::new());
        let revoke = Verb::RevokeMany { query, reason, note, effective: None, confirmed };
        self.office.perform(revoke).await.unwrap();
    }

    fn order(&self, account: usize, person: usize, version: u64, day: u64) -> (Order, Pen) {
        let pen = Pen { now: self.pen.now.plus(day * 86_400), ..self.pen.clone() };
        let keys = AccountKeys::new(vec![(1, Zeroizing::new([7; 32]))]);
        let id = Zeroizing::new(account.to_string());
        let account = Account { issuer: "https://id.example".to_owned(), id };
        let rule = Some(Rule { name: "simulated".to_owned(), version });
        let evidence = Evidence { kind: "electronic_record".to_owned(), checks: Vec::new(), rule };
        let valid_until = self.pen.now.plus(20 * 86_400);
        let order = order(&self.people[person], &pen);
        (Order { account: keys.names(&account), evidence, valid_until, ..order }, pen)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_key_is_needed_until_no_claim_stands_that_it_signed() {
    let (folder, passphrase) = (tempfile::tempdir().unwrap(), Passphrase::new("north by north"));
    let (node, running) = node(folder.path(), &passphrase).await;
    let office = Office::open(Arc::new(InNode::new(node.clone())), Vec::new(), rules());
    let office = office.await.unwrap();
    let keys = async || office.perform(Verb::Keys).await.unwrap()["keys"].clone();
    let person = SecretKey::from_seed([9; 32]);
    let pen = office.pen().await.unwrap();
    let subject = identity(&person, &person, pen.now).unwrap().did().clone();
    let (asked, signer) = (order(&subject, &pen), pen.clone());
    let until = asked.valid_until.to_string();
    office.on_disk(move |ledger| Ok(sign(ledger, &asked, &signer))).await.unwrap();
    let old = pen.key.public().to_multikey();
    assert_eq!(keys().await, json!([{ "key": old, "signs": true, "claims": 1, "until": until }]));

    let shown = node.replace_assertion_key(&passphrase, false).await.unwrap();
    let new = shown.assertion[0].clone();
    let replaced = json!({ "key": old, "signs": false, "claims": 1, "until": until });
    let signs = json!({ "key": new, "signs": true, "claims": 0, "until": null });
    assert_eq!(keys().await, json!([signs, replaced]));

    office.perform(Verb::Reissue).await.unwrap();
    let replaced = json!({ "key": old, "signs": false, "claims": 0, "until": null });
    let signs = json!({ "key": new, "signs": true, "claims": 1, "until": until });
    assert_eq!(keys().await, json!([signs, replaced]));
    let examined = office.perform(Verb::Examine).await.unwrap();
    assert_eq!(examined["idle"], json!([old]), "and the doctor reminds of it");
    node.retire_assertion_keys(&passphrase, &[old]).await.unwrap();
    assert_eq!(keys().await, json!([signs]));
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_theft_only_what_was_signed_again_holds() {
    let (folder, passphrase) = (tempfile::tempdir().unwrap(), Passphrase::new("north by north"));
    let (node, running) = node(folder.path(), &passphrase).await;
    let ground = Arc::new(InNode::new(node.clone()));
    let office = Office::open(ground.clone(), Vec::new(), rules());
    let office = office.await.unwrap();
    let person = SecretKey::from_seed([9; 32]);
    let subject = identity(&person, &person, ground.now()).unwrap().did().clone();
    let holds = async |credential: &Value| {
        let own = ground.own().await.unwrap();
        let credential = Credential::from_value(credential.clone()).unwrap();
        Claim::verify(credential, &keys_of(&own)).is_ok()
    };

    let pen = office.pen().await.unwrap();
    let (asked, signer) = (order(&subject, &pen), pen.clone());
    let before = office.on_disk(move |ledger| Ok(sign(ledger, &asked, &signer))).await.unwrap();
    assert!(holds(&before).await);

    node.replace_assertion_key(&passphrase, true).await.unwrap();
    assert!(!holds(&before).await, "what the stolen key signed is worth nothing");
    // The thief says that he signed it long before.
    let thief = Pen { now: pen.now.minus(86_400), ..pen };
    let books = Ledger::new(Arc::new(MemoryBooks::default()));
    books.open_list(false, &thief).unwrap();
    let forged = Order { valid_until: thief.now.plus(30 * 86_400), ..order(&subject, &thief) };
    assert!(!holds(&sign(&books, &forged, &thief)).await, "a date in the past helps nobody");

    let answer = office.perform(Verb::Reissue).await.unwrap();
    assert_eq!(answer["reissued"], 1);
    let id = before["id"].as_str().unwrap().to_owned();
    let after = office.on_disk(move |ledger| ledger.get(&id)).await.unwrap().credential;
    assert!(holds(&after).await, "the ledger's own claims stand again");
    assert_eq!(after["credentialStatus"], before["credentialStatus"], "and keep their bit");
    running.stop().await.unwrap();
}

/// An office that signed one claim, with which pen, and how that claim is called.
async fn with_a_claim() -> (Arc<Memory>, Office, Pen, String) {
    let ground = Arc::new(Memory::new(Timestamp::from_seconds(1_800_000_000)).unwrap());
    let office = Office::open(ground.clone(), Vec::new(), rules()).await.unwrap();
    let pen = office.pen().await.unwrap();
    let person = SecretKey::from_seed([9; 32]);
    let subject = identity(&person, &person, pen.now).unwrap().did().clone();
    let id = sign(&office.ledger, &order(&subject, &pen), &pen)["id"].as_str().unwrap().to_owned();
    (ground, office, pen, id)
}

#[tokio::test]
async fn books_put_back_learn_what_is_known_although_whoever_is_met_first_does_not_know() {
    let (ground, office, pen, id) = with_a_claim().await;
    let old = known(&office.ledger.heartbeat(&pen).unwrap()[0], &pen);
    let lists = office.ledger.list_numbers().unwrap();
    let copy = ground.copy_books();
    // The day that is lost.
    let later = Pen { now: pen.now.plus(60), ..pen.clone() };
    let reason =
        Reason { why: Why::AccountClosed, note: "closed".to_owned(), effective: later.now };
    let told = office.ledger.revoke(std::slice::from_ref(&id), &reason, &later).unwrap();
    let new = known(&told[0], &later);

    let nobody_knew_of_it = ground.put_back(copy.copy(), [Some(old.clone())]);
    let office = Office::open(Arc::new(nobody_knew_of_it), Vec::new(), rules()).await.unwrap();
    assert!(office.ledger.get(&id).unwrap().stands(later.now));
    assert_eq!(office.ledger.list_numbers().unwrap(), lists, "these books look as they did");
    for late in [vec![None], vec![Some(old)], vec![None, None, None]] {
        let looks = late.into_iter().chain([Some(new.clone())]);
        let ground = ground.put_back(copy.copy(), looks);
        let office = Office::open(Arc::new(ground), Vec::new(), rules()).await.unwrap();
        assert!(!office.ledger.get(&id).unwrap().stands(later.now), "it was taken back");
        assert_eq!(office.ledger.list_numbers().unwrap().len(), 2, "a list nobody wrote in before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_taken_back_now_and_never_for_later() {
    let (folder, passphrase) = (tempfile::tempdir().unwrap(), Passphrase::new("north by north"));
    let (node, running) = node(folder.path(), &passphrase).await;
    let office = Office::open(Arc::new(InNode::new(node)), Vec::new(), rules()).await.unwrap();
    let person = SecretKey::from_seed([9; 32]);
    let pen = office.pen().await.unwrap();
    let subject = identity(&person, &person, pen.now).unwrap().did().clone();
    let (asked, signer) = (order(&subject, &pen), pen.clone());
    let signed = office.on_disk(move |ledger| Ok(sign(ledger, &asked, &signer))).await.unwrap();
    let id = signed["id"].as_str().unwrap().to_owned();
    let revoke = |effective| {
        let (reason, note) = (Why::Unspecified, String::new());
        office.perform(Verb::Revoke { id: id.clone(), reason, note, effective })
    };
    let later = revoke(Some(pen.now.plus(86_400))).await.unwrap_err();
    assert!(matches!(later, OfficeError::NotYet { .. }), "{later}");
    let stands =
        async || office.perform(Verb::Overview).await.unwrap()["claims"]["standing"].clone();
    assert_eq!(stands().await, 1);
    revoke(Some(pen.now.minus(86_400))).await.unwrap();
    assert_eq!(stands().await, 0);
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn how_often_the_lists_are_said_to_stand_is_for_the_network_to_say() {
    let (folder, passphrase) = (tempfile::tempdir().unwrap(), Passphrase::new("north by north"));
    start::found(folder.path(), "eager", true).unwrap();
    let file = folder.path().join("network.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("heartbeat = 900"), "{text}");
    std::fs::write(&file, text.replace("heartbeat = 900", "heartbeat = 60")).unwrap();
    let (node, running) = made(folder.path(), &passphrase, false).await;
    let office = Office::open(Arc::new(InNode::new(node)), Vec::new(), rules()).await.unwrap();
    assert_eq!(office.perform(Verb::Overview).await.unwrap()["heartbeat"], 60);
    running.stop().await.unwrap();
}

/// Books of before have links that name nobody, and go on with links that do.
#[tokio::test]
async fn who_had_it_done_stands_in_the_audit_log() {
    let ground = Arc::new(Memory::new(Timestamp::from_seconds(1_800_000_000)).unwrap());
    let office = Office::open(ground, Vec::new(), rules()).await.unwrap();
    let pen = office.pen().await.unwrap();
    let person = SecretKey::from_seed([9; 32]);
    let subject = identity(&person, &person, pen.now).unwrap().did().clone();
    let [first, second] = [0, 1].map(|_| sign(&office.ledger, &order(&subject, &pen), &pen));
    let before = office.ledger.books().links(audit::CHAIN, 0, 9).unwrap();
    assert!(before.iter().all(|link| !String::from_utf8_lossy(link).contains("\"by\"")));
    for (by, claim) in [(By::Command, &first), (By::Page, &second)] {
        let text = claim["id"].as_str().map(str::to_owned);
        let query = Query { text, ..Query::default() };
        let (reason, note, effective) = (Why::Unspecified, String::new(), None);
        let revoke = Verb::RevokeMany { query, reason, note, effective, confirmed: 1 };
        office.perform_by(by, revoke).await.unwrap();
    }
    let log = office.perform(Verb::Log { before: None, limit: 9 }).await.unwrap();
    let links = log["links"].as_array().unwrap();
    let by: Vec<&Value> = links.iter().map(|link| &link["by"]).collect();
    let (none, [page, command]) = (&Value::Null, &["page", "command"].map(|by| json!(by)));
    assert_eq!(by[..3], [page, command, none], "{log}");
    assert!(by[3..].iter().all(|by| by.is_null()), "{log}");
    assert_eq!(office.perform(Verb::Audit).await.unwrap()["holds"], true);
}

#[tokio::test]
async fn a_move_that_takes_claims_out_of_two_lists_is_accounted_for_in_both() {
    let ground = Arc::new(Memory::new(Timestamp::from_seconds(1_800_000_000)).unwrap());
    let office = Office::open(ground, Vec::new(), rules()).await.unwrap();
    let pen = office.pen().await.unwrap();
    let [first, second] = [9, 10].map(|seed| {
        let person = SecretKey::from_seed([seed; 32]);
        identity(&person, &person, pen.now).unwrap().did().clone()
    });
    sign(&office.ledger, &order(&first, &pen), &pen);
    office.ledger.open_list(false, &pen).unwrap();
    sign(&office.ledger, &order(&first, &pen), &pen);
    let moves = Order { second: Second::Move, ..order(&second, &pen) };
    let outcome = office.ledger.issue(&moves, &pen, &mut rand::random).unwrap();
    let Outcome::Moving { tell, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(tell.len(), 2);
    let found = office.perform(Verb::Audit).await.unwrap();
    assert_eq!((&found["holds"], &found["revoked"]), (&json!(true), &json!(2)), "{found}");
}

#[tokio::test]
async fn another_key_at_the_public_address_is_told_once() {
    let ground = Arc::new(Memory::new(Timestamp::from_seconds(1_800_000_000)).unwrap());
    let rules = Rules { pin: Some([1; 32]), ..rules() };
    let office = Office::open(ground.clone(), Vec::new(), rules).await.unwrap();
    office.announce_key(Some([1; 32])).await.unwrap();
    assert!(ground.published().is_empty(), "it is the one that was told");
    ground.doubt_clock(Some("a day off"));
    office.announce_key(Some([2; 32])).await.unwrap_err();
    ground.doubt_clock(None);
    for _ in 0..2 {
        office.announce_key(Some([2; 32])).await.unwrap();
    }
    let [profile] = ground.published().try_into().unwrap();
    let claim = Credential::parse(&profile).unwrap();
    let claim = Claim::verify(claim, &keys_of(&ground.own().await.unwrap())).unwrap();
    assert_eq!(Profile::read(&claim).unwrap().reach[0].spki_sha256, Some([2; 32]));
}

/// Books that were put back, at a start that met nobody.
#[tokio::test]
async fn books_put_back_sign_nothing_beside_what_the_network_may_know() {
    let ground = Arc::new(Memory::new(Timestamp::from_seconds(1_800_000_000)).unwrap());
    let office = Office::open(ground.clone(), Vec::new(), rules()).await.unwrap();
    office.heartbeat().await.unwrap();
    let pen = office.pen().await.unwrap();
    let [hers, his] = [9, 10].map(|seed| {
        let person = SecretKey::from_seed([seed; 32]);
        identity(&person, &person, pen.now).unwrap().did().clone()
    });
    let lost = sign(&office.ledger, &order(&hers, &pen), &pen);
    let kept = sign(&office.ledger, &Order { second: Second::Allow, ..order(&his, &pen) }, &pen);
    let [lost, kept] = [lost, kept].map(|claim| claim["id"].as_str().unwrap().to_owned());
    let copy = ground.copy_books();
    let now = pen.now.plus(60);
    let reason = || Reason { why: Why::AccountClosed, note: String::new(), effective: now };
    let later = Pen { now, ..pen };
    let told = office.ledger.revoke(std::slice::from_ref(&lost), &reason(), &later).unwrap();
    let known = known(&told[0], &later);

    copy.begin_life(b"a copy's");
    let ground = Arc::new(ground.put_back(copy, []));
    ground.set_clock(now);
    let mut office = Office::open(ground.clone(), Vec::new(), rules()).await.unwrap();
    // Nor does another start without anybody forget it.
    for _ in 0..2 {
        for said in
            [office.heartbeat().await.map(drop), office.revoke(&kept, reason()).await.map(drop)]
        {
            assert!(matches!(said, Err(OfficeError::Alone)), "{said:?}");
        }
        office = Office::open(ground.clone(), Vec::new(), rules()).await.unwrap();
    }
    assert_eq!(office.ledger.list_numbers().unwrap().len(), 2, "one list more, and no more");
    assert!(ground.published().is_empty());

    ground.meet(Some(known.clone()));
    office.revoke(&kept, reason()).await.unwrap();
    let signed = Signed::parse(&ground.published()[0], "memory").unwrap();
    let body = signed.unauthorized();
    assert_eq!((body.from, body.previous), (1, known.tip()), "it follows what was said");
    assert!(!office.ledger.get(&lost).unwrap().stands(now));
}

#[tokio::test]
async fn books_that_nobody_put_back_learn_what_is_missing_once_somebody_is_there() {
    let (ground, office, pen, id) = with_a_claim().await;
    let copy = ground.copy_books();
    let later = Pen { now: pen.now.plus(60), ..pen };
    let reason = Reason { why: Why::AccountClosed, note: String::new(), effective: later.now };
    let told = office.ledger.revoke(std::slice::from_ref(&id), &reason, &later).unwrap();

    let ground = Arc::new(ground.put_back(copy, []));
    let office = Office::open(ground.clone(), Vec::new(), rules()).await.unwrap();
    office.heartbeat().await.unwrap();
    assert!(office.ledger.get(&id).unwrap().stands(later.now), "alone it can know nothing else");
    ground.set_clock(later.now);
    ground.meet(Some(known(&told[0], &later)));
    office.heartbeat().await.unwrap();
    assert!(!office.ledger.get(&id).unwrap().stands(later.now));
    assert_eq!(office.ledger.list_numbers().unwrap().len(), 2, "a list nobody wrote in before");
}

/// What was put back went on alone, unnoticed, and said what nobody heard beside what everybody heard.
#[tokio::test]
async fn what_the_books_took_back_is_said_again_where_the_network_knows_something_else() {
    let (ground, office, pen, hers) = with_a_claim().await;
    let person = SecretKey::from_seed([10; 32]);
    let subject = identity(&person, &person, pen.now).unwrap().did().clone();
    let his = Order { second: Second::Allow, ..order(&subject, &pen) };
    let his = sign(&office.ledger, &his, &pen)["id"].as_str().unwrap().to_owned();
    let copy = ground.copy_books();
    let later = Pen { now: pen.now.plus(60), ..pen.clone() };
    let reason =
        || Reason { why: Why::AccountClosed, note: String::new(), effective: pen.now.minus(9) };
    let told = office.ledger.revoke(std::slice::from_ref(&hers), &reason(), &later).unwrap();
    let known = known(&told[0], &later);

    let ground = Arc::new(ground.put_back(copy, []));
    let office = Office::open(ground.clone(), Vec::new(), rules()).await.unwrap();
    office.revoke(&his, reason()).await.unwrap();
    ground.set_clock(later.now);
    ground.meet(Some(known.clone()));
    office.heartbeat().await.unwrap();
    let said = Signed::parse(&ground.published()[1], "memory").unwrap();
    let body = said.unauthorized();
    let index = office.ledger.get(&his).unwrap().index;
    assert_eq!((body.from, body.previous), (1, known.tip()), "it follows what everybody heard");
    assert_eq!((body.flips.len(), body.flips[0].index), (1, index));
    assert_eq!((body.flips[0].code, body.effective_at), (reason().why.code(), reason().effective));
    for id in [&hers, &his] {
        assert!(!office.ledger.get(id).unwrap().stands(later.now));
    }
    assert!(office.ledger.unheard().unwrap().is_empty(), "every bit is set");
    assert_eq!(office.perform(Verb::Audit).await.unwrap()["holds"], true);
}

#[tokio::test]
async fn the_figures_follow_what_was_done_and_what_time_did() {
    let ground = Arc::new(Memory::new(Timestamp::from_seconds(1_800_000_000)).unwrap());
    let office = Office::open(ground.clone(), Vec::new(), rules()).await.unwrap();
    let pen = office.pen().await.unwrap();
    let [first, second] = [9, 10].map(|seed| {
        let person = SecretKey::from_seed([seed; 32]);
        identity(&person, &person, pen.now).unwrap().did().clone()
    });
    let claims = async |state: &str| {
        let found = office.perform(Verb::Overview).await.unwrap();
        (found["claims"][state].clone(), found["refusedTwice"].clone())
    };
    assert_eq!(claims("standing").await, (json!(0), json!(0)));
    let signed = sign(&office.ledger, &order(&first, &pen), &pen);
    assert_eq!(claims("standing").await, (json!(1), json!(0)));
    let taken = office.ledger.issue(&order(&second, &pen), &pen, &mut rand::random).unwrap();
    assert!(matches!(taken, Outcome::Taken));
    assert_eq!(claims("standing").await, (json!(1), json!(1)));
    ground.set_clock(pen.now.plus(86_400));
    assert_eq!(claims("ended").await, (json!(1), json!(1)), "nothing was done, and it ended");
    ground.set_clock(pen.now);
    let reason = Reason { why: Why::AccountClosed, note: String::new(), effective: pen.now };
    office.revoke(signed["id"].as_str().unwrap(), reason).await.unwrap();
    assert_eq!(claims("revoked").await, (json!(1), json!(1)));
}

#[tokio::test]
async fn a_name_that_was_left_out_means_no_claim() {
    let ground = Arc::new(Memory::new(Timestamp::from_seconds(1_800_000_000)).unwrap());
    let office = Office::open(ground, Vec::new(), rules()).await.unwrap();
    let pen = office.pen().await.unwrap();
    let person = SecretKey::from_seed([9; 32]);
    let subject = identity(&person, &person, pen.now).unwrap().did().clone();
    let signed = sign(&office.ledger, &order(&subject, &pen), &pen);
    let id = signed["id"].as_str().unwrap();
    let own = id.strip_prefix("urn:uuid:").unwrap();
    let revoke = |id: &str| Verb::Revoke {
        id: id.to_owned(),
        reason: Why::Unspecified,
        note: String::new(),
        effective: None,
    };
    let short = ["", "urn:uuid:", &own[..3], &id[..12]];
    for id in short {
        let refused = office.perform(revoke(id)).await.unwrap_err();
        assert!(matches!(refused, OfficeError::TooShort { least: 4 }), "`{id}`: {refused}");
        let refused = office.perform(Verb::Renew { id: id.to_owned() }).await.unwrap_err();
        assert!(matches!(refused, OfficeError::TooShort { .. }), "`{id}`: {refused}");
    }
    for id in ["urn:", "urn:uuid"] {
        let refused = office.perform(revoke(id)).await.unwrap_err();
        assert!(refused.to_string().starts_with("no claim"), "`{id}`: {refused}");
    }
    assert!(office.perform(Verb::Show { id: String::new() }).await.is_err());
    assert!(office.perform(Verb::Show { id: own[..1].to_owned() }).await.is_ok());
    let query = Query { text: Some(String::new()), ..Default::default() };
    let found = office.perform(Verb::Preview { query }).await.unwrap();
    assert_eq!(found["count"], 0, "nor does an empty text mean everybody");
    office.perform(revoke(&own[..4])).await.unwrap();
}
