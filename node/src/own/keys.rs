//! Which key signs what, and where each lies.
//!
//! | key | lies |
//! | --- | --- |
//! | authentication, assertion | in the vault under its own public half; the running node loads them |
//! | next update key | in the vault under the second key, which a running node does not hold |
//! | recovery | on paper; the vault has its public half, to promise it, and its number |
//!
//! A hot key is chosen by the newest document that stands, so after a rotation the old key signs
//! until the witnesses have cosigned the new entry, and the new one from then on.

use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::store::{Change, Keep};
use crate::vault::words::Words;
use crate::vault::{Kind, Signing, Vault, new_key};
use countersign_protocol::did::document::Document;
use countersign_protocol::did::log::draft::{self, Draft, Keys, Place};
use countersign_protocol::did::log::error::LogError;
use countersign_protocol::did::log::witness::Rule;
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::proof::Purpose;
use countersign_protocol::time::Timestamp;

/// The public half of the recovery key that the next entry promises, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recovery {
    pub(crate) key: PublicKey,
    pub(crate) number: u32,
}

impl Recovery {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        [self.key.as_bytes().as_slice(), &self.number.to_be_bytes()].concat()
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (key, number) = bytes.split_at_checked(32)?;
        let key = PublicKey::from_bytes(key.try_into().ok()?).ok()?;
        Some(Self { key, number: u32::from_be_bytes(number.try_into().ok()?) })
    }
}

/// Makes the first entry of an identity and everything that has to be on the disk with it.
///
/// # Errors
///
/// Returns a problem if the entry cannot be made or the system has no randomness.
pub(crate) fn first_entry(
    vault: &Vault,
    signing: &Signing<'_>,
    words: &Words,
    attests: bool,
    witness: Option<&Rule>,
    now: Timestamp,
) -> Result<(Draft, Vec<Change>), Problem> {
    let recovery = Recovery { key: words.recovery_key(0).public(), number: 0 };
    let (first, next) = (new_key()?, new_key()?);
    let authentication = new_key()?;
    let assertion = if attests { Some(new_key()?) } else { None };
    let keys = Keys {
        authentication: vec![authentication.public()],
        assertion: assertion.iter().map(SecretKey::public).collect(),
    };
    let signer = draft::Signing { key: &first, next: &next.public(), recovery: &recovery.key };
    let draft = draft::create(Place::Home, &keys, witness, signer, now)?;
    let scid = draft.history.scid();
    let mut changes = vec![
        Change::Keep { scid, keep: Keep::Own },
        Change::Append { scid, length: 0, line: draft.entry.as_bytes().to_vec() },
        signing.seal_next(&scid, &next)?,
        seal_hot(vault, Kind::AuthenticationKey, &authentication)?,
        vault.seal(Kind::Note, RECOVERY, &recovery.to_bytes())?,
    ];
    if let Some(assertion) = &assertion {
        changes.push(seal_hot(vault, Kind::AssertionKey, assertion)?);
    }
    Ok((draft, changes))
}

/// Seals a hot key under its own public half.
pub(crate) fn seal_hot(vault: &Vault, kind: Kind, key: &SecretKey) -> Result<Change, Problem> {
    vault.seal_key(kind, key.public().as_bytes(), key).map_err(Problem::from)
}

impl Node {
    /// Gives the key of ours that `document` lists first for `purpose`.
    ///
    /// # Errors
    ///
    /// Returns a problem if the vault is locked or has none of the keys the document lists.
    pub(crate) fn hot_key(
        &self,
        document: &Document,
        purpose: Purpose,
    ) -> Result<SecretKey, Problem> {
        let vault = self.vault()?;
        let (kind, listed): (Kind, Vec<PublicKey>) = match purpose {
            Purpose::Authentication => {
                (Kind::AuthenticationKey, document.authentication_keys().copied().collect())
            }
            Purpose::AssertionMethod => {
                (Kind::AssertionKey, document.assertion_keys().copied().collect())
            }
        };
        for key in listed {
            if let Some(key) = vault.key(kind, key.as_bytes())? {
                return Ok(key);
            }
        }
        Err(Problem::new(Wrong::Locked, "this node has none of the keys your identity lists").hint(
            "somebody changed them elsewhere; the 24 words bring them back: countersign id recover",
        ))
    }

    /// Gives the recovery key that the next entry promises again.
    pub(crate) fn recovery(&self) -> Result<Recovery, Problem> {
        use secrecy::ExposeSecret as _;
        let note = self.vault()?.get(Kind::Note, RECOVERY)?;
        note.and_then(|note| Recovery::read(note.expose_secret())).ok_or_else(|| {
            Problem::new(Wrong::Internal, "the vault does not know which recovery key was promised")
                .hint("the 24 words do: countersign id recover")
        })
    }
}

impl From<draft::DraftError> for Problem {
    fn from(error: draft::DraftError) -> Self {
        let (kind, hint) = match &error {
            draft::DraftError::BadPlace(_) => (
                Wrong::Invalid,
                Some("a domain, and a path if there is one: example.com:people:berta"),
            ),
            draft::DraftError::OtherLetters => (
                Wrong::Invalid,
                Some(
                    "write its xn-- form, as your registrar names it (bücher.example is xn--bcher-kva.example), \
                     and a port behind %3A",
                ),
            ),
            draft::DraftError::NotTheRecoveryKey => (Wrong::Invalid, None),
            draft::DraftError::TooManyToday => (Wrong::Busy, Some("try again tomorrow")),
            draft::DraftError::Log(LogError::Unpromised { .. } | LogError::Unauthorized { .. }) => {
                (
                    Wrong::Conflict,
                    Some(
                        "your log went on without this computer's keys: it was restored from an old backup, \
                     or somebody else has your keys; `countersign id recover` takes the identity back",
                    ),
                )
            }
            draft::DraftError::Log(LogError::Deactivated { .. } | LogError::Frozen { .. }) => {
                (Wrong::Deactivated, None)
            }
            draft::DraftError::TooLong { .. } => (
                Wrong::Conflict,
                Some(
                    "take out keys that were replaced: `countersign-attestor keys` says which ones no claim needs",
                ),
            ),
            draft::DraftError::NearlyFull => (Wrong::Conflict, Some("countersign id recover")),
            _ => (Wrong::Internal, None),
        };
        let problem = Self::new(kind, "the change cannot be made").because(error);
        match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

/// The note with the public half of the recovery key.
pub(crate) const RECOVERY: &[u8] = b"recovery key";
