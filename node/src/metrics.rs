//! Numbers for whoever watches the node, as Prometheus reads them.

use crate::network::metrics::Metrics;
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
    /// What it counted.
    pub metrics: Metrics,
}

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
        ] {
            let counter = ConstCounter::new(count);
            let encoder = to.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(encoder)?;
        }
        Ok(())
    }
}
