//! What an attestor does without being asked by a customer: heartbeats, taking back, renewing.

use super::look::DUE;
use super::{Office, OfficeError, describe};
use crate::evidence::settings::Settings;
use crate::evidence::{Account, AskedAgain, EvidenceError, RefreshToken, Seen, manual, rule};
use crate::ledger::audit::By;
use crate::ledger::{Fresh, Issued, LedgerError, Reason, Renewed};
use crate::revocation::Pen;
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use std::time::Duration;
use zeroize::Zeroizing;

/// What asking again showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// It still holds; the claim that takes the old one's place, if one was signed.
    Holds(Option<String>),
    /// It does not hold any more, and the claim was taken back.
    Revoked,
}

impl Office {
    /// Says of every list that it stands.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the books or the keys cannot be used.
    pub async fn heartbeat(&self) -> Result<(), OfficeError> {
        let pen = self.list_pen().await?;
        let notices = self.on_disk(move |ledger| {
            // A change that was cut off from the network goes before the heartbeat that names it.
            let mut notices = ledger.last_changes()?;
            notices.extend(ledger.heartbeat(&pen)?);
            Ok(notices)
        });
        let notices = notices.await?;
        self.tell(notices).await;
        Ok(())
    }

    /// Takes a claim back, with every other that rests on the same account for the same identity.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::Ledger`] if it was never signed here, or the books cannot be used.
    pub async fn revoke(&self, id: &str, reason: Reason) -> Result<Vec<String>, OfficeError> {
        let pen = self.list_pen().await?;
        let id = id.to_owned();
        let revoked = self.on_disk(move |ledger| ledger.revoke_family(&id, &reason, &pen));
        let (family, notices) = revoked.await?;
        self.tell(notices).await;
        self.sweep_tokens().await;
        Ok(family)
    }

    /// Asks the provider again about a claim, renews it as it is now if it holds and takes it back if the
    /// provider says no. What the provider says otherwise now is taken back, and signed as it is. A provider
    /// that cannot be asked has said nothing.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the provider cannot be asked without the person, or at all, or if its file
    /// describes another claim now.
    pub async fn renew(&self, id: &str) -> Result<Again, OfficeError> {
        let (issued, seen) = match self.ask_provider(id).await {
            Ok(found) => found,
            Err(OfficeError::Evidence(error)) if error.is_a_no() => {
                return self.no_longer(id, &error).await;
            }
            Err(error) => return Err(error),
        };
        self.sign_anew(issued, seen).await
    }

    /// Signs what was seen just now in place of a claim.
    async fn sign_anew(&self, issued: Issued, seen: Seen) -> Result<Again, OfficeError> {
        let settings = self.source(&issued)?;
        if settings.claim.kind != issued.claim {
            return Err(OfficeError::NotOffered { claim: issued.claim });
        }
        let pen = self.list_pen().await?;
        let fresh = Fresh {
            valid_until: end(settings, &seen, pen.now),
            evidence: describe::evidence(settings, &seen),
            demands: Some(rule::digest(settings)),
            evidence_at: seen.at,
            says: seen.properties,
            note: String::new(),
        };
        // What is taken back needs its token until the new claim has it.
        let keeping = self.tokens.read().await;
        let renewed =
            self.on_disk(move |ledger| ledger.renew(&issued.id, &fresh, &pen, &mut rand::random));
        let renewed = renewed.await;
        drop(keeping);
        let Renewed { claim, tell } = renewed?;
        self.tell(tell).await;
        Ok(Again::Holds(Some(claim.id)))
    }

    /// Asks the provider again, as the schedule does: renews a claim that is due, and takes any other back if
    /// the provider says no, or says something else than the claim does.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] as [`Self::renew`] does.
    pub async fn ask_again_about(&self, id: &str) -> Result<Again, OfficeError> {
        match self.ask_provider(id).await {
            Ok((issued, seen)) if self.is_due(&issued, &seen)? => {
                self.sign_anew(issued, seen).await
            }
            Ok((issued, seen)) => self.still_says(issued, seen).await,
            Err(OfficeError::Evidence(error)) if error.is_a_no() => {
                self.no_longer(id, &error).await
            }
            Err(error) => Err(error),
        }
    }

