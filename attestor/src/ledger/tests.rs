//! What the books promise.

use super::account::AccountKeys;
use super::{
    Fresh, Issued, Ledger, LedgerError, Notice, Order, Outcome, Reason, Renewed, Second, Standing,
    audit,
};
use crate::evidence::Account;
use crate::ground::books::{Books, BooksError, Change, Expect, Row};
use crate::ground::memory::{MemoryBooks, identity};
use crate::revocation::Pen;
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::evidence::{Evidence, Rule};
use countersign_protocol::did::Did;
use countersign_protocol::key::SecretKey;
use countersign_protocol::status;
use countersign_protocol::status::ledger::State;
use countersign_protocol::status::list::List;
use countersign_protocol::status::statement::Signed;
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Why most of what is taken back here is, since now.
fn closed() -> Reason {
    let note = "she wrote to us".to_owned();
    Reason { why: Why::AccountClosed, note, effective: NOW }
}

struct Desk {
    books: Arc<MemoryBooks>,
    ledger: Ledger,
    pen: Pen,
    people: Vec<Did>,
}

impl Desk {
    fn new() -> Self {
        let key = SecretKey::from_seed([1; 32]);
        let own = identity(&key, &key, NOW).unwrap();
        let people = (0..3).map(|_| identity(&key, &key, NOW).unwrap().did().clone()).collect();
        let pen = Pen {
            did: own.did().clone(),
            key,
            network: "test".to_owned(),
            url: "https://north.example".to_owned(),
            now: NOW,
            by: None,
        };
        let books = Arc::new(MemoryBooks::default());
        let ledger = Ledger::new(Arc::clone(&books) as Arc<dyn Books>);
        ledger.open_list(false, &pen).unwrap();
        Self { books, ledger, pen, people }
    }

    fn order(&self, account: &str, person: usize, second: Second) -> Order {
        let keys = AccountKeys::new(vec![(1, Zeroizing::new([7; 32]))]);
        let id = Zeroizing::new(account.to_owned());
        let account = Account { issuer: "https://id.example".to_owned(), id };
        Order {
            account: keys.names(&account),
            subject: self.people[person].clone(),
            source: "simulated".to_owned(),
            claim: "PaymentAccountVerified".to_owned(),
            says: Map::from_iter([("verified".to_owned(), json!(true))]),
            evidence: Evidence {
                kind: "electronic_record".to_owned(),
                checks: Vec::new(),
                rule: Some(Rule { name: "simulated".to_owned(), version: 1 }),
            },
            demands: Some("what it demands".to_owned()),
            evidence_at: self.pen.now,
            valid_until: self.pen.now.plus(86_400),
            refresh: None,
            second,
            wait: 60,
            note: String::new(),
        }
    }

    fn issue(&self, account: &str, person: usize, second: Second) -> Outcome {
        let order = self.order(account, person, second);
        self.ledger.issue(&order, &self.pen, &mut rand::random).unwrap()
    }

    fn issued(&self, account: &str, person: usize) -> Issued {
        match self.issue(account, person, Second::Reject) {
            Outcome::Issued { claim, .. } => *claim,
            other => panic!("{other:?}"),
        }
    }

    /// What a provider says a day later, by the next version of the rule.
    fn seen_again(&self, says: &Value) -> Fresh {
        let at = NOW.plus(86_000);
        let mut evidence = self.order("a", 0, Second::Reject).evidence;
        evidence.rule = Some(Rule { name: "simulated".to_owned(), version: 2 });
        let says = says.as_object().unwrap().clone();
        let demands = Some("something else".to_owned());
        let (valid_until, note) = (at.plus(86_400), String::new());
        Fresh { says, evidence, demands, evidence_at: at, valid_until, note }
    }

    fn renew(&self, old: &Issued, fresh: &Fresh) -> Result<Renewed, LedgerError> {
        let pen = Pen { now: fresh.evidence_at, ..self.pen.clone() };
        self.ledger.renew(&old.id, fresh, &pen, &mut rand::random)
    }

    fn flips(&self, notice: &Notice) -> Vec<u64> {
        let signed = Signed::parse(&notice.statement, "test").unwrap();
        signed.unauthorized().flips.iter().map(|flip| flip.index).collect()
    }
}

