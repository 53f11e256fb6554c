//! Somebody listens, and guesses whose identity a computer holds.
//!
//! Two guesses: who brought the newest head first is its owner, the best one the order of arrival allows; and who
//! asked about an identity first is its owner. Each must be right no more often than chance, which is fixed before
//! anything is measured: the number of right guesses of `n` with chance `p` exceeds the bound once in ten thousand
//! runs.
//!
//! The story of `demo` is watched from before its first identity to its end. It has seven heads of customers, enough
//! to judge the first guess by; two customers are too few for the second, which chance alone would have right of both
//! once in 144 stories.

use crate::world::{PATIENCE, holds, play, play_begun, unlike};
use countersign_protocol::did::Did;
use countersign_protocol::wire::network::Parameters;
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Member, Part};
use countersign_testnet::observer::{Came, Notes, Observer};
use countersign_testnet::story::{self, scenes};

const CUSTOMERS: [&str; 8] = ["anna", "ben", "cleo", "dora", "emil", "fine", "gus", "hedi"];
const ROUNDS: usize = 3;
const GUESSES: usize = CUSTOMERS.len() * ROUNDS;

#[tokio::test(flavor = "multi_thread")]
async fn an_observer_puts_identities_on_their_owners_computers_no_better_than_chance() {
    play("observed", async |cluster| {
        let keepers = [("wim", Part::Witness), ("berlin", Part::Vendor)];
        let people = CUSTOMERS.map(|name| (name, Part::Customer));
        cluster.add(keepers.into_iter().chain(people)).await?;
        for name in CUSTOMERS {
            scenes::settled(cluster.member(name)?, PATIENCE).await?;
        }
        let everybody: Vec<&Member> = cluster.members().collect();
        let homes: Vec<&Member> =
            everybody.iter().copied().filter(|one| one.part == Part::Customer).collect();
        // Connected to everybody, it hears a head from the keepers that announce it.
        let (right, askers) = guesses(cluster, &everybody).await?;
        holds("right guesses among everybody", right <= bound(1.0 / 12.0, GUESSES), right)?;
        let most = bound(1.0 / 12.0, CUSTOMERS.len());
        holds("owners who asked first, among everybody", askers <= most, askers)?;
        // Connected to homes alone: half of them listen to a shard, and its owners are among those.
        let (right, askers) = guesses(cluster, &homes).await?;
        holds("right guesses among homes", right <= bound(0.25, GUESSES), right)?;
        let most = bound(0.25, CUSTOMERS.len());
        holds("owners who asked first, among homes", askers <= most, askers)
    })
    .await;
}

/// Has everybody rotate, again and again, and counts the right guesses of both kinds.
async fn guesses(cluster: &Cluster, watched: &[&Member]) -> Result<(usize, usize), Failure> {
    let addresses: Vec<String> =
        watched.iter().filter_map(|member| member.ready.addresses.first().cloned()).collect();
    let parameters = Parameters::testnet(cluster.network().clone());
    let mut observer = Observer::among(&parameters, &addresses).await?;
    let mut right = 0;
    for _ in 0..ROUNDS {
        for name in CUSTOMERS {
            let owner = cluster.member(name)?;
            let scid = owner.did().parse::<Did>().map(|did| did.scid());
            let Ok(scid) = scid else { continue };
            let version = scenes::rotate(owner).await?.version;
            let notes = observer.until(|notes| notes.first(scid, version).is_some()).await?;
            if notes.first(scid, version) == Some(&owner.ready.peer) {
                right += 1;
            }
        }
    }
    let notes = observer.until(|_| true).await?;
    let askers = CUSTOMERS.iter().filter_map(|name| {
        let owner = cluster.member(name).ok()?;
        let scid = owner.did().parse::<Did>().ok()?.scid();
        notes.asked.get(&scid).filter(|asker| **asker == owner.ready.peer)
    });
    Ok((right, askers.count()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observers_log_of_the_demo_puts_the_customers_identity_on_her_peer_no_better_than_chance()
 {
    let judged = async |cluster: &mut Cluster| {
        let missing = || unlike("the observer", "nobody listened");
        let notes = cluster.observer().ok_or_else(missing)?.until(|_| true).await?;
        let customers = Guessed::about(cluster, &notes, &[Part::Customer]);
        let most = bound(customers.chance(), customers.all);
        holds("so many heads that they could tell her peer", most < customers.all, &customers)?;
        holds("right guesses of customers", customers.right <= most, &customers)?;
        // Those with nothing to hide announce what is theirs: whoever listened well puts it on their peers.
        let loud = Guessed::about(cluster, &notes, &[Part::Attestor, Part::Vendor]);
        let most = bound(loud.chance(), loud.all);
        holds("right guesses of attestors and shops", loud.right > most, &loud)
    };
    play_begun("overheard", story::overheard, judged, |(), _| Ok(())).await;
}

/// What the guess that whoever brings a head first is its owner comes to.
#[derive(Debug, Default)]
struct Guessed {
    right: usize,
    all: usize,
    /// Of each guess, how likely it is right where any peer is as good as another.
    chances: f64,
}

impl Guessed {
    /// Guesses each head of those who have one of these parts, if they are connected when it comes: nobody
    /// else can be guessed.
    fn about(cluster: &Cluster, notes: &Notes, parts: &[Part]) -> Self {
        let mut guessed = Self::default();
        for member in cluster.members().filter(|member| parts.contains(&member.part)) {
            let Ok(scid) = member.did().parse::<Did>().map(|did| did.scid()) else { continue };
            let is_theirs = |peer: &&String| notes.names.get(*peer) == Some(&member.name);
            let heads = notes.heads.iter().filter(|((whose, ..), _)| *whose == scid);
            for (_, Came { first, among }) in heads {
                let theirs = among.iter().filter(is_theirs).count();
                if theirs == 0 {
                    continue;
                }
                guessed.all += 1;
                guessed.right += usize::from(is_theirs(&first));
                guessed.chances += theirs as f64 / among.len() as f64;
            }
        }
        guessed
    }

    /// Gives the chance of one guess. Where they differ, no more of them are right than if each had the mean.
    fn chance(&self) -> f64 {
        self.chances / self.all.max(1) as f64
    }
}

/// Gives the most right guesses of `all` that chance explains.
fn bound(chance: f64, all: usize) -> usize {
    // The probability of exactly `right`, from none on.
    let mut exactly = (1.0 - chance).powi(i32::try_from(all).unwrap_or(i32::MAX));
    let mut at_most = exactly;
    let mut right = 0;
    while at_most < 1.0 - ONCE_IN {
        exactly *= (all - right) as f64 / (right + 1) as f64 * chance / (1.0 - chance);
        at_most += exactly;
        right += 1;
    }
    right
}

const ONCE_IN: f64 = 0.000_1;

#[test]
fn the_bound_lets_chance_through_and_little_more() {
    // Of 24 guesses at one in four, 6 are right by chance and 14 hardly ever.
    assert!((12..=15).contains(&bound(0.25, GUESSES)), "{}", bound(0.25, GUESSES));
    assert!((6..=9).contains(&bound(1.0 / 12.0, GUESSES)), "{}", bound(1.0 / 12.0, GUESSES));
    assert!((3..=5).contains(&bound(1.0 / 12.0, 8)), "{}", bound(1.0 / 12.0, 8));
}
