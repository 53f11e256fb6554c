//! Keeps claims current by itself: what an attestor signed anew, or renews before it ends, is fetched
//! while the owner does something else.
//!
//! Asking shows the attestor who asks, so it is asked only where there is something to gain: it took back
//! the key that signed a claim, or the claim ends soon. Whoever has nothing new is asked again later and
//! later, at least once a day.

use super::claims::Held;
use crate::node::Node;
use crate::problem::Problem;
use crate::store::Change as Write;
use crate::verb::claims::{How, Renewed};
use countersign_protocol::did::Scid;
use countersign_protocol::engine::command::Command;
use countersign_protocol::time::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

/// When attestors that had nothing new are asked again.
#[derive(Debug, Default)]
struct Patience(BTreeMap<Scid, (Timestamp, u64)>);

impl Patience {
    fn is_over(&self, attestor: Scid, now: Timestamp) -> bool {
        self.0.get(&attestor).is_none_or(|(next, _)| *next <= now)
    }

    /// Notes that an attestor is asked: the next time it is left alone for twice as long.
    fn begin(&mut self, attestor: Scid, now: Timestamp) {
        let pause = self.0.get(&attestor).map_or(SHORTEST, |(_, pause)| pause.saturating_mul(2));
        let pause = pause.min(LONGEST);
        let _before = self.0.insert(attestor, (now.plus(pause), pause));
    }

    /// Notes that an attestor had something new.
    fn end(&mut self, attestor: Scid) {
        let _before = self.0.remove(&attestor);
    }
}

impl Node {
    /// Looks after the owner's claims until `stop`.
    pub(super) async fn keep_claims_current(&self, stop: &CancellationToken) {
        let (mut watched, mut patience) = (BTreeSet::new(), Patience::default());
        let mut tick = interval_at(Instant::now() + FIRST, BETWEEN);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
            }
            let looked = async {
                self.watch_attestors(&mut watched).await?;
                self.note_taken_back().await?;
                self.fetch_reissued(&mut patience).await
            };
            if let Err(problem) = looked.await {
                tracing::info!(%problem, "claims were not asked for again");
            }
        }
    }

    /// Has the network tell of those who signed the owner's claims: a home hears of half of everybody, and
    /// must hear when one of these takes back a key.
    async fn watch_attestors(&self, watched: &mut BTreeSet<Scid>) -> Result<(), Problem> {
        if self.vault().is_err() {
            return Ok(());
        }
        let attestors = self.held_claims()?.into_iter().map(|held| held.credential.issuer().scid());
        let new: BTreeSet<Scid> = attestors.filter(|scid| !watched.contains(scid)).collect();
        if !new.is_empty() {
            self.ask(Command::Watch { scids: new.clone() }).await?;
            watched.extend(new);
        }
        Ok(())
    }

    /// Asks for every claim that another one may take the place of.
    async fn fetch_reissued(&self, patience: &mut Patience) -> Result<(), Problem> {
        if self.vault().is_err() || self.own_scid().await?.is_none() {
            return Ok(());
        }
        let now = self.now();
        let mut due: BTreeMap<Scid, Vec<String>> = BTreeMap::new();
        for held in self.held_claims()? {
            let attestor = held.credential.issuer().scid();
            if patience.is_over(attestor, now) && self.is_due(&held, now).await? {
                due.entry(attestor).or_default().push(held.name());
            }
        }
        for (attestor, names) in due {
            patience.begin(attestor, now);
            let (answer, failed) = match self.renew_what_can_be(&names).await {
                Ok((answer, failed)) => (answer, failed),
                Err(problem) => (Renewed::default(), Some(problem)),
            };
            // What an attestor is called here is nobody's business but the owner's: its name for ever is
            // enough for a log.
            tracing::info!(
                %attestor,
                renewed = answer.renewed.len(),
                unanswered = answer.unanswered.len(),
                problem = failed.as_ref().map(tracing::field::display),
                "claims were asked for again"
            );
            if !answer.renewed.is_empty() {
                patience.end(attestor);
                self.tell_renewed(answer.renewed.len(), now).await?;
            }
        }
        Ok(())
    }

    /// Tells whether another claim may be had in place of this one.
    pub(super) async fn is_due(&self, held: &Held, now: Timestamp) -> Result<bool, Problem> {
        Ok(match self.standing_of(&held.credential).await?.how {
            How::KeyGone => true,
            How::Stands => held.ends_soon(now),
            How::Revoked | How::Suspended | How::Ended | How::Unknown => false,
        })
    }

    /// Tells those who follow the events; what claims they are, and whose, is for the owner's token alone.
    async fn tell_renewed(&self, count: usize, now: Timestamp) -> Result<(), Problem> {
        let event = json!({ "event": "claims-renewed", "at": now, "count": count });
        self.write(vec![Write::Event { bytes: event.to_string().into_bytes() }]).await?;
        let newest = self.newest_event().await?;
        self.inner().events.send_modify(|number| *number = newest.max(*number));
        Ok(())
    }
}

impl Held {
    /// Tells whether its end is near, or over.
    pub(super) fn ends_soon(&self, now: Timestamp) -> bool {
        self.credential.period().until.is_some_and(|until| until < now.plus(SOON))
    }
}

/// A node that has just started hears first what changed meanwhile.
const FIRST: Duration = Duration::from_secs(10);
/// A look costs a few reads of the own disk.
const BETWEEN: Duration = Duration::from_secs(60);
/// Seconds after which an attestor is asked again the first time: it may still be signing.
const SHORTEST: u64 = 60;
/// And the longest: once a day.
const LONGEST: u64 = 24 * 3600;
/// Seconds before its end from which a claim should be renewed: some are signed for a month alone.
pub(crate) const SOON: u64 = 7 * 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_nothing_new_is_asked_later_and_later_and_at_least_daily() {
        let attestor: Scid = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG".parse().unwrap();
        let (mut patience, mut now) = (Patience::default(), Timestamp::from_seconds(1_800_000_000));
        let mut pauses = Vec::new();
        for _ in 0..12 {
            assert!(patience.is_over(attestor, now));
            patience.begin(attestor, now);
            let pause = patience.0[&attestor].1;
            assert!(!patience.is_over(attestor, now.plus(pause - 1)));
            pauses.push(pause);
            now = now.plus(pause);
        }
        assert_eq!((pauses[0], pauses[1], pauses[11]), (SHORTEST, 2 * SHORTEST, LONGEST));
        patience.end(attestor);
        assert!(patience.is_over(attestor, now));
    }
}
