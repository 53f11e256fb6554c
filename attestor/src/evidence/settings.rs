//! The file that describes one source of evidence.
//!
//! Everything that decides whether an answer is believed stands here, in a file its owner can read:
//! which hosts, which algorithms, whether an id_token is required. A provider never widens it.

use super::manual;
use countersign_protocol::encoding::json;
use countersign_protocol::policy::accreditation;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// Describes a source of evidence and the claim that rests on it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The kind of source.
    pub kind: Kind,
    /// Names the source in addresses and on the command line: small letters, digits, hyphens.
    pub slug: String,
    /// Names the provider to people.
    pub name: String,
    /// What is claimed.
    pub claim: Claim,
    /// Which account it is about.
    pub account: AccountRule,
    /// How the provider is asked.
    pub oidc: Oidc,
    /// Where all of this is written; empty if it was read from nowhere.
    #[serde(skip)]
    pub file: PathBuf,
}

/// The kinds of source there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A sign-in at an OpenID provider.
    Oidc,
}

/// Describes the claim that is signed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The credential's type, such as `PaymentAccountVerified`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of these rules, as the claim's evidence and the attestor's profile name it.
    pub rule: Rule,
    /// What is claimed, as one sentence for people.
    pub says: String,
    /// How long a claim is valid.
    #[serde(with = "duration")]
    pub valid_for: Duration,
    /// How old evidence may be when a claim is signed or renewed.
    #[serde(with = "duration")]
    pub evidence_max_age: Duration,
    /// Properties that are the same in every claim.
    #[serde(default)]
    pub fixed: BTreeMap<String, String>,
    /// Properties that are read at the provider.
    #[serde(default)]
    pub seen: BTreeMap<String, Property>,
}

/// Names one version of the rules in a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The rule's name.
    pub name: String,
    /// Its version, from 1: whoever changes what the file demands, raises it.
    pub version: u64,
}

/// Describes one property that is read at the provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Where it stands in userinfo: a JSON Pointer, RFC 6901.
    pub pointer: String,
    /// What it must be.
    #[serde(rename = "type")]
    pub kind: PropertyKind,
    /// Without this value there is no claim.
    pub must_be: Option<toml::Value>,
}

/// The types a property may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PropertyKind {
    /// `true` or `false`.
    Boolean,
    /// `true`, `false`, or the same words as text, as PayPal writes them.
    TextBoolean,
    /// Text of at most 256 characters.
    Text,
    /// An integer.
    Integer,
}

/// Says which account the evidence is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRule {
    /// Where the provider's stable id of the account stands in userinfo; never an e-mail address.
    pub id: String,
    /// Where something stands that the account's owner recognises; shown once, never kept.
    pub display: Option<String>,
}

/// Describes an OpenID provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// The provider's issuer identifier.
    pub issuer: String,
    /// Its endpoints; without them they are discovered.
    pub endpoints: Option<Endpoints>,
    /// How the provider knows this attestor.
    pub client_id: String,
    /// The file the client secret stands in, beside this file unless it is absolute.
    pub client_secret_file: PathBuf,
    /// How the secret travels.
    #[serde(default)]
    pub client_authentication: ClientAuthentication,
    /// What is asked for, besides `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// With which algorithms an id_token may be signed.
    pub algorithms: Vec<Algorithm>,
    /// The hosts that are asked, `name` or `name:port`.
    pub hosts: Vec<String>,
    /// Whether there must be an id_token.
    pub id_token: IdToken,
    /// Whether userinfo must name the id_token's subject.
    pub userinfo_sub: UserinfoSub,
    /// Whether the answer must name its provider (RFC 9207); when it does, it is always compared.
    pub require_iss: bool,
    /// Whether the attestor keeps a refresh token, sealed, and asks again on a schedule.
    pub refresh: bool,
    /// Whether `http://127.0.0.1` is allowed: for tests only.
    #[serde(default)]
    pub insecure_loopback: bool,
}

/// The endpoints of a provider that is not discovered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// Where the browser goes.
    pub authorization: Url,
    /// Where a code becomes tokens.
    pub token: Url,
    /// Where the account is described.
    pub userinfo: Url,
    /// Where the keys stand that sign id_tokens.
    pub jwks: Option<Url>,
}

/// How the client secret travels to the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuthentication {
    /// In the `Authorization` header.
    #[default]
    Basic,
    /// In the form.
    Post,
}

/// What is done with an id_token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdToken {
    /// Without one there is no evidence.
    Required,
    /// When there is one it is verified.
    WhenPresent,
}

/// What is expected of userinfo's `sub`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserinfoSub {
    /// OpenID Connect Core 1.0, section 5.3.2: it must be there.
    Required,
    /// Older schemas have none; when there is one it is compared.
    WhenPresent,
}

/// The algorithms an id_token may be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "RFC 7518 and RFC 8037 describe them")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
    HS256,
}

