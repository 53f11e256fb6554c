//! What a node does next: events and a time go in, effects come out.
//!
//! The [`Engine`] is the node as a state machine. It has no sockets, files, clocks, threads or
//! randomness but a small generator seeded by its caller, and it never waits: what is not here yet
//! is asked for by an effect that carries an id, and comes back as an event that repeats it. So one
//! engine runs alike over libp2p, in a simulation of a thousand nodes, and in a test of three.
//!
//! ```text
//!  network ──Connected, Gossip, Request, Response──▶ ┌────────┐ ──Judge, Publish, Request, Respond──▶ network
//!  disk    ──Loaded────────────────────────────────▶ │ Engine │ ──Save, Load──────────────────────▶ disk
//!  user    ──Command───────────────────────────────▶ └────────┘ ──Answer, Notify──────────────────▶ user
//! ```
//!
//! Two promises hold between the engine and whoever drives it:
//!
//! 1. **Effects are performed in order, and a [`Save`](effect::Effect::Save) has reached the disk
//!    before any effect after it is performed.** That is how the engine is durable before every
//!    answer, receipt, witness signature and publication. A driver may save earlier than a save's
//!    place, never later: so it can handle a hundred events and commit once.
//! 2. **A driver that cannot save stops.** The engine holds for true what it asked to be saved.

pub mod clock;
pub mod command;
pub mod config;
pub mod directory;
pub mod effect;
pub mod event;
pub mod intake;
pub mod peers;
pub mod reconcile;

use clock::Clock;
use command::{Command, Outcome};
use config::{Config, Snapshot};
use effect::{Change, Effect};
use event::{Event, Now};

/// A node's whole state, and everything it decides.
#[derive(Debug)]
pub struct Engine {
    clock: Clock,
    effects: Vec<Effect>,
    now: Now,
}

impl Engine {
    /// Makes a node that remembers `snapshot`. `seed` is for choices that an attacker should not
    /// foresee and a simulation has to repeat.
    #[must_use]
    pub fn new(_config: Config, snapshot: Snapshot, _seed: u64) -> Self {
        Self { clock: Clock::new(snapshot.signed), effects: Vec::new(), now: Now::default() }
    }

    /// Takes in what happened and says what to do, in this order.
    #[must_use]
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.now = now;
        if let Event::Command { id, command } = event {
            self.command(id, command);
        }
        core::mem::take(&mut self.effects)
    }

    fn command(&mut self, id: u64, command: Command) {
        if let Command::Signing { at } = command {
            self.clock.sign(at);
            self.effects.push(Effect::Save(Change::Signed(at)));
            let outcome = Outcome::Clock(self.clock.report(self.now));
            self.effects.push(Effect::Answer { id, outcome });
        }
    }
}
