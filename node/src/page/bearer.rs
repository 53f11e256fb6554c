//! Which programs may come in at an owner's door: a node's, an attestor's, a test network's.
//!
//! The door listens on loopback, and that is not enough: a web page on the same computer reaches it
//! too. So every request needs a bearer token from a file only the owner can read, a `Host` that is
//! this computer (DNS rebinding brings another), and no foreign `Origin`.
//!
//! - Standards: RFC 9110, section 15.5.2, and RFC 6750, section 3: 401 asks for a token that is known, 403
//!   says that this one may not.

use super::guard::is_this_computer;
use crate::door::{ASKED, Keys, Scope};
use crate::problem::{Kind, Problem};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use core::fmt;
use std::sync::Arc;

/// What the guard of one route compares with.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The tokens that open anything here.
    pub tokens: Arc<dyn Tokens>,
    /// What a token must allow.
    pub needed: Scope,
    /// Which web pages may ask, if they show one.
    pub pages: Pages,
    /// Says to whoever is not let in how to come in.
    pub hint: String,
}

/// Knows tokens.
pub trait Tokens: fmt::Debug + Send + Sync {
    /// Finds what a token allows; nothing for one that is not known.
    fn scope(&self, token: &str) -> Option<Scope>;
}

impl Tokens for Keys {
    fn scope(&self, token: &str) -> Option<Scope> {
        Self::scope(self, token)
    }
}

/// Web pages that may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// Those of this very door.
    Own,
    /// None: the door's own pages have no token.
    None,
}

/// Lets a request pass, or answers why not.
///
/// Whoever answers finds the scope of the token: it decides what is told.
pub async fn check(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    match admit(&guard, request.headers()) {
        Ok(scope) => {
            let _before = request.extensions_mut().insert(scope);
            next.run(request).await
        }
        Err(locked) => locked.answer(&guard),
    }
}

fn admit(guard: &Guard, headers: &HeaderMap) -> Result<Scope, Locked> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or_default();
    if !is_this_computer(host) {
        return Err(Locked::OtherHost);
    }
    if let Some(origin) = text(header::ORIGIN) {
        let same = origin.strip_prefix("http://").is_some_and(|origin| origin == host);
        if !same || guard.pages == Pages::None {
            return Err(Locked::OtherOrigin);
        }
    }
    let token = text(header::AUTHORIZATION).and_then(bearer).ok_or(Locked::NoToken)?;
    match guard.tokens.scope(token) {
        Some(scope) if scope.allows(guard.needed) => Ok(scope),
        Some(_) => Err(Locked::NarrowToken),
        None => Err(Locked::UnknownToken),
    }
}

/// Gives the token of an `Authorization`: the name of a scheme is the same in capitals (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| token.trim_start())
}

/// Why a request is not let in. Fault of whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Locked {
    /// A web page may have had another name lead to this computer.
    #[error("the request was made to another host name")]
    OtherHost,
    /// A browser says that another page sent it.
    #[error("the request comes from a web page of another origin")]
    OtherOrigin,
    /// Nobody says who asks.
    #[error("no bearer token was given")]
    NoToken,
    /// It was removed, mistyped or guessed.
    #[error("the token is not known")]
    UnknownToken,
    /// It opens something else.
    #[error("the token's scope does not allow this")]
    NarrowToken,
}

impl Locked {
    fn answer(self, guard: &Guard) -> Response {
        let kind = match self {
            Self::NoToken | Self::UnknownToken => Kind::Unauthorized,
            Self::OtherHost | Self::OtherOrigin | Self::NarrowToken => Kind::Forbidden,
        };
        let hint = match self {
            Self::OtherHost => "ask 127.0.0.1 or localhost: any other name may be a web page's",
            Self::OtherOrigin => "a program that is no web page sends no Origin",
            Self::NoToken | Self::UnknownToken | Self::NarrowToken => guard.hint.as_str(),
        };
        let problem = Problem::new(kind, "this door is locked").because(self).hint(hint);
        let mut answer = problem.into_response();
        if let Some(asked) = self.asks(guard.needed) {
            let _none = answer.headers_mut().insert(header::WWW_AUTHENTICATE, asked);
        }
        answer
    }

