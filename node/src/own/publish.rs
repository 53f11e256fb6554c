//! How the owner's identity reaches the network: cosigned, headed, deposited.
//!
//! Whoever is asked to cosign or to keep sees which connection brings it: each connected peer that says it
//! is a witness, and each keeper that is asked, whether it takes the deposit or not.

use super::identity::Own;
use super::statement::Entry;
use crate::node::{Node, unexpected};
use crate::problem::{Kind as Wrong, Problem};
use crate::store::Change as Write;
use crate::vault::Kind;
use countersign_protocol::credential::presentation::Presentation;
use countersign_protocol::credential::showcase::Showcase;
use countersign_protocol::credential::{Credential, draft};
use countersign_protocol::did::log::witness::Rule;
use countersign_protocol::encoding::{json, multihash};
use countersign_protocol::engine::command::{Command, Cosigning, Outcome, Publication};
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::proof::Purpose;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::head::{Head, Showcase as Named, Stamp};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

impl Node {
    /// Goes on where the last run stopped, until the newest of the owner's identity is published.
    pub fn settle(&self, stop: CancellationToken) {
        let node = self.clone();
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            while !stop.is_cancelled() {
                match node.settle_once().await {
                    Ok(()) => return,
                    Err(problem) => tracing::info!(%problem, "not published yet"),
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                }
            }
        });
    }

    /// Looks after the owner's claims while the node runs: what attestors signed anew is fetched.
    pub fn look_after_claims(&self, stop: CancellationToken) {
        let node = self.clone();
        tokio::spawn(async move { node.keep_claims_current(&stop).await });
    }

    /// Publishes what was just changed; where nobody can be reached now, the node goes on trying by
    /// itself, and the change stands as soon as they can.
    pub(super) async fn publish_in_time(&self) -> Result<(), Problem> {
        match self.publish_identity().await {
            Ok(_) => Ok(()),
            Err(problem) if problem.is(Wrong::Unavailable) => {
                tracing::info!(%problem, "not published yet");
                self.settle(self.inner().stop.clone());
                Ok(())
            }
            Err(problem) => Err(problem),
        }
    }

    async fn settle_once(&self) -> Result<(), Problem> {
        if self.own_scid().await?.is_none() {
            return Ok(());
        }
        let _changing = self.inner().changing.lock().await;
        self.publish_identity().await.map(drop)
    }

    /// Has the newest entry cosigned where it must be, and publishes it with its head.
    pub(super) async fn publish_identity(&self) -> Result<usize, Problem> {
        let own = self.cosigned(self.own().await?).await?;
        let key = self.hot_key(own.history.document(), Purpose::Authentication)?;
        let scid = own.scid();
        let before = self.own_head(&own).await?;
        let showcase = match before.as_ref().and_then(|head| head.showcase) {
            None => None,
            Some(named) => self.showcase_for(&own, &key, named).await?,
        };
        let same = |head: &Head| {
            head.version_digest == own.history.version_id().digest
                && head.key == key.public()
                && head.showcase == showcase.as_ref().map(|(named, _)| *named)
        };
        if before.as_ref().is_some_and(same) {
            let sealed = self.read(move |store| crate::records::sealed_head(store, &scid)).await?;
            let bytes = showcase.map(|(_, bytes)| bytes);
            return self.publish(&own, sealed.unwrap_or_default(), bytes).await;
        }
        if self.asks_first(&own).await? {
            return Box::pin(self.publish_identity()).await;
        }
        if let Some((Named { version, .. }, bytes)) = &showcase
            && before.and_then(|head| head.showcase).is_some_and(|named| named.version != *version)
        {
            // A line for what is signed, and none for what a clock in doubt keeps from it each time.
            self.may_sign().await?;
            let claims = read_showcase(bytes)?;
            self.note(Entry::showcase(*version, claims.credentials())).await?;
        }
        self.publish_with(&own, &key, showcase).await
    }

    /// Signs the next head, naming `showcase`, and publishes all of it.
    pub(super) async fn publish_with(
        &self,
        own: &Own,
        key: &SecretKey,
        showcase: Option<(Named, Vec<u8>)>,
    ) -> Result<usize, Problem> {
        self.may_sign().await?;
        let before = self.own_head(own).await?;
        let stamp = match &before {
            Some(head) => head.stamp,
            None => self.stamp(own).await?,
        };
        let head = Head {
            scid: own.scid(),
            version: own.history.number(),
            version_digest: own.history.version_id().digest,
            log_length: u64::try_from(own.log.len()).unwrap_or(u64::MAX),
            showcase: showcase.as_ref().map(|(named, _)| *named),
            sequence: before.map_or(0, |head| head.sequence).saturating_add(1),
            stamp,
            key: key.public(),
        };
        let network = self.joined()?.parameters.id().clone();
        let sealed = head.seal(&network, key);
        self.publish(own, sealed, showcase.map(|(_, bytes)| bytes)).await
    }

    async fn publish(
        &self,
        own: &Own,
        head: Vec<u8>,
        showcase: Option<Vec<u8>>,
    ) -> Result<usize, Problem> {
        let witnesses = (!own.file.is_empty()).then(|| own.file.to_bytes());
        let publication =
            Publication { scid: own.scid(), log: own.log.clone(), witnesses, head, showcase };
        match self.ask(Command::Publish(Box::new(publication))).await? {
            Outcome::Published { receipts, announced } => {
                if receipts.is_empty() && !announced {
                    return Err(Problem::new(Wrong::Unavailable, "nobody has taken it yet")
                        .because("no keeper is connected")
                        .hint("the node tries again by itself while it runs"));
                }
                Ok(receipts.len())
            }
            _ => Err(unexpected()),
        }
    }

    /// Gathers witnesses' proofs until the newest entry stands.
    pub(super) async fn cosigned(&self, own: Own) -> Result<Own, Problem> {
        if own.stands() {
            return Ok(own);
        }
        // Those who must witness this entry, which are not always those it names for the next.
        let rule = own.history.witness_rule();
        let witnesses: BTreeSet<PublicKey> =
            rule.map(|rule| rule.witnesses().iter().copied().collect()).unwrap_or_default();
        let (asked, threshold) = (witnesses.len(), rule.map_or(0, Rule::threshold));
        let file = (!own.file.is_empty()).then(|| own.file.to_bytes());
        let ask = Command::Cosign { log: own.log.clone(), file, witnesses };
        let Outcome::Cosigned(Cosigning { proofs, silent, refused, .. }) = self.ask(ask).await?
        else {
            return Err(unexpected());
        };
        let mut file = own.file.clone();
        for proof in &proofs {
            let proof = json::parse(proof, bounds::WITNESS_PROOF);
            let Ok(proof) = proof else { continue };
            if let Err(error) = file.add(own.history.version_id(), &proof) {
                tracing::warn!(%error, "a witness sent a proof that does not hold");
            }
        }
        let (file, standing) = own.history.settle(&file);
        let (scid, bytes) = (own.scid(), file.to_bytes());
        self.write(vec![Write::Witnesses { scid, file: bytes }]).await?;
        let own = Own { standing, file, ..own };
        if own.stands() {
            return Ok(own);
        }
        let kind = if refused == 0 { Wrong::Unavailable } else { Wrong::Conflict };
        // Some signed when they were asked before, and are away now.
        let version = own.history.version_id();
        let signed: BTreeSet<PublicKey> =
            own.file.claims().filter(|(of, _)| *of == version).map(|(_, key)| key).collect();
        let silent = silent.difference(&signed).count().saturating_sub(refused as usize);
        let problem = Problem::new(kind, "not enough witnesses cosigned it yet").because(format!(
            "of its {asked} witnesses {} have cosigned it and {threshold} must; just now {refused} refused and \
             {silent} did not answer",
            signed.len(),
        ));
        Err(if refused == 0 {
            problem.hint("the node tries again by itself while it runs")
        } else {
            problem.hint("they cosigned another version: somebody else has your keys; `countersign id recover`")
        })
    }

    /// Gives the newest head of ours.
    pub(super) async fn own_head(&self, own: &Own) -> Result<Option<Head>, Problem> {
        let scid = own.scid();
        let sealed = self.read(move |store| crate::records::sealed_head(store, &scid)).await?;
        Ok(sealed.and_then(|bytes| Head::parse(&bytes).ok()).map(|head| head.unverified().clone()))
    }

    /// Does the work a new identity costs, once.
    async fn stamp(&self, own: &Own) -> Result<Stamp, Problem> {
        let (scid, parameters) = (own.scid(), self.joined()?.parameters.clone());
        let work = move || {
            let mut start = 0_u64;
            loop {
                let found =
                    Stamp::mine(&scid, parameters.id(), parameters.difficulty(), start, TRIES);
                match found {
                    Some(stamp) => return stamp,
                    None => start = start.saturating_add(TRIES),
                }
            }
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| crate::node::stopping())
    }

    /// Gives the showcase `named` by the last head, signed by a key that still counts.
    async fn showcase_for(
        &self,
        own: &Own,
        key: &SecretKey,
        named: Named,
    ) -> Result<Option<(Named, Vec<u8>)>, Problem> {
        let Some(bytes) = self.body(named.hash).await? else { return Ok(None) };
        let signed = read_showcase(&bytes)?;
        let fragment = format!("#{}", key.public());
        if signed.proof().verification_method().ends_with(&fragment) {
            return Ok(Some((named, bytes)));
        }
        let version = named.version.saturating_add(1);
        let signed = self.sign_showcase(own, key, signed.credentials(), version);
        check_size(&signed.1, bounds::SHOWCASE)?;
        Ok(Some(signed))
    }

    /// Signs a version of the showcase.
    pub(super) fn sign_showcase(
        &self,
        own: &Own,
        key: &SecretKey,
        claims: &[Credential],
        version: u64,
    ) -> (Named, Vec<u8>) {
        let now = self.now();
        let document =
            draft::publish(own.history.did(), claims, version, now, now.plus(A_YEAR), key);
        let bytes = draft::to_bytes(&document);
        (Named { version, hash: multihash::sha256(&bytes) }, bytes)
    }

    /// Gives a body by its hash.
    pub(crate) async fn body(&self, hash: [u8; 32]) -> Result<Option<Vec<u8>>, Problem> {
        match self.ask(Command::Body { hash }).await? {
            Outcome::Body(body) => Ok(body),
            _ => Err(unexpected()),
        }
    }

    /// Keeps the claims of a showcase that came back from the network.
    pub(super) fn keep_published(&self, showcase: Option<&[u8]>) -> Result<(), Problem> {
        let Some(shown) = showcase.and_then(|bytes| Showcase::parse(bytes).ok()) else {
            return Ok(());
        };
        let vault = self.vault()?;
        for claim in Presentation::credentials(&shown) {
            let bytes = draft::to_bytes(&claim.to_value());
            let id = multihash::sha256(&bytes);
            vault.put(Kind::Claim, &id, &bytes)?;
        }
        Ok(())
    }
}

