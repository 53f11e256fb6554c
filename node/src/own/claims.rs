//! The claims an owner holds: sealed in the vault, and shown only by her choice.

use super::publish::{check_size, read_showcase};
use super::standing::Standing;
use super::statement::Entry;
use super::taken_back::told_of;
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::store::Change as Write;
use crate::vault::{Kind, Vault};
use crate::verb::claims::{How, Shown, Summary};
use countersign_protocol::credential::{Credential, draft};
use countersign_protocol::encoding::{base64url, multihash};
use countersign_protocol::proof::Purpose;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::challenge::Challenge;
use countersign_protocol::wire::head::Showcase as Named;
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;
use tokio::sync::MutexGuard;

/// A claim as the vault has it.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// SHA-256 of its canonical form.
    pub(crate) hash: [u8; 32],
    pub(crate) credential: Credential,
}

impl Held {
    /// Gives eight characters that name it on this node.
    pub(crate) fn name(&self) -> String {
        base64url::encode(&self.hash).chars().filter(char::is_ascii_alphanumeric).take(8).collect()
    }

    /// Gives what type of claim it is.
    pub(crate) fn kind(&self) -> &str {
        kind_of(&self.credential)
    }

    /// Tells whether a vendor asks for a claim of its type.
    pub(super) fn fits(&self, challenge: &Challenge) -> bool {
        challenge.claims.iter().any(|kind| self.credential.is_a(kind))
    }

    /// Takes a claim under the name it is kept by.
    pub(super) fn of(credential: Credential) -> Self {
        Self { hash: multihash::sha256(&draft::to_bytes(&credential.to_value())), credential }
    }

    /// Seals it, for a batch that may write more than this.
    pub(super) fn seal(&self, vault: &Vault) -> Result<Write, Problem> {
        let bytes = draft::to_bytes(&self.credential.to_value());
        Ok(vault.seal(Kind::Claim, &self.hash, &bytes)?)
    }
}

/// Gives what type of claim a credential is.
pub(super) fn kind_of(credential: &Credential) -> &str {
    let types = credential.types().iter().rev();
    types.map(String::as_str).find(|kind| *kind != GENERAL).unwrap_or_default()
}

impl Node {
    /// Gives all claims, the newest first.
    pub(crate) fn held_claims(&self) -> Result<Vec<Held>, Problem> {
        let vault = self.vault()?;
        let mut held = Vec::new();
        for id in vault.list(Kind::Claim)? {
            let Some(bytes) = vault.get(Kind::Claim, &id)? else { continue };
            let bytes = bytes.expose_secret();
            let credential = Credential::parse(bytes).map_err(|error| {
                Problem::new(Wrong::Internal, "a claim on this disk is damaged")
                    .because(error)
                    .hint(super::DAMAGED)
            })?;
            held.push(Held { hash: multihash::sha256(bytes), credential });
        }
        held.sort_by_key(|held| core::cmp::Reverse(held.credential.period().from));
        Ok(held)
    }

    /// Gives all claims in a few words.
    pub(crate) async fn claims(&self) -> Result<Vec<Summary>, Problem> {
        let published = self.shown_hashes().await?;
        self.summaries(&self.held_claims()?, &published).await
    }

    /// Gives some claims in a few words.
    pub(super) async fn summaries(
        &self,
        held: &[Held],
        published: &[[u8; 32]],
    ) -> Result<Vec<Summary>, Problem> {
        let (mut summaries, mut names) = (Vec::new(), BTreeMap::<_, Option<String>>::new());
        for held in held {
            let issuer = held.credential.issuer();
            let name = match names.entry(issuer.scid()) {
                Place::Occupied(known) => known.get().clone(),
                Place::Vacant(place) => place.insert(self.calls_itself(issuer).await?).clone(),
            };
            summaries.push(self.summary_of(held, published, name).await?);
        }
        Ok(summaries)
    }

    pub(super) async fn summary(
        &self,
        held: &Held,
        published: &[[u8; 32]],
    ) -> Result<Summary, Problem> {
        let name = self.calls_itself(held.credential.issuer()).await?;
        self.summary_of(held, published, name).await
    }

    async fn summary_of(
        &self,
        held: &Held,
        published: &[[u8; 32]],
        calls_itself: Option<String>,
    ) -> Result<Summary, Problem> {
        let credential = &held.credential;
        let Standing { how, since, because } = self.standing_of(credential).await?;
        Ok(Summary {
            name: held.name(),
            claim: held.kind().to_owned(),
            attestor: self.name_of(credential.issuer()),
            calls_itself,
            says: credential.says().clone(),
            valid_until: credential.period().until.map(|until| until.to_string()),
            published: published.contains(&held.hash),
            standing: how,
            since: since.map(|since| since.to_string()),
            because,
        })
    }

    /// Gives one claim by its name, or the beginning of it.
    pub(crate) fn claim(&self, name: &str) -> Result<Held, Problem> {
        let mut meant: Vec<Held> = self
            .held_claims()?
            .into_iter()
            .filter(|held| !name.is_empty() && held.name().starts_with(name))
            .collect();
        match (meant.pop(), meant.is_empty()) {
            (Some(held), true) => Ok(held),
            (Some(_), false) => {
                Err(Problem::new(Wrong::Invalid, format!("`{name}` means several claims"))
                    .hint("type more of it; `countersign claim list` prints the names"))
            }
            (None, _) => Err(Problem::new(Wrong::NotFound, format!("you hold no claim `{name}`"))
                .hint("`countersign claim list` prints the claims you hold")),
        }
    }

