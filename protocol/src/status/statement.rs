//! A status statement: the small thing by which a list changes, or is said to be unchanged.
//!
//! One that flips bits moves the list from one sequence to the next and names the statement before
//! it, so that an attestor has one history. One that flips nothing is a *heartbeat*: it says that
//! the list still stands as it did. [`Signed`] proves that some key signed it; [`Statement`] proves
//! that the key may, and only [`Signed::authorize`] makes one.

use crate::did::Scid;
use crate::encoding::cbor::{self, CborError, Context, Reader, Record, Sealed, Writer};
use crate::encoding::multihash;
use crate::key::{KeyError, PublicKey, SecretKey};
use crate::status::Purpose;
use crate::status::why::Code;
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::wire::bounds;

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Whose list.
    pub issuer: Scid,
    /// Which list of theirs.
    pub list: u64,
    /// What a set bit means.
    pub purpose: Purpose,
    /// The sequence it starts from.
    pub from: u64,
    /// The sequence it leads to: the next one, or the same in a heartbeat.
    pub to: u64,
    /// The SHA-256 of the uncompressed bits at sequence `to`.
    pub bits: [u8; 32],
    /// The content hash of the statement that led to sequence `from`; none at sequence zero.
    pub previous: Option<[u8; 32]>,
    /// When it was signed.
    pub issued: Timestamp,
    /// Until when the list may be relied on.
    pub valid_until: Timestamp,
    /// Since when the change is true of the world. The bit counts at once all the same.
    pub effective_at: Timestamp,
    /// The bits to flip, rising.
    pub flips: Vec<Flip>,
}

/// One bit that a statement flips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flip {
    /// Which.
    pub index: u64,
    /// Why.
    pub code: Code,
}

impl Body {
    /// Tells whether it only says that nothing changed.
    #[must_use]
    pub const fn is_heartbeat(&self) -> bool {
        self.flips.is_empty()
    }

    /// Tells whether it says of any bit why it is flipped.
    fn says_why(&self) -> bool {
        self.flips.iter().any(|flip| flip.code != Code::default())
    }

    /// Hashes what a statement says about the list, and not when or with which key it was said:
    /// a statement signed again under a new key has the same history behind it.
    #[must_use]
    pub fn content_hash(&self) -> [u8; 32] {
        multihash::sha256(&cbor::encode(&Content(self.clone())))
    }

    /// Signs the statement with one of the issuer's assertion keys.
    #[must_use]
    pub fn seal(&self, network: &str, key: &SecretKey) -> Vec<u8> {
        let carried = Carried { body: self.clone(), key: *key.public().as_bytes() };
        cbor::seal(&carried, Context { network, kind: KIND }, key)
    }
}

/// A statement that the key it carries signed. Whether that key may sign is still to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    body: Body,
    key: PublicKey,
    sealed: Vec<u8>,
}

impl Signed {
    /// Reads a statement of at most [`bounds::STATEMENT`] bytes and checks its signature.
    ///
    /// # Errors
    ///
    /// Returns [`StatementError`] if it is malformed or the key it carries did not sign it.
    pub fn parse(bytes: &[u8], network: &str) -> Result<Self, StatementError> {
        let sealed = Sealed::<Carried>::parse(bytes, bounds::STATEMENT)?;
        let key = PublicKey::from_bytes(&sealed.unverified().key)?;
        let body = sealed.verify(Context { network, kind: KIND }, &key)?.body;
        if body.valid_until < body.issued {
            return Err(StatementError::EndsBeforeItBegins);
        }
        let is_next = body.from.checked_add(1) == Some(body.to);
        let fits = if body.is_heartbeat() { body.from == body.to } else { is_next };
        if !fits || (body.from == 0) != body.previous.is_none() {
            return Err(StatementError::BadSequence);
        }
        Ok(Self { body, key, sealed: bytes.to_vec() })
    }

    /// Looks at what it says before it is known whether its key may say so.
    #[must_use]
    pub const fn unauthorized(&self) -> &Body {
        &self.body
    }

    /// Gives the key that signed it.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Gives the statement if its key is one of the issuer's assertion keys, which `may_sign` knows.
    ///
    /// # Errors
    ///
    /// Returns [`StatementError::Unauthorized`] otherwise.
    pub fn authorize(
        self,
        may_sign: impl FnOnce(&Scid, &PublicKey) -> bool,
    ) -> Result<Statement, StatementError> {
        if may_sign(&self.body.issuer, &self.key) {
            Ok(Statement(self))
        } else {
            Err(StatementError::Unauthorized { issuer: self.body.issuer })
        }
    }
}

/// Looks at what a statement says, and the key it carries, before any signature is checked: to find
/// out what bytes are, and never to believe them.
///
/// # Errors
///
/// Returns [`StatementError`] if it is malformed.
pub fn peek(bytes: &[u8]) -> Result<(Body, PublicKey), StatementError> {
    let sealed = Sealed::<Carried>::parse(bytes, bounds::STATEMENT)?;
    let Carried { body, key } = sealed.unverified();
    Ok((body.clone(), PublicKey::from_bytes(key)?))
}

/// A statement that its issuer made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement(Signed);

impl Statement {
    /// Gives what it says.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.0.body
    }

    /// Gives the key that signed it.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.0.key
    }

    /// Gives the bytes that travel.
    #[must_use]
    pub fn sealed(&self) -> &[u8] {
        &self.0.sealed
    }
}

