//! The only way out to a provider: to named hosts, over TLS, following nobody, within limits.
//!
//! - Standards: RFC 9700, section 4.12 (redirects); OpenID Connect Core 1.0, section 16.17 (TLS).

use countersign_protocol::time::Timestamp;
use futures::future::BoxFuture;
use httpdate::parse_http_date;
use openidconnect::http::HeaderMap;
use openidconnect::http::header::{AGE, DATE};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};
use url::Url;

/// Sends requests to the hosts one file names, and to no other.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: reqwest::Client,
    hosts: Vec<String>,
    insecure_loopback: bool,
    limits: Limits,
    /// What time it was when somebody answered last, by their clock.
    told: Arc<Mutex<Option<Timestamp>>>,
}

/// How much a provider may say, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a body.
    pub size: usize,
    /// From the first byte out to the last byte in.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { size: MAX_BODY, time: MAX_TIME }
    }
}

impl Outbound {
    /// Makes a way out to `hosts`, each written `name` or `name:port`.
    ///
    /// # Errors
    ///
    /// Returns [`OutboundError::Client`] if this machine's TLS cannot be set up.
    pub fn new(
        hosts: Vec<String>,
        insecure_loopback: bool,
        limits: Limits,
    ) -> Result<Self, OutboundError> {
        let client = reqwest::Client::builder()
            // RFC 9700, section 4.12: a redirected token request would carry the code elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(limits.time)
            .no_proxy()
            .use_rustls_tls()
            .min_tls_version(reqwest::tls::Version::TLS_1_2)
            .https_only(!insecure_loopback)
            .build()
            .map_err(|cause| OutboundError::Client { cause })?;
        Ok(Self { client, hosts, insecure_loopback, limits, told: Arc::default() })
    }

