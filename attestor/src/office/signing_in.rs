//! The steps of one sign-in, as the listener takes them.

use super::{Office, OfficeError, describe, keys_of};
use crate::evidence::{Answer, EvidenceError, Seen, manual, rule};
use crate::issuance::{Browser, Code, Confirmed, Delivery, Issuance, Loopback, Next, Terms};
use crate::ledger::account::AccountName;
use crate::ledger::{Issued, Order, Outcome, Second};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::presentation::{Presentation, Shown};
use countersign_protocol::did::Scid;
use countersign_protocol::did::log::History;
use countersign_protocol::encoding::base64url;
use countersign_protocol::key::PublicKey;
use countersign_protocol::policy::accreditation;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use url::Url;

/// What a node asks with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The type of the claim.
    pub claim: String,
    /// The source, where several back one type.
    #[serde(default)]
    pub source: Option<String>,
    /// The loopback address the browser is sent to; without one a code is typed.
    #[serde(default)]
    pub redirect: Option<String>,
    /// The SHA-256 of the verifier that collects the claim, in base64url.
    pub verifier: String,
}

/// A request that was taken up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// Its name.
    pub id: String,
    /// What the subject's presentation must answer.
    pub challenge: String,
    /// For whom the presentation must be: the attestor's DID.
    pub domain: String,
    /// Until when everything must be done.
    pub expires: Timestamp,
    /// What the claim will say.
    pub says: String,
}

/// A request whose subject has shown itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Presented {
    /// The page to open in a browser.
    pub sign_in: Url,
    /// The code to type there, where the browser cannot reach the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What the confirmation page shows.
#[derive(Debug, Clone)]
pub struct Question {
    /// What the account's owner recognises it by.
    pub account: String,
    /// The provider.
    pub provider: String,
    /// Eight characters of the identity.
    pub fingerprint: String,
    /// The identity.
    pub did: String,
    /// The type of the claim.
    pub claim: String,
    /// What will be claimed, as a sentence.
    pub says: String,
    /// What will be signed about the identity.
    pub properties: Map<String, Value>,
    /// What the form must repeat.
    pub form: String,
    /// Whether the person must type a code.
    pub typed: bool,
    /// Where the form may lead besides this page.
    pub leads_to: Option<String>,
}

/// Where a browser goes after a sign-in that did not end well.
#[derive(Debug)]
pub struct Turn {
    /// Why.
    pub why: OfficeError,
    /// Where the node that asked is told.
    pub back: Option<Url>,
}

/// What a node collects.
#[derive(Debug, Clone)]
pub enum Collected {
    /// The claim.
    Claim(Value),
    /// It can be collected then.
    Later(Timestamp),
}

impl Office {
    /// Takes a request up.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the claim is not offered or something asked with cannot be used.
    pub async fn ask(&self, asked: &Asked) -> Result<Opened, OfficeError> {
        let offers = |settings: &crate::evidence::settings::Settings| {
            settings.claim.kind == asked.claim
                && asked.source.as_ref().is_none_or(|source| *source == settings.slug)
        };
        let source = self.sources.values().map(|source| source.settings()).find(|one| offers(one));
        let (source, says) = match source {
            Some(source) => (source.slug.clone(), source.claim.says.clone()),
            // Nobody signs in for one; whoever has one comes for it as it is signed now.
            None if asked.claim == accreditation::TYPE => (manual::SLUG.to_owned(), String::new()),
            None => {
                let claim = asked.claim.chars().take(80).collect();
                return Err(OfficeError::NotOffered { claim });
            }
        };
        let verifier = base64url::decode(&asked.verifier).and_then(|hash| hash.try_into().ok());
        let delivery = match &asked.redirect {
            Some(redirect) => Delivery::Loopback(Loopback::parse(redirect)?),
            None => Delivery::Typed(Code::typed(rand::random())),
        };
        let now = self.now();
        let terms = Terms {
            source,
            challenge: base64url::encode(&rand::random::<[u8; 32]>()),
            expires: now.plus(REQUEST_LIFE),
            verifier: verifier.ok_or(OfficeError::Malformed { member: "verifier" })?,
            delivery,
        };
        let own = self.ground.own().await?;
        let (challenge, expires) = (terms.challenge.clone(), terms.expires);
        let id = self.desk().open(Issuance::new(terms), now).ok_or(OfficeError::Full)?;
        let domain = own.did().to_string();
        Ok(Opened { id, challenge, domain, expires, says })
    }

