//! All requests that are under way, and no more than fit.

use super::Issuance;
use countersign_protocol::encoding::base64url;
use countersign_protocol::time::Timestamp;
use std::collections::BTreeMap;

/// The requests under way, found by the name the node uses, the ticket the browser brings, or the
/// state the provider repeats. The three are independent and random: none leads to another.
#[derive(Debug, Default)]
pub struct Desk {
    requests: BTreeMap<String, Issuance>,
    tickets: BTreeMap<String, String>,
    states: BTreeMap<String, String>,
}

impl Desk {
    /// Takes a request up and gives its name; nothing if there are too many of people who showed who
    /// they are. Whoever only asked gives way: a flood of questions costs nothing, and keeps nobody out.
    pub fn open(&mut self, issuance: Issuance, now: Timestamp) -> Option<String> {
        self.clear(now);
        if self.requests.len() >= MOST_REQUESTS {
            let anybodys = self.requests.iter().filter(|(_, request)| request.is_anybodys());
            let oldest = anybodys.min_by_key(|(_, request)| request.terms().expires);
            let oldest = oldest.map(|(name, _)| name.clone())?;
            self.requests.remove(&oldest);
        }
        let name = random();
        self.requests.insert(name.clone(), issuance);
        Some(name)
    }

    /// Gives a request by its name.
    pub fn request(&mut self, name: &str) -> Option<&mut Issuance> {
        self.requests.get_mut(name)
    }

    /// Makes the ticket by which a browser finds the request.
    pub fn ticket(&mut self, name: &str) -> String {
        let ticket = random();
        self.tickets.insert(ticket.clone(), name.to_owned());
        ticket
    }

    /// Gives the name behind a browser's ticket.
    #[must_use]
    pub fn by_ticket(&self, ticket: &str) -> Option<String> {
        self.tickets.get(ticket).cloned()
    }

    /// Notes the state a provider will repeat.
    pub fn expect(&mut self, state: &str, name: &str) {
        self.states.retain(|_, known| known != name);
        self.states.insert(state.to_owned(), name.to_owned());
    }

    /// Gives the name behind a state, once.
    pub fn by_state(&mut self, state: &str) -> Option<String> {
        self.states.remove(state)
    }

    /// Counts the requests of people who showed who they are and have no answer yet.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.requests.values().filter(|request| request.is_under_way()).count()
    }

    /// Lets go of what has ended.
    fn clear(&mut self, now: Timestamp) {
        self.requests.retain(|_, request| now < request.terms().expires);
        self.tickets.retain(|_, name| self.requests.contains_key(name));
        self.states.retain(|_, name| self.requests.contains_key(name));
    }
}

fn random() -> String {
    base64url::encode(&rand::random::<[u8; 24]>())
}

/// A few kilobytes each, for a quarter of an hour: more is a flood.
const MOST_REQUESTS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::super::{Delivery, Loopback, Terms};
    use super::*;
    use countersign_protocol::did::Scid;
    use countersign_protocol::key::SecretKey;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn asked(at: Timestamp) -> Issuance {
        Issuance::new(Terms {
            source: "simulated".to_owned(),
            challenge: "challenge".to_owned(),
            expires: at.plus(900),
            verifier: [1; 32],
            delivery: Delivery::Loopback(Loopback::parse("http://127.0.0.1:4711/x").unwrap()),
        })
    }

    #[test]
    fn a_flood_of_questions_pushes_out_nobody_who_showed_who_they_are() {
        let mut desk = Desk::default();
        let hers = desk.open(asked(NOW), NOW).unwrap();
        let (did, key) = (Scid::from_digest([5; 32]).to_did(), SecretKey::from_seed([5; 32]));
        desk.request(&hers).unwrap().present(did, key.public(), NOW).unwrap();
        let first = desk.open(asked(NOW), NOW).unwrap();
        let second = desk.open(asked(NOW.plus(1)), NOW).unwrap();
        for _ in 3..=MOST_REQUESTS {
            assert!(desk.open(asked(NOW.plus(2)), NOW).is_some());
        }
        assert_eq!((desk.requests.len(), desk.under_way()), (MOST_REQUESTS, 1));
        assert!(desk.request(&hers).is_some());
        assert!(desk.request(&first).is_none() && desk.request(&second).is_some(), "the oldest");
    }

    #[test]
    fn when_everybody_showed_who_they_are_there_is_an_end() {
        let mut desk = Desk::default();
        for _ in 0..MOST_REQUESTS {
            let mut shown = asked(NOW);
            let (did, key) = (Scid::from_digest([5; 32]).to_did(), SecretKey::from_seed([5; 32]));
            shown.present(did, key.public(), NOW).unwrap();
            desk.open(shown, NOW).unwrap();
        }
        assert!(desk.open(asked(NOW), NOW).is_none());
        assert!(desk.open(asked(NOW.plus(901)), NOW.plus(901)).is_some(), "they ended");
    }
}
