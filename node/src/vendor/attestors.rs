//! Which attestors told the network what they check. Being listed is no endorsement.

use crate::known::quoted;
use crate::node::{Node, unexpected};
use crate::problem::{Kind, Problem};
use crate::verb::network::{Attestor, Details, Listed, Offer, StatusList};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::profile::Profile;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::engine::command::{Command, Outcome};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

impl Node {
    /// Lists attestors, or shows one whole.
    pub(crate) async fn attestors(
        &self,
        claim: Option<&str>,
        name: Option<&str>,
    ) -> Result<Listed, Problem> {
        let only = match name {
            Some(name) => Some(self.attestor_of(name).await?),
            None => None,
        };
        if let Some(scid) = only {
            // What is said of whoever is named may be on its way; of nobody in particular it always is.
            self.profile_of(scid).await?;
        }
        let mut attestors = Vec::new();
        for (scid, hash) in self.profiles().await? {
            if only.is_some_and(|only| only != scid) {
                continue;
            }
            let Some((verified, profile)) = self.profile(scid, hash).await? else { continue };
            let claims: Vec<String> =
                profile.offers.iter().map(|offer| offer.claim.clone()).collect();
            if claim.is_some_and(|wanted| !claims.iter().any(|claim| claim == wanted)) {
                continue;
            }
            let did = verified.issuer();
            let details = match name {
                Some(_) => Some(self.details(&verified, &profile).await?),
                None => None,
            };
            attestors.push(Attestor {
                name: self.called_or(did, &profile),
                did: did.to_string(),
                fingerprint: scid.fingerprint(),
                claims,
                accredited: self.accredited(scid).await?,
                details,
                profile: name.map(|_| verified.credential().to_value()),
            });
        }
        attestors.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Listed { attestors })
    }

    /// Gives what an attestor says of itself, and how new its word on its status lists is here. Nobody is
    /// waited for: what is not held is looked for behind the answer.
    async fn details(&self, verified: &Claim, profile: &Profile) -> Result<Details, Problem> {
        let (issuer, node) = (verified.issuer().scid(), self.at_once());
        let mut lists = Vec::new();
        for list in &profile.lists {
            let ask = Command::Status { issuer, list: list.number, max_age: u64::MAX };
            let state = match node.ask(ask).await {
                Ok(Outcome::Status(state)) => Some(state),
                Ok(_) => return Err(unexpected()),
                Err(problem) if problem.is(Kind::Unavailable) => None,
                Err(problem) => return Err(problem),
            };
            lists.push(StatusList {
                number: list.number,
                purpose: list.purpose.as_str().to_owned(),
                as_of: state.as_ref().map(|state| state.as_of().to_string()),
                until: state.as_ref().map(|state| state.valid_until().to_string()),
            });
        }
        let offers = profile.offers.iter().map(|offer| Offer {
            claim: offer.claim.clone(),
            evidence: offer.evidence.clone(),
            kept: offer.kept.clone(),
            rule: offer.rule.name.clone(),
            version: offer.rule.version,
        });
        let period = verified.credential().period();
        Ok(Details {
            offers: offers.collect(),
            reach: profile.reach.iter().map(|reach| reach.url.clone()).collect(),
            lists,
            said: period.from.map(|from| from.to_string()),
            until: period.until.map(|until| until.to_string()),
        })
    }

    /// Gives what an attestor is called: by its owner's name for it, or else in quotes by the one it gives
    /// itself, or by its DID.
    pub(super) async fn called(&self, did: &Did) -> Result<String, Problem> {
        if let Some(hash) = self.profiles().await?.get(&did.scid())
            && let Some((_, profile)) = self.profile(did.scid(), *hash).await?
        {
            return Ok(self.called_or(did, &profile));
        }
        Ok(self.name_of(did))
    }

    fn called_or(&self, did: &Did, profile: &Profile) -> String {
        let given = self.name_of(did);
        if given == did.to_string() { quoted(&profile.name) } else { given }
    }

    /// Gives what an attestor calls itself, if it has no name here: that is no name its owner gave it, and
    /// nobody checked it. What is not held is not waited for.
    pub(crate) async fn calls_itself(&self, did: &Did) -> Result<Option<String>, Problem> {
        if self.name_of(did) != did.to_string() {
            return Ok(None);
        }
        Ok(self.at_once().profile_here(did.scid()).await?.map(|profile| profile.name))
    }

    /// Finds out which attestor a person means: as anybody else, or by the name it gives itself, which
    /// `attestors` prints in quotes.
    ///
    /// # Errors
    ///
    /// Returns a problem if nobody is meant, or several give themselves that name: an impostor can do so
    /// too, and then only a DID says who is meant.
    pub(crate) async fn attestor_of(&self, name: &str) -> Result<Scid, Problem> {
        let nobody = match self.scid_of(name).await {
            Err(problem) if problem.is_no() => problem,
            found => return found,
        };
        // A node that just started has heard of nobody yet.
        let mut news = News::new(self);
        let mut known = self.profiles().await?;
        while known.is_empty() && news.comes(self).await? {
            known = self.profiles().await?;
        }
        let name = name.trim_matches('"');
        let mut called = Vec::new();
        for (scid, hash) in known {
            let profile = self.profile(scid, hash).await?;
            if profile.is_some_and(|(_, profile)| profile.name.eq_ignore_ascii_case(name)) {
                called.push(scid);
            }
        }
        match called.as_slice() {
            [scid] => Ok(*scid),
            [] => Err(self
                .not_known(nobody)
                .hint("`countersign attestors` prints who attests; a DID always works")),
            several => {
                let dids: Vec<String> =
                    several.iter().map(|scid| scid.to_did().to_string()).collect();
                Err(Problem::new(Kind::Invalid, format!("several call themselves \"{name}\""))
                    .because(dids.join(", "))
                    .hint("say which one by its DID, or the beginning of it"))
            }
        }
    }

    /// Gives what an attestor says of itself, verified; nothing if it does not hold. What it said before
    /// is dropped when it says something new, also between a question for the hash and one for the
    /// bytes.
    pub(crate) async fn profile(
        &self,
        scid: Scid,
        mut hash: [u8; 32],
    ) -> Result<Option<(Claim, Profile)>, Problem> {
        let bytes = loop {
            if let Some(bytes) = self.body(hash).await? {
                break bytes;
            }
            match self.profiles().await?.get(&scid) {
                Some(newer) if *newer != hash => hash = *newer,
                Some(_) | None => return Ok(None),
            }
        };
        let Ok(credential) = Credential::parse(&bytes) else { return Ok(None) };
        let identity = match self.known(scid, false).await {
            Ok(identity) => identity,
            Err(problem) if problem.is_no() => return Ok(None),
            Err(problem) => return Err(problem),
        };
        let standing = super::standing::standing(&identity);
        let keys = |purpose, method: &str| standing.key_for(purpose, method);
        let Ok(claim) = Claim::verify(credential, &keys) else { return Ok(None) };
        let Ok(profile) = Profile::read(&claim) else { return Ok(None) };
        Ok(Some((claim, profile)))
    }

    /// Gives the hash of each attestor's newest profile.
    async fn profiles(&self) -> Result<BTreeMap<Scid, [u8; 32]>, Problem> {
        match self.ask(Command::Profiles).await? {
            Outcome::Profiles(known) => Ok(known.into_iter().collect()),
            _ => Err(unexpected()),
        }
    }

    /// Gives the newest profile of an attestor that is held here, if one is.
    pub(crate) async fn profile_here(&self, scid: Scid) -> Result<Option<Profile>, Problem> {
        let Some(hash) = self.profiles().await?.get(&scid).copied() else { return Ok(None) };
        Ok(self.profile(scid, hash).await?.map(|(_, profile)| profile))
    }

    /// Gives the profile of one attestor.
    ///
    /// # Errors
    ///
    /// Returns a problem if it told the network none that holds.
    pub(crate) async fn profile_of(&self, scid: Scid) -> Result<Profile, Problem> {
        let mut news = News::new(self);
        loop {
            if let Some(profile) = self.profile_here(scid).await? {
                return Ok(profile);
            }
            if !news.comes(self).await? {
                break;
            }
        }
        let told = "this attestor told the network nothing about itself yet";
        let hint = "`countersign attestors` lists those that did";
        Err(self.not_known(Problem::new(Kind::NotFound, told)).hint(hint))
    }

    /// Says no only where somebody was there to be asked.
    fn not_known(&self, no: Problem) -> Problem {
        if self.is_ready() {
            return no;
        }
        no.of(Kind::Unavailable).because("as far as this node knows, and it has no peers to ask")
    }
}

/// What comes from peers for somebody who waits for it.
struct News {
    wake: watch::Receiver<u64>,
    /// When the wait ends, once it began.
    over: Option<Instant>,
}

impl News {
    /// Begins before anything is looked for, so that nothing comes in between unnoticed.
    fn new(node: &Node) -> Self {
        Self { wake: node.wake_on_events(), over: None }
    }

    /// Waits until something comes, and tells whether it did: peers are asked the first time, and then it is
    /// waited a while in all.
    async fn comes(&mut self, node: &Node) -> Result<bool, Problem> {
        if node.waits_for_nobody() {
            return Ok(false);
        }
        let over = match self.over {
            Some(over) => over,
            None => {
                node.ask(Command::AskAround).await?;
                Instant::now() + NEWS
            }
        };
        self.over = Some(over);
        Ok(timeout_at(over, self.wake.changed()).await.is_ok_and(|changed| changed.is_ok()))
    }
}

/// How long an attestor's word may be on its way: a look-up and a fetch.
const NEWS: Duration = Duration::from_secs(5);
