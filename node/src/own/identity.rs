//! The owner's identity: what it is, and every change its owner can make.
//!
//! A change is made in steps, and a crash between any two loses nothing: the entry is durable
//! together with the keys it promises; then witnesses cosign it; then head and showcase are signed by
//! a key the entry lists and published. A node that starts goes on where it stopped
//! ([`Node::settle`]).

use super::keys::{Recovery, seal_hot};
use crate::node::Node;
use crate::passphrase::Passphrase;
use crate::problem::{Kind as Wrong, Problem};
use crate::store::{Change as Write, Keep, Store as _};
use crate::vault::passphrase::Passphrase as Opening;
use crate::vault::words::Words;
use crate::vault::{Kind, new_key};
use crate::verb::identity::{Exported, Own as Shown, Recover, Rehearsed};
use countersign_protocol::did::log::draft::{self, Change, Draft, Keys, Place};
use countersign_protocol::did::log::{History, MAX_CLOCK_SKEW, witness};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::engine::command::{Command, Outcome};
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::time::Timestamp;

/// The owner's identity as its own node has it: every entry, cosigned yet or not.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    /// All entries.
    pub(crate) history: History,
    /// The entries up to the newest one that stands; none before the first was cosigned.
    pub(crate) standing: Option<History>,
    /// JSON Lines.
    pub(crate) log: Vec<u8>,
    /// What witnesses signed.
    pub(crate) file: witness::File,
}

impl Own {
    pub(crate) fn scid(&self) -> Scid {
        self.history.scid()
    }

    /// Refuses an identity that begins in the future: nobody takes it in before then.
    pub(crate) fn check_begun(&self, now: Timestamp) -> Result<(), Problem> {
        let created = self.history.created();
        if created <= now.plus(MAX_CLOCK_SKEW) {
            return Ok(());
        }
        Err(Problem::new(Wrong::Clock, "your identity begins in the future, and nobody takes it in")
            .because(format!("it was made while this computer's clock said {created}; now it says {now}"))
            .hint(
                "if the clock is right now, make the identity anew in an empty folder (--data FOLDER); if it \
                 was right then, set it",
            ))
    }

    /// Tells whether the newest entry stands.
    pub(crate) fn stands(&self) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.number() == self.history.number())
    }
}

impl Node {
    /// Gives the SCID of the owner's identity, if there is one.
    pub(crate) async fn own_scid(&self) -> Result<Option<Scid>, Problem> {
        let kept = self.read(|store| store.all_kept()).await?;
        Ok(kept.into_iter().find(|(_, keep)| *keep == Keep::Own).map(|(scid, _)| scid))
    }

    /// Reads the owner's identity.
    ///
    /// # Errors
    ///
    /// Returns a problem with a hint if there is none.
    pub(crate) async fn own(&self) -> Result<Own, Problem> {
        let Some(scid) = self.own_scid().await? else {
            return Err(Problem::new(Wrong::NotFound, "this node has no identity of its own")
                .hint(NO_IDENTITY));
        };
        let (lines, file) =
            self.read(move |store| Ok((store.log(&scid)?, store.witnesses(&scid)?))).await?;
        let mut log = lines.unwrap_or_default().join(&b'\n');
        log.push(b'\n');
        let damaged = |why: String| {
            Problem::new(Wrong::Internal, "your own log on this disk is damaged")
                .because(why)
                .hint("`countersign restore FILE` from a backup, or `countersign id recover`")
        };
        let history =
            History::read(&log, self.now().plus(LONG)).map_err(|e| damaged(e.to_string()))?;
        let file = match file {
            Some(bytes) => witness::File::parse(&bytes).map_err(|e| damaged(e.to_string()))?,
            None => witness::File::default(),
        };
        let standing = history.witnessed(&file);
        Ok(Own { history, standing, log, file })
    }

    /// Tells what the owner's identity is.
    pub(crate) async fn own_identity(&self) -> Result<Shown, Problem> {
        self.shown(&self.own().await?).await
    }