/// Gives what somebody knows who read the list of `notice`, which `pen` signed.
pub(crate) fn known(notice: &Notice, pen: &Pen) -> State {
    let key = pen.key.public();
    let list = Credential::parse_within(&notice.list, notice.list.len()).unwrap();
    let list = List::read(&Claim::verify(list, &|_, _| Some(key)).unwrap()).unwrap();
    status::ledger::Ledger::start(&list).state().clone()
}

#[test]
fn a_claim_holds_and_names_its_bit() {
    let desk = Desk::new();
    let issued = desk.issued("a", 0);
    let credential = Credential::from_value(issued.credential).unwrap();
    assert_eq!(credential.status()[0].index, issued.index);
    let key = desk.pen.key.public();
    let claim = Claim::verify(credential, &|_, _| Some(key)).unwrap();
    assert_eq!(claim.subject(), Some(&desk.people[0]));
}

#[test]
fn one_account_has_one_identity_unless_the_rule_says_otherwise() {
    let desk = Desk::new();
    desk.issued("a", 0);
    desk.issued("a", 0);
    assert!(matches!(desk.issue("a", 1, Second::Reject), Outcome::Taken));
    assert!(matches!(desk.issue("a", 1, Second::Allow), Outcome::Issued { .. }));
    assert!(matches!(desk.issue("b", 1, Second::Reject), Outcome::Issued { .. }));
}

#[test]
fn a_move_revokes_then_waits_then_issues() {
    let mut desk = Desk::new();
    let first = desk.issued("a", 0);
    let Outcome::Moving { ready, tell } = desk.issue("a", 1, Second::Move) else { panic!() };
    assert_eq!(ready, NOW.plus(60));
    assert_eq!(desk.flips(&tell[0]), [first.index]);
    assert!(!desk.ledger.get(&first.id).unwrap().stands(NOW), "revoked before anything is issued");
    let again = desk.issue("a", 1, Second::Move);
    assert!(matches!(again, Outcome::Moving { tell, .. } if tell.is_empty()), "told once");
    assert!(matches!(desk.issue("a", 2, Second::Move), Outcome::Taken), "one move at a time");
    desk.pen.now = NOW.plus(60);
    assert!(matches!(desk.issue("a", 1, Second::Move), Outcome::Issued { .. }));
    assert!(matches!(desk.issue("a", 0, Second::Reject), Outcome::Taken));
}

#[test]
fn an_abandoned_move_locks_nobody_out() {
    let mut desk = Desk::new();
    desk.issued("a", 0);
    assert!(matches!(desk.issue("a", 1, Second::Move), Outcome::Moving { .. }));
    let (free, wait) = (super::FETCHING, 60);
    desk.pen.now = NOW.plus(wait + free - 1);
    assert!(matches!(desk.issue("a", 0, Second::Move), Outcome::Taken), "it may still be fetched");
    desk.pen.now = NOW.plus(wait + free);
    assert!(matches!(desk.issue("a", 0, Second::Move), Outcome::Issued { .. }));
    assert!(matches!(desk.issue("a", 1, Second::Reject), Outcome::Taken), "the move is over");
}

#[test]
fn an_index_is_never_given_twice() {
    let desk = Desk::new();
    let mut used = BTreeSet::new();
    // Dice that fall on the same few numbers again and again.
    let mut throw = 0_u64;
    let mut dice = || {
        throw += 1;
        throw / 3
    };
    for account in 0..50 {
        let order = desk.order(&account.to_string(), 0, Second::Reject);
        let outcome = desk.ledger.issue(&order, &desk.pen, &mut dice).unwrap();
        let Outcome::Issued { claim: issued, .. } = outcome else { panic!() };
        assert!(used.insert((issued.list, issued.index)), "index {} again", issued.index);
    }
    let order = desk.order("x", 0, Second::Reject);
    let stuck = desk.ledger.issue(&order, &desk.pen, &mut || 1);
    assert!(matches!(stuck, Err(LedgerError::NoIndex { .. })));
}

#[test]
fn a_restored_backup_gets_a_list_of_its_own() {
    let desk = Desk::new();
    let before = desk.issued("a", 0);
    desk.ledger.open_list(true, &desk.pen).unwrap();
    let after = desk.issued("b", 0);
    assert_ne!(after.list, before.list);
    let taken = closed();
    let told = desk.ledger.revoke(&[before.id], &taken, &desk.pen).unwrap();
    assert_eq!(desk.flips(&told[0]), [before.index], "old claims can still be taken back");
}

#[test]
fn lists_of_books_that_do_not_know_each_other_have_different_numbers() {
    let numbers: BTreeSet<u64> =
        (0..50).flat_map(|_| Desk::new().ledger.list_numbers().unwrap()).collect();
    assert_eq!(numbers.len(), 50);
}

