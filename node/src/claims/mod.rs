//! The home's side of asking an attestor for a claim.
//!
//! ```text
//! Asking::begin -> sign a presentation for challenge and domain -> Asking::present
//!   -> the person opens SignIn::url -> Waiting::collect -> accept
//! ```
//!
//! The node is a native app: the browser comes back to a loopback port of its own, and what collects
//! the claim is the code it brings together with a verifier that never left this process. Nothing is
//! kept before [`accept`] has verified it.
//!
//! - Standards: RFC 8252 (native apps), section 7.3; RFC 7636 (the verifier); RFC 9457 (problems).

mod channel;
mod loopback;
mod tls;

pub use channel::Place;

use channel::{Answer, Channel};
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::{Credential, CredentialError, Keys, Moment};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::{base64url, multihash};
use countersign_protocol::time::Timestamp;
use loopback::{Loopback, Return};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// A request an attestor has taken up, and whose subject has not shown itself yet.
#[derive(Debug)]
pub struct Asking {
    channel: Channel,
    id: String,
    challenge: String,
    domain: String,
    says: String,
    verifier: Zeroizing<String>,
    loopback: Option<Loopback>,
}

/// Where the person signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The page to open in a browser.
    pub url: String,
    /// The code to type there, where the browser is not on this computer.
    pub code: Option<String>,
}

/// A request whose person is on the way.
#[derive(Debug)]
pub struct Waiting {
    channel: Channel,
    id: String,
    verifier: Zeroizing<String>,
    returns: Returns,
}

#[derive(Debug)]
enum Returns {
    /// The browser brings the code to this computer.
    Here(Loopback),
    /// The person types the code at the attestor.
    There(String),
}

impl Asking {
    /// Asks the attestor at `place` for a claim of type `claim`.
    ///
    /// With `browser` the answer comes back to a port of this computer; without it a code is typed.
    ///
    /// # Errors
    ///
    /// Returns [`ClaimsError`] if the attestor cannot be reached, is another one than `place` says,
    /// or does not offer the claim.
    pub async fn begin(place: &Place, claim: &str, browser: bool) -> Result<Self, ClaimsError> {
        let channel = Channel::open(place)?;
        let loopback = if browser { Some(Loopback::listen().await?) } else { None };
        let verifier = Zeroizing::new(base64url::encode(&rand::random::<[u8; 32]>()));
        let hash = base64url::encode(&multihash::sha256(verifier.as_bytes()));
        let mut asked = json!({ "claim": claim, "verifier": hash });
        if let (Some(loopback), Some(asked)) = (&loopback, asked.as_object_mut()) {
            asked.insert("redirect".to_owned(), Value::from(loopback.address()));
        }
        let opened = channel.post("/v1/requests", &asked).await?.done()?;
        let text = |member: &'static str| {
            let text = opened.get(member).and_then(Value::as_str).map(str::to_owned);
            text.ok_or(ClaimsError::Malformed { member })
        };
        Ok(Self {
            id: text("id")?,
            challenge: text("challenge")?,
            domain: text("domain")?,
            says: text("says")?,
            channel,
            verifier,
            loopback,
        })
    }

    /// Gives what the presentation must answer.
    #[must_use]
    pub fn challenge(&self) -> &str {
        &self.challenge
    }

    /// Gives for whom the presentation must be. The caller checks that this is the attestor it
    /// meant: a presentation for somebody else could be used there.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Gives what the claim will say, in the attestor's words.
    #[must_use]
    pub fn says(&self) -> &str {
        &self.says
    }

    /// Shows the subject, and gives where to sign in.
    ///
    /// `log` is the subject's log, for an attestor that has not heard of it.
    ///
    /// # Errors
    ///
    /// Returns [`ClaimsError`] if the attestor does not accept the presentation.
    pub async fn present(
        self,
        presentation: &Value,
        log: Option<&str>,
    ) -> Result<(SignIn, Waiting), ClaimsError> {
        let path = format!("/v1/requests/{}/presentation", self.id);
        let shown = self.channel.post(&path, &showing(presentation, log)).await?.done()?;
        let url = shown.get("signIn").and_then(Value::as_str).unwrap_or_default();
        // What is opened in a browser is the attestor that was asked, and no other.
        if !self.channel.is_there(url) {
            return Err(ClaimsError::Malformed { member: "signIn" });
        }
        let code = shown.get("code").and_then(Value::as_str).map(str::to_owned);
        let sign_in = SignIn { url: url.to_owned(), code: code.clone() };
        let returns = match (self.loopback, code) {
            (Some(loopback), _) => Returns::Here(loopback),
            (None, Some(code)) => Returns::There(code),
            (None, None) => return Err(ClaimsError::Malformed { member: "code" }),
        };
        let Self { channel, id, verifier, .. } = Self { loopback: None, ..self };
        Ok((sign_in, Waiting { channel, id, verifier, returns }))
    }

    /// Shows the subject, and gives its standing claims as the attestor signs them now: after the
    /// attestor changed its key, or when a claim was lost on its way.
    ///
    /// # Errors
    ///
    /// Returns [`ClaimsError`] if the attestor does not accept the presentation.
    pub async fn current(
        self,
        presentation: &Value,
        log: Option<&str>,
    ) -> Result<Vec<Value>, ClaimsError> {
        let path = format!("/v1/requests/{}/current", self.id);
        let current = self.channel.post(&path, &showing(presentation, log)).await?.done()?;
        let claims = current.get("credentials").and_then(Value::as_array);
        claims.cloned().ok_or(ClaimsError::Malformed { member: "credentials" })
    }
}