    /// Tells what an identity of the owner's is that was read already.
    pub(crate) async fn shown(&self, own: &Own) -> Result<Shown, Problem> {
        let scid = own.scid();
        let head = self.own_head(own).await?;
        let history = &own.history;
        let rule = history.witness_rule();
        Ok(Shown {
            did: history.did().to_string(),
            fingerprint: scid.fingerprint(),
            version: history.number(),
            created: history.created().to_string(),
            updated: history.updated().to_string(),
            authentication: history
                .document()
                .authentication_keys()
                .map(ToString::to_string)
                .collect(),
            assertion: history.document().assertion_keys().map(ToString::to_string).collect(),
            publish_at: history.did().log_url(),
            witnesses: rule
                .map_or((0, 0), |rule| (u64::from(rule.threshold()), rule.witnesses().len())),
            stands: own.stands(),
            keepers: self.receipts(own).await?.len(),
            showcase: head.and_then(|head| head.showcase).map(|showcase| showcase.version),
            deactivated: history.is_deactivated(),
            backup: None,
        })
    }

    /// Gives the log and the witness file as did:webvh publishes them.
    pub(crate) async fn export(&self) -> Result<Exported, Problem> {
        let own = self.own().await?;
        let witness = (!own.file.is_empty())
            .then(|| String::from_utf8_lossy(&own.file.to_bytes()).into_owned());
        Ok(Exported {
            did: own.history.did().to_string(),
            log: String::from_utf8_lossy(&own.log).into_owned(),
            witness,
        })
    }

    /// Replaces the authentication key, the update key and its successor.
    pub(crate) async fn rotate(&self, passphrase: &Passphrase) -> Result<Shown, Problem> {
        let authentication = new_key()?;
        let seal = seal_hot(self.vault()?, Kind::AuthenticationKey, &authentication)?;
        self.change(passphrase, vec![seal], |own| Change {
            keys: Some(Keys {
                authentication: vec![authentication.public()],
                ..Keys::of(own.history.document())
            }),
            ..Change::default()
        })
        .await
    }

    /// Moves the identity to a domain.
    pub(crate) async fn move_to(
        &self,
        place: &str,
        passphrase: &Passphrase,
    ) -> Result<Shown, Problem> {
        self.change(passphrase, Vec::new(), |_| Change {
            place: Some(Place::Domain(place)),
            ..Change::default()
        })
        .await
    }

    /// Adds an assertion key, and takes old ones out if they were stolen.
    ///
    /// # Errors
    ///
    /// Returns a problem if the entry cannot be made, or not enough witnesses cosign it.
    pub async fn replace_assertion_key(
        &self,
        passphrase: &Passphrase,
        stolen: bool,
    ) -> Result<Shown, Problem> {
        if self.own().await?.history.document().assertion_keys().next().is_none() {
            return Err(Problem::new(Wrong::Invalid, "this identity signs no claims about others")
                .because("it has no assertion key to replace")
                .hint("only an attestor's has one: it is made by `countersign init --attests`"));
        }
        let assertion = new_key()?;
        let seal = seal_hot(self.vault()?, Kind::AssertionKey, &assertion)?;
        self.change(passphrase, vec![seal], |own| {
            let mut keys = Keys::of(own.history.document());
            if stolen {
                keys.assertion.clear();
            }
            // The newest stands first: it is the one that signs from now on.
            keys.assertion.insert(0, assertion.public());
            Change { keys: Some(keys), ..Change::default() }
        })
        .await
    }

    /// Takes old assertion keys out; the one that signs stays.
    ///
    /// # Errors
    ///
    /// Returns a problem if a name means none of the old keys or several, the entry cannot be made, or
    /// not enough witnesses cosign it.
    pub async fn retire_assertion_keys(
        &self,
        passphrase: &Passphrase,
        names: &[String],
    ) -> Result<Shown, Problem> {
        let own = self.own().await?;
        if !own.stands() {
            return Err(Problem::new(Wrong::Conflict, "the change before is not cosigned yet")
                .because("until it is, an old key still signs")
                .hint("the node asks the witnesses by itself while it runs"));
        }
        let listed = Keys::of(own.history.document()).assertion;
        let gone: Vec<PublicKey> =
            names.iter().map(|name| old_key(&listed, name)).collect::<Result<_, Problem>>()?;
        let vault = self.vault()?;
        let erased = gone.iter().map(|key| vault.erase(Kind::AssertionKey, key.as_bytes()));
        self.change(passphrase, erased.collect(), |own| {
            let mut keys = Keys::of(own.history.document());
            keys.assertion.retain(|key| !gone.contains(key));
            Change { keys: Some(keys), ..Change::default() }
        })
        .await
    }

