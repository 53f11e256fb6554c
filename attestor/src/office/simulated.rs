//! What an office does with a person and a provider, both simulated.

mod anew;

use super::tests::rules;
use super::{Again, Asked, Collected, Office, OfficeError, Verb, keys_of};
use crate::evidence::oidc::id_token::IdTokenError;
use crate::evidence::oidc::userinfo::UserinfoError;
use crate::evidence::rule;
use crate::evidence::settings::Settings;
use crate::evidence::{
    Account, Answer, AskedAgain, Evidence, EvidenceError, Pending, RefreshToken, Seen, SignIn,
};
use crate::ground::memory::{Memory, identity};
use crate::ground::{Ground as _, GroundError};
use crate::issuance::no::Cause;
use crate::issuance::{Browser, Delivery, Issuance, IssuanceError, Loopback, Next, Terms};
use crate::ledger::{Order, Outcome, Second};
use async_trait::async_trait;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use countersign_protocol::credential::draft::{Audience, present, to_bytes};
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{self, Change, Place, Signing};
use countersign_protocol::encoding::{base64url, multihash};
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::proof::Purpose;
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use url::Url;
use zeroize::Zeroizing;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const TOKEN: &str = "attestor/refresh/test";
const VERIFIER: &str = "a verifier that only the requesting node knows";

/// A provider that takes every token once, and answers when it is let.
struct Provider {
    settings: Settings,
    callback: Url,
    says: Mutex<Map<String, Value>>,
    token: Mutex<String>,
    clock: Mutex<Timestamp>,
    asked: AtomicUsize,
    gate: Semaphore,
}

impl Provider {
    fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            settings,
            callback: Url::parse("https://north.example/callback/simulated").unwrap(),
            says: Mutex::new(says("DE")),
            token: Mutex::new("first".to_owned()),
            clock: Mutex::new(NOW),
            asked: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        })
    }

    fn seen(&self) -> Seen {
        Seen {
            account: account(),
            display: None,
            properties: self.says.lock().unwrap().clone(),
            at: *self.clock.lock().unwrap(),
            refresh: None,
        }
    }
}

#[async_trait]
impl Evidence for Provider {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn callback(&self) -> &Url {
        &self.callback
    }

    async fn begin(&self, _now: Timestamp) -> Result<SignIn, EvidenceError> {
        let (mut url, pending) = (self.callback.clone(), Pending::random());
        url.query_pairs_mut().append_pair("state", pending.state());
        Ok(SignIn { url, pending })
    }

    /// An answer without a code is one whose id_token does not verify.
    async fn finish(
        &self,
        _pending: Pending,
        answer: &Answer,
        _now: Timestamp,
    ) -> Result<Seen, EvidenceError> {
        if answer.code.is_none() {
            return Err(IdTokenError::Missing.into());
        }
        let seen = self.seen();
        let found = seen.properties.get("verified").and_then(Value::as_bool);
        if found == Some(true) {
            return Ok(seen);
        }
        let (name, account) = ("verified".to_owned(), Box::new(seen.account));
        Err(UserinfoError::NotMet { name, found, account }.into())
    }

    async fn again(
        &self,
        refresh: &RefreshToken,
        _now: Timestamp,
    ) -> Result<AskedAgain, EvidenceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        let mut token = self.token.lock().unwrap();
        if *token != refresh.reveal() {
            return Err(EvidenceError::Declined { code: "invalid_grant".to_owned() });
        }
        token.push_str(" and the next");
        let refresh = RefreshToken::new(Zeroizing::new(token.clone()));
        Ok(AskedAgain { refresh, seen: Ok(self.seen()) })
    }
}

fn settings() -> Settings {
    Settings::parse(include_str!("../../examples/simulated.toml")).unwrap()
}

fn says(country: &str) -> Map<String, Value> {
    Map::from_iter([("verified".to_owned(), json!(true)), ("country".to_owned(), json!(country))])
}

fn account() -> Account {
    Account { issuer: "https://id.example".to_owned(), id: Zeroizing::new("7".to_owned()) }
}