impl Waiting {
    /// Waits for the person, and collects the claim. Dropping the future gives the claim up, but the
    /// attestor gives it again to the same subject.
    ///
    /// # Errors
    ///
    /// Returns [`ClaimsError`] if the person or the attestor said no, or it took too long.
    pub async fn collect(self) -> Result<Value, ClaimsError> {
        let waited = tokio::time::timeout(LONGEST, self.wait()).await;
        waited.unwrap_or(Err(ClaimsError::TooLate))
    }

    async fn wait(self) -> Result<Value, ClaimsError> {
        let Self { channel, id, verifier, returns } = self;
        let desk = Counter { channel, path: format!("/v1/requests/{id}/claim"), verifier };
        match returns {
            Returns::There(code) => desk.collect(&code).await,
            Returns::Here(loopback) => {
                let mut browser = Box::pin(loopback.wait());
                let returned = tokio::select! {
                    biased;
                    returned = &mut browser => returned?,
                    no = desk.no() => {
                        // The page that said no still has a button to say so here as well.
                        drop(tokio::spawn(tokio::time::timeout(PAGE, browser)));
                        return Err(no);
                    }
                };
                match returned {
                    Return::Code(code) => desk.collect(&code).await,
                    Return::Refused => desk.collect(NO_CODE).await,
                }
            }
        }
    }
}

/// Where a claim is handed over.
struct Counter {
    channel: Channel,
    path: String,
    verifier: Zeroizing<String>,
}

impl Counter {
    async fn ask(&self, code: &str) -> Result<Answer, ClaimsError> {
        let body = json!({ "code": code, "verifier": *self.verifier });
        self.channel.post(&self.path, &body).await
    }

    async fn collect(&self, code: &str) -> Result<Value, ClaimsError> {
        let mut patience = Patience::default();
        loop {
            let answer = match self.ask(code).await {
                Ok(answer) => answer,
                Err(error) => {
                    let pause = patience.with(error, Instant::now())?;
                    tokio::time::sleep(pause).await;
                    continue;
                }
            };
            patience.failing_since = None;
            match answer {
                Answer::Done(claim) => return Ok(claim),
                Answer::Later(seconds) => {
                    tokio::time::sleep(Duration::from_secs(seconds.clamp(1, 3600))).await;
                }
                // The person has not typed the code yet.
                Answer::TooEarly => tokio::time::sleep(BETWEEN).await,
            }
        }
    }

    /// Asks until the attestor says no, which a browser that nobody clicks on brings to nobody.
    async fn no(&self) -> ClaimsError {
        loop {
            tokio::time::sleep(BETWEEN).await;
            // Or the person is busy, or the network is: the browser may come all the same.
            if let Err(no @ ClaimsError::Refused { .. }) = self.ask(NO_CODE).await {
                return no;
            }
        }
    }
}

/// How long an attestor that gives no answer is asked again.
#[derive(Debug, Default)]
struct Patience {
    /// Since when it has given none.
    failing_since: Option<Instant>,
    pause: Duration,
    /// Whether a question was ever left without its answer: the claim may have been in that one.
    missed: bool,
}

