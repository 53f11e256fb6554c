//! Reads what a provider says about an account.
//!
//! A reader of our own, because an older schema has no `sub` and writes `"true"` for true; which of
//! that is accepted stands in the file.
//!
//! - Standards: OpenID Connect Core 1.0, section 5.3; RFC 6901 (JSON Pointer).

use super::token::Tokens;
use crate::evidence::outbound::{Outbound, OutboundError};
use crate::evidence::settings::{Settings, UserinfoSub};
use crate::evidence::{Account, EvidenceError, Seen};
use countersign_protocol::encoding::json;
use countersign_protocol::time::Timestamp;
use openidconnect::http::header::{ACCEPT, AUTHORIZATION};
use openidconnect::http::{Request, StatusCode};
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

/// Asks the userinfo endpoint.
pub(super) async fn fetch(
    outbound: &Outbound,
    url: &Url,
    tokens: &Tokens,
) -> Result<Zeroizing<Vec<u8>>, EvidenceError> {
    let request = Request::builder()
        .uri(url.as_str())
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, format!("Bearer {}", tokens.access()))
        .body(Vec::new())
        .map_err(|_| OutboundError::NotAUrl)?;
    let answer = outbound.send(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(UserinfoError::Status { status: answer.status().as_u16() }.into());
    }
    Ok(Zeroizing::new(answer.into_body()))
}

/// Reads the account and the claim's properties out of userinfo.
///
/// # Errors
///
/// Returns [`UserinfoError`] if it is about somebody else, lacks something, or says no.
pub(super) fn read(
    body: &[u8],
    settings: &Settings,
    subject: Option<&str>,
    now: Timestamp,
) -> Result<Seen, UserinfoError> {
    let found = json::parse(body, body.len()).map_err(|cause| UserinfoError::Json { cause })?;
    check_subject(&found, settings.oidc.userinfo_sub, subject)?;
    let id = found.pointer(&settings.account.id).and_then(Value::as_str).unwrap_or_default();
    if id.is_empty() || id.len() > MAX_ID {
        return Err(UserinfoError::NoAccount);
    }
    let account =
        Account { issuer: settings.oidc.issuer.clone(), id: Zeroizing::new(id.to_owned()) };
    let display = settings.account.display.as_deref().and_then(|at| found.pointer(at)?.as_str());
    let display = display.map(|text| text.chars().filter(|c| !c.is_control()).take(80).collect());
    let properties = properties(&found, settings, &account)?;
    Ok(Seen { account, display, properties, at: now, refresh: None })
}

/// Compares userinfo's `sub` with the id_token's.
fn check_subject(
    found: &Value,
    rule: UserinfoSub,
    subject: Option<&str>,
) -> Result<(), UserinfoError> {
    // OpenID Connect Core 1.0, section 5.3.2: both must match exactly, or userinfo is not used.
    match (found.get("sub"), subject, rule) {
        (Some(Value::String(found)), Some(subject), _) if found == subject => Ok(()),
        (Some(Value::String(_)), None, _) => Ok(()),
        (Some(_), _, _) => Err(UserinfoError::OtherSubject),
        (None, _, UserinfoSub::WhenPresent) => Ok(()),
        (None, _, UserinfoSub::Required) => Err(UserinfoError::NoSubject),
    }
}

fn properties(
    found: &Value,
    settings: &Settings,
    account: &Account,
) -> Result<Map<String, Value>, UserinfoError> {
    let fixed = settings.claim.fixed.iter();
    let mut properties: Map<String, Value> =
        fixed.map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    for (name, property) in &settings.claim.seen {
        let named = || name.clone();
        let at = found.pointer(&property.pointer);
        let at = at.ok_or_else(|| UserinfoError::Missing { name: named() })?;
        let value = property.read(at).ok_or_else(|| UserinfoError::WrongType { name: named() })?;
        if !property.is_met_by(&value) {
            let (name, found, account) = (named(), value.as_bool(), Box::new(account.clone()));
            return Err(UserinfoError::NotMet { name, found, account });
        }
        properties.insert(named(), value);
    }
    Ok(properties)
}

