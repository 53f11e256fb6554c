//! Who may come in at the owner's door.
//!
//! The door listens on loopback, and that is not enough: a web page on the same computer reaches it
//! too. So every request needs a bearer token from a file only the owner can read, a `Host` that is
//! this computer (DNS rebinding brings another), and no foreign `Origin`.

use crate::door::{Keys, Scope};
use crate::page::guard::is_this_computer;
use crate::problem::{Kind, Problem};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// What the guard of one route compares with.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The tokens that open anything here.
    pub keys: Arc<Keys>,
    /// What a token must allow.
    pub needed: Scope,
    /// Says to whoever is not let in how to come in.
    pub hint: String,
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
        Err(problem) if problem.has_hint() => problem.into_response(),
        Err(problem) => problem.hint(guard.hint.as_str()).into_response(),
    }
}

fn admit(guard: &Guard, headers: &HeaderMap) -> Result<Scope, Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or_default();
    if !is_this_computer(host) {
        return Err(forbidden("the request was made to another host name")
            .hint("ask 127.0.0.1 or localhost: any other name may be a web page's"));
    }
    if let Some(origin) = text(header::ORIGIN) {
        let same = origin.strip_prefix("http://").is_some_and(|origin| origin == host);
        if !same {
            return Err(forbidden("the request comes from a web page of another origin")
                .hint("a program that is no web page sends no Origin"));
        }
    }
    let token = text(header::AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| forbidden("no bearer token was given"))?;
    match guard.keys.scope(token) {
        Some(scope) if scope.allows(guard.needed) => Ok(scope),
        Some(_) => Err(forbidden("the token's scope does not allow this")),
        None => Err(forbidden("the token is not known")),
    }
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(Kind::Forbidden, "this door is locked").because(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn admitted(headers: &[(&'static str, &str)]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("owner-1"), [b'o'; 43]).unwrap();
        std::fs::write(folder.path().join("check-1"), [b'c'; 43]).unwrap();
        let keys = Arc::new(Keys::read(folder.path().to_owned()).unwrap());
        let guard = Guard { keys, needed: Scope::Check, hint: String::new() };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        admit(&guard, &map).is_ok()
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