/// An office that signed one claim and kept a token for it.
struct Desk {
    ground: Arc<Memory>,
    provider: Arc<Provider>,
    office: Arc<Office>,
    key: SecretKey,
    person: History,
}

impl Desk {
    async fn new() -> Self {
        Self::with(settings()).await
    }

    async fn with(settings: Settings) -> Self {
        let (ground, provider) = (Arc::new(Memory::new(NOW).unwrap()), Provider::new(settings));
        let sources = vec![Arc::clone(&provider) as Arc<dyn Evidence>];
        let office = Office::open(Arc::clone(&ground) as _, sources, rules()).await.unwrap();
        let key = SecretKey::from_seed([9; 32]);
        let person = identity(&key, &key, NOW).unwrap();
        Self { ground, provider, office: Arc::new(office), key, person }
    }

    /// Signs a claim by the first version of the rule, that it is DE; it can be asked about again.
    async fn signed(&self) -> String {
        self.signed_for(86_400).await
    }

    async fn signed_for(&self, seconds: u64) -> String {
        self.ground.keep_secret(TOKEN, b"first").unwrap();
        let seen = Seen { properties: says("DE"), ..self.provider.seen() };
        let order = Order {
            account: self.office.accounts.names(&account()),
            subject: self.person.did().clone(),
            source: "simulated".to_owned(),
            claim: "PaymentAccountVerified".to_owned(),
            says: seen.properties.clone(),
            evidence: super::describe::evidence(&settings(), &seen),
            demands: Some(rule::digest(&settings())),
            evidence_at: NOW,
            valid_until: NOW.plus(seconds),
            refresh: Some(TOKEN.to_owned()),
            second: Second::Reject,
            wait: 60,
            note: String::new(),
        };
        let pen = self.office.pen().await.unwrap();
        match self.office.ledger.issue(&order, &pen, &mut rand::random).unwrap() {
            Outcome::Issued { claim, .. } => claim.id,
            other => panic!("{other:?}"),
        }
    }

    /// Brings a request to where only the collecting is left, and gives its name and the code.
    fn confirmed(&self) -> (String, String) {
        let browser = Browser::of("hers");
        let mut request = Issuance::new(Terms {
            source: "simulated".to_owned(),
            challenge: "challenge".to_owned(),
            expires: NOW.plus(900),
            verifier: multihash::sha256(VERIFIER.as_bytes()),
            delivery: Delivery::Loopback(Loopback::parse("http://127.0.0.1:4711/x").unwrap()),
        });
        request.present(self.person.did().clone(), self.key.public(), NOW).unwrap();
        request.enter(browser, NOW).unwrap();
        request.leave(Pending::random()).unwrap();
        request.come_back(browser, NOW).unwrap();
        request.see(self.provider.seen(), "form".to_owned()).unwrap();
        let next = request.confirm(browser, "form", None, [1; 32], NOW).unwrap();
        let Next::Redirect(url) = next else { panic!("{next:?}") };
        let code = url.query_pairs().next().unwrap().1.into_owned();
        (self.office.desk().open(request, NOW).unwrap(), code)
    }

    /// Asks for a claim, shows the person with a signature by `key`, and sends the log along.
    async fn show(&self, key: &SecretKey) -> Result<Url, OfficeError> {
        let asked = Asked {
            claim: "PaymentAccountVerified".to_owned(),
            source: None,
            redirect: None,
            verifier: base64url::encode(&multihash::sha256(VERIFIER.as_bytes())),
        };
        let opened = self.office.ask(&asked).await.unwrap();
        let (challenge, domain) = (opened.challenge.as_str(), opened.domain.as_str());
        let audience = Audience { challenge, domain, created: NOW, life: 300 };
        let shown = to_bytes(&present(self.person.did(), &[], audience, key));
        let log = self.person.to_log();
        let shown = self.office.present(&opened.id, &shown, Some(&log)).await;
        shown.map(|shown| shown.sign_in)
    }

    fn stands(&self, id: &str) -> bool {
        self.office.ledger.get(id).unwrap().stands(NOW)
    }

