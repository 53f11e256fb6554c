//! Keeps other pages of the same browser out.
//!
//! A web page anywhere can make a browser send requests to this computer. It cannot choose what the
//! browser says of them: to which host they go (DNS rebinding), from which page they come (`Origin`,
//! `Sec-Fetch-Site`), and that a cookie of another site stays at home (`SameSite`). All of it is checked
//! before a page is made, and nothing is told to whoever fails.
//!
//! - Standards: Fetch Metadata Request Headers; Fetch, "Origin header".

use super::session::{Session, Sessions};
use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderMap, ORIGIN};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use core::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// A door that pages lie behind. Clones are the same.
#[derive(Debug, Clone)]
pub struct Door {
    /// Who is in.
    pub guests: Arc<dyn Guests>,
    /// Which hosts the pages are asked for by.
    pub hosts: Hosts,
    /// Makes the page for whoever is not let through.
    pub answer: fn(Refusal) -> Response,
}

/// Knows who is in.
pub trait Guests: fmt::Debug + Send + Sync {
    /// Finds who sent these headers.
    fn visit(&self, headers: &HeaderMap) -> Option<Session>;
}

impl Guests for Sessions {
    fn visit(&self, headers: &HeaderMap) -> Option<Session> {
        Self::visit(self, headers)
    }
}

/// The names pages are asked for by.
#[derive(Debug, Clone)]
pub enum Hosts {
    /// `localhost` or a loopback address, at any port, without TLS.
    ThisComputer,
    /// Exactly one origin, such as `https://attestor.example`.
    Origin(Arc<str>),
    /// Addresses of this computer that may come and go, over TLS.
    Addresses(Addresses),
}

/// Tells which values of `Host` are addresses of ours. Clones are the same.
#[derive(Clone)]
pub struct Addresses(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Addresses {
    /// Lets `own` tell.
    pub fn new(own: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(own))
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Addresses(..)")
    }
}

/// Why somebody is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another host name led here. Fault of whoever owns that name.
    #[error("the page was asked for by another name")]
    OtherHost,
    /// Another page made the browser ask. Fault of that page.
    #[error("another page asked for this one")]
    OtherPage,
    /// There is no session, or it has ended. Nobody's fault.
    #[error("nobody is signed in here")]
    NotEntered,
    /// The form is from an earlier session, or of somebody else's making.
    #[error("the form is too old")]
    OldForm,
    /// A form was too large or not readable. Fault of whoever sent it.
    #[error("the form could not be read")]
    BadForm,
}

impl Refusal {
    /// Gives the HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::OtherHost | Self::OtherPage => StatusCode::FORBIDDEN,
            Self::NotEntered => StatusCode::UNAUTHORIZED,
            Self::OldForm => StatusCode::CONFLICT,
            Self::BadForm => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{self}\n")).into_response();
        // The door that stands around it makes a page of it.
        let _before = response.extensions_mut().insert(self);
        response
    }
}