impl Body {
    /// Gives the content hash of the statement that led to sequence `to`: itself, but for a
    /// heartbeat.
    #[must_use]
    pub fn tip(&self) -> Option<[u8; 32]> {
        if self.is_heartbeat() { self.previous } else { Some(self.content_hash()) }
    }
}

/// What is signed: the body and the key, so that anyone can check the signature at once.
#[derive(Debug)]
struct Carried {
    body: Body,
    key: [u8; 32],
}

impl Record for Carried {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        Content::write_body(&self.body, to);
        to.array(2);
        to.unsigned(self.body.issued.seconds());
        to.unsigned(self.body.valid_until.seconds());
        to.bytes(&self.key);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        let Content(mut body) = Content::read(from)?;
        from.array(2)?;
        body.issued = Timestamp::from_seconds(from.unsigned()?);
        body.valid_until = Timestamp::from_seconds(from.unsigned()?);
        Ok(Self { body, key: from.fixed()? })
    }
}

/// What the history of a list consists of.
struct Content(Body);

impl Content {
    fn write_body(body: &Body, to: &mut Writer) {
        to.array(if body.says_why() { 10 } else { 9 });
        to.bytes(body.issuer.digest());
        to.unsigned(body.list);
        to.unsigned(match body.purpose {
            Purpose::Revocation => 0,
            Purpose::Suspension => 1,
        });
        to.unsigned(body.from);
        to.unsigned(body.to);
        to.bytes(&body.bits);
        to.optional(body.previous.as_ref(), |to, hash| to.bytes(hash));
        to.unsigned(body.effective_at.seconds());
        // Each bit as its distance from the one before: short, rising, and one spelling for a set.
        to.array(body.flips.len());
        let mut next = 0_u64;
        for Flip { index, .. } in &body.flips {
            to.unsigned(index.saturating_sub(next));
            next = index.saturating_add(1);
        }
        // Nothing to say has one spelling, and a heartbeat not a byte more for it.
        if body.says_why() {
            let codes: Vec<u8> = body.flips.iter().map(|flip| flip.code.number()).collect();
            to.bytes(&codes);
        }
    }
}

impl Record for Content {
    fn write(&self, to: &mut Writer) {
        Self::write_body(&self.0, to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        let members = from.array_up_to(10)?;
        if members < 9 {
            return Err(from.malformed("nine members, or ten with the codes"));
        }
        let mut body = Body {
            issuer: Scid::from_digest(from.fixed()?),
            list: from.unsigned()?,
            purpose: match from.unsigned()? {
                0 => Purpose::Revocation,
                1 => Purpose::Suspension,
                _ => return Err(from.malformed("0 for revocation or 1 for suspension")),
            },
            from: from.unsigned()?,
            to: from.unsigned()?,
            bits: from.fixed()?,
            previous: from.optional(Reader::fixed)?,
            issued: Timestamp::default(),
            valid_until: Timestamp::default(),
            effective_at: Timestamp::from_seconds(from.unsigned()?),
            flips: read_flips(from)?,
        };
        if members == 10 {
            read_codes(&mut body.flips, from)?;
        }
        Ok(Self(body))
    }
}

/// Reads why: a byte for each bit that is flipped, and not a string of noughts, which has a shorter
/// spelling.
fn read_codes(flips: &mut [Flip], from: &mut Reader<'_>) -> Result<(), CborError> {
    let codes = from.bytes()?;
    if codes.len() != flips.len() || codes.iter().all(|code| *code == 0) {
        return Err(from.malformed("a code for each bit, and one that says something"));
    }
    for (flip, code) in flips.iter_mut().zip(codes) {
        flip.code = Code::from_number(*code);
    }
    Ok(())
}

fn read_flips(from: &mut Reader<'_>) -> Result<Vec<Flip>, CborError> {
    let count = from.array_up_to(bounds::STATEMENT)?;
    let mut flips = Vec::with_capacity(count);
    let mut next = 0_u64;
    for _ in 0..count {
        let index = next.checked_add(from.unsigned()?);
        let (index, after) = index
            .and_then(|index| Some((index, index.checked_add(1)?)))
            .ok_or_else(|| from.malformed("the distance to the next bit"))?;
        flips.push(Flip { index, code: Code::default() });
        next = after;
    }
    Ok(flips)
}

/// A statement is malformed, or not its issuer's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum StatementError {
    /// Not a statement, or the key it carries did not sign it. Fault of the sender.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// It carries what is no key. Fault of the sender.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A change must lead to the next sequence and a heartbeat to none. Fault of the sender.
    #[error(
        "a change leads to the next sequence from a statement that is named, a heartbeat stays"
    )]
    BadSequence,
    /// It is over before it was signed. Fault of the sender.
    #[error("it ends before it begins")]
    EndsBeforeItBegins,
    /// The issuer's newest document known here does not list the key: it may be newer than what
    /// is known. Nobody's fault.
    #[error("signed with a key that is not known as an assertion key of {issuer}")]
    Unauthorized { issuer: Scid },
}

impl StatementError {
    /// Says what a peer deserves that sent this.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Unauthorized { .. } => Verdict::Ignore,
            Self::Cbor(_) | Self::Key(_) | Self::BadSequence | Self::EndsBeforeItBegins => {
                Verdict::Reject
            }
        }
    }
}

/// The most bits one statement flips: at five bytes for each and one for its code they leave room for
/// all else in [`bounds::STATEMENT`].
pub const MOST_FLIPS: usize = 120;

const KIND: &str = "status";
