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
    /// Takes a request up and gives its name; nothing if there are too many.
    pub fn open(&mut self, issuance: Issuance, now: Timestamp) -> Option<String> {
        self.clear(now);
        if self.requests.len() >= MOST_REQUESTS {
            return None;
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

    /// Counts the requests under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.requests.len()
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
