//! Evidence from a sign-in at an OpenID provider.
//!
//! The crate `openidconnect` discovers, builds the request and verifies the id_token; the two small
//! readers of ours ([`token`], [`userinfo`]) are strict where it is lenient and lenient where an
//! older provider needs it. What may be accepted is decided by the file alone.
//!
//! - Standards: OpenID Connect Core 1.0, section 3.1 (code flow) and 5.3 (userinfo); RFC 7636
//!   (PKCE); RFC 9207 (issuer in the answer); RFC 9700 (security of all of it).

pub mod endpoints;
pub mod id_token;
pub mod token;
pub mod userinfo;

use crate::evidence::outbound::{Limits, Outbound, OutboundError};
use crate::evidence::settings::{self, ClientSecret, Settings};
use crate::evidence::{
    Answer, AskedAgain, Evidence, EvidenceError, Pending, RefreshToken, Seen, SignIn,
};
use async_trait::async_trait;
use countersign_protocol::time::Timestamp;
use endpoints::{Directory, Known};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient};
use openidconnect::{
    AuthUrl, ClientId, CsrfToken, IssuerUrl, JsonWebKeySet, Nonce, PkceCodeChallenge, RedirectUrl,
    Scope,
};
use subtle::ConstantTimeEq as _;
use url::Url;

/// Asks one OpenID provider.
#[derive(Debug)]
pub struct Oidc {
    settings: Settings,
    secret: ClientSecret,
    callback: Url,
    outbound: Outbound,
    directory: Directory,
}

impl Oidc {
    /// Makes a source that the provider sends browsers back to at `public_url`.
    ///
    /// # Errors
    ///
    /// Returns [`EvidenceError::Outbound`] if this machine's TLS cannot be set up or `public_url`
    /// cannot carry a path.
    pub fn new(
        settings: Settings,
        secret: ClientSecret,
        public_url: &Url,
        limits: Limits,
    ) -> Result<Self, EvidenceError> {
        let hosts = settings.oidc.hosts.clone();
        let outbound = Outbound::new(hosts, settings.oidc.insecure_loopback, limits)?;
        // One address a source: an answer can never be taken for another provider's.
        let callback = callback(public_url, &settings.slug).ok_or(OutboundError::NotAUrl)?;
        Ok(Self { settings, secret, callback, outbound, directory: Directory::default() })
    }

    /// Finds the provider's endpoints and keys, as `doctor` does.
    ///
    /// # Errors
    ///
    /// Returns [`EvidenceError`] if it cannot be reached or describes itself in a way the file does
    /// not allow.
    pub async fn look_up(&self, now: Timestamp) -> Result<Known, EvidenceError> {
        self.directory.known(&self.settings.oidc, &self.outbound, now).await
    }

    /// Reads what the account says of itself, and forgets the tokens.
    async fn read(
        &self,
        tokens: &token::Tokens,
        subject: Option<&str>,
        known: &Known,
        now: Timestamp,
    ) -> Result<Seen, EvidenceError> {
        let body = userinfo::fetch(&self.outbound, &known.userinfo, tokens).await?;
        let mut seen = userinfo::read(&body, &self.settings, subject, now)?;
        if self.settings.oidc.refresh {
            seen.refresh = tokens.refresh().map(RefreshToken::new);
        }
        Ok(seen)
    }

    /// Verifies the id_token as the file demands, and gives its subject.
    async fn subject(
        &self,
        tokens: &token::Tokens,
        nonce: Option<&Nonce>,
        now: Timestamp,
    ) -> Result<Option<String>, EvidenceError> {
        let Some(text) = tokens.id_token() else {
            return match (self.settings.oidc.id_token, nonce) {
                // OpenID Connect Core 1.0, section 12.2: a refreshed answer may have none.
                (settings::IdToken::Required, Some(_)) => {
                    Err(id_token::IdTokenError::Missing.into())
                }
                (settings::IdToken::Required, None) | (settings::IdToken::WhenPresent, _) => {
                    Ok(None)
                }
            };
        };
        let verify = |known: &Known| {
            id_token::verify(text, tokens, &self.settings.oidc, &self.secret, known, nonce, now)
        };
        let known = self.look_up(now).await?;
        match verify(&known) {
            // The provider may have changed its keys since they were fetched.
            Err(id_token::IdTokenError::UnknownKey) => {
                let known = self.directory.again(&self.settings.oidc, &self.outbound, now).await?;
                Ok(Some(verify(&known)?))
            }
            verified => Ok(Some(verified?)),
        }
    }
}