    /// Verifies the subject's presentation, and says where to sign in.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the presentation was not made for this request, or its holder is
    /// not known.
    pub async fn present(
        &self,
        id: &str,
        presentation: &[u8],
        log: Option<&[u8]>,
    ) -> Result<Presented, OfficeError> {
        let (history, key) = self.shown(id, presentation, log).await?;
        // Nobody signs in for what would not be signed.
        self.ground.check_clock().await?;
        let now = self.now();
        let mut desk = self.desk();
        let request = desk.request(id).ok_or(OfficeError::NoRequest)?;
        if !self.sources.contains_key(&request.terms().source) {
            return Err(OfficeError::NotOffered { claim: accreditation::TYPE.to_owned() });
        }
        desk.present(id, history.did(), key, now).ok_or(OfficeError::NoRequest)??;
        let request = desk.request(id).ok_or(OfficeError::NoRequest)?;
        let code = match &request.terms().delivery {
            Delivery::Typed(code) => Some(code.reveal()),
            Delivery::Loopback(_) => None,
        };
        let ticket = desk.ticket(id);
        let sign_in = self.rules.public_url.join(&format!("/start/{ticket}"));
        let sign_in = sign_in.map_err(|_| OfficeError::Malformed { member: "public_url" })?;
        Ok(Presented { sign_in, code })
    }

    /// Gives the standing claims of the subject that shows itself, as they are signed now.
    ///
    /// This is how a node gets a claim that was signed again, renewed, or lost on the way.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] as [`Self::present`] does.
    pub async fn current(
        &self,
        id: &str,
        presentation: &[u8],
        log: Option<&[u8]>,
    ) -> Result<Vec<Value>, OfficeError> {
        let (history, key) = self.shown(id, presentation, log).await?;
        let now = self.now();
        {
            let mut desk = self.desk();
            let request = desk.request(id).ok_or(OfficeError::NoRequest)?;
            request.present(history.did().clone(), key, now)?;
            request.handed_over();
        }
        let scid = history.scid();
        let about = self.on_disk(move |ledger| ledger.about(scid)).await?;
        let newest = |issued: &Issued| issued.renewed_by.is_none() && issued.stands(now);
        let claims = about.into_iter().filter(newest).map(|issued| issued.credential);
        Ok(claims.take(MOST_CURRENT).collect())
    }

    async fn shown(
        &self,
        id: &str,
        presentation: &[u8],
        log: Option<&[u8]>,
    ) -> Result<(History, PublicKey), OfficeError> {
        let challenge = {
            let mut desk = self.desk();
            let request = desk.request(id).ok_or(OfficeError::NoRequest)?;
            request.awaits_anybody(self.now())?;
            request.terms().challenge.clone()
        };
        // What costs a stranger nothing costs us nothing: the log is read for a presentation that answers.
        let presentation = Presentation::parse(presentation)?;
        let domain = self.ground.own().await?.did().to_string();
        presentation.check_audience(&challenge, &domain, self.now())?;
        let scid = presentation.holder().scid();
        let offered = self.read_log(scid, log).await?;
        let history = self.standing(scid, offered.as_ref()).await?;
        let key = {
            let keys = keys_of(&history);
            *Shown::verify(presentation, &challenge, &domain, self.now(), &keys)?.key()
        };
        // Only now: a stranger leaves nothing here.
        if let (Some(offered), Some(log)) = (offered, log) {
            self.ground.hold(offered, log.len());
        }
        Ok((history, key))
    }

