//! Makes challenges, and remembers each until it is answered once.

use crate::node::Node;
use crate::page::{Markup, qr};
use crate::problem::{Kind, Problem};
use crate::verb::presenting::{self, NewChallenge, PolicyRef};
use countersign_protocol::encoding::base64url;
use countersign_protocol::wire::challenge::Challenge;

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
        let mut open = self.inner().challenges.lock().map_err(|_| crate::node::stopping())?;
        open.retain(|_, challenge| challenge.expires > now);
        if open.len() >= MOST_OPEN {
            return Err(Problem::new(Kind::Busy, "too many challenges wait for an answer")
                .hint("they end by themselves within minutes"));
        }
        open.insert(challenge.nonce.clone(), challenge.clone());
        Ok(presenting::Challenge {
            qr: qr::svg(&text, "the challenge as a QR code").map(Markup::into_string),
            challenge: text,
            nonce: challenge.nonce,
            expires: challenge.expires.to_string(),
        })
    }

    /// Gives the open challenge with this nonce. It stays open: whoever saw it can send what answers nothing,
    /// and its customer comes after that.
    pub(super) fn open_challenge(&self, nonce: &str) -> Result<Option<Challenge>, Problem> {
        let open = self.inner().challenges.lock().map_err(|_| crate::node::stopping())?;
        let now = self.now();
        Ok(open.get(nonce).filter(|challenge| challenge.expires > now).cloned())
    }

    /// Takes a challenge that was answered, and tells whether this was the first answer.
    pub(super) fn take_challenge(&self, answered: &Challenge) -> Result<bool, Problem> {
        let mut open = self.inner().challenges.lock().map_err(|_| crate::node::stopping())?;
        Ok(open.remove(&answered.nonce).is_some())
    }
}

/// Long enough to sign in at an attestor first, too short to be worth stealing.
const LIFE: u64 = 300;
/// A shop with a thousand customers at the till has many nodes.
const MOST_OPEN: usize = 65_536;
