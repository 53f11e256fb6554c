//! Each rule of a sign-in, with a provider or a browser that breaks only that rule.

use super::Provider;
use super::browser::{Browser, Page};
use super::fault::Fault;
use super::people::{Client, PASSWORD, UNVERIFIED, VERIFIED};
use countersign_attestor::evidence::oidc::Oidc;
use countersign_attestor::evidence::oidc::id_token::IdTokenError;
use countersign_attestor::evidence::oidc::token::TokenError;
use countersign_attestor::evidence::oidc::userinfo::UserinfoError;
use countersign_attestor::evidence::outbound::{Limits, OutboundError};
use countersign_attestor::evidence::settings::{
    Algorithm, ClientAuthentication, ClientSecret, IdToken, Settings, UserinfoSub,
};
use countersign_attestor::evidence::{Answer, Evidence as _, EvidenceError, Seen};
use countersign_protocol::time::Timestamp;
use std::time::{Duration, SystemTime};
use url::Url;

/// A provider, a source that asks it, and a person's browser.
struct Scene {
    provider: Provider,
    source: Oidc,
    browser: Browser,
}

impl Scene {
    async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let provider = Provider::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let mut settings =
            Settings::parse(include_str!("../../../attestor/examples/simulated.toml")).unwrap();
        settings.oidc.issuer = provider.issuer().to_owned();
        settings.oidc.hosts = vec![provider.address().to_string()];
        change(&mut settings);
        let public_url = Url::parse("https://attestor.example").unwrap();
        let secret = ClientSecret::new("s3cret: & ü");
        let limits = Limits { time: Duration::from_millis(1500), ..Limits::default() };
        let source = Oidc::new(settings, secret, &public_url, limits).unwrap();
        provider.register(Client {
            id: "attestor".to_owned(),
            secret: "s3cret: & ü".to_owned(),
            redirect: source.callback().to_string(),
        });
        Self { provider, source, browser: Browser::new().unwrap() }
    }

    /// Signs in as `email`, or refuses, and brings back what the provider said.
    async fn answer(&mut self, url: &Url, email: &str, answer: &str) -> Answer {
        let page = self.browser.visit(url).await.unwrap();
        assert!(page.text.contains("SIMULATED"), "every page says what it is: {}", page.text);
        let filled = [("email", email), ("password", PASSWORD), ("answer", answer)];
        answer_in(&self.browser.submit_only(&page, &filled).await.unwrap())
    }

    async fn sign_in_as(&mut self, email: &str) -> Result<Seen, EvidenceError> {
        let sign_in = self.source.begin(now()).await?;
        let answer = self.answer(&sign_in.url, email, "allow").await;
        self.source.finish(sign_in.pending, &answer, now()).await
    }

    async fn sign_in_with(&mut self, fault: Fault) -> Result<Seen, EvidenceError> {
        self.provider.set_fault(Some(fault));
        self.sign_in_as(VERIFIED).await
    }
}