    /// Reads a log that somebody sent along, on a thread that may take its time, a few at a time.
    async fn read_log(
        &self,
        scid: Scid,
        log: Option<&[u8]>,
    ) -> Result<Option<History>, OfficeError> {
        let Some(log) = log else { return Ok(None) };
        let turn = Arc::clone(&self.readers).acquire_owned().await;
        let (turn, log, now) = (turn.map_err(|_| OfficeError::Stopping)?, log.to_vec(), self.now());
        let reading = tokio::task::spawn_blocking(move || {
            let read = History::read(&log, now).ok();
            drop(turn);
            read
        });
        let read = reading.await.map_err(|_| OfficeError::Stopping)?;
        Ok(read.filter(|history| history.scid() == scid))
    }

    /// Gives the newest log of an identity that did not end.
    async fn standing(
        &self,
        scid: Scid,
        offered: Option<&History>,
    ) -> Result<History, OfficeError> {
        let history = self.ground.newest(scid, offered).await?;
        if history.is_deactivated() {
            return Err(OfficeError::Changed { scid });
        }
        Ok(history)
    }

    /// Sends a browser to the provider.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the ticket leads nowhere, belongs to another browser, or the
    /// provider cannot be asked.
    pub async fn start(&self, ticket: &str, browser: Browser) -> Result<Url, OfficeError> {
        let now = self.now();
        let (name, source) = {
            let mut desk = self.desk();
            let name = desk.by_ticket(ticket).ok_or(OfficeError::NoRequest)?;
            let request = desk.request(&name).ok_or(OfficeError::NoRequest)?;
            request.enter(browser, now)?;
            (name, request.terms().source.clone())
        };
        let source = self.sources.get(&source).ok_or(OfficeError::NoRequest)?;
        self.ground.check_clock().await?;
        let sign_in = source.begin(now).await?;
        let mut desk = self.desk();
        desk.expect(sign_in.pending.state(), &name);
        desk.request(&name).ok_or(OfficeError::NoRequest)?.leave(sign_in.pending)?;
        Ok(sign_in.url)
    }

    /// Takes what the provider told the browser, and gives what the person must confirm.
    ///
    /// # Errors
    ///
    /// Returns a [`Turn`]: why there is no evidence, and where the browser may go.
    pub async fn come_back(
        &self,
        slug: &str,
        answer: &Answer,
        browser: Browser,
    ) -> Result<(String, Question), Turn> {
        let nowhere = |why: OfficeError| Turn { why, back: None };
        let now = self.now();
        let (name, pending) = {
            let mut desk = self.desk();
            let state = answer.state.as_deref().unwrap_or_default();
            let unknown = || nowhere(EvidenceError::WrongState.into());
            let name = desk.by_state(state).ok_or_else(unknown)?;
            let request = desk.request(&name).ok_or_else(unknown)?;
            if request.terms().source != slug {
                return Err(unknown());
            }
            let pending = request.come_back(browser, now).map_err(|why| nowhere(why.into()))?;
            (name, pending)
        };
        let source = self.sources.get(slug).ok_or_else(|| nowhere(OfficeError::NoRequest))?;
        let seen = match source.finish(pending, answer, now).await {
            Ok(seen) => seen,
            Err(why) => {
                self.count_refusal(&why);
                self.take_back_denied(&why, source.settings()).await;
                return Err(self.turn(&name, why.into()));
            }
        };
        let account = self.accounts.names(&seen.account);
        let (subject, question) = self.note(&name, seen, source.settings()).map_err(nowhere)?;
        // Nobody confirms what would not be signed.
        match self.turns_away(account, subject, now).await {
            Ok(false) => Ok((name, question)),
            Ok(true) => Err(self.turn(&name, OfficeError::Taken)),
            Err(why) => Err(nowhere(why)),
        }
    }