    /// Lets the schedule ask so many days after the claim was signed; gives what it took back, and what took the
    /// place of `id`.
    async fn day(&self, days: u64, id: &str) -> (u64, Option<String>) {
        let now = NOW.plus(days * 86_400);
        self.ground.set_clock(now);
        *self.provider.clock.lock().unwrap() = now;
        let revoked = self.office.ask_about_all().await.unwrap();
        (revoked, self.office.ledger.get(id).unwrap().renewed_by)
    }
}

#[tokio::test]
async fn two_who_ask_again_with_one_token_ask_one_after_the_other() {
    let desk = Desk::new().await;
    let id = desk.signed().await;
    let [first, second] = core::array::from_fn(|_| {
        let (office, id) = (Arc::clone(&desk.office), id.clone());
        tokio::spawn(async move { office.ask_again_about(&id).await })
    });
    let (office, provider) = (&desk.office, &desk.provider);
    // Until the second one waits for the first, or asks beside it.
    while provider.asked.load(Ordering::SeqCst) < 2 && office.asking.count(TOKEN) < 2 {
        tokio::task::yield_now().await;
    }
    provider.gate.add_permits(2);
    for asked in [first, second] {
        assert_eq!(asked.await.unwrap().unwrap(), Again::Holds(None));
    }
    assert!(desk.stands(&id));
}

#[tokio::test]
async fn a_claim_whose_property_changed_at_the_provider_is_taken_back() {
    let desk = Desk::new().await;
    let id = desk.signed().await;
    desk.provider.gate.add_permits(9);
    assert_eq!(desk.office.ask_again_about(&id).await.unwrap(), Again::Holds(None));
    *desk.provider.says.lock().unwrap() = says("FR");
    assert_eq!(desk.office.ask_again_about(&id).await.unwrap(), Again::Revoked);
    assert!(!desk.stands(&id));
    let told = desk.ground.published();
    assert_eq!(told.len(), 1, "and everybody is told");
}

#[tokio::test]
async fn a_renewal_says_what_the_provider_says_now() {
    let desk = Desk::new().await;
    let id = desk.signed().await;
    desk.provider.gate.add_permits(9);
    *desk.provider.says.lock().unwrap() = says("FR");
    let Again::Holds(Some(new)) = desk.office.renew(&id).await.unwrap() else { panic!() };
    let claim = desk.office.ledger.get(&new).unwrap().credential;
    assert_eq!(claim["credentialSubject"]["country"], "FR");
    assert!(!desk.stands(&id) && desk.stands(&new));
}

#[tokio::test]
async fn the_schedule_renews_what_ends_soon_and_holds() {
    // By its file, what is signed now ends in 30 days. One that was signed for a month is not renewed each day.
    for (signed_for, not_yet, due) in [(30, 15, 16), (90, 60, 61)] {
        let desk = Desk::new().await;
        let id = desk.signed_for(signed_for * 86_400).await;
        desk.provider.gate.add_permits(9);
        assert_eq!(desk.day(not_yet, &id).await, (0, None), "{signed_for}");
        let (revoked, new) = desk.day(due, &id).await;
        assert_eq!(revoked, 0, "{signed_for}");
        let new = desk.office.ledger.get(&new.unwrap()).unwrap();
        assert_eq!(new.valid_until, NOW.plus((due + 30) * 86_400));
        let log = desk.office.perform(Verb::Log { before: None, limit: 1 }).await.unwrap();
        let link = &log["links"][0];
        let renewed = (&link["deed"]["renewed"]["old"], &link["by"]);
        assert_eq!(renewed, (&json!(id), &json!("schedule")), "{log}");
        assert_eq!(desk.day(due, &new.id).await, (0, None), "and once");
        *desk.provider.says.lock().unwrap() = says("FR");
        assert_eq!(
            desk.day(due + 1, &new.id).await,
            (1, None),
            "what holds no longer is taken back"
        );
    }
}