/// Reads the answer out of the redirect, as the attestor's callback does.
fn answer_in(page: &Page) -> Answer {
    let url = page.redirect.as_ref().unwrap();
    let value = |wanted: &str| {
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    Answer { state: value("state"), code: value("code"), iss: value("iss"), error: value("error") }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(since.as_secs())
}

async fn refused(fault: Fault) -> EvidenceError {
    Scene::new(|_| {}).await.sign_in_with(fault).await.unwrap_err()
}

#[tokio::test]
async fn a_verified_account_is_seen() {
    let mut scene = Scene::new(|_| {}).await;
    let seen = scene.sign_in_as(VERIFIED).await.unwrap();
    assert_eq!(
        serde_json::Value::Object(seen.properties),
        serde_json::json!({"provider": "simulated.example", "verified": true})
    );
    assert_eq!(seen.account.issuer, scene.provider.issuer());
    assert!(seen.display.unwrap().contains("Vera"));
    let again = scene.source.again(&seen.refresh.unwrap(), now()).await.unwrap();
    let again = again.seen.unwrap();
    assert!(again.account == seen.account, "the account is the same when asked again");
}

#[tokio::test]
async fn an_unverified_account_gives_no_evidence() {
    let error = Scene::new(|_| {}).await.sign_in_as(UNVERIFIED).await.unwrap_err();
    assert!(error.is_a_no());
    assert_eq!(error.to_string(), "the provider says verified = false");
}

#[tokio::test]
async fn the_secret_may_travel_in_the_form() {
    let change = |settings: &mut Settings| {
        settings.oidc.client_authentication = ClientAuthentication::Post;
    };
    assert!(Scene::new(change).await.sign_in_as(VERIFIED).await.is_ok());
}

#[tokio::test]
async fn the_redirect_address_is_the_exact_one_of_the_public_url() {
    let scene = Scene::new(|_| {}).await;
    let url = scene.source.begin(now()).await.unwrap().url;
    let find = |wanted: &str| url.query_pairs().find(|(n, _)| n == wanted).unwrap().1.into_owned();
    assert_eq!(find("redirect_uri"), "https://attestor.example/callback/simulated");
    assert_eq!(find("code_challenge_method"), "S256");
    assert_eq!(find("response_type"), "code");
    assert_ne!(find("state"), find("nonce"));
}

#[tokio::test]
async fn a_person_may_refuse() {
    let mut scene = Scene::new(|_| {}).await;
    let sign_in = scene.source.begin(now()).await.unwrap();
    let answer = scene.answer(&sign_in.url, VERIFIED, "deny").await;
    let error = scene.source.finish(sign_in.pending, &answer, now()).await.unwrap_err();
    assert!(matches!(error, EvidenceError::Refused));
}

#[tokio::test]
async fn another_state_is_refused() {
    assert!(matches!(refused(Fault::OtherState).await, EvidenceError::WrongState));
}

#[tokio::test]
async fn an_answer_of_another_sign_in_is_refused() {
    let mut scene = Scene::new(|_| {}).await;
    let first = scene.source.begin(now()).await.unwrap();
    let second = scene.source.begin(now()).await.unwrap();
    let answer = scene.answer(&first.url, VERIFIED, "allow").await;
    let error = scene.source.finish(second.pending, &answer, now()).await.unwrap_err();
    assert!(matches!(error, EvidenceError::WrongState));
}

#[tokio::test]
async fn a_code_of_another_sign_in_fails_its_verifier() {
    let mut scene = Scene::new(|_| {}).await;
    let first = scene.source.begin(now()).await.unwrap();
    let second = scene.source.begin(now()).await.unwrap();
    let stolen = scene.answer(&first.url, VERIFIED, "allow").await;
    let own = scene.answer(&second.url, VERIFIED, "allow").await;
    let injected = Answer { code: stolen.code, ..own };
    let error = scene.source.finish(second.pending, &injected, now()).await.unwrap_err();
    assert!(matches!(error, EvidenceError::Declined { code } if code == "invalid_grant"));
}

#[tokio::test]
async fn a_code_is_good_once() {
    let mut scene = Scene::new(|_| {}).await;
    let sign_in = scene.source.begin(now()).await.unwrap();
    let answer = scene.answer(&sign_in.url, VERIFIED, "allow").await;
    scene.source.finish(sign_in.pending, &answer, now()).await.unwrap();
    let again = scene.source.begin(now()).await.unwrap();
    let fresh = scene.answer(&again.url, VERIFIED, "allow").await;
    let replayed = Answer { code: answer.code, ..fresh };
    let error = scene.source.finish(again.pending, &replayed, now()).await.unwrap_err();
    assert!(matches!(error, EvidenceError::Declined { code } if code == "invalid_grant"));
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused() {
    assert!(matches!(refused(Fault::OtherIss).await, EvidenceError::WrongIssuer));
}

#[tokio::test]
async fn an_answer_without_issuer_is_refused_where_the_file_requires_one() {
    assert!(matches!(refused(Fault::NoIss).await, EvidenceError::NoIssuer));
    let mut lenient = Scene::new(|settings| settings.oidc.require_iss = false).await;
    assert!(lenient.sign_in_with(Fault::NoIss).await.is_ok());
    let error = lenient.sign_in_with(Fault::OtherIss).await.unwrap_err();
    assert!(matches!(error, EvidenceError::WrongIssuer), "compared whenever it is there");
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_is_refused() {
    let error = refused(Fault::DiscoveryOtherIssuer).await;
    assert!(matches!(error, EvidenceError::Discovery { .. }), "{error}");
}

#[tokio::test]
async fn hosts_come_from_the_file_never_from_the_provider() {
    let error = refused(Fault::DiscoveryOtherHost).await;
    assert!(
        matches!(error, EvidenceError::Outbound(OutboundError::HostNotAllowed { .. })),
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_of_the_token_endpoint_is_not_followed() {
    let error = refused(Fault::TokenRedirects).await;
    assert!(matches!(error, EvidenceError::Outbound(OutboundError::Redirected { .. })), "{error}");
}

#[tokio::test]
async fn a_redirect_of_userinfo_is_not_followed() {
    let error = refused(Fault::UserinfoRedirects).await;
    assert!(matches!(error, EvidenceError::Outbound(OutboundError::Redirected { .. })), "{error}");
}

#[tokio::test]
async fn a_token_answer_with_two_meanings_is_refused() {
    let error = refused(Fault::TokenTwice).await;
    assert!(matches!(error, EvidenceError::Token(TokenError::Json { .. })), "{error}");
}

#[tokio::test]
async fn a_missing_id_token_is_refused_where_the_file_requires_one() {
    let error = refused(Fault::NoIdToken).await;
    assert!(matches!(error, EvidenceError::IdToken(IdTokenError::Missing)), "{error}");
    let mut lenient = Scene::new(|settings| settings.oidc.id_token = IdToken::WhenPresent).await;
    assert!(lenient.sign_in_with(Fault::NoIdToken).await.is_ok());
    let error = lenient.sign_in_with(Fault::OtherNonce).await.unwrap_err();
    assert!(matches!(error, EvidenceError::IdToken(_)), "verified whenever it is there");
}

#[tokio::test]
async fn an_id_token_of_another_sign_in_is_refused() {
    for fault in [Fault::OtherNonce, Fault::NoNonce] {
        let error = refused(fault).await;
        let EvidenceError::IdToken(IdTokenError::Claims { cause }) = error else {
            panic!("{fault:?}: {error}")
        };
        assert!(cause.to_string().contains("nonce"), "{fault:?}: {cause}");
    }
}

#[tokio::test]
async fn hs256_is_refused_where_the_file_does_not_name_it() {
    let error = refused(Fault::Hs256).await;
    let EvidenceError::IdToken(IdTokenError::Signature { cause }) = error else {
        panic!("{error}")
    };
    assert!(cause.to_string().contains("Disallowed"), "{cause}");
    let change = |settings: &mut Settings| settings.oidc.algorithms = vec![Algorithm::HS256];
    assert!(Scene::new(change).await.sign_in_with(Fault::Hs256).await.is_ok());
}

#[tokio::test]
async fn an_id_token_nobody_signed_is_refused() {
    let error = refused(Fault::Unsigned).await;
    assert!(matches!(error, EvidenceError::IdToken(_)), "{error}");
}

#[tokio::test]
async fn an_id_token_of_another_key_is_refused() {
    let error = refused(Fault::OtherKey).await;
    assert!(matches!(error, EvidenceError::IdToken(IdTokenError::Signature { .. })), "{error}");
    let error = refused(Fault::UnknownKey).await;
    assert!(matches!(error, EvidenceError::IdToken(IdTokenError::UnknownKey)), "{error}");
}

#[tokio::test]
async fn an_id_token_for_somebody_else_or_another_time_is_refused() {
    for fault in [Fault::OtherAudience, Fault::OtherIssuer, Fault::Expired, Fault::Old] {
        let error = refused(fault).await;
        assert!(
            matches!(error, EvidenceError::IdToken(IdTokenError::Claims { .. })),
            "{fault:?}: {error}"
        );
    }
    let error = refused(Fault::OtherParty).await;
    assert!(matches!(error, EvidenceError::IdToken(IdTokenError::OtherParty)), "{error}");
    let error = refused(Fault::OtherAtHash).await;
    assert!(matches!(error, EvidenceError::IdToken(IdTokenError::OtherAccessToken)), "{error}");
}

#[tokio::test]
async fn userinfo_about_somebody_else_is_refused() {
    let error = refused(Fault::OtherSubject).await;
    assert!(matches!(error, EvidenceError::Userinfo(UserinfoError::OtherSubject)), "{error}");
}

#[tokio::test]
async fn userinfo_without_a_subject_is_refused_where_the_file_requires_one() {
    let change = |settings: &mut Settings| settings.oidc.userinfo_sub = UserinfoSub::Required;
    let mut strict = Scene::new(change).await;
    let error = strict.sign_in_as(VERIFIED).await.unwrap_err();
    assert!(matches!(error, EvidenceError::Userinfo(UserinfoError::NoSubject)), "{error}");
    assert!(strict.sign_in_with(Fault::WithSubject).await.is_ok());
}

#[tokio::test]
async fn userinfo_that_is_not_what_the_file_expects_is_refused() {
    let error = refused(Fault::NoAccount).await;
    assert!(matches!(error, EvidenceError::Userinfo(UserinfoError::NoAccount)), "{error}");
    let error = refused(Fault::OddTruth).await;
    assert!(matches!(error, EvidenceError::Userinfo(UserinfoError::WrongType { .. })), "{error}");
    let error = refused(Fault::UserinfoTwice).await;
    assert!(matches!(error, EvidenceError::Userinfo(UserinfoError::Json { .. })), "{error}");
    let error = refused(Fault::Down).await;
    assert!(
        matches!(error, EvidenceError::Userinfo(UserinfoError::Status { status: 503 })),
        "{error}"
    );
    assert!(!error.is_a_no(), "a provider that is down has said nothing");
}

#[tokio::test]
async fn too_large_a_body_is_refused() {
    let error = refused(Fault::Oversized).await;
    assert!(matches!(error, EvidenceError::Outbound(OutboundError::TooLarge { .. })), "{error}");
}

#[tokio::test]
async fn too_slow_a_body_is_refused() {
    let error = refused(Fault::Slow).await;
    assert!(matches!(error, EvidenceError::Outbound(OutboundError::TooSlow { .. })), "{error}");
}
