//! The port of this computer that the browser comes back to, for one request and one answer.
//!
//! - Standard: RFC 8252, section 7.3 "Loopback Interface Redirection".

use super::ClaimsError;
use crate::home;
use countersign_protocol::encoding::base64url;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::form_urlencoded;

/// A port that waits for one browser.
#[derive(Debug)]
pub(super) struct Loopback {
    listener: TcpListener,
    port: u16,
    path: String,
}

/// What the browser brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Return {
    /// The code that collects the claim.
    Code(String),
    /// There will be no claim.
    Refused,
}

impl Loopback {
    /// Takes a free port.
    pub(super) async fn listen() -> Result<Self, ClaimsError> {
        let no_port = |cause| ClaimsError::NoPort { cause };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(no_port)?;
        let port = listener.local_addr().map_err(no_port)?.port();
        // Other programs and pages on this computer can reach the port, but not guess the path.
        let path = format!("/{}", base64url::encode(&rand::random::<[u8; 24]>()));
        Ok(Self { listener, port, path })
    }

    /// Gives the address for the attestor.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.path)
    }

    /// Waits until a browser brings something to the right path.
    pub(super) async fn wait(self) -> Result<Return, ClaimsError> {
        let (send, mut returns) = mpsc::channel(1);
        let path: Arc<str> = self.path.into();
        let mut connections = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                biased;
                Some(returned) = returns.recv() => {
                    // Let the browser have its page.
                    let last = async { while connections.join_next().await.is_some() {} };
                    drop(tokio::time::timeout(LAST, last).await);
                    return Ok(returned);
                }
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => {
                    let (stream, _) = accepted.map_err(|cause| ClaimsError::NoPort { cause })?;
                    let (path, send) = (Arc::clone(&path), send.clone());
                    connections.spawn(async move {
                        let service = service_fn(move |request| {
                            let answer = answer(&request, &path, &send);
                            async move { Ok::<_, Infallible>(answer) }
                        });
                        let served = hyper::server::conn::http1::Builder::new()
                            .timer(TokioTimer::new())
                            .header_read_timeout(HEAD)
                            .keep_alive(false)
                            .serve_connection(TokioIo::new(stream), service);
                        drop(served.await);
                    });
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

fn answer(
    request: &Request<Incoming>,
    path: &str,
    send: &mpsc::Sender<Return>,
) -> Response<Full<Bytes>> {
    let returned = (request.method() == Method::GET && request.uri().path() == path)
        .then(|| read(request.uri().query().unwrap_or_default()))
        .flatten();
    let (status, signed) = match returned {
        None => (StatusCode::NOT_FOUND, None),
        Some(returned) => {
            let signed = matches!(returned, Return::Code(_));
            // A second answer is one too many: the first one counts.
            drop(send.try_send(returned));
            (StatusCode::OK, Some(signed))
        }
    };
    let (page, policy) = home::returned(signed);
    let mut response = Response::new(Full::new(Bytes::from(page)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let html = hyper::header::HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, html);
    if let Ok(policy) = hyper::header::HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn read(query: &str) -> Option<Return> {
    let mut returned = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "code" if !value.is_empty() => returned = Some(Return::Code(value.into_owned())),
            "error" => return Some(Return::Refused),
            _ => {}
        }
    }
    returned
}

/// A browser opens a few connections at once.
const CONNECTIONS: usize = 16;
/// A browser on this computer sends its request at once.
const HEAD: Duration = Duration::from_secs(10);
/// How long the browser may take to read its page.
const LAST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_code_or_a_refusal() {
        assert_eq!(read("code=a%2Bb"), Some(Return::Code("a+b".to_owned())));
        assert_eq!(read("error=refused"), Some(Return::Refused));
        assert_eq!(read("code=a&error=refused"), Some(Return::Refused));
        assert_eq!(read("code="), None);
        assert_eq!(read(""), None);
    }

    #[tokio::test]
    async fn only_the_right_path_counts() {
        let loopback = Loopback::listen().await.unwrap();
        let address = loopback.address();
        let (origin, _) = address.rsplit_once('/').unwrap();
        let wrong = format!("{origin}/guess?code=evil");
        let right = format!("{address}?code=good");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let browser = async {
            assert_eq!(client.get(wrong).send().await.unwrap().status().as_u16(), 404);
            assert_eq!(client.get(right).send().await.unwrap().status().as_u16(), 200);
        };
        let (returned, ()) = tokio::join!(loopback.wait(), browser);
        assert_eq!(returned.unwrap(), Return::Code("good".to_owned()));
    }
}
