//! Where a provider is asked: from the file, or discovered and then measured against the file.
//!
//! - Standard: OpenID Connect Discovery 1.0, section 4.

use crate::evidence::EvidenceError;
use crate::evidence::outbound::{Outbound, OutboundError};
use crate::evidence::settings::Oidc;
use countersign_protocol::time::Timestamp;
use openidconnect::core::{CoreJsonWebKeySet, CoreProviderMetadata};
use openidconnect::{DiscoveryError, IssuerUrl, JsonWebKeySetUrl};
use tokio::sync::Mutex;
use url::Url;

/// What is known of a provider.
#[derive(Debug, Clone)]
pub struct Known {
    /// Where the browser goes.
    pub authorization: Url,
    /// Where a code becomes tokens.
    pub token: Url,
    /// Where the account is described.
    pub userinfo: Url,
    /// The keys that sign id_tokens.
    pub keys: CoreJsonWebKeySet,
    since: Timestamp,
}

/// Remembers what is known of a provider for a while.
#[derive(Debug, Default)]
pub struct Directory {
    known: Mutex<Option<Known>>,
}

impl Directory {
    /// Gives what is known, asking the provider if that is too long ago.
    pub(super) async fn known(
        &self,
        oidc: &Oidc,
        outbound: &Outbound,
        now: Timestamp,
    ) -> Result<Known, EvidenceError> {
        self.younger_than(MAX_AGE, oidc, outbound, now).await
    }

    /// Asks the provider again, but not more than once in a short while: anybody can show a token
    /// with a key that does not exist.
    pub(super) async fn again(
        &self,
        oidc: &Oidc,
        outbound: &Outbound,
        now: Timestamp,
    ) -> Result<Known, EvidenceError> {
        self.younger_than(MIN_AGE, oidc, outbound, now).await
    }

    async fn younger_than(
        &self,
        age: u64,
        oidc: &Oidc,
        outbound: &Outbound,
        now: Timestamp,
    ) -> Result<Known, EvidenceError> {
        let mut known = self.known.lock().await;
        match &*known {
            Some(one) if now.since(one.since) < age && one.since <= now => Ok(one.clone()),
            Some(_) | None => {
                let fresh = find(oidc, outbound, now).await?;
                *known = Some(fresh.clone());
                Ok(fresh)
            }
        }
    }
}

async fn find(oidc: &Oidc, outbound: &Outbound, now: Timestamp) -> Result<Known, EvidenceError> {
    let found = match &oidc.endpoints {
        Some(written) => {
            let keys = match &written.jwks {
                Some(url) => fetch_keys(url, outbound).await?,
                None => CoreJsonWebKeySet::default(),
            };
            Known {
                authorization: written.authorization.clone(),
                token: written.token.clone(),
                userinfo: written.userinfo.clone(),
                keys,
                since: now,
            }
        }
        None => discover(oidc, outbound, now).await?,
    };
    // The hosts come from the file, never from the provider.
    for url in [&found.authorization, &found.token, &found.userinfo] {
        outbound.check(url)?;
    }
    Ok(found)
}

async fn discover(
    oidc: &Oidc,
    outbound: &Outbound,
    now: Timestamp,
) -> Result<Known, EvidenceError> {
    let failed = |cause| EvidenceError::Discovery { cause };
    let issuer = IssuerUrl::new(oidc.issuer.clone()).map_err(|_| OutboundError::NotAUrl)?;
    // It compares the document's issuer with the file's, byte for byte.
    let metadata = CoreProviderMetadata::discover_async(issuer, outbound).await.map_err(refused)?;
    let token = metadata.token_endpoint().ok_or_else(|| failed(EndpointsError::NoTokenEndpoint))?;
    let userinfo =
        metadata.userinfo_endpoint().ok_or_else(|| failed(EndpointsError::NoUserinfoEndpoint))?;
    Ok(Known {
        authorization: metadata.authorization_endpoint().url().clone(),
        token: token.url().clone(),
        userinfo: userinfo.url().clone(),
        keys: metadata.jwks().clone(),
        since: now,
    })
}

async fn fetch_keys(url: &Url, outbound: &Outbound) -> Result<CoreJsonWebKeySet, EvidenceError> {
    let url = JsonWebKeySetUrl::from_url(url.clone());
    CoreJsonWebKeySet::fetch_async(&url, outbound).await.map_err(refused)
}

/// Keeps what our own way out said, and gives the rest its own name.
fn refused(error: DiscoveryError<OutboundError>) -> EvidenceError {
    match error {
        DiscoveryError::Request(cause) => EvidenceError::Outbound(cause),
        cause => {
            EvidenceError::Discovery { cause: EndpointsError::Document { cause: Box::new(cause) } }
        }
    }
}

/// What a provider says of itself cannot be used. Fault of the provider or of the file.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum EndpointsError {
    /// Its document or its keys are malformed, or another issuer's.
    #[error("{cause}")]
    Document { cause: Box<DiscoveryError<OutboundError>> },
    /// The code flow has one.
    #[error("it has no token endpoint")]
    NoTokenEndpoint,
    /// Nothing would be read of the account.
    #[error("it has no userinfo endpoint")]
    NoUserinfoEndpoint,
}

/// Endpoints and keys are asked for once an hour: providers announce new keys days before.
const MAX_AGE: u64 = 3600;

/// An unknown key is looked for at most this often, in seconds.
const MIN_AGE: u64 = 10;
