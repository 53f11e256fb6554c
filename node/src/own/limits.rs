//! What the node may use of this computer for others: set while it runs, and kept for each start.

use crate::config::size::Size;
use crate::config::{self, Config};
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::settings;
use crate::verb::limits::{Limit, Limits};
use countersign_protocol::engine::command::Command;
use toml::Value;

/// The limits in force, as they were set last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caps {
    pub(crate) traffic: u64,
    pub(crate) heads: u64,
    pub(crate) max_peers: u32,
}

impl Caps {
    /// Takes them from the settings the node began with.
    pub(crate) const fn of(config: &Config) -> Self {
        let (limits, max_peers) = (&config.limits, config.network.max_peers);
        Self { traffic: limits.traffic, heads: limits.heads, max_peers }
    }

    /// Puts them in place of what the settings say.
    pub(crate) const fn put(&self, config: &mut Config) {
        config.limits.traffic = self.traffic;
        config.limits.heads = self.heads;
        config.network.max_peers = self.max_peers;
    }

    /// Refuses what a node cannot live with.
    fn check(&self) -> Result<(), Problem> {
        let wrong = |title: String, hint: String| Problem::new(Wrong::Invalid, title).hint(hint);
        if self.heads < LEAST_HEADS {
            return Err(wrong(
                format!("{} is too little room for public records", Size(self.heads)),
                format!("give them at least {}", Size(LEAST_HEADS)),
            )
            .because("whoever holds less has to ask others for everything"));
        }
        if self.heads > MOST || self.traffic > MOST {
            return Err(wrong(
                "no computer has so much".to_owned(),
                format!("give at most {}, or 0 for as much traffic as it takes", Size(MOST)),
            ));
        }
        if !(LEAST_PEERS..=MOST_PEERS).contains(&self.max_peers) {
            return Err(wrong(
                format!("a node cannot live with {} peers at most", self.max_peers),
                format!("give a number from {LEAST_PEERS} to {MOST_PEERS}"),
            )
            .because("a few could all be one liar, and more cost this computer and help nobody"));
        }
        Ok(())
    }
}

impl Node {
    /// Gives the limits in force.
    pub(crate) async fn caps(&self) -> Caps {
        *self.inner().caps.lock().await
    }

    /// Sets limits, and gives all of them.
    pub(crate) async fn limit(&self, wanted: &Limit) -> Result<Limits, Problem> {
        let mut held = self.inner().caps.lock().await;
        let caps = Caps {
            traffic: wanted.traffic.unwrap_or(held.traffic),
            heads: wanted.heads.unwrap_or(held.heads),
            max_peers: wanted.max_peers.unwrap_or(held.max_peers),
        };
        let kept = kept(wanted);
        if !kept.is_empty() {
            caps.check()?;
            config::keep(self.data(), &kept)?;
            *held = caps;
            let (head_budget, traffic) = (caps.heads, settings::traffic(caps.traffic));
            let peers = settings::peers(caps.max_peers);
            self.ask(Command::Limit { head_budget, traffic, peers }).await?;
        }
        // The doors of the network are as wide as they were made when the node started.
        let wider = caps.max_peers > self.config().network.max_peers;
        let next_start = if wider { vec!["network.max_peers".to_owned()] } else { Vec::new() };
        let Caps { traffic, heads, max_peers } = caps;
        Ok(Limits { traffic, heads, max_peers, next_start })
    }
}

/// Gives what is to be written into the file.
fn kept(wanted: &Limit) -> Vec<config::Setting> {
    let number = |number: u64| Some(Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)));
    let settings = [
        ("limits", "traffic", wanted.traffic.and_then(number)),
        ("limits", "heads", wanted.heads.and_then(number)),
        ("network", "max_peers", wanted.max_peers.and_then(|most| number(u64::from(most)))),
    ];
    settings.into_iter().filter(|(_, _, value)| value.is_some()).collect()
}

/// Room for four thousand heads of 250 bytes.
const LEAST_HEADS: u64 = 1 << 20;
/// A tebibyte a thousand times: what is more was mistyped.
const MOST: u64 = 1 << 50;
/// One more than the three that are asked before something is believed.
const LEAST_PEERS: u32 = 4;
/// Eight times what a full node wants: each costs memory and heartbeats.
const MOST_PEERS: u32 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Caps = Caps { traffic: 0, heads: LEAST_HEADS, max_peers: LEAST_PEERS };

    #[test]
    fn limits_nobody_can_live_with_are_refused_one_by_one() {
        assert!(GOOD.check().is_ok());
        assert!(Caps { traffic: MOST, heads: MOST, max_peers: MOST_PEERS }.check().is_ok());
        for (bad, said) in [
            (Caps { heads: LEAST_HEADS - 1, ..GOOD }, "too little room"),
            (Caps { heads: MOST + 1, ..GOOD }, "so much"),
            (Caps { traffic: MOST + 1, ..GOOD }, "so much"),
            (Caps { max_peers: LEAST_PEERS - 1, ..GOOD }, "3 peers"),
            (Caps { max_peers: MOST_PEERS + 1, ..GOOD }, "257 peers"),
        ] {
            let problem = bad.check().unwrap_err();
            assert!(problem.is(Wrong::Invalid) && problem.to_string().contains(said), "{problem}");
        }
    }
}
