//! Asks an attestor for a claim: shows it the owner's identity, sends her to sign in, keeps what
//! comes back once it is verified.

use super::statement::Entry;
use crate::claims::{Asking, ClaimsError, Expected, Place, Waiting, accept};
use crate::node::{Node, stopping};
use crate::problem::{Kind, Problem};
use crate::verb::claims::{SignIn, Summary};
use crate::verb::statement::What;
use countersign_protocol::credential::draft::{self, Audience};
use countersign_protocol::credential::presentation;
use countersign_protocol::credential::profile::Profile;
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::base64url;
use countersign_protocol::proof::Purpose;
use countersign_protocol::time::Timestamp;

/// A claim that is being asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    waiting: Waiting,
    attestor: Scid,
    claim: String,
    began: Timestamp,
}

impl Node {
    /// Begins a request: shows the attestor who asks, and says where to sign in.
    pub(crate) async fn request_claim(
        &self,
        attestor: &str,
        claim: Option<&str>,
        browser: bool,
    ) -> Result<SignIn, Problem> {
        let attestor = self.attestor_of(attestor).await?;
        let profile = self.profile_of(attestor).await?;
        let claim = offered(&profile, claim)?;
        let asking = self.begin(attestor, &profile, &claim, browser).await?;
        let whom = self.known(attestor, false).await?.did().to_string();
        let did = whom.clone();
        let fingerprint = self.own().await?.scid().fingerprint();
        self.note(Entry::sign_in(whom, &claim, asking.challenge())).await?;
        let (presentation, log) = self.introduction(&asking).await?;
        let (sign_in, waiting) = asking.present(&presentation, Some(&log)).await?;
        let request = base64url::encode(&rand::random::<[u8; 12]>());
        let began = self.now();
        let mut requests = self.inner().requests.lock().map_err(|_| stopping())?;
        requests.retain(|_, asked| asked.began.plus(LONGEST) > began);
        if requests.len() >= MOST {
            return Err(Problem::new(Kind::Busy, "too many claims are being asked for at once")
                .hint("finish the sign-ins that are open, or try again in an hour"));
        }
        requests.insert(request.clone(), Asked { waiting, attestor, claim, began });
        let (url, code) = (sign_in.url, sign_in.code);
        Ok(SignIn { request, attestor: did, url, code, fingerprint })
    }

    /// Opens a request at the attestor that was meant, and at no other.
    pub(super) async fn begin(
        &self,
        attestor: Scid,
        profile: &Profile,
        claim: &str,
        browser: bool,
    ) -> Result<Asking, Problem> {
        let reach = profile.reach.first().ok_or_else(|| {
            Problem::new(Kind::Unavailable, "the attestor does not say where it is")
                .hint("ask its operator: its profile has no address")
        })?;
        let place = Place { url: reach.url.clone(), spki_sha256: reach.spki_sha256 };
        let asking = Asking::begin(&place, claim, browser).await?;
        // A presentation made for somebody else could be used there.
        let mut meant = self.known(attestor, false).await?;
        let domain = asking.domain().parse().map_err(|_| impostor())?;
        if !meant.history().knows(&domain) {
            // It may have moved since it was looked up.
            meant = self.known(attestor, true).await?;
        }
        if !meant.history().knows(&domain) {
            return Err(impostor());
        }
        Ok(asking)
    }

    /// Makes the presentation an attestor asks for, and brings the log along: it may never have
    /// heard of its owner.
    pub(super) async fn introduction(
        &self,
        asking: &Asking,
    ) -> Result<(serde_json::Value, String), Problem> {
        let own = self.own().await?;
        self.asks_first(&own).await?;
        let standing = self.own_history().await?;
        let key = self.hot_key(standing.document(), Purpose::Authentication)?;
        self.may_sign().await?;
        let audience = Audience {
            challenge: asking.challenge(),
            domain: asking.domain(),
            created: self.now(),
            life: presentation::LONGEST,
        };
        let shown = draft::present(standing.did(), &[], audience, &key);
        Ok((shown, String::from_utf8_lossy(&own.log).into_owned()))
    }

    /// Waits until the person signed in, and keeps the claim.
    pub(crate) async fn collect_claim(&self, request: &str) -> Result<Summary, Problem> {
        let asked = {
            let mut requests = self.inner().requests.lock().map_err(|_| stopping())?;
            requests.remove(request)
        };
        let Asked { waiting, attestor, claim, .. } = asked.ok_or_else(|| {
            Problem::new(Kind::NotFound, "there is no such request")
                .because("it was collected already, or the node was started again since")
                .hint("look among your claims; if it is not there, ask for it once more")
        })?;
        let collected = waiting.collect().await?;
        let issuer = self.known(attestor, false).await?;
        let history = issuer.history();
        let keys = |purpose, method: &str| history.key_for(purpose, method);
        let subject = self.own().await?.scid();
        let expected = Expected { issuer: attestor, subject, claim: &claim };
        let verified = accept(collected, expected, &keys, self.now())?;
        let summary = self.keep_claim(verified.credential().clone()).await?;
        self.note(Entry::claim(What::Received, issuer.did().to_string(), &claim)).await?;
        Ok(summary)
    }
}

