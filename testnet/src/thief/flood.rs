//! Fresh identities by the hundred, each of them paid for with its stamp.

use super::liar::Liar;
use super::{bad, now};
use crate::Failure;
use countersign_node::vault::new_key;
use countersign_protocol::did::Scid;
use countersign_protocol::did::log::draft::{Keys, Place, Signing, create};
use countersign_protocol::did::log::entry::VersionId;
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::wire::exchange::deposit::{Deposit, Reason};
use countersign_protocol::wire::exchange::{Request, Response};
use countersign_protocol::wire::head::{Head, Stamp};
use countersign_protocol::wire::network::Parameters;

/// Makes an identity that nobody has heard of, ready to be deposited: nothing is wrong with it.
///
/// # Errors
///
/// Returns [`Failure::Page`] if it cannot be made.
pub fn whole(parameters: &Parameters) -> Result<Request, Failure> {
    let key = new_key().map_err(|error| bad(&error))?;
    let public = key.public();
    let keys = Keys { authentication: vec![public], assertion: Vec::new() };
    let signing = Signing { key: &key, next: &public, recovery: &public };
    let draft = create(Place::Home, &keys, None, signing, now()).map_err(|error| bad(&error))?;
    let log = draft.history.to_log();
    let scid = draft.history.scid();
    let version = draft.history.version_id();
    let head = Head {
        version_digest: version.digest,
        log_length: u64::try_from(log.len()).unwrap_or(u64::MAX),
        ..announced(scid, parameters, &key)?
    };
    let head = head.seal(parameters.id(), &key);
    Ok(Request::Deposit(Deposit { after: None, log, witness: None, head, showcase: None }))
}

/// Makes the head of an identity that nobody has heard of, with its stamp and without its log: the
/// cheapest way to use up what a peer may bring.
///
/// # Errors
///
/// Returns [`Failure::Page`] if the system has no randomness.
pub fn bare(parameters: &Parameters, number: u64) -> Result<Request, Failure> {
    let key = new_key().map_err(|error| bad(&error))?;
    let scid =
        Scid::from_digest(sha256(&[key.public().as_bytes(), &number.to_be_bytes()[..]].concat()));
    let head = announced(scid, parameters, &key)?;
    let after = Some(VersionId { number: head.version, digest: head.version_digest });
    let head = head.seal(parameters.id(), &key);
    let log = Vec::new();
    Ok(Request::Deposit(Deposit { after, log, witness: None, head, showcase: None }))
}

/// Tells a node of identities until it says that these are too many from one peer, and gives how many
/// it answered otherwise. What is left of `crowd` was not told.
///
/// # Errors
///
/// Returns [`Failure`] if there is no answer.
pub async fn until_too_much<'r>(
    liar: &mut Liar,
    crowd: &mut impl Iterator<Item = &'r [Request]>,
) -> Result<usize, Failure> {
    let mut answered = 0_usize;
    for some in crowd {
        let answers = liar.ask_all(some).await?;
        let taken = answers.iter().filter(|answer| **answer != TOO_MUCH).count();
        answered = answered.saturating_add(taken);
        if taken < answers.len() {
            break;
        }
    }
    Ok(answered)
}

fn announced(
    scid: Scid,
    parameters: &Parameters,
    key: &countersign_protocol::key::SecretKey,
) -> Result<Head, Failure> {
    let stamp = Stamp::mine(&scid, parameters.id(), parameters.difficulty(), 0, u64::MAX);
    Ok(Head {
        scid,
        version: 1,
        version_digest: [0; 32],
        log_length: 1,
        showcase: None,
        sequence: 1,
        stamp: stamp.ok_or_else(|| bad(&"no stamp"))?,
        key: key.public(),
    })
}

/// What a node answers to whoever brings more than one peer may.
pub const TOO_MUCH: Response = Response::Refusal(Reason::TooMuch);

/// A few more identities than a peer may bring at once.
pub const CROWD: u64 = 336;

/// Questions a liar asks at once: more refusals in a row would have him banned for asking too much, which
/// is another rule.
pub const AT_ONCE: usize = 8;
