//! Writes id_tokens: EdDSA, and what a broken provider would write instead.
//!
//! - Standards: RFC 7515 (JWS), RFC 7519 (JWT), RFC 8037 (EdDSA).

use countersign_protocol::encoding::base64url;
use countersign_protocol::key::SecretKey;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

/// How a token is signed.
pub(super) enum Signer<'a> {
    /// As the provider's keys say.
    Key(&'a SecretKey),
    /// With a key it shows under another name.
    Unknown(&'a SecretKey),
    /// With the client secret.
    Hs256(&'a str),
    /// Not at all.
    Nobody,
}

impl Signer<'_> {
    /// Signs `claims`.
    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = match self {
            Self::Key(_) => json!({"alg": "EdDSA", "typ": "JWT", "kid": KEY_ID}),
            Self::Unknown(_) => json!({"alg": "EdDSA", "typ": "JWT", "kid": "unknown"}),
            Self::Hs256(_) => json!({"alg": "HS256", "typ": "JWT"}),
            Self::Nobody => json!({"alg": "none", "typ": "JWT"}),
        };
        let encode = |value: &Value| base64url::encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = match self {
            Self::Key(key) | Self::Unknown(key) => key.sign(signed.as_bytes()).as_bytes().to_vec(),
            Self::Hs256(secret) => hs256(secret, signed.as_bytes()),
            Self::Nobody => Vec::new(),
        };
        format!("{signed}.{}", base64url::encode(&signature))
    }

    /// Gives `at_hash` for an access token: OpenID Connect Core 1.0, section 3.1.3.6.
    pub(super) fn hash(&self, access: &str) -> String {
        match self {
            Self::Key(_) | Self::Unknown(_) => {
                base64url::encode(Sha512::digest(access).get(..32).unwrap_or_default())
            }
            Self::Hs256(_) | Self::Nobody => {
                base64url::encode(Sha256::digest(access).get(..16).unwrap_or_default())
            }
        }
    }
}

/// Writes the key as a JWK.
pub(super) fn public_key(key: &SecretKey) -> Value {
    json!({
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": KEY_ID,
        "x": base64url::encode(key.public().as_bytes()),
    })
}

fn hs256(secret: &str, message: &[u8]) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mac) => mac.chain_update(message).finalize().into_bytes().to_vec(),
        // HMAC takes keys of every length.
        Err(_) => Vec::new(),
    }
}

const KEY_ID: &str = "simulated-1";
