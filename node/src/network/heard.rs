//! What one look-up in the DHT has heard, and whether it heard enough.
//!
//! Nobody here can tell a true value from a false one, and a liar makes as many as it likes. So a value is
//! listed once, with all who gave it, and whoever is in one corner of the internet has one voice: a liar
//! pays for each further one with a rented network. Nothing that a few liars can make ends a look-up before
//! all have been asked.

use super::incoming::Value;
use super::peer::{Peer, Prefix};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// What was heard so far.
pub(super) struct Heard {
    /// In the order in which they were heard of first.
    values: Vec<Voices>,
    /// How many values each corner was the first to give.
    corners: BTreeMap<Prefix, usize>,
    /// Peers that had answered, or could not be asked, when it was last looked at.
    settled: u32,
    /// Since when there are no more of them.
    quiet_since: Instant,
}

/// One value, and who gave it.
struct Voices {
    value: Vec<u8>,
    holders: Vec<Peer>,
    corners: BTreeSet<Prefix>,
}

impl Heard {
    /// Begins to listen.
    pub(super) fn new(now: Instant) -> Self {
        Self { values: Vec::new(), corners: BTreeMap::new(), settled: 0, quiet_since: now }
    }

    /// Takes in the value of a peer in that corner. The library asks nobody twice in one look-up.
    pub(super) fn take(&mut self, peer: Peer, corner: Prefix, value: Vec<u8>) {
        let given = self.corners.entry(corner).or_default();
        if let Some(voices) = self.values.iter_mut().find(|voices| voices.value == value) {
            let is_another = voices.corners.insert(corner);
            if is_another && voices.holders.len() < MOST_HOLDERS {
                voices.holders.push(peer);
            }
        } else if *given < MOST_OF_A_CORNER && self.values.len() < MOST_VALUES {
            *given = given.saturating_add(1);
            let (holders, corners) = (vec![peer], BTreeSet::from([corner]));
            self.values.push(Voices { value, holders, corners });
        }
    }

    /// Tells whether to wait for no more: nobody has answered for a while who was asked. `settled` is how
    /// many have answered so far, or could not be asked.
    pub(super) fn is_enough(&mut self, settled: u32, now: Instant) -> bool {
        if settled != self.settled {
            self.settled = settled;
            self.quiet_since = now;
        }
        let patience = match self.corners.len() {
            0 => return false,
            ENOUGH.. => GRACE,
            _ => SILENCE,
        };
        now.duration_since(self.quiet_since) >= patience
    }

    /// Gives the values, the one that most corners gave first.
    pub(super) fn into_values(self) -> Vec<Value> {
        let mut values: Vec<Value> = self.values.into_iter().map(Value::from).collect();
        values.sort_by_key(|value| core::cmp::Reverse(value.corners));
        values
    }
}

impl From<Voices> for Value {
    fn from(Voices { value, holders, corners }: Voices) -> Self {
        Self { bytes: value, holders, corners: corners.len() }
    }
}

/// Different values kept of one look-up, at half a kilobyte: more than three times as many as there are
/// holders of a record. For as many liars have to rent 32 networks.
const MOST_VALUES: usize = 64;
/// Of these, from one corner: somebody honest may be a neighbour of a liar's.
const MOST_OF_A_CORNER: usize = 2;
/// Holders of a value that are named, each in another corner: one after the other is asked for what belongs
/// to it.
const MOST_HOLDERS: usize = 16;
/// Corners that gave something, after which only those are waited for who answer at once: of twenty holders
/// some are gone.
const ENOUGH: usize = 12;
/// How long such a look-up waits for one more answer.
const GRACE: Duration = Duration::from_secs(1);
/// How long any look-up does that heard something: whoever was asked and did not answer in this time is gone,
/// or wants to be waited for.
const SILENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;
    use libp2p::PeerId;

    fn peer() -> Peer {
        Peer(PeerId::random())
    }

    fn corner(number: u8) -> Prefix {
        let address = format!("/ip4/198.51.{number}.1/tcp/1");
        address.parse::<super::super::peer::Address>().unwrap().prefix()
    }

    #[test]
    fn whoever_is_in_one_corner_has_one_voice() {
        let mut heard = Heard::new(Instant::now());
        (0..40).for_each(|_| heard.take(peer(), corner(1), b"a lie".to_vec()));
        let honest = [peer(), peer()];
        for (number, holder) in (2..).zip(honest) {
            heard.take(holder, corner(number), b"the truth".to_vec());
        }
        let [first, second] = &heard.into_values()[..] else { panic!() };
        assert_eq!((&first.bytes[..], first.corners), (&b"the truth"[..], 2));
        assert_eq!(first.holders, honest);
        assert_eq!((&second.bytes[..], second.corners), (&b"a lie"[..], 1));
    }

    #[test]
    fn a_corner_full_of_liars_leaves_room_for_others() {
        let mut heard = Heard::new(Instant::now());
        (0..200).for_each(|lie: u8| heard.take(peer(), corner(lie % 20), vec![lie]));
        heard.take(peer(), corner(100), b"the truth".to_vec());
        let values = heard.into_values();
        assert!(values.iter().any(|value| value.bytes == b"the truth"));
        assert_eq!(values.len(), 41);
    }

    #[test]
    fn values_have_an_end_and_so_have_their_holders() {
        let mut heard = Heard::new(Instant::now());
        (0..200).for_each(|lie: u8| heard.take(peer(), corner(lie), vec![lie]));
        (0..200).for_each(|number| heard.take(peer(), corner(number), vec![0]));
        let values = heard.into_values();
        assert_eq!(values.len(), MOST_VALUES);
        assert_eq!((values[0].corners, values[0].holders.len()), (200, MOST_HOLDERS));
    }

    #[test]
    fn a_few_that_answer_at_once_end_nothing_while_others_still_answer() {
        let mut now = Instant::now();
        let mut heard = Heard::new(now);
        now += SILENCE * 2;
        assert!(!heard.is_enough(0, now), "nothing was heard yet");
        (0..200).for_each(|lie: u8| heard.take(peer(), corner(lie % 11), vec![lie]));
        for settled in 1..10 {
            now += SILENCE * 2;
            assert!(!heard.is_enough(settled, now), "{settled} have answered");
        }
        now += SILENCE / 2;
        assert!(!heard.is_enough(9, now));
        now += SILENCE / 2;
        assert!(heard.is_enough(9, now), "nobody answers any longer");
    }

    #[test]
    fn who_is_gone_is_not_waited_for_once_many_corners_gave_something() {
        let mut now = Instant::now();
        let mut heard = Heard::new(now);
        (0..12).for_each(|number| heard.take(peer(), corner(number), b"the truth".to_vec()));
        assert!(!heard.is_enough(12, now));
        now += GRACE;
        assert!(!heard.is_enough(13, now), "one more has answered meanwhile");
        now += GRACE;
        assert!(heard.is_enough(13, now));
    }
}
