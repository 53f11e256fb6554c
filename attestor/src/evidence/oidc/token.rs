//! Exchanges a code, or a refresh token, for tokens, and forgets them.
//!
//! - Standards: RFC 6749, sections 4.1.3, 5.1, 5.2 and 6; RFC 7636, section 4.5.

use super::endpoints::Known;
use crate::evidence::EvidenceError;
use crate::evidence::outbound::{Outbound, OutboundError};
use crate::evidence::settings::{ClientAuthentication, ClientSecret, Oidc};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use countersign_protocol::encoding::json;
use openidconnect::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use openidconnect::http::{Method, Request as HttpRequest};
use serde_json::Value;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// What is exchanged.
pub(super) enum Request<'a> {
    /// The code the browser brought.
    Code { code: &'a str, redirect: &'a str, verifier: &'a str },
    /// What an earlier sign-in left.
    Refresh { token: &'a str },
}

/// What the provider gave; wiped when it goes out of scope, and it prints as nothing.
pub struct Tokens {
    access: Zeroizing<String>,
    id: Option<Zeroizing<String>>,
    refresh: Option<Zeroizing<String>>,
}

impl Tokens {
    /// Gives the token that opens userinfo.
    pub(super) fn access(&self) -> &str {
        &self.access
    }

    /// Gives the id_token, if there is one.
    pub(super) fn id_token(&self) -> Option<&str> {
        self.id.as_ref().map(|text| text.as_str())
    }

    /// Gives the token to ask again with, if there is one.
    pub(super) fn refresh(&self) -> Option<Zeroizing<String>> {
        self.refresh.clone()
    }

    /// Reads the token endpoint's answer.
    ///
    /// # Errors
    ///
    /// Returns [`TokenError`] if it is malformed or not for a bearer.
    fn read(body: &[u8]) -> Result<Self, TokenError> {
        let answer = json::parse(body, body.len()).map_err(|cause| TokenError::Json { cause })?;
        let text = |name: &str| {
            let text = answer.get(name).and_then(Value::as_str)?;
            Some(Zeroizing::new(text.to_owned()))
        };
        // RFC 6749, section 5.1: both are required, the type in any case.
        let bearer = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
        if !bearer {
            return Err(TokenError::NotBearer);
        }
        let access = text("access_token").ok_or(TokenError::NoAccessToken)?;
        // It becomes a header: RFC 6750, section 2.1.
        if access.is_empty() || !access.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::NoAccessToken);
        }
        Ok(Self { access, id: text("id_token"), refresh: text("refresh_token") })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tokens(..)")
    }
}

/// Asks the token endpoint.
pub(super) async fn exchange(
    outbound: &Outbound,
    known: &Known,
    oidc: &Oidc,
    secret: &ClientSecret,
    request: &Request<'_>,
) -> Result<Tokens, EvidenceError> {
    let request = form(known, oidc, secret, request).ok_or(OutboundError::NotAUrl)?;
    let answer = outbound.send(request).await?;
    let succeeded = answer.status().is_success();
    let body = Zeroizing::new(answer.into_body());
    if !succeeded {
        // RFC 6749, section 5.2: the body names the reason.
        let reason = json::parse(&body, body.len()).ok();
        let code = reason.as_ref().and_then(|reason| reason.get("error")?.as_str());
        let code = printable(code.unwrap_or("no reason"));
        return Err(EvidenceError::Declined { code });
    }
    Ok(Tokens::read(&body)?)
}

/// Writes the request: RFC 6749, section 4.1.3.
fn form(
    known: &Known,
    oidc: &Oidc,
    secret: &ClientSecret,
    request: &Request<'_>,
) -> Option<openidconnect::HttpRequest> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    match request {
        Request::Code { code, redirect, verifier } => {
            form.append_pair("grant_type", "authorization_code");
            form.append_pair("code", code);
            form.append_pair("redirect_uri", redirect);
            form.append_pair("code_verifier", verifier);
        }
        Request::Refresh { token } => {
            form.append_pair("grant_type", "refresh_token");
            form.append_pair("refresh_token", token);
        }
    }
    let mut builder = HttpRequest::builder()
        .method(Method::POST)
        .uri(known.token.as_str())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    match oidc.client_authentication {
        ClientAuthentication::Basic => {
            builder = builder.header(AUTHORIZATION, basic(&oidc.client_id, secret));
        }
        ClientAuthentication::Post => {
            form.append_pair("client_id", &oidc.client_id);
            form.append_pair("client_secret", secret.reveal());
        }
    }
    builder.body(form.finish().into_bytes()).ok()
}

/// RFC 6749, section 2.3.1: both halves are form-encoded before they are joined.
fn basic(client_id: &str, secret: &ClientSecret) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encode(client_id), encode(secret.reveal())));
    format!("Basic {}", STANDARD.encode(pair.as_bytes()))
}

/// Makes a code from outside fit to be shown: RFC 6749, section 4.1.2.1 allows little more.
pub(super) fn printable(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ')).take(40).collect()
}

/// The token endpoint's answer cannot be used. Fault of the provider.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum TokenError {
    /// Not JSON that has one meaning.
    #[error("the token endpoint's answer is not JSON: {cause}")]
    Json { cause: json::JsonError },
    /// Another kind of token than the one userinfo takes.
    #[error("the token endpoint gave no bearer token")]
    NotBearer,
    /// None, or one that cannot be sent.
    #[error("the token endpoint gave no access token that can be used")]
    NoAccessToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_needs_a_bearer_token_that_fits_a_header() {
        let read = |text: &str| Tokens::read(text.as_bytes());
        let tokens = read(r#"{"access_token":"a","token_type":"Bearer","expires_in":9}"#).unwrap();
        assert_eq!(tokens.access(), "a");
        assert_eq!(tokens.id_token(), None);
        assert_eq!(format!("{tokens:?}"), "Tokens(..)");
        assert!(read(r#"{"access_token":"a","token_type":"mac"}"#).is_err());
        assert!(read(r#"{"access_token":"a\r\nX: y","token_type":"bearer"}"#).is_err());
        assert!(read(r#"{"access_token":"a","access_token":"b","token_type":"bearer"}"#).is_err());
        assert!(read(r#"{"token_type":"bearer"}"#).is_err());
    }

    #[test]
    fn a_secret_with_odd_characters_is_encoded_before_it_is_joined() {
        let header = basic("a:b", &ClientSecret::new("c d"));
        assert_eq!(header, format!("Basic {}", STANDARD.encode("a%3Ab:c+d")));
    }

    #[test]
    fn a_reason_from_outside_is_made_plain() {
        assert_eq!(printable("<script>invalid_grant"), "scriptinvalid_grant");
    }
}
