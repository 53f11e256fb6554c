//! The one loop of a node: events go into the engine, its effects come out and are performed.
//!
//! Two tasks share the work. `link` owns the swarm and does nothing heavy; this one owns the engine
//! and the order of effects. What waits is handled together and saved with one write to the disk,
//! and only then is anything sent, answered or told: that is the engine's first promise. Verdicts on
//! what others say go out before.

mod disk;
mod link;
mod notice;

pub use disk::{Waiting, snapshot};

use crate::metrics::Link;
use crate::network::Network;
use crate::node::Ask;
use crate::store::{Store, StoreError};
use countersign_protocol::engine::Engine;
use countersign_protocol::engine::command::Outcome;
use countersign_protocol::engine::effect::Effect;
use countersign_protocol::engine::event::{Event, Now};
use countersign_protocol::time::Timestamp;
use disk::Disk;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Runs an engine over a network and a store.
pub struct Driver<S> {
    engine: Engine,
    disk: Disk<S>,
    commands: mpsc::Receiver<Ask>,
    incoming: mpsc::Receiver<Event>,
    outgoing: mpsc::Sender<Effect>,
    events: watch::Sender<u64>,
    clock: Clock,
    started: Instant,
    waiting: BTreeMap<u64, oneshot::Sender<Outcome>>,
    next_command: u64,
    loads: Vec<Event>,
}

/// What a driver stands between.
pub struct Ends<S> {
    /// The network; none for a node that only looks at its own disk.
    pub network: Option<Network>,
    /// What is remembered.
    pub store: Arc<S>,
    /// Where the store is waited for.
    pub waiting: Waiting,
    /// What the owner wants.
    pub commands: mpsc::Receiver<Ask>,
    /// Wakes those who follow the events; holds the number of the newest.
    pub events: watch::Sender<u64>,
    /// The clock on the wall.
    pub clock: Clock,
}

/// Tells what the clock on the wall shows.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl<S: Store> Driver<S> {
    /// Puts `engine` between the `ends`; `stop` ends the network's task.
    #[must_use]
    pub fn new(
        engine: Engine,
        ends: Ends<S>,
        stop: CancellationToken,
    ) -> (Self, watch::Receiver<Link>) {
        let link::Spawned { outgoing, incoming, link } = link::spawn(ends.network, stop);
        let driver = Self {
            engine,
            disk: Disk::new(ends.store, ends.waiting),
            commands: ends.commands,
            incoming,
            outgoing,
            events: ends.events,
            clock: ends.clock,
            started: Instant::now(),
            waiting: BTreeMap::new(),
            next_command: 0,
            loads: Vec::new(),
        };
        (driver, link)
    }

    /// Runs until `stop`, or until the disk refuses to keep something.
    ///
    /// # Errors
    ///
    /// Returns the disk's error: the engine holds for true what it asked to be saved, so a node that
    /// cannot save must not go on.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        self.turn(vec![Event::Start]).await?;
        loop {
            // Own work first: a flood from outside may slow our peers, and never our user.
            let event = tokio::select! {
                biased;
                () = stop.cancelled() => return self.turn(vec![Event::Stop]).await,
                ask = self.commands.recv() => match ask {
                    Some(ask) => self.accept(ask),
                    None => return Ok(()),
                },
                _ = tick.tick() => Event::Tick,
                incoming = self.incoming.recv() => match incoming {
                    Some(event) => event,
                    None => return Ok(()),
                },
            };
            let events = self.drain(event);
            self.turn(events).await?;
        }
    }

    /// Takes what else is ready, so that a hundred events cost one write to the disk.
    fn drain(&mut self, first: Event) -> Vec<Event> {
        let mut events = vec![first];
        while events.len() < BATCH {
            if let Ok(ask) = self.commands.try_recv() {
                events.push(self.accept(ask));
                continue;
            }
            match self.incoming.try_recv() {
                Ok(event) => events.push(event),
                Err(_) => break,
            }
        }
        events
    }

    /// Handles `events`, and what they make the disk answer, until nothing is left to handle.
    async fn turn(&mut self, mut events: Vec<Event>) -> Result<(), StoreError> {
        while !events.is_empty() {
            let mut effects = Vec::new();
            for event in events.drain(..) {
                let now = self.now();
                effects.extend(self.engine.handle(event, now));
            }
            self.carry_out(effects).await?;
            events = std::mem::take(&mut self.loads);
        }
        Ok(())
    }

    /// Saves what is to be saved and then does the rest, in its order.
    async fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), StoreError> {
        // What holds is passed on at once: at every neighbour it would wait for another disk.
        let (verdicts, effects): (Vec<_>, Vec<_>) =
            effects.into_iter().partition(|effect| matches!(effect, Effect::Judge { .. }));
        for verdict in verdicts {
            self.perform(verdict).await;
        }
        for effect in self.save(effects).await? {
            self.perform(effect).await;
        }
        Ok(())
    }

    fn now(&self) -> Now {
        let elapsed = self.started.elapsed().as_millis();
        Now { wall: (self.clock)(), monotonic_ms: u64::try_from(elapsed).unwrap_or(u64::MAX) }
    }

    fn accept(&mut self, ask: Ask) -> Event {
        let id = self.next_command;
        self.next_command = id.wrapping_add(1);
        self.waiting.insert(id, ask.answer);
        Event::Command { id, command: ask.command }
    }

    /// Saves everything in `effects` that is to be saved, and answers what is to be loaded; gives
    /// the effects that are left.
    async fn save(&mut self, effects: Vec<Effect>) -> Result<Vec<Effect>, StoreError> {
        let done = self.disk.save_and_load(effects, (self.clock)()).await?;
        if let Some(number) = done.newest_event {
            self.events.send_replace(number);
        }
        self.loads = done.loaded;
        Ok(done.effects)
    }

    async fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Answer { id, outcome } => {
                if let Some(answer) = self.waiting.remove(&id) {
                    // Whoever asked may have gone away meanwhile.
                    let _sent = answer.send(outcome).is_ok();
                }
            }
            effect => {
                // The link ends only when the node stops.
                let _sent = self.outgoing.send(effect).await.is_ok();
            }
        }
    }
}