    /// Ends a request, and says where its browser goes.
    fn turn(&self, name: &str, why: OfficeError) -> Turn {
        let back = self.desk().request(name).and_then(|request| request.refuse(why.no()));
        Turn { why, back }
    }

    /// Notes what was seen, and gives whom it is about and what is to be confirmed.
    fn note(
        &self,
        name: &str,
        seen: Seen,
        settings: &crate::evidence::settings::Settings,
    ) -> Result<(Scid, Question), OfficeError> {
        let form = base64url::encode(&rand::random::<[u8; 24]>());
        let mut desk = self.desk();
        let request = desk.request(name).ok_or(OfficeError::NoRequest)?;
        request.see(seen, form)?;
        let subject = request.to_confirm().map(|(did, ..)| did.scid());
        let question = question(request, settings).ok_or(OfficeError::NoRequest)?;
        Ok((subject.ok_or(OfficeError::NoRequest)?, question))
    }

    async fn turns_away(
        &self,
        account: Vec<AccountName>,
        subject: Scid,
        now: Timestamp,
    ) -> Result<bool, OfficeError> {
        if self.rules.second != Second::Reject {
            return Ok(false);
        }
        self.on_disk(move |ledger| ledger.turns_away(&account, subject, now)).await
    }

    /// Confirms *account X → identity Y*.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::Issuance`] for another browser, another form or a wrong code.
    pub fn confirm(
        &self,
        name: &str,
        browser: Browser,
        form: &str,
        typed: Option<&str>,
    ) -> Result<Next, OfficeError> {
        let now = self.now();
        let mut desk = self.desk();
        let request = desk.request(name).ok_or(OfficeError::NoRequest)?;
        Ok(request.confirm(browser, form, typed, rand::random(), now)?)
    }

    /// Shows the question again, after a wrong code.
    #[must_use]
    pub fn ask_again(&self, name: &str) -> Option<Question> {
        let mut desk = self.desk();
        let request = desk.request(name)?;
        let source = self.sources.get(&request.terms().source)?;
        question(request, source.settings())
    }

    /// Ends a request because the person said no.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::Issuance`] for another browser or another form.
    pub fn decline(
        &self,
        name: &str,
        browser: Browser,
        form: &str,
    ) -> Result<Option<Url>, OfficeError> {
        let mut desk = self.desk();
        let request = desk.request(name).ok_or(OfficeError::NoRequest)?;
        Ok(request.decline(browser, form)?)
    }

    /// Signs the claim and hands it over.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::Issuance`] for a wrong code or verifier, [`OfficeError::Taken`] if the
    /// account backs another identity, and why nothing could be signed.
    pub async fn collect(
        &self,
        id: &str,
        code: &str,
        verifier: &str,
    ) -> Result<Collected, OfficeError> {
        let now = self.now();
        let (confirmed, source) = {
            let mut desk = self.desk();
            let request = desk.request(id).ok_or(OfficeError::NoRequest)?;
            (request.collect(code, verifier, now)?, request.terms().source.clone())
        };
        // Declared before the desk is taken again: it is dropped behind it, and takes it too.
        let _given_back = GivenBack { office: self, id };
        let signed = self.sign(&confirmed, &source).await;
        let mut desk = self.desk();
        let request = desk.request(id).ok_or(OfficeError::NoRequest)?;
        match signed {
            Ok(Collected::Claim(claim)) => {
                request.handed_over();
                Ok(Collected::Claim(claim))
            }
            Ok(Collected::Later(ready)) => {
                request.not_yet(now, ready);
                Ok(Collected::Later(ready))
            }
            Err(why @ (OfficeError::Taken | OfficeError::Changed { .. } | OfficeError::Stale)) => {
                drop(request.refuse(why.no()));
                Err(why)
            }
            // The disk or the network failed: the same code may come again.
            Err(why) => Err(why),
        }
    }

