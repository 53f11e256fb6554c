//! The limits a node is held to while it runs, and which of them it could not live with.

use super::Config;
use super::size::Size;
use crate::problem::{Kind, Problem};

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
    ///
    /// # Errors
    ///
    /// Returns a problem that names the setting and its value.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let wrong = |title: String, hint: String| Problem::new(Kind::Invalid, title).hint(hint);
        if self.heads < LEAST_HEADS {
            return Err(wrong(
                format!("{} is too little room for public records", Size(self.heads)),
                format!("give them at least {}: limits.heads", Size(LEAST_HEADS)),
            )
            .because("whoever holds less has to ask others for everything"));
        }
        for (key, bytes) in [("limits.heads", self.heads), ("limits.traffic", self.traffic)] {
            if bytes > MOST {
                return Err(wrong(
                    format!("no computer has so much: {}", Size(bytes)),
                    format!(
                        "give at most {}, or 0 for as much traffic as it takes: {key}",
                        Size(MOST)
                    ),
                ));
            }
        }
        if !(LEAST_PEERS..=MOST_PEERS).contains(&self.max_peers) {
            return Err(wrong(
                format!("a node cannot live with {} peers at most", self.max_peers),
                format!("give a number from {LEAST_PEERS} to {MOST_PEERS}: network.max_peers"),
            )
            .because("a few could all be one liar, and more cost this computer and help nobody"));
        }
        Ok(())
    }
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
            (Caps { heads: LEAST_HEADS - 1, ..GOOD }, ["too little room", "limits.heads"]),
            (Caps { heads: MOST + 1, ..GOOD }, ["so much", "limits.heads"]),
            (Caps { traffic: MOST + 1, ..GOOD }, ["so much", "limits.traffic"]),
            (Caps { max_peers: LEAST_PEERS - 1, ..GOOD }, ["3 peers", "network.max_peers"]),
            (Caps { max_peers: MOST_PEERS + 1, ..GOOD }, ["257 peers", "network.max_peers"]),
        ] {
            let problem = bad.check().unwrap_err();
            let text = problem.to_string();
            assert!(
                problem.is(Kind::Invalid) && said.iter().all(|one| text.contains(one)),
                "{text}"
            );
        }
    }
}