#[test]
fn books_that_live_another_life_were_put_back() {
    let books = Arc::new(MemoryBooks::default());
    books.begin_life(b"one");
    let ledger = Ledger::new(Arc::clone(&books) as Arc<dyn Books>);
    assert!(!ledger.is_restored().unwrap(), "new books");
    ledger.begin_life(false).unwrap();
    assert!(!ledger.is_restored().unwrap());
    books.begin_life(b"a copy's");
    assert!(ledger.is_restored().unwrap());
    ledger.begin_life(false).unwrap();
    assert!(!ledger.is_restored().unwrap(), "the copy goes on with its own");
}

#[test]
fn books_that_know_less_than_the_network_take_over_what_it_knows() {
    let mut desk = Desk::new();
    let (kept, lost) = (desk.issued("a", 0), desk.issued("b", 1));
    let books = desk.books.copy();
    let reason = closed();
    desk.pen.now = NOW.plus(60);
    let told = desk.ledger.revoke(std::slice::from_ref(&lost.id), &reason, &desk.pen).unwrap();
    let known = known(&told[0], &desk.pen);
    let again = |ledger: &Ledger| ledger.catch_up(&known, desk.pen.now).unwrap();
    assert!(!again(&desk.ledger), "whoever said it knows it");
    let restored = Ledger::new(Arc::new(books));
    assert!(again(&restored));
    assert!(!again(&restored), "once is enough");
    assert!(!restored.get(&lost.id).unwrap().stands(NOW));
    assert!(restored.get(&kept.id).unwrap().stands(NOW));
    assert!(audit::verify(restored.books(), |_| {}).is_ok());
    // What it says next follows what was said in the days it does not know.
    let next = restored.revoke(&[kept.id], &reason, &desk.pen).unwrap();
    let statement = Signed::parse(&next[0].statement, "test").unwrap();
    let body = statement.unauthorized();
    assert_eq!((body.from, body.to, body.previous), (1, 2, known.tip()));
}

#[test]
fn statements_follow_one_another() {
    let desk = Desk::new();
    let (one, two) = (desk.issued("a", 0), desk.issued("b", 1));
    let reason = Reason { effective: NOW.minus(60), ..closed() };
    let body =
        |notice: &Notice| Signed::parse(&notice.statement, "test").unwrap().unauthorized().clone();
    let first =
        body(&desk.ledger.revoke(std::slice::from_ref(&one.id), &reason, &desk.pen).unwrap()[0]);
    let beat = body(&desk.ledger.heartbeat(&desk.pen).unwrap()[0]);
    let second = body(&desk.ledger.revoke(&[two.id], &reason, &desk.pen).unwrap()[0]);
    assert_eq!((first.from, first.to, first.previous), (0, 1, None));
    assert_eq!((beat.from, beat.to, beat.previous), (1, 1, Some(first.content_hash())));
    assert_eq!((second.from, second.to, second.previous), (1, 2, Some(first.content_hash())));
    assert_eq!(first.effective_at, NOW.minus(60));
    assert_eq!(desk.ledger.family(&one.id, NOW).unwrap(), Vec::<String>::new(), "once");
    assert!(desk.ledger.revoke(&[one.id], &reason, &desk.pen).unwrap().is_empty(), "once");
}