    async fn sign(&self, confirmed: &Confirmed, source: &str) -> Result<Collected, OfficeError> {
        let source = self.sources.get(source).ok_or(OfficeError::NoRequest)?;
        let settings = source.settings();
        let seen = &confirmed.seen;
        // What may have happened while the person signed in: a recovery, a move, the end.
        let scid = confirmed.subject.scid();
        let history = self.standing(scid, None).await?;
        if !history.document().authentication_keys().any(|key| *key == confirmed.key) {
            return Err(OfficeError::Changed { scid });
        }
        let subject = history.did().clone();
        let keeping = self.tokens.read().await;
        // Behind everything that waits: a key that is replaced meanwhile signs nothing any more.
        let pen = self.list_pen().await?;
        let good_until = seen.at.plus(settings.claim.evidence_max_age.as_secs());
        let valid_until = pen.now.plus(settings.claim.valid_for.as_secs()).min(good_until);
        if valid_until <= pen.now {
            return Err(OfficeError::Stale);
        }
        let refresh = self.keep_token(seen)?;
        let order = Order {
            account: self.accounts.names(&seen.account),
            subject,
            source: settings.slug.clone(),
            claim: settings.claim.kind.clone(),
            says: seen.properties.clone(),
            evidence: describe::evidence(settings, seen),
            demands: Some(rule::digest(settings)),
            evidence_at: seen.at,
            valid_until,
            refresh,
            second: self.rules.second,
            wait: self.rules.wait,
            note: String::new(),
        };
        let outcome = self.on_disk(move |ledger| ledger.issue(&order, &pen, &mut rand::random));
        let outcome = outcome.await;
        drop(keeping);
        if !matches!(&outcome, Ok(Outcome::Issued { tell, .. }) if tell.is_empty()) {
            // No claim needs the token; and who moved here, or says something else now, took a claim away.
            self.sweep_tokens().await;
        }
        match outcome? {
            Outcome::Issued { claim, tell } => {
                self.tell(tell).await;
                Ok(Collected::Claim(checked(*claim)?))
            }
            Outcome::Taken => Err(OfficeError::Taken),
            Outcome::Moving { ready, tell } => {
                self.tell(tell).await;
                Ok(Collected::Later(ready))
            }
        }
    }
}

/// Gives a request back that is still being signed when nobody signs it any more: the connection broke, or
/// something failed. The same code may come again then; what was signed meanwhile, [`Office::current`] gives.
struct GivenBack<'o> {
    office: &'o Office,
    id: &'o str,
}

impl Drop for GivenBack<'_> {
    fn drop(&mut self) {
        let now = self.office.now();
        if let Some(request) = self.office.desk().request(self.id) {
            request.not_yet(now, now);
        }
    }
}

/// What could not be read by its holder is not handed over.
pub(super) fn checked(issued: Issued) -> Result<Value, OfficeError> {
    Credential::from_value(issued.credential.clone())?;
    Ok(issued.credential)
}

fn question(
    request: &Issuance,
    settings: &crate::evidence::settings::Settings,
) -> Option<Question> {
    let (did, seen, form) = request.to_confirm()?;
    let (typed, leads_to) = match &request.terms().delivery {
        Delivery::Typed(_) => (true, None),
        Delivery::Loopback(loopback) => (false, Some(loopback.origin())),
    };
    Some(Question {
        account: seen.display.clone().unwrap_or_else(|| "your account".to_owned()),
        provider: settings.name.clone(),
        fingerprint: did.scid().fingerprint(),
        did: did.to_string(),
        claim: settings.claim.kind.clone(),
        says: settings.claim.says.clone(),
        properties: seen.properties.clone(),
        form: form.to_owned(),
        typed,
        leads_to,
    })
}

/// Seconds for everything: a sign-in with a lost password takes minutes.
const REQUEST_LIFE: u64 = 900;

/// More claims about one identity than any attestor signs.
const MOST_CURRENT: usize = 50;
