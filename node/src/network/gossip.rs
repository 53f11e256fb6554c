//! Announcements to everybody: the mesh's settings, and the messages that wait for a verdict.
//!
//! - Specification: libp2p gossipsub v1.1 and v1.2. The numbers come from trials on two cores.

use super::config::{Config, Role, StartError};
use countersign_protocol::verdict::Verdict;
use countersign_protocol::wire::bounds;
use libp2p::PeerId;
use libp2p::gossipsub::{
    Behaviour, ConfigBuilder, IdentTopic, IdentityTransform, MaxCountSubscriptionFilter, Message,
    MessageAcceptance, MessageAuthenticity, MessageId, PeerScoreParams, PeerScoreThresholds,
    TopicHash, TopicScoreParams, ValidationMode, WhitelistSubscriptionFilter,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Gossip that hears of the network's topics alone.
pub(super) type Gossip = Behaviour<IdentityTransform, Filter>;
type Filter = MaxCountSubscriptionFilter<WhitelistSubscriptionFilter>;

/// Builds the behaviour and joins the topics the node listens to.
pub(super) fn behaviour(config: &Config, local: &PeerId) -> Result<Gossip, StartError> {
    let all: Vec<TopicHash> = config.topics.all.iter().map(|name| topic(name).hash()).collect();
    let filter = MaxCountSubscriptionFilter {
        max_subscribed_topics: all.len(),
        // A peer that leaves and joins every topic at once sends each twice.
        max_subscriptions_per_request: all.len().saturating_mul(2),
        filter: WhitelistSubscriptionFilter(all.iter().cloned().collect()),
    };
    let settings = settings(config, &all)?;
    // Whoever announces says nothing about itself: the message proves itself.
    let mut gossip = Behaviour::new_with_subscription_filter_and_transform(
        MessageAuthenticity::Anonymous,
        settings,
        filter,
        IdentityTransform,
    )
    .map_err(|reason| StartError::Gossip { reason: reason.to_owned() })?;
    start_scoring(&mut gossip, config, &all, local)?;
    for name in &config.topics.joined {
        let joined = gossip.subscribe(&topic(name));
        joined.map_err(|_| StartError::Topic { topic: name.clone() })?;
    }
    Ok(gossip)
}

fn settings(config: &Config, all: &[TopicHash]) -> Result<libp2p::gossipsub::Config, StartError> {
    let mut builder = ConfigBuilder::default();
    builder
        .message_id_fn(content_id)
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .mesh_n_low(5)
        .mesh_n(6)
        .mesh_n_high(12)
        // To all peers at once, which is fastest; a home would show that it was the first to know.
        .flood_publish(config.role != Role::Home)
        // The default of 1,000 bytes cost a third of the throughput.
        .idontwant_message_size_threshold(4 * 1024)
        // The first mesh stands soon after the first peers.
        .heartbeat_initial_delay(Duration::from_millis(500))
        // A verdict may need a body from a peer first: keep the message as long as that may take.
        .history_length(12)
        .history_gossip(3)
        .max_publish_messages(MOST_MESSAGES)
        // This bounds what is in the read buffer, not one message: the library reads 8 KiB at a
        // time and refuses the whole stream when several messages in it exceed the number.
        .max_transmit_size(READ_BUFFER);
    for hash in all {
        builder.max_transmit_size_for_topic(LARGEST, hash.clone());
    }
    builder.build().map_err(|error| StartError::Gossip { reason: error.to_string() })
}

/// Turns the scoring of peers on, and sees that it is on: unscored, a liar costs nothing.
fn start_scoring(
    gossip: &mut Gossip,
    config: &Config,
    all: &[TopicHash],
    local: &PeerId,
) -> Result<(), StartError> {
    let failed = |reason: String| StartError::Scoring { reason };
    gossip.with_peer_score(score(config, all), PeerScoreThresholds::default()).map_err(failed)?;
    if gossip.peer_score(local).is_none() {
        return Err(failed("it was set and is not active".to_owned()));
    }
    Ok(())
}

fn score(config: &Config, all: &[TopicHash]) -> PeerScoreParams {
    let topics = all.iter().map(|hash| (hash.clone(), topic_score())).collect();
    let mut score = PeerScoreParams {
        topics,
        // P7: grafting against the rules, promising messages that never come.
        behaviour_penalty_weight: -10.0,
        behaviour_penalty_threshold: 6.0,
        behaviour_penalty_decay: 0.9,
        app_specific_weight: 1.0,
        ..PeerScoreParams::default()
    };
    if config.loopback {
        score.ip_colocation_factor_whitelist =
            [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].into();
    }
    score
}

/// Scores by what a peer is answerable for alone. One invalid message costs 5, two cost 20 and
/// gossip, four cost 80 and every hearing; half of it is forgotten in a minute.
fn topic_score() -> TopicScoreParams {
    TopicScoreParams {
        topic_weight: 1.0,
        // P1 and P2 reward presence, which a patient attacker has too.
        time_in_mesh_weight: 0.0,
        first_message_deliveries_weight: 0.0,
        // P3 doubled the slowest deliveries when 40 % of the peers dropped messages.
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        // P4: invalid messages.
        invalid_message_deliveries_weight: -5.0,
        invalid_message_deliveries_decay: 0.99,
        ..TopicScoreParams::default()
    }
}

/// Names a message by the hash of its topic and content. The topic belongs to it: else whoever sends a
/// message under the wrong topic first keeps it from the right one.
fn content_id(message: &Message) -> MessageId {
    let mut hash = Sha256::new();
    hash.update(message.topic.as_str().as_bytes());
    hash.update([0]);
    hash.update(&message.data);
    MessageId::new(&hash.finalize())
}

/// Gives the topic of that name.
pub(super) fn topic(name: &str) -> IdentTopic {
    IdentTopic::new(name)
}

/// The messages that wait for a verdict.
#[derive(Default)]
pub(super) struct Undecided {
    next: u64,
    waiting: BTreeMap<u64, (MessageId, PeerId)>,
}

impl Undecided {
    /// Keeps a message waiting and gives its token. The one that waited longest is given up when
    /// there are too many.
    pub(super) fn keep(&mut self, gossip: &mut Gossip, id: MessageId, from: PeerId) -> u64 {
        if self.waiting.len() >= MOST_UNDECIDED
            && let Some((_, (id, from))) = self.waiting.pop_first()
        {
            gossip.report_message_validation_result(&id, &from, MessageAcceptance::Ignore);
        }
        self.next = self.next.wrapping_add(1);
        self.waiting.insert(self.next, (id, from));
        self.next
    }

    /// Tells the mesh what the node made of a message; nothing if it was given up before.
    pub(super) fn judge(&mut self, gossip: &mut Gossip, token: u64, verdict: Verdict) {
        let Some((id, from)) = self.waiting.remove(&token) else { return };
        gossip.report_message_validation_result(&id, &from, acceptance(verdict));
    }

    /// Counts the messages that wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

const fn acceptance(verdict: Verdict) -> MessageAcceptance {
    match verdict {
        Verdict::Accept => MessageAcceptance::Accept,
        Verdict::Ignore => MessageAcceptance::Ignore,
        Verdict::Reject => MessageAcceptance::Reject,
    }
}

/// One message with its topic's name around it.
const LARGEST: usize = bounds::GOSSIP + 256;
/// What the library may find in its read buffer: 8 KiB it reads at once, as much that was left of
/// the last read, and the control messages of a peer that joins all topics.
const READ_BUFFER: usize = 32 * 1024;
/// Messages in one frame: we send one in each.
const MOST_MESSAGES: usize = 32;
/// Messages waiting for a verdict: ten seconds of 400 a second, at 1 KiB.
const MOST_UNDECIDED: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, data: &[u8]) -> Message {
        let topic = TopicHash::from_raw(topic);
        Message { source: None, data: data.to_vec(), sequence_number: None, topic }
    }

    #[test]
    fn the_mesh_has_the_settings_that_were_tried() {
        let all = [topic("head/0").hash()];
        let of = |role| settings(&Config { role, ..Config::new("test") }, &all).unwrap();
        for role in [Role::Full, Role::Home] {
            let set = of(role);
            let mesh = (set.mesh_n(), set.mesh_n_low(), set.mesh_n_high());
            assert_eq!(mesh, (6, 5, 12));
            // Nothing is passed on before the node judged it, and nobody signs or numbers a message.
            assert!(set.validate_messages());
            assert!(matches!(set.validation_mode(), ValidationMode::Anonymous));
            assert_eq!(set.idontwant_message_size_threshold(), 4096);
            assert_eq!(set.max_transmit_size_for_topic(&all[0]), bounds::GOSSIP + 256);
            assert_eq!((set.max_transmit_size(), set.max_publish_messages()), (32 * 1024, 32));
            assert_eq!((set.history_length(), set.history_gossip()), (12, 3));
            let one = message("head/0", b"a");
            assert_eq!(set.message_id(&one), content_id(&one));
        }
        assert!(of(Role::Full).flood_publish());
        assert!(!of(Role::Home).flood_publish(), "all its peers would know it was the first");
    }

    #[test]
    fn peers_are_scored_by_what_they_are_answerable_for_alone() {
        let hash = topic("head/0").hash();
        let of = |loopback| {
            let config = Config { loopback, ..Config::new("test") };
            score(&config, core::slice::from_ref(&hash))
        };
        let (far, near) = (of(false), of(true));
        assert_eq!((far.behaviour_penalty_weight, far.app_specific_weight), (-10.0, 1.0));
        let topic = &far.topics[&hash];
        assert_eq!(topic.invalid_message_deliveries_weight, -5.0);
        for weight in [
            topic.mesh_message_deliveries_weight,
            topic.mesh_failure_penalty_weight,
            topic.time_in_mesh_weight,
            topic.first_message_deliveries_weight,
        ] {
            assert_eq!(weight, 0.0);
        }
        // Many at one address are one attacker, unless all are on one computer.
        assert!(far.ip_colocation_factor_weight < 0.0);
        assert!(far.ip_colocation_factor_whitelist.is_empty());
        assert_eq!(near.ip_colocation_factor_whitelist.len(), 2);
    }

    #[test]
    fn a_message_is_named_by_what_it_says_and_where() {
        let id = content_id(&message("head/0", b"a"));
        assert_eq!(id, content_id(&message("head/0", b"a")));
        assert_ne!(id, content_id(&message("head/0", b"b")));
        assert_ne!(id, content_id(&message("head/1", b"a")));
        assert_ne!(content_id(&message("a", b"b")), content_id(&message("ab", b"")));
    }
}