impl Patience {
    /// Gives how long to wait before asking again, or else why there is no claim.
    fn with(&mut self, error: ClaimsError, now: Instant) -> Result<Duration, ClaimsError> {
        match &error {
            // Nobody was reached, so nothing was handed over.
            ClaimsError::Unreachable { cause, .. } if cause.is_connect() => {}
            ClaimsError::OtherCertificate { .. } | ClaimsError::BadCertificate { .. } => {}
            ClaimsError::Unreachable { .. } | ClaimsError::Failing { .. } => self.missed = true,
            // The request is over, and it may be over because the claim was in an answer that was lost.
            ClaimsError::Refused { kind, .. }
                if self.missed && ["no-request", "out-of-order"].contains(&kind.as_str()) =>
            {
                return Err(ClaimsError::Unclear { cause: error.into() });
            }
            _ => return Err(error),
        }
        let since = *self.failing_since.get_or_insert(now);
        if now.saturating_duration_since(since) >= LONGEST_FAILING {
            return Err(ClaimsError::Unclear { cause: error.into() });
        }
        self.pause = self.pause.saturating_mul(2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        Ok(self.pause)
    }
}

/// Looks whether an attestor can be reached at `place`, and shows the certificate that is expected there.
///
/// # Errors
///
/// Returns [`ClaimsError`] as [`Asking::begin`] does.
pub async fn look(place: &Place) -> Result<(), ClaimsError> {
    Channel::open(place)?.look().await
}

/// What a claim must be to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who signs it.
    pub issuer: Scid,
    /// Whom it is about.
    pub subject: Scid,
    /// Its type.
    pub claim: &'a str,
}

/// Verifies a claim before it is kept.
///
/// # Errors
///
/// Returns [`ClaimsError`] if it is somebody else's, about somebody else, of another type, over, or
/// its signature does not hold.
pub fn accept(
    claim: Value,
    expected: Expected<'_>,
    keys: &Keys<'_>,
    now: Timestamp,
) -> Result<Claim, ClaimsError> {
    let credential = Credential::from_value(claim)?;
    let subject = credential.subject().map(countersign_protocol::did::Did::scid);
    let matches = credential.issuer().scid() == expected.issuer
        && subject == Some(expected.subject)
        && credential.is_a(expected.claim);
    if !matches {
        return Err(ClaimsError::NotWhatWasAsked);
    }
    if let Moment::After { until } = credential.period().at(now) {
        return Err(ClaimsError::Over { until });
    }
    Ok(Claim::verify(credential, keys)?)
}

fn showing(presentation: &Value, log: Option<&str>) -> Value {
    match log {
        Some(log) => json!({ "presentation": presentation, "log": log }),
        None => json!({ "presentation": presentation }),
    }
}