/// Books whose reader is interrupted once, behind a claim he read and before he does anything with it.
#[derive(Default)]
struct Interrupted {
    books: MemoryBooks,
    by: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Books for Interrupted {
    fn write(&self, changes: Vec<Change>) -> Result<(), BooksError> {
        self.books.write(changes)
    }

    fn row(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, BooksError> {
        let found = self.books.row(table, key);
        let interrupts = (table == super::ISSUED).then(|| self.by.lock().unwrap().take());
        if let Some(interrupts) = interrupts.flatten() {
            interrupts();
        }
        found
    }

    fn rows(&self, of: &str, after: Option<&[u8]>, most: usize) -> Result<Vec<Row>, BooksError> {
        self.books.rows(of, after, most)
    }

    fn links(&self, chain: &str, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BooksError> {
        self.books.links(chain, from, most)
    }

    fn life(&self) -> Result<Vec<u8>, BooksError> {
        self.books.life()
    }

    fn length(&self, chain: &str) -> Result<u64, BooksError> {
        self.books.length(chain)
    }
}

#[test]
fn two_who_take_back_one_claim_at_one_time_take_it_back_once() {
    let mut desk = Desk::new();
    let books = Arc::new(Interrupted::default());
    let ledger = Arc::new(Ledger::new(Arc::clone(&books) as Arc<dyn Books>));
    ledger.open_list(false, &desk.pen).unwrap();
    desk.ledger = Ledger::new(Arc::clone(&books) as Arc<dyn Books>);
    let one = desk.issued("a", 0);
    let (other, id, pen) = (Arc::clone(&ledger), one.id.clone(), desk.pen.clone());
    let second = move || {
        // Who writes alone is interrupted by nobody: the second one comes to the lock, and waits.
        let waits = other.writer.try_lock().is_err();
        if !waits {
            other.revoke(&[id], &closed(), &pen).unwrap();
        }
    };
    *books.by.lock().unwrap() = Some(Box::new(second));
    ledger.revoke(std::slice::from_ref(&one.id), &closed(), &desk.pen).unwrap();
    assert!(books.by.lock().unwrap().is_none(), "the second one came");
    ledger.revoke(std::slice::from_ref(&one.id), &closed(), &desk.pen).unwrap();
    assert_eq!(ledger.bits(one.list).unwrap().is_set(one.index), Some(true));
    assert_eq!(ledger.list_rows().unwrap()[0].sequence, 1, "and one statement says so");
}

#[test]
fn everybody_learns_the_cause_and_the_note_stays_in_the_books() {
    let desk = Desk::new();
    let one = desk.issued("a", 0);
    let told = desk.ledger.revoke(std::slice::from_ref(&one.id), &closed(), &desk.pen).unwrap();
    let signed = Signed::parse(&told[0].statement, "test").unwrap();
    assert_eq!(signed.unauthorized().flips[0].code.why(), Why::AccountClosed);
    let note = closed().note;
    let leaks = |bytes: &[u8]| bytes.windows(note.len()).any(|part| part == note.as_bytes());
    assert!(!leaks(&told[0].statement) && !leaks(&told[0].list));
    let Standing::Revoked { why, note: kept, .. } = desk.ledger.get(&one.id).unwrap().standing
    else {
        panic!("it was taken back")
    };
    assert_eq!((why, kept), (Why::AccountClosed, note));
}

#[test]
fn books_of_before_had_a_reason_and_no_cause() {
    let standing = json!({ "revoked": { "at": NOW, "effective": NOW, "reason": "closed" } });
    let standing: Standing = serde_json::from_value(standing).unwrap();
    let note = "closed".to_owned();
    let read = Standing::Revoked { at: NOW, effective: NOW, why: Why::Unspecified, note };
    assert_eq!(standing, read);
}

#[test]
fn what_may_not_have_been_told_is_told_again() {
    let desk = Desk::new();
    assert!(desk.ledger.last_changes().unwrap().is_empty());
    let reason = closed();
    let one = desk.issued("a", 0);
    let told = desk.ledger.revoke(&[one.id], &reason, &desk.pen).unwrap();
    assert_eq!(desk.ledger.last_changes().unwrap()[0].statement, told[0].statement);
}

#[test]
fn renewal_takes_the_place_of_a_claim_and_goes_with_it() {
    let desk = Desk::new();
    let old = desk.issued("a", 0);
    let fresh = desk.seen_again(&json!({ "verified": true }));
    let Renewed { claim: new, tell } = desk.renew(&old, &fresh).unwrap();
    assert_ne!(new.index, old.index);
    assert!(tell.is_empty(), "the old one is true until it ends");
    let again = desk.renew(&old, &fresh);
    assert!(matches!(again, Err(LedgerError::NotLive { .. })));
    let mut family = desk.ledger.family(&new.id, NOW).unwrap();
    family.sort();
    let mut both = vec![old.id, new.id];
    both.sort();
    assert_eq!(family, both);
}

#[test]
fn a_renewed_claim_says_what_was_seen_and_what_is_no_longer_true_is_taken_back() {
    let desk = Desk::new();
    let order = |country: &str| {
        let mut order = desk.order("a", 0, Second::Reject);
        order.says.insert("country".to_owned(), json!(country));
        order
    };
    let sign = |country| match desk.ledger.issue(&order(country), &desk.pen, &mut rand::random) {
        Ok(Outcome::Issued { claim, .. }) => *claim,
        other => panic!("{other:?}"),
    };
    // The last one says nothing of a country.
    let (earlier, old, right) = (sign("DE"), sign("DE"), desk.issued("a", 0));
    let fresh = desk.seen_again(&json!({ "verified": true, "country": "FR" }));
    let Renewed { claim: new, tell } = desk.renew(&old, &fresh).unwrap();
    assert_eq!(new.credential["credentialSubject"]["country"], "FR");
    assert_eq!(new.credential["evidence"][0]["rule"]["version"], 2, "{}", new.credential);
    assert_eq!(new.evidence_at, fresh.evidence_at);
    let mut untrue = [earlier.index, old.index];
    untrue.sort_unstable();
    assert_eq!(desk.flips(&tell[0]), untrue, "nobody is told both");
    let stands = |claim: &Issued| desk.ledger.get(&claim.id).unwrap().stands(fresh.evidence_at);
    assert_eq!([&earlier, &old, &right, &new].map(stands), [false, false, true, true]);
    let row = desk.ledger.get(&old.id).unwrap();
    assert_eq!(row.renewed_by, Some(new.id));
    assert!(matches!(row.standing, Standing::Revoked { why: Why::NoLongerTrue, .. }));
}

#[test]
fn a_full_list_is_followed_by_the_next_before_anybody_needs_it() {
    let desk = Desk::new();
    let full = desk.ledger.list_numbers().unwrap()[0];
    let (bytes, row) = desk.ledger.lists().unwrap().remove(0);
    let most = super::lists::most(desk.ledger.bits(full).unwrap().count());
    let row = super::row::ListRow { used: most - 1, ..row };
    let key = super::row::list_key(full, None);
    let nearly = super::put(super::lists::LISTS, key, Expect::Exactly(bytes), &row).unwrap();
    desk.books.write(vec![nearly]).unwrap();
    let Outcome::Issued { claim: last, tell } = desk.issue("a", 0, Second::Reject) else {
        panic!()
    };
    assert_eq!((last.list, tell.len()), (full, 1), "the next list is told of");
    let next = desk.issued("b", 1);
    assert_ne!(next.list, full);
    assert_eq!(known(&tell[0], &desk.pen).list(), next.list);
    assert!(audit::verify(desk.ledger.books(), |_| {}).is_ok());
    // The full one is looked after as before.
    let told = desk.ledger.revoke(std::slice::from_ref(&last.id), &closed(), &desk.pen).unwrap();
    assert_eq!(desk.flips(&told[0]), [last.index]);
}

#[test]
fn books_of_an_older_program_learn_whom_their_claims_are_about() {
    use super::finding::SUBJECTS;
    let desk = Desk::new();
    let (hers, his) = (desk.issued("a", 0), desk.issued("b", 1));
    let scid = desk.people[0].scid();
    let about = |ledger: &Ledger| {
        let claims = ledger.about(scid).unwrap().into_iter();
        claims.map(|issued| issued.id).collect::<Vec<_>>()
    };
    assert_eq!(about(&desk.ledger), std::slice::from_ref(&hers.id));
    let older = Arc::new(desk.books.without(SUBJECTS));
    let ledger = Ledger::new(Arc::clone(&older) as Arc<dyn Books>);
    assert!(about(&ledger).is_empty());
    ledger.find_subjects().unwrap();
    assert_eq!(about(&ledger), std::slice::from_ref(&hers.id));
    assert_eq!(ledger.family(&his.id, NOW).unwrap(), [his.id]);
    assert_eq!(ledger.named("urn:uuid:", 9).unwrap().len(), 2);
    assert_eq!(ledger.named(&hers.id, 9).unwrap(), [hers.id]);
}

#[test]
fn what_a_rule_demands_is_noted_with_its_first_claim_and_then_it_demands_nothing_else() {
    let desk = Desk::new();
    let changed = |order: Order| Order { demands: Some("something else".to_owned()), ..order };
    let rules = |desk: &Desk| desk.ledger.rules().unwrap();
    assert!(rules(&desk).is_empty(), "what never signed may change");
    let first = desk.issued("a", 0);
    let noted = BTreeMap::from([("simulated/1".to_owned(), "what it demands".to_owned())]);
    assert_eq!(rules(&desk), noted);
    desk.issued("b", 1);
    let mut deeds = Vec::new();
    audit::verify(desk.ledger.books(), |link| deeds.push(link.deed)).unwrap();
    let defined = |deed: &audit::Deed| matches!(deed, audit::Deed::Defined { .. });
    assert!(defined(&deeds[1]), "before the first claim by it: {deeds:?}");
    assert_eq!(deeds.iter().filter(|deed| defined(deed)).count(), 1);

    let order = changed(desk.order("a", 2, Second::Move));
    let refused = desk.ledger.issue(&order, &desk.pen, &mut rand::random).unwrap_err();
    assert!(matches!(refused, LedgerError::RuleChanged { .. }), "{refused}");
    assert!(desk.ledger.get(&first.id).unwrap().stands(NOW), "nothing was taken back for it");
    let mut fresh = desk.seen_again(&json!({ "verified": false }));
    fresh.evidence = order.evidence;
    let refused = desk.renew(&first, &fresh).unwrap_err();
    assert!(matches!(refused, LedgerError::RuleChanged { .. }), "{refused}");
    assert!(desk.ledger.get(&first.id).unwrap().stands(NOW), "nor for a renewal");
    desk.renew(&first, &desk.seen_again(&json!({ "verified": true }))).unwrap();
    assert_eq!(rules(&desk).len(), 2, "a raised version demands what it likes");
}

#[test]
fn books_that_an_older_program_wrote_note_what_their_rules_demand_now() {
    let desk = Desk::new();
    desk.issued("a", 0);
    let older = Arc::new(desk.books.without(super::rules::RULES));
    let ledger = Ledger::new(Arc::clone(&older) as Arc<dyn Books>);
    let demand = |digest: &str| {
        let rules = ["simulated/1", "simulated/2"].map(|rule| (rule.to_owned(), digest.to_owned()));
        ledger.define_used(BTreeMap::from(rules), NOW).unwrap();
        ledger.rules().unwrap()
    };
    let noted = BTreeMap::from([("simulated/1".to_owned(), "now".to_owned())]);
    assert_eq!(demand("now"), noted, "the other one never signed");
    assert_eq!(demand("later"), noted);
    audit::verify(ledger.books(), |_| {}).unwrap();
}

#[test]
fn a_new_key_signs_every_standing_claim_again() {
    let mut desk = Desk::new();
    let (stands, taken) = (desk.issued("a", 0), desk.issued("b", 1));
    let reason = closed();
    desk.ledger.revoke(&[taken.id], &reason, &desk.pen).unwrap();
    desk.pen.key = SecretKey::from_seed([2; 32]);
    assert_eq!(desk.ledger.reissue(&desk.pen).unwrap(), 1);
    assert_eq!(desk.ledger.reissue(&desk.pen).unwrap(), 0);
    let row = desk.ledger.get(&stands.id).unwrap();
    let key = desk.pen.key.public();
    let credential = Credential::from_value(row.credential).unwrap();
    assert_eq!(credential.status()[0].index, stands.index, "its bit stays");
    assert!(Claim::verify(credential, &|_, _| Some(key)).is_ok());
}

#[test]
fn the_audit_chain_shows_a_link_that_was_changed() {
    let desk = Desk::new();
    desk.issued("a", 0);
    desk.issued("b", 1);
    assert_eq!(audit::verify(desk.ledger.books(), |_| {}).unwrap(), 4);
    let books = MemoryBooks::default();
    for (number, mut link) in
        desk.ledger.books().links(audit::CHAIN, 0, 10).unwrap().into_iter().enumerate()
    {
        if number == 2 {
            let text = String::from_utf8(link).unwrap().replace("\"index\":", "\"index\":1");
            link = text.into_bytes();
        }
        let length = u64::try_from(number).unwrap();
        let change = Change::Link { chain: audit::CHAIN, length, bytes: link };
        Books::write(&books, vec![change]).unwrap();
    }
    let found = audit::verify(&books, |_| {});
    assert!(matches!(found, Err(LedgerError::Broken { number: 3 })), "{found:?}");
}

/// A table that no backup holds is lost with the disk.
#[test]
fn everything_in_the_books_goes_into_a_backup() {
    use super::lists::{BITS, INDEXES, LISTS, SIGNED, STATEMENTS};
    // Whom claims are about is found anew: that table is written by every start.
    let own = [super::ISSUED, super::ACCOUNTS, super::incarnation::TABLE, super::rules::RULES];
    let mut tables = [&own[..], &[BITS, INDEXES, LISTS, SIGNED, STATEMENTS]].concat();
    tables.sort_unstable();
    assert_eq!(tables, countersign_node::books::TABLES);
    assert_eq!([audit::CHAIN], countersign_node::books::CHAINS);
}
