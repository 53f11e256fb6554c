//! Makes challenges, and remembers each until it is answered once, also after a restart.
//!
//! A challenge is on the disk before anybody has it, and gone from there before an answer to it is believed.

use crate::node::{Node, stopping};
use crate::page::{Markup, qr};
use crate::problem::{Kind, Problem};
use crate::records;
use crate::store::{Change as Write, Expect, Store, StoreError};
use crate::verb::presenting::{self, NewChallenge, PolicyRef};
use countersign_protocol::encoding::base64url;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::challenge::Challenge;
use std::collections::BTreeMap;
use std::sync::MutexGuard;

/// The challenges that wait for an answer, by nonce.
pub(crate) type Open = BTreeMap<String, Challenge>;

/// Reads those that are open still, and removes the others.
///
/// # Errors
///
/// Returns what the disk returned.
pub(crate) fn still_open<S: Store>(store: &S, now: Timestamp) -> Result<Open, StoreError> {
    let (mut open, mut ended) = (Open::new(), Vec::new());
    for (key, bytes) in records::rows(store, CHALLENGES)? {
        match Challenge::parse(&String::from_utf8_lossy(&bytes), now) {
            Ok(challenge) => drop(open.insert(challenge.nonce.clone(), challenge)),
            Err(_) => ended.push(strike(key)),
        }
    }
    store.commit(&ended)?;
    Ok(open)
}

impl Node {
    /// Makes a challenge for the policy it will be checked against.
    pub(crate) async fn new_challenge(
        &self,
        wanted: NewChallenge,
    ) -> Result<presenting::Challenge, Problem> {
        let policy = self.policy(&PolicyRef::Name(wanted.policy.clone()))?;
        let own = self.own().await?;
        let now = self.now();
        let challenge = Challenge {
            nonce: base64url::encode(&rand::random::<[u8; 24]>()),
            domain: own.history.did().to_string(),
            expires: now.plus(LIFE),
            claims: vec![policy.claim().to_owned()],
            policy: wanted.policy,
            purpose: wanted.purpose.unwrap_or_default(),
            deliver: wanted.deliver,
        };
        let text = challenge.to_string();
        // What a customer's node would refuse is refused here, with the reason.
        Challenge::parse(&text, now).map_err(|error| {
            Problem::new(Kind::Invalid, "no customer could answer this challenge")
                .because(error)
                .hint("`deliver` is an https address, or http on this computer; texts are short")
        })?;
        let (ended, has_room) = self.make_room(&challenge, now)?;
        let mut changes: Vec<Write> =
            ended.keys().map(|nonce| strike(nonce.clone().into_bytes())).collect();
        if has_room {
            changes.push(Write::Row {
                table: CHALLENGES.to_owned(),
                key: challenge.nonce.clone().into_bytes(),
                expect: Expect::Nothing,
                bytes: text.clone().into_bytes(),
            });
        }
        if !changes.is_empty()
            && let Err(problem) = self.write(changes).await
        {
            let mut open = self.open_challenges()?;
            drop(open.remove(&challenge.nonce));
            // They lie on the disk still, and go with the next one.
            open.extend(ended);
            return Err(problem);
        }
        if !has_room {
            return Err(Problem::new(Kind::Busy, "too many challenges wait for an answer")
                .hint("they end by themselves within minutes"));
        }
        Ok(presenting::Challenge {
            qr: qr::svg(&text, "the challenge as a QR code").map(Markup::into_string),
            challenge: text,
            nonce: challenge.nonce,
            expires: challenge.expires.to_string(),
        })
    }

    /// Takes a new challenge in if there is room, and tells whether; gives those that ended, which lie on the disk
    /// still.
    fn make_room(&self, new: &Challenge, now: Timestamp) -> Result<(Open, bool), Problem> {
        let mut open = self.open_challenges()?;
        let ended = open.extract_if(.., |_, challenge| challenge.expires <= now).collect();
        let has_room = open.len() < MOST_OPEN;
        if has_room {
            open.insert(new.nonce.clone(), new.clone());
        }
        Ok((ended, has_room))
    }

    /// Gives the open challenge with this nonce. It stays open: whoever saw it can send what answers nothing,
    /// and its customer comes after that.
    pub(super) fn open_challenge(&self, nonce: &str) -> Result<Option<Challenge>, Problem> {
        let now = self.now();
        Ok(self.open_challenges()?.get(nonce).filter(|challenge| challenge.expires > now).cloned())
    }

    /// Takes a challenge that was answered, and tells whether this was the first answer; then it is gone from the
    /// disk, too.
    pub(super) async fn take_challenge(&self, answered: &Challenge) -> Result<bool, Problem> {
        let is_first = self.open_challenges()?.remove(&answered.nonce).is_some();
        if is_first {
            self.write(vec![strike(answered.nonce.clone().into_bytes())]).await?;
        }
        Ok(is_first)
    }

    fn open_challenges(&self) -> Result<MutexGuard<'_, Open>, Problem> {
        self.inner().challenges.lock().map_err(|_| stopping())
    }
}

fn strike(key: Vec<u8>) -> Write {
    Write::RemoveRow { table: CHALLENGES.to_owned(), key, expect: Expect::Anything }
}

/// The table of the challenges that wait for an answer, by nonce.
const CHALLENGES: &str = "challenges";

/// Long enough to sign in at an attestor first, too short to be worth stealing.
const LIFE: u64 = 300;
/// A shop with a thousand customers at the till has many nodes.
pub(crate) const MOST_OPEN: usize = 65_536;
