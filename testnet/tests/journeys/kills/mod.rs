//! kill -9 of any process at any moment: nothing acknowledged is lost, no status index used twice.
//!
//! While people, an attestor and a shop work, one process after the other is killed and started again
//! over the data it left, and everything that was ever acknowledged is looked for. Dice with a seed pick
//! whom and when: after how many deeds, and how many microseconds into the next one. `COUNTERSIGN_KILLS`
//! says how many times, otherwise it is as many as fit into [`BUDGET`]; `COUNTERSIGN_SEED` repeats a
//! run's dice.

mod book;
mod deeds;
mod dice;
mod left;

use crate::world::{account, acquainted, ask_for_one_of, claim, play};
use book::{Book, MANY};
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Part};
use countersign_testnet::process;
use deeds::Work;
use dice::Dice;
use left::Noted;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_no_index_used_twice_whoever_is_killed_at_any_moment() {
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = asked("COUNTERSIGN_SEED").unwrap_or_else(rand::random);
    let kills = asked("COUNTERSIGN_KILLS");
    play("kills", async |cluster| {
        let mut run =
            Run { dice: Dice::new(seed), book: Book::default(), noted: Noted::default(), done: 0 };
        let played = run.play(cluster, kills).await;
        assert!(
            played.is_ok(),
            "COUNTERSIGN_SEED={seed}, kill {}: {:?}\nacknowledged: {:?}",
            run.done,
            played.err(),
            run.book.counts()
        );
        Ok(())
    })
    .await;
}

/// One run of the dice.
struct Run {
    dice: Dice,
    book: Book,
    noted: Noted,
    done: u64,
}

impl Run {
    async fn play(&mut self, cluster: &mut Cluster, kills: Option<u64>) -> Result<(), Failure> {
        self.begin(cluster).await?;
        let began = Instant::now();
        let go_on = |run: &Self| match kills {
            Some(kills) => run.done < kills,
            None => {
                let few = run.done < MANY && !run.book.has_something_of_most();
                few || run.done < FEWEST || began.elapsed() < BUDGET
            }
        };
        while go_on(self) {
            self.kill_one(cluster).await?;
            self.done += 1;
        }
        self.book.settled(cluster).await?;
        self.book.has_something_of_everything(self.done)
    }

    /// Everybody comes, and each has something to lose.
    async fn begin(&mut self, cluster: &mut Cluster) -> Result<(), Failure> {
        let shops = [("north", Part::Attestor), ("berlin", Part::Vendor)];
        let people = [("anna", Part::Customer), ("ben", Part::Customer)];
        cluster.add(shops.into_iter().chain(people)).await?;
        let (north, berlin) = (cluster.member("north")?, cluster.member("berlin")?);
        ask_for_one_of(berlin, &[north])?;
        for name in ["anna", "ben"] {
            account(cluster, name).await?;
            acquainted(cluster.member(name)?, north).await?;
        }
        claim(cluster.member("anna")?, north, &deeds::email("anna")).await?;
        Ok(())
    }

    /// Lets everybody work until the dice say so, kills one of them in the midst of it, starts it again
    /// and looks for all that was acknowledged.
    async fn kill_one(&mut self, cluster: &mut Cluster) -> Result<(), Failure> {
        let victim = VICTIMS[self.dice.below(VICTIMS.len())];
        let id = cluster.member(victim)?.process_id();
        let id = id.ok_or_else(|| Failure::Nobody { name: victim.to_owned() })?;
        let work = Work::new(&mut self.dice);
        let after = self.dice.below(MOST_DEEDS);
        // The moment itself is what is tried here, so it is drawn and not waited for.
        let into = Duration::from_micros(self.dice.below(LONGEST_DEED_US) as u64);
        let killing = async {
            work.begun(after).await;
            tokio::time::sleep(into).await;
            let killed = process::end_at_once(id).await;
            work.end();
            killed
        };
        let (acknowledged, killed) = tokio::join!(work.done_by_all(cluster), killing);
        killed?;
        self.book.note(acknowledged);
        cluster.kill(victim).await?;
        self.noted.check(cluster, victim).await?;
        cluster.restart(victim).await?;
        self.book.check(cluster).await
    }
}

/// Everybody whose memory counts.
const VICTIMS: [&str; 6] = ["first", "wanda", "north", "berlin", "anna", "ben"];

/// How long the kills go on when nobody says how many there are to be.
const BUDGET: Duration = Duration::from_secs(25);
/// Fewer say nothing, on however slow a machine.
const FEWEST: u64 = 4;
/// Deeds begun before a kill: the fourth is under way when the first may be long done.
const MOST_DEEDS: usize = 4;
/// A sign-in takes about as long, and everything else less.
const LONGEST_DEED_US: usize = 600_000;