    /// Keeps a claim that was verified, and gives it in a few words.
    pub(crate) async fn keep_claim(&self, credential: Credential) -> Result<Summary, Problem> {
        let held = Held::of(credential);
        self.put_claim(&held).await?;
        self.summary(&held, &[]).await
    }

    /// Seals a claim into the vault.
    pub(super) async fn put_claim(&self, held: &Held) -> Result<(), Problem> {
        let sealed = held.seal(self.vault()?)?;
        self.write(vec![sealed]).await
    }

    /// Removes a claim.
    pub(crate) async fn forget_claim(&self, name: &str) -> Result<Summary, Problem> {
        let held = self.claim(name)?;
        let Seen { hashes: published, changing: _held, .. } = self.seen().await?;
        if published.contains(&held.hash) {
            return Err(Problem::new(Wrong::Conflict, "the world still sees this claim")
                .hint(format!("first: countersign claim withdraw {}", held.name())));
        }
        self.note_taken_back().await?;
        let summary = self.summary(&held, &published).await?;
        let vault = self.vault()?;
        let told = vault.erase(Kind::Note, &told_of(&held));
        let place = self.erase_place(&held)?;
        self.write(vec![vault.erase(Kind::Claim, &held.hash), told, place]).await?;
        Ok(summary)
    }

    /// Lets go of a claim another one took the place of, and tells whether it is gone: what its attestor took
    /// back stays until its owner forgets it, and says when and why.
    pub(super) async fn let_go(&self, old: &Held) -> Result<bool, Problem> {
        if self.stands_as(&old.credential).await? == How::Revoked {
            return Ok(false);
        }
        let gone = self.vault()?.erase(Kind::Claim, &old.hash);
        self.write(vec![gone, self.erase_place(old)?]).await?;
        Ok(true)
    }

    /// Shows claims to the world, beside those it sees already.
    pub(crate) async fn publish_claims(&self, names: &[String]) -> Result<Shown, Problem> {
        let mut seen = self.seen().await?;
        for name in names {
            let hash = self.claim(name)?.hash;
            if !seen.hashes.contains(&hash) {
                seen.hashes.push(hash);
            }
        }
        seen.show().await
    }

    /// Takes claims out of the showcase; none named means all.
    pub(crate) async fn withdraw_claims(&self, names: &[String]) -> Result<Shown, Problem> {
        let mut seen = self.seen().await?;
        if seen.hashes.is_empty() {
            return Err(Problem::new(Wrong::NotFound, "the world sees no claim of yours")
                .hint("`countersign claim publish` shows one"));
        }
        if names.is_empty() {
            seen.hashes.clear();
        }
        for name in names {
            let hash = self.claim(name)?.hash;
            seen.hashes.retain(|shown| *shown != hash);
        }
        seen.show().await
    }

    /// Gives what the world sees, to be changed: until it is shown or dropped, nobody else changes it.
    pub(super) async fn seen(&self) -> Result<Seen<'_>, Problem> {
        let changing = self.inner().changing.lock().await;
        Ok(Seen { node: self, hashes: self.shown_hashes().await?, changing })
    }

    /// Signs and publishes the next version of the showcase.
    async fn show(&self, hashes: &[[u8; 32]]) -> Result<Shown, Problem> {
        // Nobody takes a head of an entry that does not stand.
        let own = self.cosigned(self.own().await?).await?;
        self.asks_first(&own).await?;
        let held: Vec<Held> =
            self.held_claims()?.into_iter().filter(|held| hashes.contains(&held.hash)).collect();
        let version = self
            .own_head(&own)
            .await?
            .and_then(|head| head.showcase)
            .map_or(0, |showcase: Named| showcase.version)
            .saturating_add(1);
        let key = self.hot_key(own.history.document(), Purpose::Authentication)?;
        let credentials: Vec<Credential> =
            held.iter().map(|held| held.credential.clone()).collect();
        let showcase = self.sign_showcase(&own, &key, &credentials, version);
        check_size(&showcase.1, bounds::SHOWCASE.saturating_sub(SPARE))?;
        self.note(Entry::showcase(version, &credentials)).await?;
        let keepers = self.publish_with(&own, &key, Some(showcase)).await?;
        let claims = self.summaries(&held, hashes).await?;
        Ok(Shown { version, claims, keepers })
    }

    /// Gives the hashes of the claims in the showcase.
    pub(super) async fn shown_hashes(&self) -> Result<Vec<[u8; 32]>, Problem> {
        let Some(_) = self.own_scid().await? else { return Ok(Vec::new()) };
        let own = self.own().await?;
        let Some(named) = self.own_head(&own).await?.and_then(|head| head.showcase) else {
            return Ok(Vec::new());
        };
        let Some(bytes) = self.body(named.hash).await? else { return Ok(Vec::new()) };
        let shown = read_showcase(&bytes)?;
        Ok(shown.credentials().iter().map(|one| Held::of(one.clone()).hash).collect())
    }
}

/// The claims the world sees, while nothing of the owner's changes beside them: what is published is never
/// made of what somebody withdrew meanwhile.
pub(super) struct Seen<'n> {
    node: &'n Node,
    /// The hashes of the claims.
    pub(super) hashes: Vec<[u8; 32]>,
    changing: MutexGuard<'n, ()>,
}

impl Seen<'_> {
    /// Shows the world these claims from now on.
    pub(super) async fn show(&self) -> Result<Shown, Problem> {
        self.node.show(&self.hashes).await
    }
}

/// The type every credential has.
const GENERAL: &str = "VerifiableCredential";
/// Bytes of a showcase that stay free: after a rotation or a move it is signed again, with a longer number and
/// perhaps a longer name.
const SPARE: usize = 256;