    /// Makes the next entry with the promised update key.
    async fn change<'c>(
        &self,
        passphrase: &Passphrase,
        mut seals: Vec<Write>,
        change: impl FnOnce(&Own) -> Change<'c> + Send,
    ) -> Result<Shown, Problem> {
        let _changing = self.inner().changing.lock().await;
        let own = self.own().await?;
        own.check_begun(self.now())?;
        self.may_sign().await?;
        self.is_newest(&own).await?;
        let (update, next) = (self.update_key(&own, passphrase).await?, new_key());
        let next = next?;
        let recovery = self.recovery()?.key;
        let signing = draft::Signing { key: &update, next: &next.public(), recovery: &recovery };
        let draft = draft::change(&own.history, &change(&own), signing, self.now())?;
        seals.push(self.seal_next(passphrase, own.scid(), next).await?);
        self.commit_entries(&own, &[draft], seals).await?;
        self.publish_in_time().await?;
        self.own_identity().await
    }

    /// Ends the identity.
    pub(crate) async fn deactivate(&self, passphrase: &Passphrase) -> Result<Shown, Problem> {
        let _changing = self.inner().changing.lock().await;
        let own = self.own().await?;
        own.check_begun(self.now())?;
        self.may_sign().await?;
        self.is_newest(&own).await?;
        let update = self.update_key(&own, passphrase).await?;
        let drafts = draft::deactivate(&own.history, &update, self.now())?;
        let erase = self.vault()?.erase(Kind::UpdateKey, own.scid().digest());
        self.commit_entries(&own, &drafts, vec![erase]).await?;
        self.publish_in_time().await?;
        self.own_identity().await
    }

    /// Takes the identity back with the words on paper.
    pub(crate) async fn recover(&self, request: Recover) -> Result<Shown, Problem> {
        let _changing = self.inner().changing.lock().await;
        let words = parse_words(request.words.reveal())?;
        let held = self.own_scid().await?;
        let scid = match held {
            Some(scid) => scid,
            None => self.lost(request.did.as_deref()).await?,
        };
        if let Some(name) = request.did.as_deref().filter(|name| name.parse::<Did>().is_ok()) {
            self.scid_called(name).await?;
        }
        self.may_sign().await?;
        let next = new_key()?;
        let promised = next.public();
        // Before anything is changed: with a wrong passphrase nothing is taken over.
        let sealed = self.seal_next(&request.passphrase, scid, next).await?;
        let own = if held.is_some() {
            // What is newer comes here first: the words go on where the log ends.
            let _newer = self.newest_of(&self.own().await?).await?;
            self.own().await?
        } else {
            self.take_over(scid, request.did.as_deref(), &words).await?
        };
        own.check_begun(self.now())?;
        let number = promised_number(&own.history, &words)?;
        let key = words.recovery_key(number);
        let following = number.saturating_add(1);
        let recovery = Recovery { key: words.recovery_key(following).public(), number: following };
        let (authentication, seals) = self.fresh_keys(&own, recovery)?;
        let change = Change { keys: Some(authentication), ..Change::default() };
        let signing = draft::Signing { key: &key, next: &promised, recovery: &recovery.key };
        let draft = draft::recover(&own.history, &change, signing, self.now())?;
        let mut changes = seals;
        changes.push(sealed);
        self.commit_entries(&own, &[draft], changes).await?;
        let scids = [own.scid()].into();
        self.ask(Command::Own { scids }).await?;
        self.publish_in_time().await?;
        self.own_identity().await
    }

    /// Makes new hot keys in place of all the document lists.
    fn fresh_keys(&self, own: &Own, recovery: Recovery) -> Result<(Keys, Vec<Write>), Problem> {
        let vault = self.vault()?;
        let old = Keys::of(own.history.document());
        let mut seals = vec![vault.seal(Kind::Note, super::RECOVERY, &recovery.to_bytes())?];
        let mut make = |kind: Kind| -> Result<_, Problem> {
            let key = new_key()?;
            seals.push(seal_hot(vault, kind, &key)?);
            Ok(key.public())
        };
        let authentication = vec![make(Kind::AuthenticationKey)?];
        let assertion =
            if old.assertion.is_empty() { Vec::new() } else { vec![make(Kind::AssertionKey)?] };
        Ok((Keys { authentication, assertion }, seals))
    }

    /// Finds out which identity the owner lost.
    async fn lost(&self, did: Option<&str>) -> Result<Scid, Problem> {
        let did = did.filter(|did| !did.trim().is_empty()).ok_or_else(|| {
            Problem::new(Wrong::Invalid, "whose identity is to be recovered?").hint(WHOLE)
        })?;
        // Whom this node knows already, a fingerprint names.
        self.scid_of(did.trim()).await.map_err(|problem| match did.contains("did:") {
            true => problem,
            false => Problem::new(Wrong::NotFound, format!("`{did}` does not say whose identity"))
                .because("nobody in a network can be asked for a fingerprint or a part of a name")
                .hint(WHOLE),
        })
    }

    /// Brings an identity of the owner's from the network onto this disk, where none is yet. Whoever
    /// has not its words takes over nothing.
    async fn take_over(
        &self,
        scid: Scid,
        name: Option<&str>,
        words: &Words,
    ) -> Result<Own, Problem> {
        self.met_somebody().await;
        let known = self.known(scid, true).await?;
        known.check_name(name.unwrap_or_default())?;
        let found = known.found();
        promised_number(found.identity.history(), words)?;
        let lines = found.identity.log().split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect();
        let mut changes =
            vec![Write::Keep { scid, keep: Keep::Own }, Write::Log { scid, keep: 0, lines }];
        if let Some(file) = found.identity.witnesses() {
            changes.push(Write::Witnesses { scid, file: file.to_vec() });
        }
        self.write(changes).await?;
        self.keep_published(found.showcase.as_deref())?;
        self.own().await
    }

    /// Proves that the words would recover the identity.
    pub(crate) async fn rehearse(
        &self,
        words: &crate::passphrase::Words,
    ) -> Result<Rehearsed, Problem> {
        let own = self.own().await?;
        let words = parse_words(words.reveal())?;
        Ok(Rehearsed { right: promised_number(&own.history, &words).is_ok() })
    }

    /// Writes new entries, and the keys that belong to them, in one step.
    async fn commit_entries(
        &self,
        own: &Own,
        drafts: &[Draft],
        mut changes: Vec<Write>,
    ) -> Result<(), Problem> {
        let (scid, mut length) = (own.scid(), own.history.number());
        for draft in drafts {
            let line = draft.entry.as_bytes().to_vec();
            changes.push(Write::Append { scid, length, line });
            length = length.saturating_add(1);
        }
        self.write(changes).await
    }

    /// Writes to the disk, on a thread that may wait for it.
    pub(crate) async fn write(&self, changes: Vec<Write>) -> Result<(), Problem> {
        self.read(move |store| store.commit(&changes)).await
    }

    /// Opens the promised update key, which needs the passphrase once more.
    async fn update_key(&self, own: &Own, passphrase: &Passphrase) -> Result<SecretKey, Problem> {
        if own.history.is_deactivated() {
            // Its keys went with it, and no words bring them back.
            return Err(Problem::new(
                Wrong::Deactivated,
                "this identity was ended, and nothing follows",
            )
            .hint("`countersign --data FOLDER init` makes another one in another folder"));
        }
        let scid = own.scid();
        self.with_signing(passphrase, move |signing| signing.update_key(&scid)).await?.ok_or_else(
            || {
                Problem::new(Wrong::Locked, "the key that signs the next change is not here")
                    .hint("the 24 words bring it back: countersign id recover")
            },
        )
    }

    async fn seal_next(
        &self,
        passphrase: &Passphrase,
        scid: Scid,
        next: SecretKey,
    ) -> Result<Write, Problem> {
        self.with_signing(passphrase, move |signing| signing.seal_next(&scid, &next)).await
    }

    /// Derives the second key on a thread that may take its time.
    async fn with_signing<T: Send + 'static>(
        &self,
        passphrase: &Passphrase,
        work: impl FnOnce(&crate::vault::Signing<'_>) -> Result<T, crate::vault::VaultError>
        + Send
        + 'static,
    ) -> Result<T, Problem> {
        let vault = self.vault_handle()?;
        let opening = Opening::new(passphrase.reveal())?;
        let derived = tokio::task::spawn_blocking(move || {
            let signing = vault.signing(&opening)?;
            work(&signing)
        });
        derived.await.map_err(|_| crate::node::stopping())?.map_err(Problem::from)
    }

    /// Tells whether `passphrase` is the one of this node.
    ///
    /// # Errors
    ///
    /// Returns a problem if it is not.
    pub(crate) async fn open_with(&self, passphrase: &Passphrase) -> Result<(), Problem> {
        self.with_signing(passphrase, |_| Ok(())).await
    }

    /// Compares the clock with peers' before anything is signed with it.
    pub(crate) async fn may_sign(&self) -> Result<(), Problem> {
        self.compared(Command::Signing { at: self.now() }).await
    }

    /// Compares the clock with peers', as before anything is signed with it, and signs nothing.
    ///
    /// # Errors
    ///
    /// Returns a problem of kind clock if nothing would be signed.
    pub async fn check_clock(&self) -> Result<(), Problem> {
        self.compared(Command::ClockStatus).await
    }

    async fn compared(&self, command: Command) -> Result<(), Problem> {
        match self.ask(command).await? {
            Outcome::Clock(report) if report.may_sign() => Ok(()),
            Outcome::Clock(report) => {
                Err(Problem::new(Wrong::Clock, "nothing is signed under this clock")
                    .because(report)
                    .hint("set this computer's clock, then try again"))
            }
            _ => Err(crate::node::unexpected()),
        }
    }
}