/// How often time passes for the engine.
const TICK: Duration = Duration::from_millis(250);
/// Events handled before the disk is asked to keep what came of them.
const BATCH: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::settings::{self, Keys};
    use crate::store::memory::Memory;
    use countersign_protocol::engine::config::Snapshot;
    use countersign_protocol::engine::effect::Change;
    use countersign_protocol::key::SecretKey;
    use countersign_protocol::verdict::Verdict;
    use countersign_protocol::wire::network::Parameters;
    use std::collections::BTreeSet;

    fn driver(store: &Arc<Memory>) -> Driver<Memory> {
        let keys = Keys { node: SecretKey::from_seed([7; 32]), witness: None };
        let parameters = Parameters::standard("none".parse().unwrap());
        let config = settings::engine(&Config::default(), parameters, keys, BTreeSet::new());
        let ends = Ends {
            network: None,
            store: Arc::clone(store),
            waiting: Waiting::Aside,
            commands: mpsc::channel(1).1,
            events: watch::channel(0).0,
            clock: Arc::new(|| Timestamp::from_seconds(1_800_000_000)),
        };
        let engine = Engine::new(config, Snapshot::default(), 7);
        Driver::new(engine, ends, CancellationToken::new()).0
    }

    #[tokio::test(flavor = "multi_thread")]
    #[expect(clippy::await_holding_lock, reason = "what waits for it waits on another thread")]
    async fn a_verdict_waits_for_no_disk_and_a_publication_does() {
        let store = Arc::new(Memory::new());
        let mut driver = driver(&store);
        let (outgoing, mut sent) = mpsc::channel(8);
        driver.outgoing = outgoing;
        let stuck = store.hold();
        let effects = vec![
            Effect::Save(Change::Signed(Timestamp::from_seconds(1_800_000_000))),
            Effect::Publish { topic: "heads".to_owned(), bytes: vec![1] },
            Effect::Judge { token: 1, verdict: Verdict::Accept },
        ];
        let work = tokio::spawn(async move { driver.carry_out(effects).await });
        let first = tokio::time::timeout(Duration::from_secs(60), sent.recv()).await;
        assert!(matches!(first, Ok(Some(Effect::Judge { token: 1, .. }))), "{first:?}");
        assert!(sent.try_recv().is_err() && !work.is_finished(), "the disk has nothing yet");
        drop(stuck);
        assert!(matches!(sent.recv().await, Some(Effect::Publish { .. })));
        work.await.unwrap().unwrap();
    }
}