    /// Says in the words of RFC 6750, section 3, what would be let in.
    fn asks(self, needed: Scope) -> Option<HeaderValue> {
        let why = match self {
            Self::OtherHost | Self::OtherOrigin => return None,
            Self::NoToken => String::new(),
            Self::UnknownToken => r#", error="invalid_token""#.to_owned(),
            Self::NarrowToken => {
                format!(r#", error="insufficient_scope", scope="{}""#, needed.word())
            }
        };
        HeaderValue::from_str(&format!("{ASKED}{why}")).ok()
    }
}

const SCHEME: &str = "Bearer";

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn asked(headers: &[(&'static str, &str)], needed: Scope) -> Result<Scope, (u16, String)> {
        asked_by(Pages::Own, headers, needed)
    }

    fn asked_by(
        pages: Pages,
        headers: &[(&'static str, &str)],
        needed: Scope,
    ) -> Result<Scope, (u16, String)> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("owner-1"), [b'o'; 43]).unwrap();
        std::fs::write(folder.path().join("check-1"), [b'c'; 43]).unwrap();
        let keys = Arc::new(Keys::read(folder.path().to_owned()).unwrap());
        let guard = Guard { tokens: keys, needed, pages, hint: "make one".to_owned() };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        admit(&guard, &map).map_err(|locked| {
            let answer = locked.answer(&guard);
            let asked = answer.headers().get(header::WWW_AUTHENTICATE);
            let asked = asked.map_or_else(String::new, |it| it.to_str().unwrap().to_owned());
            (answer.status().as_u16(), asked)
        })
    }

    fn admitted(headers: &[(&'static str, &str)]) -> bool {
        asked(headers, Scope::Check).is_ok()
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:7370");
    const TOKEN: (&str, &str) =
        ("authorization", "Bearer ccccccccccccccccccccccccccccccccccccccccccc");

    #[test]
    fn a_token_of_the_right_scope_opens() {
        assert!(admitted(&[HOST, TOKEN]));
        assert!(admitted(&[
            HOST,
            ("authorization", "Bearer ooooooooooooooooooooooooooooooooooooooooooo")
        ]));
        assert!(admitted(&[("host", "[::1]:7370"), TOKEN]));
        assert!(admitted(&[HOST, TOKEN, ("origin", "http://127.0.0.1:7370")]));
        let capitals = TOKEN.1.replace("Bearer", "BEARER");
        assert!(admitted(&[HOST, ("authorization", &capitals)]));
    }

    #[test]
    fn who_shows_no_known_token_is_asked_for_one_and_a_narrow_one_is_turned_away() {
        let unknown = ("authorization", "Bearer other");
        let basic = ("authorization", "Basic b3RoZXI6b3RoZXI=");
        let realm = r#"Bearer realm="countersign""#;
        for (headers, status, says) in [
            (vec![HOST], 401, realm.to_owned()),
            (vec![HOST, basic], 401, realm.to_owned()),
            (vec![HOST, unknown], 401, format!(r#"{realm}, error="invalid_token""#)),
            (
                vec![HOST, TOKEN],
                403,
                format!(r#"{realm}, error="insufficient_scope", scope="owner""#),
            ),
            // What no token would open asks for none.
            (vec![("host", "evil.example"), TOKEN], 403, String::new()),
            (vec![HOST, TOKEN, ("origin", "null")], 403, String::new()),
        ] {
            assert_eq!(asked(&headers, Scope::Owner), Err((status, says)), "{headers:?}");
        }
    }

    #[test]
    fn a_page_of_the_door_itself_comes_in_only_where_its_pages_have_tokens() {
        let own = [HOST, TOKEN, ("origin", "http://127.0.0.1:7370")];
        assert!(asked_by(Pages::Own, &own, Scope::Check).is_ok());
        assert_eq!(asked_by(Pages::None, &own, Scope::Check), Err((403, String::new())));
        assert!(asked_by(Pages::None, &[HOST, TOKEN], Scope::Check).is_ok());
    }

    #[test]
    fn each_missing_piece_keeps_it_shut() {
        assert!(!admitted(&[HOST]), "no token");
        assert!(!admitted(&[HOST, ("authorization", "Bearer other")]), "unknown token");
        assert!(!admitted(&[TOKEN]), "no host");
        assert!(!admitted(&[("host", "evil.example:7370"), TOKEN]), "rebound name");
        assert!(!admitted(&[("host", "127.0.0.1.evil.example"), TOKEN]), "lookalike");
        assert!(!admitted(&[HOST, TOKEN, ("origin", "http://evil.example")]), "foreign page");
        assert!(!admitted(&[HOST, TOKEN, ("origin", "null")]), "sandboxed frame");
    }
}