impl Settings {
    /// Reads a file and the client secret it names.
    ///
    /// # Errors
    ///
    /// Returns [`SettingsError`] if a file cannot be read or says something impossible.
    pub fn load(path: &Path) -> Result<(Self, ClientSecret), SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| SettingsError::Unreadable { path: path.to_owned(), cause })?;
        let settings = Self { file: path.to_owned(), ..Self::parse(&text)? };
        let beside = path.parent().unwrap_or_else(|| Path::new("."));
        let secret = ClientSecret::load(&beside.join(&settings.oidc.client_secret_file))?;
        Ok((settings, secret))
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// Returns [`SettingsError`] if it says something impossible.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let settings: Self =
            toml::from_str(text).map_err(|cause| SettingsError::Malformed { cause })?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let in_slug = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if self.slug == manual::SLUG {
            return Err(SettingsError::ReservedSlug);
        }
        if self.claim.kind == accreditation::TYPE {
            return Err(SettingsError::Accredits);
        }
        if !(1..=32).contains(&self.slug.len()) || !self.slug.bytes().all(in_slug) {
            return Err(SettingsError::Slug);
        }
        // It becomes the name of a type in a signed document.
        if self.claim.kind.is_empty() || !self.claim.kind.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return Err(SettingsError::ClaimType);
        }
        if self.claim.fixed.contains_key("id") || self.claim.seen.contains_key("id") {
            return Err(SettingsError::ReservedProperty);
        }
        for pointer in self.pointers() {
            if !pointer.starts_with('/') {
                return Err(SettingsError::Pointer { pointer: pointer.to_owned() });
            }
        }
        if self.account.id.to_ascii_lowercase().contains("mail") {
            return Err(SettingsError::Email);
        }
        if self.oidc.algorithms.is_empty() {
            return Err(SettingsError::NoAlgorithm);
        }
        let without_keys = self.oidc.endpoints.as_ref().is_some_and(|known| known.jwks.is_none());
        if without_keys && self.oidc.algorithms.iter().any(|one| *one != Algorithm::HS256) {
            return Err(SettingsError::NoKeys);
        }
        Ok(())
    }

    fn pointers(&self) -> impl Iterator<Item = &str> {
        let seen = self.claim.seen.values().map(|property| property.pointer.as_str());
        seen.chain([self.account.id.as_str()]).chain(self.account.display.as_deref())
    }
}

impl Property {
    /// Reads the property as its type says, or gives nothing.
    #[must_use]
    pub fn read(&self, found: &Value) -> Option<Value> {
        match (self.kind, found) {
            (PropertyKind::Boolean | PropertyKind::TextBoolean, Value::Bool(_)) => {
                Some(found.clone())
            }
            (PropertyKind::TextBoolean, Value::String(text)) => match text.as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            (PropertyKind::Text, Value::String(text)) => {
                (text.chars().count() <= MAX_TEXT).then(|| found.clone())
            }
            (PropertyKind::Integer, Value::Number(number)) => {
                let bound = |value: i64| value.unsigned_abs() <= json::MAX_INTEGER;
                number.as_i64().is_some_and(bound).then(|| found.clone())
            }
            _ => None,
        }
    }

    /// Tells whether `value` is what the file demands.
    #[must_use]
    pub fn is_met_by(&self, value: &Value) -> bool {
        match (&self.must_be, value) {
            (None, _) => true,
            (Some(toml::Value::Boolean(wanted)), Value::Bool(found)) => wanted == found,
            (Some(toml::Value::String(wanted)), Value::String(found)) => wanted == found,
            (Some(toml::Value::Integer(wanted)), Value::Number(found)) => {
                found.as_i64() == Some(*wanted)
            }
            _ => false,
        }
    }
}

/// What the provider knows this attestor by. It prints as nothing and wipes itself.
#[derive(Clone)]
pub struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// Takes a secret that is already in memory.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.trim().to_owned()))
    }

    /// Reads a secret from its file, which nobody else may read.
    ///
    /// # Errors
    ///
    /// Returns [`SettingsError`] if the file cannot be read, is empty, or is open to others.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let unreadable = |cause| SettingsError::Unreadable { path: path.to_owned(), cause };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(path).map_err(unreadable)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(SettingsError::Exposed { path: path.to_owned() });
            }
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
        let secret = Self::new(&text);
        if secret.0.is_empty() {
            return Err(SettingsError::NoSecret { path: path.to_owned() });
        }
        Ok(secret)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("ClientSecret(..)")
    }
}

/// Durations are written `90d`, `24h`, `15min` or `30s`.
pub(crate) mod duration {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::time::Duration;

    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{}s", time.as_secs()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(from)?;
        read(&text).ok_or_else(|| D::Error::custom("not a duration such as 90d, 24h or 15min"))
    }

    /// Reads a time such as 90d; a year has 365 days.
    pub(crate) fn read(text: &str) -> Option<Duration> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        let seconds = match unit {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            "y" => 365 * 86_400,
            _ => return None,
        };
        Some(Duration::from_secs(number.checked_mul(seconds)?))
    }
}

