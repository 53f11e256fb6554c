//! Holds a policy against somebody: gathers what the check asks for, and lets it decide.

use super::standing::standing;
use super::stapled::Stapled;
use crate::known::Known as Identity;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::store::Store as _;
use crate::verb::presenting::{Answer, Check as Question, Decided};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::presentation::Presentation;
use countersign_protocol::did::log::History;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::encoding::jcs;
use countersign_protocol::engine::command::{Command, Freshness, Outcome};
use countersign_protocol::policy::Policy;
use countersign_protocol::policy::check::{Check, Known, Need, Subject};
use countersign_protocol::policy::decision;
use countersign_protocol::policy::standing::{Fork, Freshness as Fresh, Standing};
use countersign_protocol::status::ledger::State;
use countersign_protocol::wire::challenge::Challenge;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Node {
    /// Answers a vendor's question.
    pub(crate) async fn check(&self, question: Question) -> Result<Decided, Problem> {
        loop {
            let (decision, open) = self.decide(&question).await?;
            let decided = decided(&decision)?;
            if let Some(challenge) = open.filter(|_| is_answer(&decision))
                && !self.take_challenge(&challenge).await?
            {
                // Another answer was judged meanwhile, so there was nothing left for this one to answer.
                continue;
            }
            self.remember(&decision);
            return Ok(decided);
        }
    }

    /// Says what would be answered: nothing is remembered of it, and what was shown may still be shown.
    pub(crate) async fn would_check(&self, question: Question) -> Result<Decided, Problem> {
        let (decision, _stays_open) = self.decide(&question).await?;
        decided(&decision)
    }

    /// Decides, and gives the open challenge that was answered.
    async fn decide(
        &self,
        question: &Question,
    ) -> Result<(decision::Decision, Option<Challenge>), Problem> {
        let policy = self.policy(&question.policy)?;
        let (subject, open) = match (&question.presentation, &question.identity) {
            (Some(value), None) => self.presented(&jcs::to_vec(value)).await?,
            (None, Some(name)) => (Subject::Identity(self.scid_of(name).await?), None),
            (Some(_), Some(_)) | (None, None) => {
                return Err(Problem::new(Kind::Invalid, "what is to be checked?")
                    .hint("give either a presentation or an identity"));
            }
        };
        let mut gathering = Gathering {
            node: self,
            offline: question.offline,
            stapled: match &question.staple {
                Some(text) => Some(Stapled::read(text, self.joined().ok(), self.now())?),
                None => None,
            },
            identities: BTreeMap::new(),
            check: Check::new(Arc::clone(&policy), subject),
            policy,
        };
        gathering.recall();
        gathering.gather().await?;
        if let Some(name) = &question.identity
            && let Ok(did) = name.parse::<Did>()
            && let Some(Some(known)) = gathering.identities.get(&did.scid())
        {
            known.check_name(name)?;
        }
        let decision = gathering.check.decide(self.now());
        for claim in gathering.check.verified() {
            let key = jcs::hash(&claim.credential().to_value());
            self.inner().claims.insert(key, Arc::clone(claim));
        }
        Ok((decision, open))
    }

    /// Reads a presentation, and finds the open challenge it answers.
    async fn presented(&self, bytes: &[u8]) -> Result<(Subject, Option<Challenge>), Problem> {
        let presentation = Presentation::parse(bytes).map_err(|error| {
            Problem::new(Kind::Invalid, "this is no presentation")
                .because(error)
                .hint("`countersign inspect FILE` says what a file is")
        })?;
        let open = self.open_challenge(presentation.proof().challenge().unwrap_or_default())?;
        let domain = match &open {
            Some(open) => open.domain.clone(),
            None => self.own().await?.history.did().to_string(),
        };
        // A challenge that is not open was never made here, has ended, or was answered before: then
        // nothing answers it.
        let challenge = open.as_ref().map(|open| open.nonce.clone()).unwrap_or_default();
        let presentation = Box::new(presentation);
        Ok((Subject::Presented { presentation, challenge, domain }, open))
    }
}

/// Tells whether a challenge was answered, which counts once. Where nothing was decided the same may be
/// shown again; and whoever does not prove to be the one who is shown answers nothing, or anybody who saw
/// the challenge could take it from its customer.
fn is_answer(decision: &decision::Decision) -> bool {
    let decided = match decision.answer() {
        decision::Answer::Unknown => false,
        decision::Answer::Accepted | decision::Answer::Refused => true,
    };
    decided && decision.is_controlled()
}