/// Finds out which claim is meant; an attestor that signs only one needs no type.
fn offered(profile: &Profile, wanted: Option<&str>) -> Result<String, Problem> {
    let types: Vec<&str> = profile.offers.iter().map(|offer| offer.claim.as_str()).collect();
    match (wanted, types.as_slice()) {
        (Some(wanted), types) if types.contains(&wanted) => Ok(wanted.to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        (wanted, types) => {
            let title = match wanted {
                Some(wanted) => format!("this attestor does not sign `{wanted}`"),
                None => "this attestor signs several types of claims".to_owned(),
            };
            Err(Problem::new(Kind::Invalid, title)
                .because(format!("it signs {}", types.join(", ")))
                .hint("say which one with --type TYPE"))
        }
    }
}

fn impostor() -> Problem {
    Problem::new(Kind::Forbidden, "somebody else answers at this attestor's address")
        .because("it asked for a presentation for another identity")
        .hint("nothing was shown to it; tell the attestor")
}

impl From<ClaimsError> for Problem {
    fn from(error: ClaimsError) -> Self {
        match &error {
            ClaimsError::Refused { kind, title } => {
                let problem =
                    Self::new(Kind::Refused, "the attestor signs no such claim about you")
                        .because(format!("{title} ({kind})"));
                match kind.as_str() {
                    "already-attested" => problem.hint(
                        "sign in with another account, or ask the attestor to take back what this one \
                         backs",
                    ),
                    "declined" => {
                        problem.hint("nothing was signed; ask again when you want the claim after all")
                    }
                    "identity-changed" => problem.hint(
                        "your identity changed while you signed in: ask again; if you did not change it, \
                         look at `countersign doctor`",
                    ),
                    _ => {
                        problem.hint("nothing was signed; the attestor's page in the browser says more")
                    }
                }
            }
            ClaimsError::OtherCertificate { .. } => {
                let title = "the attestor's certificate is not the one it announced";
                Self::new(Kind::Unavailable, title)
                    .because("its operator replaced it, and your node has yet to hear of that; or somebody stands between")
                    .hint(
                        "nothing was shown to whoever answers there; try again in a few minutes, and tell \
                         the attestor if it stays so",
                    )
            }
            ClaimsError::BadCertificate { .. } => {
                Self::new(Kind::Unavailable, "the attestor's certificate is not to be trusted")
                    .because(error)
                    .hint("nothing was shown to whoever answers there; tell the attestor")
            }
            ClaimsError::Unreachable { .. } => {
                Self::new(Kind::Unavailable, "the attestor cannot be reached")
                    .because(error)
                    .hint("try again later; `countersign attestors` lists others")
            }
            ClaimsError::Failing { .. } => {
                Self::new(Kind::Unavailable, "the attestor has a problem of its own")
                    .because(error)
                    .hint("try again later; `countersign attestors` lists others")
            }
            ClaimsError::Unclear { .. } => Self::new(
                Kind::Unavailable,
                "it is not known whether the claim was signed",
            )
            .because(error)
            .hint(
                "ask once more with `countersign claim request`: what an attestor signed about \
                         you it gives to you again",
            ),
            ClaimsError::TooLate => {
                Self::new(Kind::TimedOut, "the sign-in was not finished in time")
                    .hint("ask once more with `countersign claim request`")
            }
            _ => Self::new(Kind::Unavailable, "no claim came of it").because(error),
        }
    }
}

/// A request is forgotten when the attestor has long forgotten it.
const LONGEST: u64 = 2 * 3600;
/// One person signs in at a few attestors at once.
const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_of_the_attestors_is_not_told_as_its_no() {
        let failing = || {
            let (kind, title) = ("internal".to_owned(), "the disk is full".to_owned());
            ClaimsError::Failing { host: "north.example".to_owned(), kind, title }
        };
        for error in [failing(), ClaimsError::Unclear { cause: failing().into() }] {
            let told = Problem::from(error);
            let text = told.to_string();
            assert!(told.is(Kind::Unavailable) && text.contains("the disk is full"), "{text}");
            assert!(!text.contains("signs no such claim") && !text.contains("nothing was signed"));
        }
        let (kind, title) = ("declined".to_owned(), "you said no".to_owned());
        assert!(Problem::from(ClaimsError::Refused { kind, title }).is(Kind::Refused));
    }
}