    /// Gives what time it was when somebody answered last, by their clock; nothing if nobody said.
    #[must_use]
    pub fn told_time(&self) -> Option<Timestamp> {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that `url` is one this way leads to.
    ///
    /// # Errors
    ///
    /// Returns [`OutboundError::NotTls`] or [`OutboundError::HostNotAllowed`].
    pub fn check(&self, url: &Url) -> Result<(), OutboundError> {
        let host = url.host_str().unwrap_or_default();
        let loopback = matches!(host, "127.0.0.1" | "[::1]");
        let stays_here = url.scheme() == "http" && loopback && self.insecure_loopback;
        if url.scheme() != "https" && !stays_here {
            return Err(OutboundError::NotTls { host: host.to_owned() });
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        if url.username().is_empty() && self.hosts.contains(&authority) {
            Ok(())
        } else {
            Err(OutboundError::HostNotAllowed { host: authority })
        }
    }

    /// Sends one request and reads the whole answer, within the limits.
    ///
    /// # Errors
    ///
    /// Returns [`OutboundError`] if the host is not allowed, cannot be reached, redirects, or
    /// answers too much or too slowly.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, OutboundError> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| OutboundError::NotAUrl)?;
        self.check(&url)?;
        let request =
            reqwest::Request::try_from(request).map_err(|cause| OutboundError::Client { cause })?;
        let host = || url.host_str().unwrap_or_default().to_owned();
        let failed = |cause: reqwest::Error| {
            if cause.is_timeout() {
                OutboundError::TooSlow { host: host(), limit: self.limits.time }
            } else {
                OutboundError::Unreachable { host: host(), cause: cause.without_url() }
            }
        };
        let mut response = self.client.execute(request).await.map_err(failed)?;
        if let Some(at) = told(response.headers()) {
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
        }
        let status = response.status();
        if status.is_redirection() {
            return Err(OutboundError::Redirected { host: host() });
        }
        let mut answer = HttpResponse::new(Vec::new());
        *answer.status_mut() = status;
        *answer.headers_mut() = response.headers().clone();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if answer.body().len().saturating_add(chunk.len()) > self.limits.size {
                return Err(OutboundError::TooLarge { host: host(), limit: self.limits.size });
            }
            answer.body_mut().extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Outbound {
    type Error = OutboundError;
    type Future = BoxFuture<'c, Result<HttpResponse, OutboundError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Reads what time it was when an answer was sent, in one of the three forms of RFC 9110, section 5.6.7.
/// One out of a cache names its age: RFC 9111, section 5.1.
fn told(headers: &HeaderMap) -> Option<Timestamp> {
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.parse().ok()).unwrap_or_default();
    let date = parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let at = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(Timestamp::from_seconds(at).plus(age))
}

/// A request did not go out, or its answer was not read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum OutboundError {
    /// Fault of the file, or of a provider that names such an address.
    #[error("what should be asked is not an address")]
    NotAUrl,
    /// Fault of the file, or of a provider that names such an address.
    #[error("{host} would be asked without TLS")]
    NotTls { host: String },
    /// Fault of the file, or of a provider that names another host than it should.
    #[error("{host} is not among the hosts the file allows")]
    HostNotAllowed { host: String },
    /// Fault of the provider: none of its endpoints has a reason to.
    #[error("{host} answered with a redirect, and none is followed")]
    Redirected { host: String },
    /// Fault of the provider.
    #[error("{host} answered more than {limit} bytes")]
    TooLarge { host: String, limit: usize },
    /// Fault of the provider or the network.
    #[error("{host} did not answer completely within {limit:?}")]
    TooSlow { host: String, limit: Duration },
    /// Fault of the provider or the network.
    #[error("{host} could not be reached: {cause}")]
    Unreachable { host: String, cause: reqwest::Error },
    /// Fault of this machine.
    #[error("no request could be made: {cause}")]
    Client { cause: reqwest::Error },
}

/// A provider's answers are a few kilobytes; the largest are sets of keys.
const MAX_BODY: usize = 256 * 1024;

/// A person is waiting in front of a browser.
const MAX_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use openidconnect::http::HeaderName;

    fn check(insecure_loopback: bool, hosts: &[&str], url: &str) -> bool {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let outbound = Outbound::new(hosts, insecure_loopback, Limits::default()).unwrap();
        outbound.check(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn only_named_hosts_are_asked() {
        assert!(check(false, &["id.example"], "https://id.example/token"));
        assert!(!check(false, &["id.example"], "https://id.example:8443/token"));
        assert!(check(false, &["id.example:8443"], "https://id.example:8443/token"));
        assert!(!check(false, &["id.example"], "https://id.example.evil.example/token"));
        assert!(!check(false, &["id.example"], "https://user@id.example/token"));
    }

    #[test]
    fn nothing_leaves_without_tls_unless_it_stays_on_this_machine() {
        assert!(!check(false, &["id.example"], "http://id.example/token"));
        assert!(!check(true, &["id.example"], "http://id.example/token"));
        assert!(!check(false, &["127.0.0.1:80"], "http://127.0.0.1/token"));
        assert!(check(true, &["127.0.0.1:9"], "http://127.0.0.1:9/token"));
    }

    #[test]
    fn the_head_of_an_answer_says_what_time_it_was() {
        let told = |headers: &[(HeaderName, &str)]| {
            let headers =
                headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
            told(&headers.collect())
        };
        let at = Timestamp::parse("1994-11-06T08:49:37Z").unwrap();
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(told(&[(DATE, date)]), Some(at));
        assert_eq!(told(&[(DATE, date), (AGE, "60")]), Some(at.plus(60)), "out of a cache");
        // Both are sent no longer, and read still.
        for older in ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(told(&[(DATE, older)]), Some(at), "{older}");
        }
        let without_zone = "Sun, 06 Nov 1994 08:49:37";
        for other in ["", "Sun, 06 Now 1994 08:49:37 GMT", without_zone, "1994-11-06T08:49:37Z"] {
            assert_eq!(told(&[(DATE, other)]), None, "{other}");
        }
        assert_eq!(told(&[]), None);
    }
}