/// A check, and what was gathered for it.
struct Gathering<'n> {
    node: &'n Node,
    offline: bool,
    stapled: Option<Stapled>,
    policy: Arc<Policy>,
    check: Check,
    identities: BTreeMap<Scid, Option<Identity>>,
}

impl Gathering<'_> {
    /// Supplies the claims that were verified before.
    fn recall(&mut self) {
        let shown: Vec<[u8; 32]> = self
            .check
            .shown()
            .iter()
            .map(|credential: &Credential| jcs::hash(&credential.to_value()))
            .collect();
        for key in shown {
            if let Some(claim) = self.node.inner().claims.get(&key) {
                self.check.supply(Known::Claim(claim));
            }
        }
    }

    /// Supplies what the check needs until it needs nothing more.
    async fn gather(&mut self) -> Result<(), Problem> {
        if let Outcome::Clock(report) = self.node.ask(Command::ClockStatus).await?
            && !report.may_sign()
        {
            self.check.supply(Known::ClockInDoubt);
        }
        for _ in 0..ROUNDS {
            let needs = self.check.needs();
            if needs.is_empty() {
                return Ok(());
            }
            for need in needs {
                self.answer(need).await?;
            }
        }
        Ok(())
    }

    async fn answer(&mut self, need: Need) -> Result<(), Problem> {
        let supplied = match &need {
            Need::Identity(scid) => match self.best(*scid).await? {
                Some((standing, _)) => {
                    self.check.supply(Known::Identity(Arc::new(standing)));
                    true
                }
                None => false,
            },
            Need::Freshness(scid) => self.freshness(*scid).await?,
            Need::Showcase(scid) => self.showcase(*scid).await?,
            Need::Status { issuer, list } => self.status(*issuer, *list).await?,
            Need::Accreditations(scid) => self.accreditations(*scid).await?,
        };
        if !supplied {
            self.check.supply(Known::Nothing(need));
        }
        Ok(())
    }

    /// Gives an identity as it is known, asking peers if it is not held. What a staple brings of it is
    /// taken in first: what was once believed is never undone by something lower.
    async fn identity(&mut self, scid: Scid) -> Result<Option<Identity>, Problem> {
        if let Some(identity) = self.identities.get(&scid) {
            return Ok(identity.clone());
        }
        if let Some(brought) = self.stapled.as_ref().and_then(|stapled| stapled.publication(scid)) {
            self.node.ask(Command::TakeIn(Box::new(brought))).await?;
        }
        let found = self.find(scid, Freshness::Held).await?;
        self.identities.insert(scid, found.clone());
        Ok(found)
    }

    /// Gives how an identity stands by the newest of what is known and what is stapled.
    async fn best(&mut self, scid: Scid) -> Result<Option<(Standing, History)>, Problem> {
        let known = self.identity(scid).await?;
        let stapled = self.stapled.as_ref().and_then(|stapled| stapled.identity(scid));
        let Some((_, newer)) = stapled else {
            return Ok(known.map(|known| (standing(&known), known.history().clone())));
        };
        let Some(known) = known else {
            // Nothing lower than the highest that was ever seen is accepted again, and no fork forgotten.
            let (seen, forks) = self
                .node
                .read(move |store| Ok((store.highest(&scid)?, store.forks(&scid)?)))
                .await?;
            let lower = seen.is_some_and(|seen| seen.version > newer.number());
            let fork = if forks.is_empty() { Fork::None } else { Fork::Open };
            return Ok((!lower).then(|| (Standing::of(&newer, fork), newer)));
        };
        let ours = known.history();
        if ours.number() < newer.number() && ours.is_prefix_of(&newer) {
            return Ok(Some((Standing::of(&newer, known.found().fork), newer)));
        }
        Ok(Some((standing(&known), ours.clone())))
    }

    async fn find(&self, scid: Scid, freshness: Freshness) -> Result<Option<Identity>, Problem> {
        if self.offline {
            let held = self.node.read(move |store| crate::records::listing(store, &scid)).await?;
            if held.is_none() {
                return Ok(None);
            }
        }
        let freshness = if self.offline { Freshness::Held } else { freshness };
        match self.node.find(scid, freshness).await {
            Ok(found) => Identity::new(found).map(Some),
            Err(problem) if problem.is_no() => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    async fn freshness(&mut self, scid: Scid) -> Result<bool, Problem> {
        if let Some(words) = self.fresh_enough(scid).await? {
            words.into_iter().for_each(|word| self.check.supply(Known::Freshness(word)));
            return Ok(true);
        }
        let wanted = Freshness::Witnessed { max_age: self.policy.freshness_max_age() };
        let mut words = Vec::new();
        if let Some(identity) = self.find(scid, wanted).await? {
            words.extend(self.node.freshness_of(&identity));
            self.identities.insert(scid, Some(identity));
            // Asking for freshness may have brought something newer.
            if let Some((standing, _)) = self.best(scid).await? {
                self.check.supply(Known::Identity(Arc::new(standing)));
            }
        }
        let stapled = self.stapled.as_ref().and_then(|stapled| stapled.identity(scid));
        if let Some((identity, history)) = stapled
            && let Some(head) = &identity.head
        {
            words.extend(self.node.witnessed(&history, head, &identity.freshness));
        }
        for word in &words {
            self.check.supply(Known::Freshness(*word));
        }
        Ok(!words.is_empty())
    }

    /// Gives what witnesses said before about the very head that is held, if that is as new as the
    /// policy asks: then nobody has to be asked. A newer head, which gossip brings, has other words.
    async fn fresh_enough(&mut self, scid: Scid) -> Result<Option<Vec<Fresh>>, Problem> {
        // What was brought along may be newer than what is held.
        if self.stapled.is_some() {
            return Ok(None);
        }
        let Some(identity) = self.identity(scid).await? else { return Ok(None) };
        let Some(head) = identity.found().head.as_deref() else { return Ok(None) };
        let held = self.node.read(move |store| store.freshness(&scid)).await?;
        let words = self.node.witnessed(identity.history(), head, held.as_slice());
        let since = self.node.now().minus(self.policy.freshness_max_age());
        Ok(words.iter().any(|word| word.time > since).then_some(words))
    }

    async fn showcase(&mut self, scid: Scid) -> Result<bool, Problem> {
        let Some(identity) = self.identity(scid).await? else { return Ok(false) };
        let Some(showcase) = self.node.shown_by(&identity) else { return Ok(false) };
        self.check.supply(Known::Showcase(showcase));
        Ok(true)
    }

    async fn status(&mut self, issuer: Scid, list: u64) -> Result<bool, Problem> {
        let known = self.known_status(issuer, list).await?;
        let mut stapled = None;
        if self.stapled.is_some()
            && let Some((_, history)) = self.best(issuer).await?
        {
            stapled = self.stapled.as_ref().and_then(|stapled| stapled.status(&history, list));
        }
        let newness = |state: &State| (state.sequence(), state.as_of());
        let Some(newest) = known.into_iter().chain(stapled).max_by_key(newness) else {
            return Ok(false);
        };
        self.check.supply(Known::Status(Arc::new(newest)));
        Ok(true)
    }

    async fn known_status(&self, issuer: Scid, list: u64) -> Result<Option<State>, Problem> {
        if self.offline {
            let hash = self.node.read(move |store| crate::records::list_hash(store, &issuer, list));
            if hash.await?.is_none() {
                return Ok(None);
            }
        }
        let max_age = if self.offline { u64::MAX } else { self.policy.status_max_age() };
        match self.node.ask(Command::Status { issuer, list, max_age }).await {
            Ok(Outcome::Status(known)) => Ok(Some(*known)),
            Ok(_) => Err(crate::node::unexpected()),
            Err(problem) if problem.is(Kind::Unavailable) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    async fn accreditations(&mut self, of: Scid) -> Result<bool, Problem> {
        let Some(identity) = self.identity(of).await? else { return Ok(false) };
        let Some(showcase) = self.node.shown_by(&identity) else { return Ok(false) };
        let credentials = showcase.credentials().to_vec();
        self.check.supply(Known::Accreditations { of, credentials });
        Ok(true)
    }
}

/// Writes a decision as the owner's door gives it.
fn decided(decision: &decision::Decision) -> Result<Decided, Problem> {
    let answer = match decision.answer() {
        decision::Answer::Accepted => Answer::Accepted,
        decision::Answer::Refused => Answer::Refused,
        decision::Answer::Unknown => Answer::Unknown,
    };
    let Ok(serde_json::Value::Object(mut rest)) = serde_json::to_value(decision) else {
        return Err(Problem::new(Kind::Internal, "the decision cannot be written"));
    };
    rest.remove("answer");
    Ok(Decided { answer, rest, explained: format!("{}\n", decision.explain()) })
}

/// An identity, its attestors, their accreditors up to three deep, and one more for what came newer.
const ROUNDS: usize = 8;
