//! The whole way to a claim, over TLS and through a browser, and everybody who tries another way.

use super::Provider;
use super::browser::{Browser, Page};
use super::fault::Fault;
use super::people::{Client, Customer, PASSWORD, UNVERIFIED, VERIFIED};
use countersign_attestor::config::About;
use countersign_attestor::evidence::Evidence;
use countersign_attestor::evidence::oidc::Oidc;
use countersign_attestor::evidence::outbound::Limits;
use countersign_attestor::evidence::settings::{ClientSecret, Settings};
use countersign_attestor::ground::Ground as _;
use countersign_attestor::ground::memory::{Memory, identity};
use countersign_attestor::http::{LIMITS, router};
use countersign_attestor::ledger::{Reason, Second, Standing, audit};
use countersign_attestor::office::{Again, Office, Rules};
use countersign_node::claims::{Asking, ClaimsError, Expected, Place, SignIn, Waiting, accept};
use countersign_node::serve::serve;
use countersign_node::tls;
use countersign_protocol::credential::draft::{Audience, present};
use countersign_protocol::did::log::History;
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::statement::Signed;
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

/// An attestor at work, and the provider it asks.
pub(super) struct Scene {
    provider: Provider,
    ground: Arc<Memory>,
    pub(super) office: Arc<Office>,
    place: Place,
    _stop: tokio_util::sync::DropGuard,
    _folder: tempfile::TempDir,
}

/// Somebody with an identity, whose node knows her key.
pub(super) struct Person {
    pub(super) history: History,
    key: SecretKey,
}

impl Person {
    pub(super) fn new() -> Self {
        let key = SecretKey::from_seed(rand::random());
        let history = identity(&key, &key, now()).unwrap();
        Self { history, key }
    }
}