    /// Tells whether the schedule renews a claim: it ends soon, half of its time is over, as what is signed for
    /// a month would be renewed each day otherwise, and what its source signs now lasts longer.
    fn is_due(&self, issued: &Issued, seen: &Seen) -> Result<bool, OfficeError> {
        let (now, until, settings) = (self.now(), issued.valid_until, self.source(issued)?);
        let half = until.since(issued.issued) / 2;
        let ends_soon = until < now.plus(DUE) && until < now.plus(half);
        Ok(ends_soon && settings.claim.kind == issued.claim && until < end(settings, seen, now))
    }

    /// Takes a claim back that says something else than what was seen just now.
    async fn still_says(&self, issued: Issued, seen: Seen) -> Result<Again, OfficeError> {
        // Another version of the rule may write the same thing in another way.
        let same_rule = issued.rule() == rule::name(self.source(&issued)?);
        if !same_rule || !issued.is_contradicted_by(&seen.properties) {
            return Ok(Again::Holds(None));
        }
        let (pen, says) = (self.list_pen().await?, seen.properties);
        let revoked =
            self.on_disk(move |ledger| ledger.revoke_contradicted(&issued.id, &says, &pen));
        let (_, notices) = revoked.await?;
        self.tell(notices).await;
        self.sweep_tokens().await;
        Ok(Again::Revoked)
    }

    /// Asks again about every claim that stands and can be asked about, renews those that are due, and gives how
    /// many were taken back.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the books or the keys cannot be used, and then nobody was asked; a provider
    /// that does not answer is asked the next time.
    pub async fn ask_about_all(&self) -> Result<u64, OfficeError> {
        By::Schedule.has(self.ask_all()).await
    }

    /// Gives how long providers are left alone still, where each is asked once in `every`.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::Ledger`] if the books cannot be used.
    pub async fn left_alone(&self, every: Duration) -> Result<Duration, OfficeError> {
        let asked = self.on_disk(|ledger| ledger.asked()).await?;
        let since = asked.map(|asked| Duration::from_secs(self.now().since(asked)));
        Ok(since.map_or(Duration::ZERO, |since| every.saturating_sub(since)))
    }

    async fn ask_all(&self) -> Result<u64, OfficeError> {
        // Nobody is asked whose answer could not be signed for.
        let Pen { now, .. } = self.list_pen().await?;
        self.on_disk(move |ledger| ledger.begin_asking(now)).await?;
        let ids = self.on_disk(move |ledger| {
            let mut ids = Vec::new();
            ledger.each(|issued| {
                if issued.stands(now) && issued.refresh.is_some() {
                    ids.push(issued.id);
                }
            })?;
            Ok(ids)
        });
        let mut revoked = 0_u64;
        for id in ids.await? {
            match self.ask_again_about(&id).await {
                Ok(Again::Revoked) => revoked = revoked.saturating_add(1),
                Ok(Again::Holds(_)) => {}
                Err(error) => tracing::warn!(%error, claim = %id, "could not ask again"),
            }
        }
        self.sweep_tokens().await;
        Ok(revoked)
    }

    /// Signs every standing claim again with the newest key.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the books or the keys cannot be used.
    pub async fn reissue(&self) -> Result<u64, OfficeError> {
        let pen = self.pen().await?;
        let count = self.on_disk(move |ledger| ledger.reissue(&pen)).await?;
        // The profile and the lists were signed with the old key, too.
        if let Err(error) = self.publish_profile().await {
            tracing::warn!(%error, "the profile waits for the network");
        }
        self.heartbeat().await?;
        Ok(count)
    }