/// Gives the address a provider sends the browser back to, which it must know letter by letter.
#[must_use]
pub fn callback(public_url: &Url, slug: &str) -> Option<Url> {
    public_url.join(&format!("/callback/{slug}")).ok()
}

#[async_trait]
impl Evidence for Oidc {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn callback(&self) -> &Url {
        &self.callback
    }

    fn told_time(&self) -> Option<Timestamp> {
        self.outbound.told_time()
    }

    async fn begin(&self, now: Timestamp) -> Result<SignIn, EvidenceError> {
        let known = self.look_up(now).await?;
        let oidc = &self.settings.oidc;
        let issuer = IssuerUrl::new(oidc.issuer.clone()).map_err(|_| OutboundError::NotAUrl)?;
        let client = CoreClient::new(
            ClientId::new(oidc.client_id.clone()),
            issuer,
            JsonWebKeySet::new(Vec::new()),
        )
        .set_auth_uri(AuthUrl::from_url(known.authorization))
        .set_redirect_uri(RedirectUrl::from_url(self.callback.clone()));
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = oidc.scopes.iter().filter(|scope| *scope != "openid").cloned();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes.map(Scope::new))
            .set_pkce_challenge(challenge)
            .url();
        Ok(SignIn { url, pending: Pending { state, nonce, verifier } })
    }

    async fn finish(
        &self,
        pending: Pending,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<Seen, EvidenceError> {
        let code = check(answer, &pending, &self.settings.oidc)?;
        let known = self.look_up(now).await?;
        let request = token::Request::Code {
            code,
            redirect: self.callback.as_str(),
            verifier: pending.verifier.secret(),
        };
        let tokens = self.tokens(&known, &request).await?;
        let subject = self.subject(&tokens, Some(&pending.nonce), now).await?;
        self.read(&tokens, subject.as_deref(), &known, now).await
    }

    async fn again(
        &self,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<AskedAgain, EvidenceError> {
        if !self.settings.oidc.refresh {
            return Err(EvidenceError::NotRefreshable);
        }
        let known = self.look_up(now).await?;
        let request = token::Request::Refresh { token: refresh.reveal() };
        let tokens = self.tokens(&known, &request).await?;
        let seen = async {
            let subject = self.subject(&tokens, None, now).await?;
            self.read(&tokens, subject.as_deref(), &known, now).await
        };
        let seen = seen.await;
        // RFC 6749, section 6: without a new refresh token the old one stays good.
        let newer = tokens.refresh().map(RefreshToken::new);
        Ok(AskedAgain { refresh: newer.unwrap_or_else(|| refresh.clone()), seen })
    }
}

impl Oidc {
    async fn tokens(
        &self,
        known: &Known,
        request: &token::Request<'_>,
    ) -> Result<token::Tokens, EvidenceError> {
        let answer =
            token::exchange(&self.outbound, known, &self.settings.oidc, &self.secret, request)
                .await?;
        Ok(answer)
    }
}

/// Checks what the browser brought before anything is asked with it, and gives the code.
fn check<'a>(
    answer: &'a Answer,
    pending: &Pending,
    oidc: &settings::Oidc,
) -> Result<&'a str, EvidenceError> {
    // RFC 6749, section 10.12.
    let state = answer.state.as_deref().unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(pending.state.secret().as_bytes())) {
        return Err(EvidenceError::WrongState);
    }
    // RFC 9207, section 2.4: compared before an error or a code is looked at.
    match answer.iss.as_deref() {
        Some(issuer) if issuer != oidc.issuer => return Err(EvidenceError::WrongIssuer),
        None if oidc.require_iss => return Err(EvidenceError::NoIssuer),
        Some(_) | None => {}
    }
    match (answer.error.as_deref(), answer.code.as_deref()) {
        (Some("access_denied"), _) => Err(EvidenceError::Refused),
        (Some(code), _) => Err(EvidenceError::Declined { code: token::printable(code) }),
        (None, Some(code)) if !code.is_empty() => Ok(code),
        (None, _) => Err(EvidenceError::NoCode),
    }
}
