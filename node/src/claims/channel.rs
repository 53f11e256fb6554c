//! The authenticated channel to an attestor: TLS to a named host, or to a key its profile names.

use super::{ClaimsError, tls};
use core::error::Error;
use countersign_protocol::encoding::json;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::Value;
use std::io;
use std::time::Duration;
use url::Url;

/// Where an attestor is, as its profile says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its address, an `https` origin.
    pub url: String,
    /// The SHA-256 of its TLS key (SPKI), where no authority vouches for it.
    pub spki_sha256: Option<[u8; 32]>,
}

/// A channel to one attestor.
#[derive(Debug)]
pub(super) struct Channel {
    client: reqwest::Client,
    base: Url,
    /// Whether it leads to one key alone.
    pinned: bool,
}

/// What an attestor answers.
#[derive(Debug)]
pub(super) enum Answer {
    /// What was asked for.
    Done(Value),
    /// Not now, but in so many seconds.
    Later(u64),
    /// A person is still busy.
    TooEarly,
}

impl Answer {
    /// Gives what was asked for.
    pub(super) fn done(self) -> Result<Value, ClaimsError> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Later(_) | Self::TooEarly => Err(ClaimsError::Malformed { member: "status" }),
        }
    }
}

impl Channel {
    pub(super) fn open(place: &Place) -> Result<Self, ClaimsError> {
        let base = Url::parse(&place.url)
            .map_err(|_| ClaimsError::BadPlace { cause: "it is not a URL" })?;
        if base.scheme() != "https" || base.host_str().is_none() {
            return Err(ClaimsError::BadPlace { cause: "it is not https" });
        }
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIME)
            .https_only(true)
            .no_proxy();
        let builder = match place.spki_sha256 {
            None => builder.use_rustls_tls(),
            Some(pin) => {
                let config = tls::pinned(pin)
                    .map_err(|_| ClaimsError::BadPlace { cause: "TLS cannot be set up" })?;
                builder.use_preconfigured_tls(config)
            }
        };
        let host = base.host_str().unwrap_or_default().to_owned();
        let client = builder.build().map_err(|cause| ClaimsError::Unreachable { host, cause })?;
        Ok(Self { client, base, pinned: place.spki_sha256.is_some() })
    }

    /// Looks whether anybody answers, whatever the answer is.
    pub(super) async fn look(&self) -> Result<(), ClaimsError> {
        let sent = self.client.get(self.base.clone()).timeout(LOOK).send().await;
        sent.map(drop).map_err(|cause| self.silent(cause))
    }

    /// Tells whether `url` is at this attestor.
    pub(super) fn is_there(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| url.origin() == self.base.origin())
    }

    /// Sends JSON and reads the answer, within the limits.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Answer, ClaimsError> {
        let url =
            self.base.join(path).map_err(|_| ClaimsError::BadPlace { cause: "it has no paths" })?;
        let unreachable = |cause| self.silent(cause);
        let request = self.client.post(url).header(CONTENT_TYPE, "application/json");
        let mut response = request.body(body.to_string()).send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let retry = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry = retry.and_then(|text| text.parse().ok()).unwrap_or(1);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if bytes.len().saturating_add(chunk.len()) > SIZE {
                return Err(ClaimsError::TooLarge { limit: SIZE });
            }
            bytes.extend_from_slice(&chunk);
        }
        let value = json::parse(&bytes, SIZE).ok();
        match status {
            200 | 201 => value.map(Answer::Done).ok_or(ClaimsError::Malformed { member: "body" }),
            202 => Ok(Answer::Later(retry)),
            425 => Ok(Answer::TooEarly),
            _ => Err(no(self.host(), status, value.as_ref())),
        }
    }

    fn host(&self) -> String {
        self.base.host_str().unwrap_or_default().to_owned()
    }

    /// Says why nothing was heard.
    fn silent(&self, cause: reqwest::Error) -> ClaimsError {
        match refused_certificate(&cause) {
            Some(_) if self.pinned => ClaimsError::OtherCertificate { host: self.host() },
            Some(refused) => {
                ClaimsError::BadCertificate { host: self.host(), cause: refused.clone() }
            }
            None => ClaimsError::Unreachable { host: self.host(), cause: cause.without_url() },
        }
    }
}

/// Finds why TLS did not take the certificate that was shown, if that is what happened.
fn refused_certificate(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause = error.source();
    while let Some(one) = cause {
        if let Some(refused @ rustls::Error::InvalidCertificate(_)) = one.downcast_ref() {
            return Some(refused);
        }
        // What an I/O error was made of is not its source.
        let inside = one.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = inside.map(|inside| -> &(dyn Error + 'static) { inside }).or_else(|| one.source());
    }
    None
}

/// Reads a problem document; what it says is shown to a person and decides nothing. What the server, or one
/// before it, has a problem with, is no answer about the claim.
fn no(host: String, status: u16, problem: Option<&Value>) -> ClaimsError {
    let text = |member: &str| {
        let text = problem.and_then(|problem| problem.get(member)?.as_str());
        text.map(|text| text.chars().filter(|c| !c.is_control()).take(300).collect::<String>())
    };
    let kind = text("type").unwrap_or_else(|| status.to_string());
    let title = text("title").unwrap_or_else(|| "it gave no reason".to_owned());
    match status {
        429 | 500.. => ClaimsError::Failing { host, kind, title },
        _ => ClaimsError::Refused { kind, title },
    }
}

/// Every claim one subject has at one attestor.
const SIZE: usize = 1024 * 1024;

/// A page that asks nobody.
const LOOK: Duration = Duration::from_secs(10);

/// An attestor asks its provider and its disk before it answers.
const TIME: Duration = Duration::from_secs(60);
