//! All requests that are under way, and no more than fit.

use super::{Issuance, IssuanceError};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::encoding::base64url;
use countersign_protocol::key::PublicKey;
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
    /// Takes a request up and gives its name; nothing if there are too many of people who are at a provider, or
    /// further. Others [give way](Issuance::gives_way), the oldest first: a flood of questions costs nothing, and
    /// keeps nobody out.
    pub fn open(&mut self, issuance: Issuance, now: Timestamp) -> Option<String> {
        self.clear(now);
        if self.requests.len() >= MOST_REQUESTS {
            let least = |(name, request): (&String, &Issuance)| {
                Some((request.gives_way()?, request.terms().expires, name.clone()))
            };
            let (_, _, least) = self.requests.iter().filter_map(least).min()?;
            self.requests.remove(&least);
        }
        let name = random();
        self.requests.insert(name.clone(), issuance);
        Some(name)
    }

    /// Notes that `subject` answered the challenge of a request with `key`, as [`Issuance::present`] does.
    /// Nobody has more than a few unfinished requests: with one more, their oldest ends.
    ///
    /// # Errors
    ///
    /// Returns nothing if there is no such request, and otherwise as [`Issuance::present`] does.
    pub fn present(
        &mut self,
        name: &str,
        subject: &Did,
        key: PublicKey,
        now: Timestamp,
    ) -> Option<Result<(), IssuanceError>> {
        let request = self.requests.get_mut(name)?;
        let presented = request.present(subject.clone(), key, now);
        if presented.is_ok() {
            self.keep_few_of(subject.scid(), name);
        }
        Some(presented)
    }

    /// Lets go of the oldest unfinished requests of one identity, but not of the one called `newest`.
    fn keep_few_of(&mut self, scid: Scid, newest: &str) {
        let theirs =
            |request: &Issuance| request.unfinished().is_some_and(|did| did.scid() == scid);
        let others = self.requests.iter().filter(|(name, one)| *name != newest && theirs(one));
        let mut others: Vec<(Timestamp, String)> =
            others.map(|(name, one)| (one.terms().expires, name.clone())).collect();
        others.sort();
        let too_many = others.len().saturating_add(1).saturating_sub(MOST_OF_ONE);
        for (_, name) in others.iter().take(too_many) {
            self.requests.remove(name);
        }
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

/// Unfinished requests of one identity: a claim or two at a time, and one begun anew in another browser.
const MOST_OF_ONE: usize = 4;

#[cfg(test)]
mod tests {
    use super::super::{Browser, Delivery, Loopback, Terms};
    use super::*;
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

    /// Somebody in a long row of people who show who they are.
    fn somebody(at: usize) -> (Did, PublicKey) {
        let mut digest = [5; 32];
        digest[..8].copy_from_slice(&u64::try_from(at).unwrap().to_be_bytes());
        (Scid::from_digest(digest).to_did(), SecretKey::from_seed([5; 32]).public())
    }

    #[test]
    fn whoever_presents_again_and_again_pushes_out_their_own() {
        let mut desk = Desk::default();
        let mut shown = |at: u64, who: usize| {
            let (name, (did, key)) = (desk.open(asked(NOW.plus(at)), NOW).unwrap(), somebody(who));
            desk.present(&name, &did, key, NOW).unwrap().unwrap();
            (name, desk.under_way())
        };
        let (other, _) = shown(0, 1);
        let all: Vec<(String, usize)> = (0..100).map(|at| shown(at, 2)).collect();
        assert_eq!(all.last().unwrap().1, 1 + MOST_OF_ONE);
        assert!(desk.request(&other).is_some(), "nobody else's");
        let (old, new) = all.split_at(all.len() - MOST_OF_ONE);
        assert!(old.iter().all(|(name, _)| desk.request(name).is_none()));
        assert!(new.iter().all(|(name, _)| desk.request(name).is_some()), "the newest stay");
    }

    #[test]
    fn when_everybody_showed_who_they_are_the_oldest_without_a_browser_goes() {
        let mut desk = Desk::default();
        let mut names = Vec::new();
        for at in 0..MOST_REQUESTS {
            let mut shown = asked(if at < 2 { NOW } else { NOW.plus(1) });
            let (did, key) = somebody(at);
            shown.present(did, key, NOW).unwrap();
            if at == 0 {
                shown.enter(Browser::of("hers"), NOW).unwrap();
            }
            names.push(desk.open(shown, NOW).unwrap());
        }
        let late = desk.open(asked(NOW.plus(2)), NOW).unwrap();
        assert_eq!(desk.requests.len(), MOST_REQUESTS);
        assert!(desk.request(&names[1]).is_none(), "the oldest");
        assert!([&names[0], &names[2], &late].iter().all(|name| desk.request(name).is_some()));
    }

    #[test]
    fn when_everybody_is_at_a_provider_there_is_an_end() {
        let mut desk = Desk::default();
        for at in 0..MOST_REQUESTS {
            let mut shown = asked(NOW);
            let (did, key) = somebody(at);
            shown.present(did, key, NOW).unwrap();
            shown.enter(Browser::of("hers"), NOW).unwrap();
            desk.open(shown, NOW).unwrap();
        }
        assert!(desk.open(asked(NOW), NOW).is_none());
        assert!(desk.open(asked(NOW.plus(901)), NOW.plus(901)).is_some(), "they ended");
    }
}
