//! Numbers for whoever watches the node, as Prometheus reads them.

use crate::network::metrics::Metrics;
use crate::verb::overview::Reach;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode as write;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// What the network is like now.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// The name other nodes know this one by.
    pub peer: String,
    /// Where other nodes reach it.
    pub addresses: Vec<String>,
    /// Of these, where it is known to be reached.
    pub reached: Vec<String>,
    /// How others reach it.
    pub reach: Reach,
    /// What it counted.
    pub metrics: Metrics,
}

impl Link {
    /// Chooses whom a newcomer dials first: this node where it is known to be reached, those it
    /// dialled first itself, and then wherever else it listens.
    pub(crate) fn first_peers(self, of_its_own: &[String]) -> Vec<String> {
        // A relay may vanish: what it leads to is one way among others.
        let known = if self.reached.is_empty() { &self.addresses } else { &self.reached };
        let mut chosen: Vec<String> = Vec::new();
        for peer in known.iter().chain(of_its_own).chain(&self.addresses) {
            if chosen.len() < MOST_PEERS && !chosen.contains(peer) {
                chosen.push(peer.clone());
            }
        }
        chosen
    }
}

/// Enough to find the others by, and short enough for a QR code.
const MOST_PEERS: usize = 4;

/// Writes what the network counted, as OpenMetrics text.
pub(crate) fn encode(link: &Link) -> String {
    let mut registry = Registry::with_prefix("countersign");
    registry.register_collector(Box::new(Network(link.clone())));
    let mut text = String::new();
    if write(&mut text, &registry).is_err() {
        tracing::warn!("the metrics could not be written");
    }
    text
}

#[derive(Debug)]
struct Network(Link);

impl Collector for Network {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), core::fmt::Error> {
        let metrics = &self.0.metrics;
        for (name, help, now) in [
            ("peers", "Peers connected now", metrics.peers),
            ("relayed", "Of these, peers that only a relay leads to", metrics.relayed),
            ("undecided", "Messages of gossip that wait for a verdict now", metrics.undecided),
            ("open_questions", "Questions open now, both ways", metrics.open_questions),
            ("lookups", "Look-ups in the DHT that run now", metrics.lookups),
            ("records", "Records held for the DHT now", metrics.records),
        ] {
            let gauge = ConstGauge::new(i64::try_from(now).unwrap_or(i64::MAX));
            let encoder = to.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(encoder)?;
        }
        for (name, help, count) in [
            ("gossip_heard", "Messages of gossip heard, each once", metrics.gossip_heard),
            ("gossip_published", "Messages of gossip published", metrics.gossip_published),
            ("gossip_accepted", "Messages of gossip accepted", metrics.gossip_accepted),
            ("gossip_rejected", "Messages of gossip refused", metrics.gossip_rejected),
            ("questions_heard", "Questions heard", metrics.questions_heard),
            ("questions_asked", "Questions asked", metrics.questions_asked),
            ("faults", "Rules broken by peers", metrics.faults),
            ("met", "Peers met directly after a relay", metrics.met),
            ("carried", "Circuits carried for others", metrics.carried),
            ("bytes_received", "Bytes that came from peers", metrics.received),
            ("bytes_sent", "Bytes that went to peers", metrics.sent),
        ] {
            let counter = ConstCounter::new(count);
            let encoder = to.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(encoder)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_names_where_this_node_is_known_to_be_reached_and_then_others() {
        let texts = |of: &[&str]| of.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let behind = Link {
            addresses: texts(&["/circuit", "/lan/1", "/lan/2", "/lan/3"]),
            reached: texts(&["/circuit"]),
            ..Link::default()
        };
        assert_eq!(
            behind.first_peers(&texts(&["/first"])),
            ["/circuit", "/first", "/lan/1", "/lan/2"]
        );
        let unknown = Link { addresses: texts(&["/lan/1", "/lan/2"]), ..Link::default() };
        assert_eq!(unknown.first_peers(&texts(&["/first"])), ["/lan/1", "/lan/2", "/first"]);
    }
}
