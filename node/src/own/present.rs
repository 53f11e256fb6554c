//! Shows claims to one vendor, for its challenge and for minutes.

use super::claims::Held;
use super::delivery;
use super::statement::Entry;
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::verb::claims::{How, Summary};
use crate::verb::presenting::Presented;
use crate::verb::statement::What;
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::draft::{self, Audience};
use countersign_protocol::proof::Purpose;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::challenge::Challenge;
use serde_json::Value;

impl Node {
    /// Makes a presentation for `challenge` and sends it where the challenge says.
    pub(crate) async fn present(
        &self,
        challenge: &str,
        claims: &[String],
        anyway: bool,
    ) -> Result<Presented, Problem> {
        let challenge = self.challenge(challenge)?;
        let Chosen { held, claims, left_out } = self.chosen(&challenge, claims, anyway).await?;
        let credentials: Vec<Credential> =
            held.iter().map(|held| held.credential.clone()).collect();
        let presentation = self.presentation(&challenge, &credentials).await?;
        let kinds: Vec<String> = held.iter().map(|held| held.kind().to_owned()).collect();
        self.note(Entry::about(&challenge, What::Shown, kinds.clone())).await?;
        let vendor = self.given_name(&challenge.domain);
        let vendor = vendor.unwrap_or_else(|| challenge.domain.clone());
        let told = match &challenge.deliver {
            Some(url) => match delivery::deliver(url, &presentation).await {
                Ok(told) => told,
                Err(delivery::Undelivered { problem, what }) => {
                    self.note(Entry::about(&challenge, what, kinds)).await?;
                    return Err(problem);
                }
            },
            None => None,
        };
        let delivered = challenge.deliver.is_some();
        Ok(Presented { vendor, claims, left_out, delivered, told, presentation })
    }

    /// Signs a presentation of `credentials` with a key that stands.
    pub(crate) async fn presentation(
        &self,
        challenge: &Challenge,
        credentials: &[Credential],
    ) -> Result<Value, Problem> {
        let own = self.own().await?;
        self.asks_first(&own).await?;
        let standing = own.standing.as_ref().ok_or_else(|| {
            Problem::new(Wrong::Unavailable, "your identity is not cosigned yet")
                .hint("`countersign run` has it cosigned; `countersign id show` says how far it is")
        })?;
        let key = self.hot_key(standing.document(), Purpose::Authentication)?;
        self.may_sign().await?;
        let created = self.now();
        let audience = Audience {
            challenge: &challenge.nonce,
            domain: &challenge.domain,
            created,
            life: challenge.expires.since(created),
        };
        let presentation = draft::present(standing.did(), credentials, audience, &key);
        check_size(draft::to_bytes(&presentation).len())?;
        Ok(presentation)
    }

    /// Gives the claims named, or else those the challenge asks for; what stands no longer is shown
    /// only if that is wished.
    async fn chosen(
        &self,
        challenge: &Challenge,
        names: &[String],
        anyway: bool,
    ) -> Result<Chosen, Problem> {
        let published = self.shown_hashes().await?;
        let mut chosen = Chosen::default();
        if !names.is_empty() {
            for name in names {
                let held = self.claim(name)?;
                let summary = self.summary(&held, &published).await?;
                if summary.standing.is_over() && !anyway {
                    return Err(over(&summary));
                }
                chosen.show(held, summary);
            }
            return Ok(chosen);
        }
        let now = self.now();
        for held in self.held_claims()?.into_iter().filter(|held| held.fits(challenge)) {
            let summary = self.summary(&held, &published).await?;
            let ended = held.credential.period().until.is_some_and(|until| until <= now);
            if ended || (summary.standing.is_over() && !anyway) {
                chosen.left_out.push(summary);
            } else {
                chosen.show(held, summary);
            }
        }
        if chosen.held.is_empty() && !challenge.claims.is_empty() && !anyway {
            return Err(nothing(challenge, &chosen.left_out));
        }
        Ok(chosen)
    }
}

/// What is shown, and what the vendor asks for and is not shown.
#[derive(Debug, Default)]
struct Chosen {
    held: Vec<Held>,
    /// The same in a few words.
    claims: Vec<Summary>,
    left_out: Vec<Summary>,
}

impl Chosen {
    fn show(&mut self, held: Held, summary: Summary) {
        self.held.push(held);
        self.claims.push(summary);
    }
}

/// Refuses what no vendor would read.
fn check_size(size: usize) -> Result<(), Problem> {
    if size <= bounds::PRESENTATION {
        return Ok(());
    }
    let most = bounds::PRESENTATION;
    Err(Problem::new(Wrong::TooLarge, "so many claims are more than can be shown at once")
        .because(format!("what is shown would have {size} bytes, and may have {most}"))
        .hint("show fewer: name the claims after the challenge, or tick fewer of them on the page"))
}

/// Tells that a claim is of no use.
fn over(claim: &Summary) -> Problem {
    Problem::new(Wrong::Refused, format!("the claim `{}` stands no longer", claim.name))
        .because(how(claim))
        .hint("leave it out, or show it all the same with --anyway")
}

/// Tells that there is nothing to show, and what is missing.
fn nothing(challenge: &Challenge, over: &[Summary]) -> Problem {
    let wanted = challenge.claims.join(", ");
    let because = if over.is_empty() {
        format!("it asks for {wanted}, and you hold no such claim")
    } else {
        let over = over
            .iter()
            .map(|claim| format!("`{}` of {}: {}", claim.name, claim.attestor, how(claim)));
        format!(
            "it asks for {wanted}, and what you hold stands no longer; {}",
            over.collect::<Vec<_>>().join("; ")
        )
    };
    let kind = challenge.claims.first().map_or("", String::as_str);
    Problem::new(Wrong::Refused, "you have nothing to show of what is asked for")
        .because(because)
        .hint(format!(
            "`countersign attestors --claim {kind}` lists who signs it; \
             `countersign claim request --from NAME` asks for it"
        ))
}

/// Says in words how a claim stands.
fn how(claim: &Summary) -> String {
    let word = match claim.standing {
        How::Stands => "it stands",
        How::Revoked => "revoked",
        How::Suspended => "suspended",
        How::Ended => "its time is over",
        How::KeyGone => "no longer signed",
        How::Unknown => "not known",
    };
    let since = claim.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
    let because = claim.because.as_ref().map(|because| format!(", {because}")).unwrap_or_default();
    format!("{word}{since}{because}")
}