    async fn ask_provider(&self, id: &str) -> Result<(Issued, Seen), OfficeError> {
        let row = || {
            let name = id.to_owned();
            self.on_disk(move |ledger| ledger.get(&name))
        };
        let not_refreshable = || EvidenceError::NotRefreshable;
        let found = row().await?;
        found.check_live(self.now())?;
        if found.source == manual::SLUG {
            return Err(EvidenceError::ByHand.into());
        }
        let kept = found.refresh.ok_or_else(not_refreshable)?;
        // A provider may take a token once, and take two uses of one for a theft.
        let _turn = self.asking.wait(&kept).await;
        // Whoever was before may have renewed the claim: its token is the new one's.
        let issued = row().await?;
        issued.check_live(self.now())?;
        if issued.refresh.as_ref() != Some(&kept) {
            return Err(not_refreshable().into());
        }
        let kept = &kept;
        let token = self.ground.secret(kept)?.ok_or(EvidenceError::NotRefreshable)?;
        let token = core::str::from_utf8(&token)
            .map_err(|_| LedgerError::Damaged { what: "a refresh token" })?;
        let token = RefreshToken::new(Zeroizing::new(token.to_owned()));
        let source = self.sources.get(&issued.source).ok_or(OfficeError::NoRequest)?;
        let AskedAgain { refresh, seen } = source.again(&token, self.now()).await?;
        // A provider may take a token once: the newest is kept before anything else.
        self.ground.keep_secret(kept, refresh.reveal().as_bytes())?;
        // The token must still be the same person's, also where the provider says no.
        let about = match &seen {
            Ok(seen) => Some(&seen.account),
            Err(error) => error.denied(),
        };
        let names = about.map(|account| self.accounts.names(account)).unwrap_or_default();
        if about.is_some() && !names.iter().any(|name| name.as_str() == issued.account) {
            return Err(OfficeError::Taken);
        }
        Ok((issued, seen?))
    }

    /// Takes back what rests on an account of which the provider just said no at a sign-in: where there is no
    /// token to ask with, this is how it is asked again.
    ///
    /// What cannot be taken back now stands: whoever signs in is told no all the same.
    pub(super) async fn take_back_denied(&self, error: &EvidenceError, settings: &Settings) {
        let Some(account) = error.denied() else { return };
        if let Err(error) = self.revoke_denied(account, settings, error.to_string()).await {
            tracing::warn!(%error, "what a provider denies could not be taken back");
        }
    }

    async fn revoke_denied(
        &self,
        account: &Account,
        settings: &Settings,
        note: String,
    ) -> Result<(), OfficeError> {
        let (names, rule, pen) =
            (self.accounts.names(account), rule::name(settings), self.list_pen().await?);
        let reason = Reason { why: Why::NoLongerTrue, note, effective: pen.now };
        let revoked =
            self.on_disk(move |ledger| ledger.revoke_denied(&names, &rule, &reason, &pen));
        let (revoked, notices) = revoked.await?;
        self.tell(notices).await;
        if !revoked.is_empty() {
            self.sweep_tokens().await;
        }
        Ok(())
    }

    async fn no_longer(&self, id: &str, error: &EvidenceError) -> Result<Again, OfficeError> {
        let (why, note) = (Why::NoLongerTrue, error.to_string());
        let reason = Reason { why, note, effective: self.now() };
        self.revoke(id, reason).await?;
        Ok(Again::Revoked)
    }

    fn source(&self, issued: &Issued) -> Result<&Settings, OfficeError> {
        let source = self.sources.get(&issued.source).ok_or(OfficeError::NoRequest)?;
        Ok(source.settings())
    }
}

fn end(settings: &Settings, seen: &Seen, now: Timestamp) -> Timestamp {
    let good_until = seen.at.plus(settings.claim.evidence_max_age.as_secs());
    now.plus(settings.claim.valid_for.as_secs()).min(good_until)
}