/// Finds the one old assertion key whose name begins like this; the first of `listed` is no old one.
fn old_key(listed: &[PublicKey], name: &str) -> Result<PublicKey, Problem> {
    let hint = "`countersign-attestor keys` lists them, and says which no claim needs any more";
    let mut meant = listed.iter().skip(1).filter(|key| key.to_multikey().starts_with(name));
    match (meant.next(), meant.next()) {
        (Some(key), None) => Ok(*key),
        (Some(_), Some(_)) => {
            Err(Problem::new(Wrong::Invalid, format!("several old keys begin with {name}"))
                .hint(hint))
        }
        (None, _) => {
            let problem = Problem::new(Wrong::Invalid, format!("no old key begins with {name}"));
            let signs = listed.first().is_some_and(|key| key.to_multikey().starts_with(name));
            Err(match signs {
                true => problem.because("it is the key that signs now"),
                false => problem,
            }
            .hint(hint))
        }
    }
}

fn parse_words(text: &str) -> Result<Words, Problem> {
    Words::parse(text).map_err(|error| {
        Problem::new(Wrong::Invalid, "these are not the 24 words").because(error).hint(
            "write them as they stand on the paper, in their order, with a space between them",
        )
    })
}

/// Finds which of the recovery keys the newest entry promises; its hash stands last.
fn promised_number(history: &History, words: &Words) -> Result<u32, Problem> {
    let promised = history.parameters().next_key_hashes.last();
    promised.and_then(|promised| words.rehearse(promised, MOST_RECOVERIES)).ok_or_else(|| {
        Problem::new(Wrong::Invalid, "these words do not recover this identity")
            .because("the newest entry promises another recovery key")
            .hint("take the paper that was written when this identity was made")
    })
}

/// How an identity is named to a network, and where its owner finds that.
const WHOLE: &str = "give the whole line that begins with Qm, 46 characters, or the DID it is part of: it stands \
    on the paper beside the words; if not there, then in what a contact, a shop or a keeper has of you, in \
    an old claim, or on a computer where you were (`countersign id show`)";
/// What to do where a node is and no identity, perhaps because it was ended while one was to be taken back.
const NO_IDENTITY: &str = "take yours back, also where that was cut off: `countersign id recover --did DID`, with the \
    line beside your 24 words; a new one is made in another folder: `countersign --data FOLDER init`";
/// More recoveries than anybody's life has.
const MOST_RECOVERIES: u32 = 256;
/// Our own log is read under any clock: whether to sign under it is another question.
const LONG: u64 = 200 * 365 * 24 * 60 * 60;