impl Scene {
    pub(super) async fn new(second: Second) -> Self {
        let provider = Provider::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let ground = Arc::new(Memory::new(now()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let public_url = Url::parse(&url).unwrap();
        let source = source(&provider, &public_url);
        let folder = tempfile::tempdir().unwrap();
        let certificate = tls::self_signed(folder.path(), vec!["127.0.0.1".to_owned()]).unwrap();
        let rules = Rules {
            name: "North".to_owned(),
            public_url,
            pin: Some(certificate.spki_sha256),
            second,
            wait: 60,
            ask_again: Duration::from_secs(86_400),
            about: About::default(),
        };
        let sources: Vec<Arc<dyn Evidence>> = vec![Arc::new(source)];
        let office = Office::open(ground.clone(), sources, rules).await.unwrap();
        let office = Arc::new(office);
        let stop = CancellationToken::new();
        let router = router(Arc::clone(&office));
        tokio::spawn(serve(listener, Some(certificate.acceptor), router, LIMITS, stop.clone()));
        let place = Place { url, spki_sha256: Some(certificate.spki_sha256) };
        Self { provider, ground, office, place, _stop: stop.drop_guard(), _folder: folder }
    }

    /// Asks for a claim and shows the subject.
    async fn ask(&self, person: &Person, browser: bool) -> (SignIn, Waiting) {
        let asking = Asking::begin(&self.place, CLAIM, browser).await.unwrap();
        let audience = Audience {
            challenge: asking.challenge(),
            domain: asking.domain(),
            created: now(),
            life: 300,
        };
        let shown = present(person.history.did(), &[], audience, &person.key);
        self.ground.know(person.history.clone());
        asking.present(&shown, None).await.unwrap()
    }

    /// Signs in, up to the page that asks for confirmation.
    async fn sign_in(&self, browser: &mut Browser, url: &str, email: &str) -> Page {
        let page = browser.visit(&Url::parse(url).unwrap()).await.unwrap();
        let filled = [("email", email), ("password", PASSWORD), ("answer", "allow")];
        browser.submit(&page, &filled).await.unwrap()
    }

    /// Goes the whole way.
    pub(super) async fn claim(&self, person: &Person, email: &str) -> Result<Value, ClaimsError> {
        let (sign_in, waiting) = self.ask(person, true).await;
        let mut browser = Browser::new().unwrap();
        let page = self.sign_in(&mut browser, &sign_in.url, email).await;
        let person = async {
            if page.text.contains("Is this you?") {
                browser.submit(&page, &[("answer", "yes")]).await.unwrap();
            } else {
                // The page links back to the node that asked.
                browser.visit(&page.way_back().unwrap()).await.unwrap();
            }
        };
        let (claim, ()) = tokio::join!(waiting.collect(), person);
        claim
    }

    async fn key(&self) -> SecretKey {
        self.ground.assertion_key(now()).await.unwrap()
    }
}

fn source(provider: &Provider, public_url: &Url) -> Oidc {
    let mut settings =
        Settings::parse(include_str!("../../../attestor/examples/simulated.toml")).unwrap();
    settings.oidc.issuer = provider.issuer().to_owned();
    settings.oidc.hosts = vec![provider.address().to_string()];
    let secret = ClientSecret::new("secret");
    let source = Oidc::new(settings, secret, public_url, Limits::default()).unwrap();
    provider.register(Client {
        id: "attestor".to_owned(),
        secret: "secret".to_owned(),
        redirect: source.callback().to_string(),
    });
    source
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(since.as_secs())
}

fn id_of(claim: &Value) -> String {
    claim["id"].as_str().unwrap().to_owned()
}

const CLAIM: &str = "PaymentAccountVerified";

#[tokio::test]
async fn a_sign_in_becomes_a_claim_that_holds() {
    let scene = Scene::new(Second::Reject).await;
    let ada = Person::new();
    let claim = scene.claim(&ada, VERIFIED).await.unwrap();
    let own = scene.ground.own().await.unwrap();
    let expected = Expected { issuer: own.scid(), subject: ada.history.scid(), claim: CLAIM };
    let key = scene.key().await.public();
    let held = accept(claim, expected, &|_, _| Some(key), now()).unwrap();
    assert_eq!(held.says()["verified"], Value::Bool(true));
    assert_eq!(held.evidence()[0].rule.as_ref().unwrap().name, "simulated-verified-account");
    // A list was opened, its rule noted, and the claim signed.
    assert_eq!(audit::verify(scene.office.ledger().books(), |_| {}).unwrap(), 3);
}

#[tokio::test]
async fn an_unverified_account_gets_no_claim_and_the_node_learns_why() {
    let scene = Scene::new(Second::Reject).await;
    let error = scene.claim(&Person::new(), UNVERIFIED).await.unwrap_err();
    assert!(error.to_string().contains("the provider says verified = false"), "{error}");
}

#[tokio::test]
async fn a_node_learns_of_a_no_though_nobody_goes_back_from_the_page_that_says_so() {
    let scene = Scene::new(Second::Reject).await;
    let (sign_in, waiting) = scene.ask(&Person::new(), true).await;
    let mut browser = Browser::new().unwrap();
    let page = scene.sign_in(&mut browser, &sign_in.url, UNVERIFIED).await;
    let told = tokio::time::timeout(Duration::from_secs(60), waiting.collect()).await;
    let error = told.expect("it waits and waits").unwrap_err();
    assert!(error.to_string().contains("the provider says verified = false"), "{error}");
    // Whoever goes back all the same is met by a page, not by nothing.
    let back = browser.visit(&page.way_back().unwrap()).await.unwrap();
    assert_eq!(back.status.as_u16(), 200);
}

#[tokio::test]
async fn whoever_refuses_at_the_provider_gets_no_claim() {
    let scene = Scene::new(Second::Reject).await;
    let (sign_in, _waiting) = scene.ask(&Person::new(), true).await;
    let mut browser = Browser::new().unwrap();
    let page = browser.visit(&Url::parse(&sign_in.url).unwrap()).await.unwrap();
    let page = browser.submit(&page, &[("answer", "deny")]).await.unwrap();
    assert!(page.text.contains("refused by the person"), "{}", page.text);
}

#[tokio::test]
async fn without_a_browser_beside_the_node_a_code_is_typed() {
    let scene = Scene::new(Second::Reject).await;
    let (sign_in, waiting) = scene.ask(&Person::new(), false).await;
    let code = sign_in.code.unwrap();
    let mut browser = Browser::new().unwrap();
    let page = scene.sign_in(&mut browser, &sign_in.url, VERIFIED).await;
    let page = browser.submit(&page, &[("answer", "yes"), ("code", "WRON-GONE")]).await.unwrap();
    assert!(page.text.contains("That is not the code"), "{}", page.text);
    let page = browser.submit(&page, &[("answer", "yes"), ("code", &code)]).await.unwrap();
    assert!(page.text.contains("Done"), "{}", page.text);
    assert!(waiting.collect().await.is_ok());
}

/// The attacker asks for a claim about himself and has a victim sign in.
#[tokio::test]
async fn an_attackers_link_opened_in_a_victims_browser_yields_nothing() {
    let scene = Scene::new(Second::Reject).await;
    let attacker = Person::new();
    let (sign_in, waiting) = scene.ask(&attacker, false).await;
    let mut victim = Browser::new().unwrap();
    let page = scene.sign_in(&mut victim, &sign_in.url, VERIFIED).await;
    assert!(page.text.contains(&attacker.history.scid().fingerprint()), "she sees whose it is");
    let page = victim.submit(&page, &[("answer", "yes")]).await.unwrap();
    assert!(page.text.contains("That is not the code"), "she does not have the attacker's code");
    drop(waiting);
    let (sign_in, waiting) = scene.ask(&attacker, true).await;
    let mut victim = Browser::new().unwrap();
    let page = scene.sign_in(&mut victim, &sign_in.url, VERIFIED).await;
    let page = victim.submit_only(&page, &[("answer", "yes")]).await.unwrap();
    // Her browser takes the code to a port of *her* computer; his node never sees it.
    assert!(page.redirect.unwrap().as_str().starts_with("http://127.0.0.1:"));
    drop(waiting);
    let mut claims = 0;
    scene.office.ledger().each(|_| claims += 1).unwrap();
    assert_eq!(claims, 0);
}

#[tokio::test]
async fn an_answer_in_another_browser_is_refused() {
    let scene = Scene::new(Second::Reject).await;
    let (sign_in, _waiting) = scene.ask(&Person::new(), true).await;
    let mut hers = Browser::new().unwrap();
    let page = hers.visit(&Url::parse(&sign_in.url).unwrap()).await.unwrap();
    let filled = [("email", VERIFIED), ("password", PASSWORD), ("answer", "allow")];
    let back = hers.submit_only(&page, &filled).await.unwrap().redirect.unwrap();
    let mut his = Browser::new().unwrap();
    let page = his.visit(&back).await.unwrap();
    assert!(page.text.contains("another browser"), "no cookie: {}", page.text);
    let other = scene.ask(&Person::new(), true).await.0;
    his.visit(&Url::parse(&other.url).unwrap()).await.unwrap();
    let page = his.visit(&back).await.unwrap();
    assert!(page.text.contains("another browser"), "another cookie: {}", page.text);
}

#[tokio::test]
async fn an_answer_that_comes_twice_counts_once() {
    let scene = Scene::new(Second::Reject).await;
    let (sign_in, _waiting) = scene.ask(&Person::new(), true).await;
    let mut browser = Browser::new().unwrap();
    let page = browser.visit(&Url::parse(&sign_in.url).unwrap()).await.unwrap();
    let filled = [("email", VERIFIED), ("password", PASSWORD), ("answer", "allow")];
    let back = browser.submit_only(&page, &filled).await.unwrap().redirect.unwrap();
    assert!(browser.visit(&back).await.unwrap().text.contains("Is this you?"));
    let page = browser.visit(&back).await.unwrap();
    assert!(page.text.contains("another sign-in"), "{}", page.text);
}

#[tokio::test]
async fn a_broken_answer_of_the_provider_is_shown_as_such() {
    let scene = Scene::new(Second::Reject).await;
    scene.provider.set_fault(Some(Fault::OtherNonce));
    let error = scene.claim(&Person::new(), VERIFIED).await.unwrap_err();
    assert!(error.to_string().contains("id_token is refused"), "{error}");
}

#[tokio::test]
async fn a_presentation_for_another_request_or_of_another_key_is_refused() {
    let scene = Scene::new(Second::Reject).await;
    let (ada, eve) = (Person::new(), Person::new());
    scene.ground.know(ada.history.clone());
    let asking = Asking::begin(&scene.place, CLAIM, true).await.unwrap();
    let domain = asking.domain().to_owned();
    let audience = Audience { challenge: "another", domain: &domain, created: now(), life: 300 };
    let replayed = present(ada.history.did(), &[], audience, &ada.key);
    assert!(asking.present(&replayed, None).await.is_err());
    let asking = Asking::begin(&scene.place, CLAIM, true).await.unwrap();
    let challenge = asking.challenge().to_owned();
    let audience = Audience { challenge: &challenge, domain: &domain, created: now(), life: 300 };
    let forged = present(ada.history.did(), &[], audience, &eve.key);
    assert!(asking.present(&forged, None).await.is_err());
}

#[tokio::test]
async fn a_second_identity_is_rejected_allowed_or_moved_to() {
    let (ada, eve) = (Person::new(), Person::new());
    let scene = Scene::new(Second::Reject).await;
    scene.claim(&ada, VERIFIED).await.unwrap();
    let (sign_in, _waiting) = scene.ask(&eve, true).await;
    let mut browser = Browser::new().unwrap();
    let page = scene.sign_in(&mut browser, &sign_in.url, VERIFIED).await;
    assert!(page.text.contains("Already attested"), "she sees it in the browser: {}", page.text);
    let error = scene.claim(&eve, VERIFIED).await.unwrap_err();
    let told = matches!(&error, ClaimsError::Refused { kind, .. } if kind == "already-attested");
    assert!(told, "her node is told by a code: {error}");
    scene.claim(&ada, VERIFIED).await.unwrap();

    let scene = Scene::new(Second::Allow).await;
    scene.claim(&ada, VERIFIED).await.unwrap();
    scene.claim(&eve, VERIFIED).await.unwrap();

    let scene = Scene::new(Second::Move).await;
    let first = scene.claim(&ada, VERIFIED).await.unwrap();
    let (sign_in, waiting) = scene.ask(&eve, true).await;
    let mut browser = Browser::new().unwrap();
    let page = scene.sign_in(&mut browser, &sign_in.url, VERIFIED).await;
    let person = async {
        browser.submit(&page, &[("answer", "yes")]).await.unwrap();
    };
    let waited = async {
        tokio::select! {
            _ = waiting.collect() => panic!("issued before the wait was over"),
            () = published(&scene.ground) => {}
        }
    };
    tokio::join!(person, waited);
    let row = scene.office.ledger().get(&id_of(&first)).unwrap();
    assert!(matches!(row.standing, Standing::Revoked { .. }), "revoked before anything is issued");
}

/// Waits until a statement that revokes something went out.
async fn published(ground: &Memory) {
    loop {
        let flips = |bytes: &Vec<u8>| {
            let signed = Signed::parse(bytes, ground.network());
            signed.is_ok_and(|signed| !signed.unauthorized().flips.is_empty())
        };
        if ground.published().iter().any(flips) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_the_provider_no_longer_says_is_taken_back() {
    let scene = Scene::new(Second::Reject).await;
    let claim = scene.claim(&Person::new(), VERIFIED).await.unwrap();
    let id = id_of(&claim);
    assert_eq!(scene.office.ask_again_about(&id).await.unwrap(), Again::Holds(None));
    let Again::Holds(Some(renewed)) = scene.office.renew(&id).await.unwrap() else { panic!() };
    scene.provider.set_fault(Some(Fault::Down));
    assert!(scene.office.ask_again_about(&renewed).await.is_err(), "down is not a no");
    scene.provider.set_fault(None);
    scene.provider.add(Customer { verified: false, ..Customer::verified() });
    assert_eq!(scene.office.ask_about_all().await.unwrap(), 1);
    for id in [id, renewed] {
        let row = scene.office.ledger().get(&id).unwrap();
        assert!(matches!(row.standing, Standing::Revoked { .. }), "the renewed one, too");
    }
    assert_eq!(tokens(&scene), 0, "a provider is not asked about what was taken back");
}

/// Counts the tokens by which the provider could be asked again.
fn tokens(scene: &Scene) -> usize {
    let names = scene.ground.secret_names().unwrap();
    names.iter().filter(|name| name.starts_with("attestor/refresh/")).count()
}

#[tokio::test]
async fn a_token_lives_as_long_as_its_claim() {
    let scene = Scene::new(Second::Reject).await;
    let (ada, eve) = (Person::new(), Person::new());
    let claim = scene.claim(&ada, VERIFIED).await.unwrap();
    assert_eq!(tokens(&scene), 1);
    scene.claim(&eve, VERIFIED).await.unwrap_err();
    assert_eq!(tokens(&scene), 1, "what was not signed keeps none");
    let until = scene.office.ledger().get(&id_of(&claim)).unwrap().valid_until;
    scene.ground.set_clock(until.minus(1));
    scene.office.forget_tokens().await.unwrap();
    assert_eq!(tokens(&scene), 1);
    scene.ground.set_clock(until);
    scene.office.forget_tokens().await.unwrap();
    assert_eq!(tokens(&scene), 0, "what ended keeps none");
}

#[tokio::test]
async fn a_revoked_claim_can_be_had_again_but_not_with_the_same_bit() {
    let scene = Scene::new(Second::Reject).await;
    let ada = Person::new();
    let first = id_of(&scene.claim(&ada, VERIFIED).await.unwrap());
    let (why, note) = (Why::SubjectAsked, String::new());
    let reason = Reason { why, note, effective: now() };
    scene.office.revoke(&first, reason).await.unwrap();
    let second = id_of(&scene.claim(&ada, VERIFIED).await.unwrap());
    let ledger = scene.office.ledger();
    assert_ne!(ledger.get(&first).unwrap().index, ledger.get(&second).unwrap().index);
}

#[tokio::test]
async fn a_claim_lost_on_its_way_is_given_again() {
    let scene = Scene::new(Second::Reject).await;
    let ada = Person::new();
    let claim = scene.claim(&ada, VERIFIED).await.unwrap();
    let asking = Asking::begin(&scene.place, CLAIM, false).await.unwrap();
    let (challenge, domain) = (asking.challenge().to_owned(), asking.domain().to_owned());
    let audience = Audience { challenge: &challenge, domain: &domain, created: now(), life: 300 };
    let shown = present(ada.history.did(), &[], audience, &ada.key);
    assert_eq!(asking.current(&shown, None).await.unwrap(), [claim]);
}

#[tokio::test]
async fn another_key_than_the_profiles_is_not_spoken_to() {
    let scene = Scene::new(Second::Reject).await;
    let place = Place { spki_sha256: Some([7; 32]), ..scene.place.clone() };
    let error = Asking::begin(&place, CLAIM, true).await.unwrap_err();
    assert!(matches!(error, ClaimsError::OtherCertificate { .. }), "{error}");
    let place = Place { spki_sha256: None, ..scene.place.clone() };
    let error = Asking::begin(&place, CLAIM, true).await.unwrap_err();
    assert!(matches!(error, ClaimsError::BadCertificate { .. }), "nobody vouches for it: {error}");
}

/// Makes a client that looks at one answer after the other, whoever vouches for the certificate.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .danger_accept_invalid_certs(true)
        .no_proxy()
        .build()
        .unwrap()
}

#[tokio::test]
async fn every_page_has_strict_headers_and_the_cookie_is_the_hosts_alone() {
    let scene = Scene::new(Second::Reject).await;
    let (sign_in, _waiting) = scene.ask(&Person::new(), true).await;
    let client = client();
    let answer = client.get(&sign_in.url).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let cookie = header("set-cookie");
    assert!(cookie.starts_with("__Host-countersign="), "{cookie}");
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
}

#[tokio::test]
async fn no_header_of_a_proxy_changes_where_an_attestor_leads() {
    let scene = Scene::new(Second::Reject).await;
    let (sign_in, _waiting) = scene.ask(&Person::new(), true).await;
    let client = client();
    let begin = sign_in.url.replace("/start/", "/begin/");
    let front = Url::parse(&sign_in.url).unwrap().join("/").unwrap().to_string();
    let asked = async |url: &str, spoofed: bool| {
        let mut request = client.get(url);
        if spoofed {
            for (name, value) in [
                ("host", "evil.example"),
                ("forwarded", "for=1.2.3.4;host=evil.example;proto=http"),
                ("x-forwarded-host", "evil.example"),
                ("x-forwarded-proto", "http"),
                ("x-forwarded-prefix", "/evil.example"),
                ("x-original-url", "/evil.example"),
            ] {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.unwrap();
        let led = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status(), led, answer.text().await.unwrap())
    };
    for page in [&front, &sign_in.url] {
        assert_eq!(asked(page, true).await, asked(page, false).await);
    }
    let (_, led, _) = asked(&begin, true).await;
    let led = Url::parse(&led.unwrap()).unwrap();
    let back = led.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert!(back.starts_with(front.as_str()), "{back}");
    assert!(!led.as_str().contains("evil"), "{led}");
}