/// What it would sign ends before what stands.
#[tokio::test]
async fn the_schedule_makes_no_claim_shorter() {
    let mut settings = settings();
    settings.claim.rule.version = 2;
    settings.claim.valid_for = Duration::from_secs(86_400);
    let desk = Desk::with(settings).await;
    let id = desk.signed_for(30 * 86_400).await;
    desk.provider.gate.add_permits(9);
    assert_eq!(desk.day(20, &id).await, (0, None));
}

/// A file that raises the version of its rule may write the same thing in another way.
#[tokio::test]
async fn a_new_version_of_a_rule_takes_back_nothing_before_it_signs_something() {
    let mut settings = settings();
    settings.claim.rule.version = 2;
    let desk = Desk::with(settings).await;
    let id = desk.signed().await;
    desk.provider.gate.add_permits(9);
    *desk.provider.says.lock().unwrap() = says("Germany");
    assert_eq!(desk.office.ask_again_about(&id).await.unwrap(), Again::Holds(None));
    assert!(desk.stands(&id));
    let Again::Holds(Some(new)) = desk.office.renew(&id).await.unwrap() else { panic!() };
    let claim = desk.office.ledger.get(&new).unwrap();
    assert_eq!(claim.rule(), "simulated-verified-account/2");
    assert!(!desk.stands(&id), "nobody is told both");
}

#[tokio::test]
async fn an_attestor_does_not_start_with_a_rule_that_signed_and_was_changed() {
    let desk = Desk::new().await;
    desk.signed().await;
    let start = async |change: fn(&mut Settings)| {
        let mut settings = Settings { file: "simulated.toml".into(), ..settings() };
        change(&mut settings);
        let sources = vec![Provider::new(settings) as Arc<dyn Evidence>];
        let office = Office::open(Arc::clone(&desk.ground) as _, sources, rules()).await.unwrap();
        office.check_rules().await
    };
    start(|_| {}).await.unwrap();
    let refused = start(|settings| settings.claim.says.push('!')).await.unwrap_err();
    assert!(matches!(refused, OfficeError::RuleChanged { .. }), "{refused}");
    assert!(refused.to_string().contains("simulated.toml"), "{refused}");
    assert!(refused.hint().unwrap().contains("raise `version`"));
    let raised = |settings: &mut Settings| {
        settings.claim.says.push('!');
        settings.claim.rule.version = 2;
    };
    start(raised).await.unwrap();
}

/// The provider gave a token all the same.
#[tokio::test]
async fn what_was_taken_back_or_renewed_is_not_renewed_and_it_is_said_why() {
    let desk = Desk::new().await;
    let id = desk.signed().await;
    desk.provider.gate.add_permits(9);
    let Again::Holds(Some(new)) = desk.office.renew(&id).await.unwrap() else { panic!() };
    let why = async |id: &str| desk.office.renew(id).await.unwrap_err().to_string();
    assert_eq!(why(&id).await, format!("claim {id} was renewed before: {new} took its place"));
    let (reason, note) = (Why::Unspecified, String::new());
    let revoke = Verb::Revoke { id: new.clone(), reason, note, effective: None };
    desk.office.perform(revoke).await.unwrap();
    assert_eq!(why(&new).await, format!("claim {new} was taken back at {NOW}"));
}

/// She would sign in, and wait for what nobody signs.
#[tokio::test]
async fn under_a_clock_in_doubt_nobody_is_sent_to_a_provider() {
    let desk = Desk::new().await;
    desk.ground.doubt_clock(Some("a day off"));
    let refused = desk.show(&desk.key).await.unwrap_err();
    assert!(matches!(refused, OfficeError::Ground(GroundError::Clock { .. })), "{refused}");
    let clock = async || desk.office.perform(Verb::Overview).await.unwrap()["clock"].clone();
    assert_eq!(clock().await, false, "and the overview says so");
    desk.ground.doubt_clock(None);
    assert_eq!(clock().await, true);
    desk.show(&desk.key).await.unwrap();
}

#[tokio::test]
async fn what_a_source_signs_no_more_it_does_not_renew() {
    let mut settings = settings();
    settings.claim.kind = "SomethingElse".to_owned();
    let desk = Desk::with(settings).await;
    let id = desk.signed().await;
    desk.provider.gate.add_permits(9);
    let refused = desk.office.renew(&id).await.unwrap_err();
    assert!(matches!(refused, OfficeError::NotOffered { .. }), "{refused}");
    assert!(desk.stands(&id));
}

