//! Verifies an id_token as the file demands.
//!
//! - Standard: OpenID Connect Core 1.0, sections 3.1.3.7 (validation) and 3.1.3.8 (`at_hash`).

use super::endpoints::Known;
use super::token::Tokens;
use crate::evidence::settings::{Algorithm, ClientSecret, Oidc};
use core::str::FromStr as _;
use countersign_protocol::time::Timestamp;
use openidconnect::core::{
    CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKey, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, JsonWebKey as _,
    Nonce, SignatureVerificationError,
};
use std::time::{Duration, UNIX_EPOCH};

/// Verifies the id_token that came with `tokens` and gives its subject.
///
/// # Errors
///
/// Returns [`IdTokenError`] for whatever section 3.1.3.7 refuses.
pub(super) fn verify(
    text: &str,
    tokens: &Tokens,
    oidc: &Oidc,
    secret: &ClientSecret,
    known: &Known,
    nonce: Option<&Nonce>,
    now: Timestamp,
) -> Result<String, IdTokenError> {
    let id_token = CoreIdToken::from_str(text).map_err(|_| IdTokenError::Malformed)?;
    let client_id = ClientId::new(oidc.client_id.clone());
    let verifier = CoreIdTokenVerifier::new_confidential_client(
        client_id,
        openidconnect::ClientSecret::new(secret.reveal().to_owned()),
        IssuerUrl::new(oidc.issuer.clone()).map_err(|_| IdTokenError::Malformed)?,
        known.keys.clone(),
    )
    .set_allowed_algs(oidc.algorithms.iter().map(|one| algorithm(*one)))
    .set_time_fn(move || {
        let moment = UNIX_EPOCH.checked_add(Duration::from_secs(now.seconds()));
        moment.unwrap_or(UNIX_EPOCH).into()
    })
    .set_issue_time_verifier_fn(move |issued| {
        let issued = u64::try_from(issued.timestamp()).unwrap_or_default();
        let range = now.minus(MAX_AGE).seconds()..=now.plus(MAX_SKEW).seconds();
        range.contains(&issued).then_some(()).ok_or_else(|| "issued at another time".to_owned())
    });
    let verify_nonce = |found: Option<&Nonce>| match nonce {
        Some(expected) if found.is_some_and(|found| same(found, expected)) => Ok(()),
        Some(_) => Err("not the nonce of this sign-in".to_owned()),
        // Section 12.2: a refreshed id_token should have none.
        None => Ok(()),
    };
    let claims = id_token.claims(&verifier, verify_nonce).map_err(refused)?;
    // Section 3.1.3.7, step 5.
    if claims.authorized_party().is_some_and(|party| party.as_str() != oidc.client_id) {
        return Err(IdTokenError::OtherParty);
    }
    if let Some(expected) = claims.access_token_hash() {
        let signed_with = id_token.signing_alg().map_err(|_| IdTokenError::Malformed)?;
        let shared = CoreJsonWebKey::new_symmetric(secret.reveal().as_bytes().to_vec());
        let key = match signed_with {
            CoreJwsSigningAlgorithm::HmacSha256 => &shared,
            _ => id_token.signing_key(&verifier).map_err(|_| IdTokenError::UnknownKey)?,
        };
        let access = AccessToken::new(tokens.access().to_owned());
        let found = AccessTokenHash::from_token(&access, signed_with, key);
        if found.as_ref() != Ok(expected) {
            return Err(IdTokenError::OtherAccessToken);
        }
    }
    Ok(claims.subject().to_string())
}

/// Compares in constant time, as the crate does.
fn same(one: &Nonce, other: &Nonce) -> bool {
    use subtle::ConstantTimeEq as _;
    one.secret().as_bytes().ct_eq(other.secret().as_bytes()).into()
}

fn refused(error: ClaimsVerificationError) -> IdTokenError {
    match error {
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        ) => IdTokenError::UnknownKey,
        ClaimsVerificationError::SignatureVerification(cause) => IdTokenError::Signature { cause },
        cause => IdTokenError::Claims { cause },
    }
}

const fn algorithm(named: Algorithm) -> CoreJwsSigningAlgorithm {
    match named {
        Algorithm::RS256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        Algorithm::RS384 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        Algorithm::RS512 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        Algorithm::PS256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        Algorithm::PS384 => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        Algorithm::PS512 => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        Algorithm::ES256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        Algorithm::ES384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        Algorithm::EdDSA => CoreJwsSigningAlgorithm::EdDsa,
        Algorithm::HS256 => CoreJwsSigningAlgorithm::HmacSha256,
    }
}

/// The id_token cannot be believed. Fault of the provider, or of whoever stood between.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum IdTokenError {
    /// The file requires one.
    #[error("there is no id_token, and the file requires one")]
    Missing,
    /// Not a JWT with the claims every id_token has.
    #[error("the id_token is malformed")]
    Malformed,
    /// Signed with a key the provider does not show.
    #[error("the id_token is signed with a key the provider does not show")]
    UnknownKey,
    /// Not signed, signed with an algorithm the file does not name, or the signature is wrong.
    #[error("the id_token's signature is refused: {cause}")]
    Signature { cause: SignatureVerificationError },
    /// For another client, from another issuer, of another sign-in or another time.
    #[error("the id_token is refused: {cause}")]
    Claims { cause: ClaimsVerificationError },
    /// `azp` names another client.
    #[error("the id_token was made for another client")]
    OtherParty,
    /// `at_hash` is of another access token.
    #[error("the id_token belongs to another access token")]
    OtherAccessToken,
}

/// A sign-in takes minutes; an id_token older than that is of another one.
const MAX_AGE: u64 = 600;

/// Two honest clocks differ by less, in seconds.
const MAX_SKEW: u64 = 120;
