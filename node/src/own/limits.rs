//! What the node may use of this computer for others: set while it runs, and kept for each start.

use crate::config::{self, Caps};
use crate::node::Node;
use crate::problem::Problem;
use crate::settings;
use crate::verb::limits::{Limit, Limits};
use countersign_protocol::engine::command::Command;
use toml::Value;

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