/// There is no claim.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum ClaimsError {
    /// The attestor said no, in its own words.
    #[error("the attestor refused ({kind}): {title}")]
    Refused { kind: String, title: String },
    /// It is no answer about the claim. Fault of the attestor, or of a server before it.
    #[error("the attestor at {host} has a problem of its own ({kind}): {title}")]
    Failing { host: String, kind: String, title: String },
    /// Whether the claim was signed is not known here. Nobody's fault, or the attestor's.
    #[error("the claim did not arrive: {cause}")]
    Unclear { cause: Box<Self> },
    /// Nobody's fault, or the attestor's.
    #[error("the attestor at {host} could not be reached: {cause}")]
    Unreachable { host: String, cause: reqwest::Error },
    /// Its operator replaced it and has yet to tell the network, or somebody stands between.
    #[error("the certificate of the attestor at {host} is not the one it announced")]
    OtherCertificate { host: String },
    /// Fault of the attestor, or of whoever stands between.
    #[error("the certificate of the attestor at {host} is not to be trusted: {cause}")]
    BadCertificate { host: String, cause: rustls::Error },
    /// Not `https`. Fault of the attestor.
    #[error("the address of the attestor cannot be used: {cause}")]
    BadPlace { cause: &'static str },
    /// Fault of the attestor.
    #[error("the attestor's answer has no usable `{member}`")]
    Malformed { member: &'static str },
    /// Fault of the attestor.
    #[error("the attestor answered more than {limit} bytes")]
    TooLarge { limit: usize },
    /// Fault of this computer.
    #[error("no port on this computer could be listened on: {cause}")]
    NoPort { cause: std::io::Error },
    /// Nobody's fault.
    #[error("the sign-in was not finished in time")]
    TooLate,
    /// Fault of the attestor.
    #[error("the claim is not the one that was asked for")]
    NotWhatWasAsked,
    /// Fault of the attestor, or of a clock.
    #[error("the claim was over at {until}")]
    Over { until: Timestamp },
    /// Fault of the attestor.
    #[error("the claim does not hold: {0}")]
    DoesNotHold(#[from] CredentialError),
}

/// An attestor forgets a request sooner, but for one whose account moves.
const LONGEST: Duration = Duration::from_secs(2 * 3600);

/// Between two questions whether the person has typed the code, or the attestor said no.
const BETWEEN: Duration = Duration::from_secs(2);

/// What is shown where there is no code: it collects nothing, and is no guess.
const NO_CODE: &str = "";

/// How long somebody may look at the page that says no.
const PAGE: Duration = Duration::from_secs(300);

/// A server is started again, and a line is back, within minutes.
const LONGEST_FAILING: Duration = Duration::from_secs(600);
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::PUBLIC_LIMITS;
    use crate::serve::{Limits, serve};
    use crate::tls::self_signed;
    use axum::http::StatusCode;
    use axum::routing::post;
    use axum::{Json, Router};
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};
    use tokio::net::TcpListener;
    use tokio_util::sync::{CancellationToken, DropGuard};

    /// An attestor that gives these answers, one after the other, behind a line that breaks once.
    async fn attestor(answers: Vec<(u16, Value)>) -> (Waiting, tempfile::TempDir, DropGuard) {
        let folder = tempfile::tempdir().unwrap();
        let identity = self_signed(folder.path(), vec!["127.0.0.1".to_owned()]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let left = Arc::new(Mutex::new(VecDeque::from(answers)));
        let next = move || async move {
            let (status, body) = left.lock().unwrap().pop_front().unwrap();
            (StatusCode::from_u16(status).unwrap(), Json(body))
        };
        let router = Router::new().route("/v1/requests/one/claim", post(next));
        let (stop, acceptor) = (CancellationToken::new(), identity.acceptor);
        let stopping = stop.clone();
        tokio::spawn(async move {
            drop(listener.accept().await);
            let limits = Limits { body: 4096, ..PUBLIC_LIMITS };
            serve(listener, Some(acceptor), router, limits, stopping).await;
        });
        let place = Place { url, spki_sha256: Some(identity.spki_sha256) };
        let waiting = Waiting {
            channel: Channel::open(&place).unwrap(),
            id: "one".to_owned(),
            verifier: Zeroizing::new("verifier".to_owned()),
            returns: Returns::There("code".to_owned()),
        };
        (waiting, folder, stop.drop_guard())
    }

    #[tokio::test]
    async fn another_certificate_than_the_one_that_was_announced_is_not_called_silence() {
        let folder = tempfile::tempdir().unwrap();
        let identity = self_signed(folder.path(), vec!["127.0.0.1".to_owned()]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (stop, acceptor) = (CancellationToken::new(), identity.acceptor);
        let serving = serve(listener, Some(acceptor), Router::new(), PUBLIC_LIMITS, stop.clone());
        let serving = tokio::spawn(serving);
        let seen = |spki_sha256| {
            let place = Place { url: url.clone(), spki_sha256 };
            async move { look(&place).await }
        };
        seen(Some(identity.spki_sha256)).await.unwrap();
        let other = seen(Some([7; 32])).await.unwrap_err();
        assert!(matches!(other, ClaimsError::OtherCertificate { .. }), "{other}");
        let nobodys = seen(None).await.unwrap_err();
        assert!(matches!(nobodys, ClaimsError::BadCertificate { .. }), "{nobodys}");
        stop.cancel();
        serving.await.unwrap();
        let silent = seen(Some(identity.spki_sha256)).await.unwrap_err();
        assert!(matches!(silent, ClaimsError::Unreachable { .. }), "{silent}");
    }

    #[tokio::test]
    async fn an_attestor_that_gives_no_answer_for_a_moment_is_asked_again() {
        let trouble = (503, json!({ "type": "internal" }));
        let answers = vec![trouble.clone(), (200, json!({ "the": "claim" })), trouble];
        let (waiting, _folder, _stop) = attestor(answers).await;
        assert_eq!(waiting.collect().await.unwrap(), json!({ "the": "claim" }));
    }

    #[tokio::test]
    async fn a_no_is_a_no_at_once() {
        let (waiting, _folder, _stop) =
            attestor(vec![(403, json!({ "type": "wrong-code" }))]).await;
        let no = waiting.collect().await.unwrap_err();
        assert!(matches!(&no, ClaimsError::Refused { kind, .. } if kind == "wrong-code"), "{no}");
    }

    #[tokio::test]
    async fn a_request_that_is_over_after_a_lost_answer_is_not_called_a_no() {
        let answers = vec![(502, Value::Null), (409, json!({ "type": "out-of-order" }))];
        let (waiting, _folder, _stop) = attestor(answers).await;
        let error = waiting.collect().await.unwrap_err();
        assert!(matches!(error, ClaimsError::Unclear { .. }), "{error}");
    }

    #[test]
    fn an_attestor_that_never_answers_is_given_up() {
        let failing = || {
            let (kind, title) = ("internal".to_owned(), String::new());
            ClaimsError::Failing { host: "north.example".to_owned(), kind, title }
        };
        let (mut patience, now) = (Patience::default(), Instant::now());
        let first = patience.with(failing(), now).unwrap();
        assert!(patience.with(failing(), now).unwrap() > first);
        let late = now + LONGEST_FAILING;
        assert!(matches!(patience.with(failing(), late), Err(ClaimsError::Unclear { .. })));
        // A good answer in between, and the next trouble has all the time again.
        patience.failing_since = None;
        assert!(patience.with(failing(), late).is_ok());
    }
}