/// Reads a showcase that lies on this disk. One that is larger than others take is read as well: its owner
/// has to see what is in it to withdraw some.
pub(super) fn read_showcase(bytes: &[u8]) -> Result<Presentation, Problem> {
    Presentation::parse_within(bytes, bytes.len()).map_err(|error| {
        Problem::new(Wrong::Internal, "your showcase on this disk is damaged")
            .because(error)
            .hint(super::DAMAGED)
    })
}

/// Refuses what nobody would take.
///
/// # Errors
///
/// Returns a [`Problem`] that says how large it is, how large it may be, and what to do.
pub(super) fn check_size(showcase: &[u8], most: usize) -> Result<(), Problem> {
    let size = showcase.len();
    if size <= most {
        return Ok(());
    }
    let hint = "withdraw one first: `countersign claim list` says which the world sees, and \
                `countersign claim withdraw NAME` takes it out";
    let title = "so many claims are more than the world can be shown at once";
    Err(Problem::new(Wrong::TooLarge, title)
        .because(format!("what the world sees would have {size} bytes, and may have {most}"))
        .hint(hint))
}

/// Hashes between two looks at whether to stop.
const TRIES: u64 = 1 << 20;
/// A showcase is signed for as long as it may be.
const A_YEAR: u64 = 365 * 24 * 60 * 60;
/// The first peers are there within moments.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Witnesses that are gone come back within minutes.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