/// Userinfo gives no evidence.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum UserinfoError {
    /// Fault of the provider.
    #[error("userinfo answered with status {status}")]
    Status { status: u16 },
    /// Not JSON that has one meaning. Fault of the provider.
    #[error("userinfo is not JSON: {cause}")]
    Json { cause: json::JsonError },
    /// Its subject is not the id_token's. Fault of the provider.
    #[error("userinfo is about somebody else than the id_token")]
    OtherSubject,
    /// The file requires that it names its subject. Fault of the provider or the file.
    #[error("userinfo does not say whom it is about")]
    NoSubject,
    /// Nothing at the file's pointer. Fault of the provider or the file.
    #[error("userinfo has no stable id of the account where the file expects it")]
    NoAccount,
    /// Nothing at the file's pointer. Fault of the provider or the file.
    #[error("userinfo says nothing about `{name}`")]
    Missing { name: String },
    /// Another type than the file's. Fault of the provider or the file.
    #[error("userinfo says something about `{name}` that has another type than the file expects")]
    WrongType { name: String },
    /// The provider says no of this account. Nobody's fault. It is logged and noted in the books: a yes or no
    /// may stand there, and nothing else that was found, nor whose account it is.
    #[error("the provider says {no}", no = no(.name, *.found))]
    NotMet { name: String, found: Option<bool>, account: Box<Account> },
}

fn no(name: &str, found: Option<bool>) -> String {
    match found {
        Some(found) => format!("{name} = {found}"),
        None => format!("something else about `{name}` than the claim needs"),
    }
}

/// A provider's id of an account is a number, a hash or an address.
const MAX_ID: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn read_with(
        sub: UserinfoSub,
        body: &Value,
        subject: Option<&str>,
    ) -> Result<Seen, UserinfoError> {
        let mut settings = Settings::parse(include_str!("../../../examples/paypal.toml")).unwrap();
        settings.oidc.userinfo_sub = sub;
        read(&serde_json::to_vec(body).unwrap(), &settings, subject, NOW)
    }

    #[test]
    fn reads_paypals_older_schema() {
        let body = json!({
            "user_id": "https://www.paypal.com/webapps/auth/identity/user/x", "name": "Ada",
            "payer_id": "WDJJHEBZ4X2LY", "verified_account": "true"
        });
        let seen = read_with(UserinfoSub::WhenPresent, &body, Some("x")).unwrap();
        assert_eq!(
            Value::Object(seen.properties),
            json!({"provider": "paypal.com", "verified": true})
        );
        assert_eq!(seen.account.id.as_str(), "WDJJHEBZ4X2LY");
        assert_eq!(seen.display.as_deref(), Some("Ada"));
    }

    #[test]
    fn an_unverified_account_is_a_no() {
        let body = json!({"payer_id": "P", "verified_account": "false"});
        let error = read_with(UserinfoSub::WhenPresent, &body, None).unwrap_err();
        assert_eq!(error.to_string(), "the provider says verified = false");
        assert!(!format!("{error:?}").contains("\"P\""), "{error:?}");
        let error = EvidenceError::from(error);
        assert_eq!(error.denied().unwrap().id.as_str(), "P");
    }

    #[test]
    fn userinfo_about_somebody_else_is_not_used() {
        let body = |sub: Value| json!({"sub": sub, "payer_id": "P", "verified_account": true});
        let read = |sub, expected| read_with(UserinfoSub::WhenPresent, &body(sub), expected);
        assert!(read(json!("a"), Some("a")).is_ok());
        assert!(matches!(read(json!("b"), Some("a")), Err(UserinfoError::OtherSubject)));
        assert!(matches!(read(json!(7), Some("7")), Err(UserinfoError::OtherSubject)));
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_named() {
        let read = |body: Value| read_with(UserinfoSub::WhenPresent, &body, None).unwrap_err();
        assert!(matches!(read(json!({"payer_id": "P"})), UserinfoError::Missing { .. }));
        assert!(matches!(
            read(json!({"payer_id": "P", "verified_account": "yes"})),
            UserinfoError::WrongType { .. }
        ));
        assert!(matches!(read(json!({"verified_account": "true"})), UserinfoError::NoAccount));
        let body = json!({"payer_id": "P", "verified_account": "true"});
        assert!(matches!(
            read_with(UserinfoSub::Required, &body, Some("x")),
            Err(UserinfoError::NoSubject)
        ));
    }
}