#[tokio::test]
async fn whoever_goes_away_while_the_claim_is_signed_collects_it_with_the_same_code() {
    let desk = Desk::new().await;
    desk.ground.know(desk.person.clone());
    let (name, code) = desk.confirmed();
    let collect = || desk.office.collect(&name, &code, VERIFIER);
    // Held here, signing waits; and then nobody waits for it any more.
    let busy = desk.office.tokens.write().await;
    tokio::time::timeout(Duration::ZERO, collect()).await.unwrap_err();
    drop(busy);
    assert!(matches!(collect().await.unwrap(), Collected::Claim(_)));
    assert!(collect().await.is_err(), "and once");
}

/// Her log, and what becomes of it: she replaces the key she shows herself with, or ends it.
fn changes(key: &SecretKey) -> (History, [History; 2]) {
    let [update, next, after, recovery] = [1, 2, 3, 4].map(|seed| SecretKey::from_seed([seed; 32]));
    let (next_public, after_public, recovery) = (next.public(), after.public(), recovery.public());
    let keys = |key: PublicKey| draft::Keys { authentication: vec![key], assertion: vec![key] };
    let signing = Signing { key: &update, next: &next_public, recovery: &recovery };
    let first = draft::create(Place::Home, &keys(key.public()), None, signing, NOW.minus(60));
    let first = first.unwrap().history;
    let change = Change { keys: Some(keys(after_public)), ..Change::default() };
    let signing = Signing { key: &next, next: &after_public, recovery: &recovery };
    let replaced = draft::change(&first, &change, signing, NOW).unwrap().history;
    let [_, ended] = draft::deactivate(&first, &next, NOW).unwrap();
    (first, [replaced, ended.history])
}

#[test]
fn an_identity_that_ended_has_no_key_though_its_document_lists_one() {
    let key = SecretKey::from_seed([7; 32]);
    let (first, [_, ended]) = changes(&key);
    let url = first.did().with_fragment(&key.public().to_multikey());
    for purpose in [Purpose::Authentication, Purpose::AssertionMethod] {
        assert_eq!(keys_of(&first)(purpose, &url), Some(key.public()));
        assert_eq!(ended.document().key_for(purpose, &url), Some(key.public()));
        assert_eq!(keys_of(&ended)(purpose, &url), None);
    }
}

#[tokio::test]
async fn an_identity_that_changed_while_its_owner_signed_in_gets_no_claim() {
    for change in 0..2 {
        let mut desk = Desk::new().await;
        let (first, then) = changes(&desk.key);
        let scid = first.scid();
        desk.ground.know(first.clone());
        desk.person = first;
        let (name, code) = desk.confirmed();
        desk.ground.know(then[change].clone());
        let collect = || desk.office.collect(&name, &code, VERIFIER);
        let refused = collect().await.unwrap_err();
        assert!(matches!(refused, OfficeError::Changed { .. }), "{change}: {refused}");
        assert!(desk.office.ledger.about(scid).unwrap().is_empty(), "nothing was signed");
        // Nor does the code come again: she is told, and begins anew.
        match collect().await.unwrap_err() {
            OfficeError::Issuance(IssuanceError::Refused { no }) => {
                assert_eq!(no.cause, Cause::IdentityChanged);
            }
            other => panic!("{change}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_stranger_who_shows_somebody_else_leaves_nothing_behind() {
    let desk = Desk::new().await;
    let scid = desk.person.scid();
    let refused = desk.show(&SecretKey::from_seed([1; 32])).await.unwrap_err();
    assert!(matches!(refused, OfficeError::Presentation(_)), "{refused}");
    let held = desk.ground.newest(scid, None).await;
    assert!(matches!(held, Err(GroundError::NotFound { .. })));
    desk.show(&desk.key).await.unwrap();
    assert!(desk.ground.newest(scid, None).await.is_ok(), "whose log it is, it is held for");
}