/// The file cannot be used. Fault of whoever wrote it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum SettingsError {
    /// It is not there, or may not be read.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    /// It is not TOML, has a member nobody knows, or lacks one.
    #[error("{cause}")]
    Malformed { cause: toml::de::Error },
    /// It becomes part of an address.
    #[error("`slug` is not 1 to 32 small letters, digits and hyphens")]
    Slug,
    /// In the books it stands for a person who looked.
    #[error("`slug` is `{slug}`, which stands for what a person looked at", slug = manual::SLUG)]
    ReservedSlug,
    /// Whoever signs in would be an attestor.
    #[error("`claim.type` is an accreditation, and those rest on no sign-in")]
    Accredits,
    /// It becomes the name of a type.
    #[error("`claim.type` has something else than letters and digits")]
    ClaimType,
    /// The subject of a claim is never a property that was read.
    #[error("a property is called `id`, which names the subject of a claim")]
    ReservedProperty,
    /// RFC 6901 begins every pointer that names a member with a slash.
    #[error("`{pointer}` is not a JSON Pointer, which begins with a slash")]
    Pointer { pointer: String },
    /// An address changes hands; an account does not.
    #[error("`account.id` names an e-mail address, and those change hands")]
    Email,
    /// Nothing could be verified.
    #[error("`oidc.algorithms` is empty")]
    NoAlgorithm,
    /// A signature needs a key to be checked with.
    #[error("`oidc.endpoints.jwks` is missing, so no signature could be checked")]
    NoKeys,
    /// Others on this machine could read the client secret.
    #[error("{} is open to others: its mode must be 0600", path.display())]
    Exposed { path: PathBuf },
    /// There is no secret in the file.
    #[error("{} is empty", path.display())]
    NoSecret { path: PathBuf },
}

/// A property is a word or a name, not a document.
const MAX_TEXT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn property(kind: PropertyKind) -> Property {
        Property { pointer: "/x".into(), kind, must_be: Some(toml::Value::Boolean(true)) }
    }

    #[test]
    fn the_examples_are_read() {
        for text in [
            include_str!("../../examples/paypal.toml"),
            include_str!("../../examples/sandbox.toml"),
            include_str!("../../examples/simulated.toml"),
        ] {
            let settings = Settings::parse(text).unwrap();
            assert_eq!(settings.claim.kind, "PaymentAccountVerified");
        }
    }

    #[test]
    fn paypals_text_for_true_is_true_only_where_the_file_says_so() {
        let text = property(PropertyKind::TextBoolean);
        assert_eq!(text.read(&json!("true")), Some(json!(true)));
        assert_eq!(text.read(&json!("false")), Some(json!(false)));
        assert_eq!(text.read(&json!(true)), Some(json!(true)));
        assert_eq!(text.read(&json!("True")), None);
        assert_eq!(text.read(&json!(1)), None);
        assert_eq!(property(PropertyKind::Boolean).read(&json!("true")), None);
    }

    #[test]
    fn a_demand_compares_type_and_value() {
        let wanted = property(PropertyKind::Boolean);
        assert!(wanted.is_met_by(&json!(true)));
        assert!(!wanted.is_met_by(&json!(false)));
        assert!(!wanted.is_met_by(&json!("true")));
    }

    #[test]
    fn what_a_file_must_not_say_is_refused() {
        let good = include_str!("../../examples/paypal.toml");
        let refused = |from: &str, to: &str| {
            assert!(good.contains(from), "{from} is not in the example");
            Settings::parse(&good.replace(from, to)).unwrap_err()
        };
        assert!(matches!(refused("\"/payer_id\"", "\"/email\""), SettingsError::Email));
        assert!(matches!(refused("\"/payer_id\"", "\"payer_id\""), SettingsError::Pointer { .. }));
        assert!(matches!(refused("slug = \"paypal\"", "slug = \"a/b\""), SettingsError::Slug));
        let manual = refused("slug = \"paypal\"", "slug = \"manual\"");
        assert!(matches!(manual, SettingsError::ReservedSlug));
        let accredits = refused("\"PaymentAccountVerified\"", "\"Accreditation\"");
        assert!(matches!(accredits, SettingsError::Accredits));
        assert!(matches!(
            refused("slug = \"paypal\"", "slug = \"paypal\"\nclient_secret = \"x\""),
            SettingsError::Malformed { .. }
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "s3cret\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(ClientSecret::load(&path), Err(SettingsError::Exposed { .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let secret = ClientSecret::load(&path).unwrap();
        assert_eq!(secret.reveal(), "s3cret");
        assert_eq!(format!("{secret:?}"), "ClientSecret(..)");
    }
}