/// Lets a request pass that comes from a page of this door, or from the person; nothing more is asked.
/// It stands before the entrance.
pub async fn pass(State(door): State<Door>, request: Request, next: Next) -> Response {
    let response = match admit(&door.hosts, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    door.told(response)
}

/// Lets a request pass as [`pass`] does, and only of somebody who is in; handlers find the session.
pub async fn visit(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let session = admit(&door.hosts, request.method(), request.headers())
        .and_then(|()| door.guests.visit(request.headers()).ok_or(Refusal::NotEntered));
    let response = match session {
        Ok(session) => {
            let _before = request.extensions_mut().insert(session);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    door.told(response)
}

impl Door {
    fn told(&self, response: Response) -> Response {
        match response.extensions().get::<Refusal>() {
            Some(refusal) => (self.answer)(*refusal),
            None => response,
        }
    }
}

/// Decides by what the browser says of a request.
///
/// # Errors
///
/// Returns [`Refusal`] if it is for another host or from another page.
pub fn admit(hosts: &Hosts, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(HOST.as_str()).unwrap_or_default();
    let own = hosts.origin(host).ok_or(Refusal::OtherHost)?;
    let site = text("sec-fetch-site");
    let safe = *method == Method::GET || *method == Method::HEAD;
    if safe {
        let page = |name, wanted| text(name).is_none_or(|said| said == wanted);
        return match site {
            None | Some("none" | "same-origin") => Ok(()),
            // Another port of this computer: as long as a person sees where she is led.
            Some("same-site")
                if page("sec-fetch-mode", "navigate") && page("sec-fetch-dest", "document") =>
            {
                Ok(())
            }
            Some(_) => Err(Refusal::OtherPage),
        };
    }
    if site.is_some_and(|site| site != "same-origin") {
        return Err(Refusal::OtherPage);
    }
    match text(ORIGIN.as_str()) {
        Some(origin) if origin == own => Ok(()),
        // Where a page tells nobody where it was left, a form's origin is `null`, and only the site
        // says that it is a form of ours.
        Some("null") if site == Some("same-origin") => Ok(()),
        Some(_) | None => Err(Refusal::OtherPage),
    }
}

impl Hosts {
    /// Gives the origin that `host` belongs to, if it is one of ours.
    fn origin(&self, host: &str) -> Option<String> {
        match self {
            Self::ThisComputer => is_this_computer(host).then(|| format!("http://{host}")),
            Self::Origin(origin) => {
                let named = origin.split_once("://").map(|(_, named)| named);
                (named == Some(host)).then(|| origin.to_string())
            }
            Self::Addresses(own) => (own.0)(host).then(|| format!("https://{host}")),
        }
    }
}

/// Tells whether a `Host` header names this computer, whatever the port: `localhost`, or a loopback address
/// as it is written, which no other name can be made to lead to.
#[must_use]
pub fn is_this_computer(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()),
        None => {
            name == "localhost"
                || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn decided(method: Method, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.insert(name, HeaderValue::from_str(value).unwrap());
        }
        admit(&Hosts::ThisComputer, &method, &map)
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:7370");
    const OWN: (&str, &str) = ("origin", "http://127.0.0.1:7370");

    #[test]
    fn a_person_and_a_page_of_ours_pass() {
        for site in ["none", "same-origin"] {
            assert_eq!(decided(Method::GET, &[HOST, ("sec-fetch-site", site)]), Ok(()));
        }
        assert_eq!(decided(Method::GET, &[HOST]), Ok(()), "an old browser");
        let own = ("sec-fetch-site", "same-origin");
        assert_eq!(decided(Method::POST, &[HOST, OWN, own]), Ok(()));
        assert_eq!(decided(Method::POST, &[HOST, ("origin", "null"), own]), Ok(()));
        let led = [
            HOST,
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert_eq!(decided(Method::GET, &led), Ok(()), "another port leads here");
    }

    #[test]
    fn each_sign_of_another_page_is_enough() {
        let other = Err(Refusal::OtherPage);
        let cross = ("sec-fetch-site", "cross-site");
        assert_eq!(decided(Method::GET, &[HOST, cross]), other, "a picture, a frame, a link");
        let same_site = ("sec-fetch-site", "same-site");
        for (name, value) in [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "iframe")] {
            assert_eq!(decided(Method::GET, &[HOST, same_site, (name, value)]), other);
        }
        assert_eq!(decided(Method::POST, &[HOST, OWN, cross]), other, "the site");
        assert_eq!(decided(Method::POST, &[HOST, OWN, same_site]), other, "another port");
        let evil = ("origin", "http://evil.example");
        assert_eq!(decided(Method::POST, &[HOST, evil]), other, "the origin");
        assert_eq!(decided(Method::POST, &[HOST, ("origin", "null")]), other, "a sandboxed frame");
        assert_eq!(decided(Method::POST, &[HOST]), other, "no word of where it comes from");
        assert_eq!(decided(Method::POST, &[HOST, ("origin", "http://127.0.0.1:9")]), other);
    }

    #[test]
    fn another_name_for_this_computer_is_refused() {
        for host in [
            "evil.example:7370",
            "127.0.0.1.evil.example",
            "",
            "localhost.evil:7370",
            "128.0.0.1:7370",
            "[::2]:7370",
            "[127.0.0.1]:7370",
        ] {
            assert_eq!(decided(Method::GET, &[("host", host)]), Err(Refusal::OtherHost), "{host}");
        }
        for host in ["[::1]:7370", "127.0.0.2:7370", "127.0.0.1"] {
            assert_eq!(decided(Method::GET, &[("host", host)]), Ok(()), "{host}");
        }
        let one = Hosts::Origin("https://north.example".into());
        assert!(one.origin("north.example").is_some() && one.origin("127.0.0.1").is_none());
        let own = Hosts::Addresses(Addresses::new(|host| host == "192.168.1.5:7372"));
        assert_eq!(own.origin("192.168.1.5:7372").unwrap(), "https://192.168.1.5:7372");
        assert!(own.origin("127.0.0.1:7372").is_none() && own.origin("localhost").is_none());
    }
}
