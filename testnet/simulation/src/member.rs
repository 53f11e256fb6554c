//! The simplest node: the network alone, believing everything.

use crate::world::{Host, Id, World};
use countersign_node::network::Network;
use countersign_node::network::config::Config;
use countersign_node::network::incoming::Incoming;
use countersign_node::network::peer::Address;
use countersign_protocol::verdict::Verdict;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A handle on a node that accepts all gossip, echoes all questions and keeps all records.
pub struct Member {
    id: Id,
    orders: mpsc::UnboundedSender<Order>,
    heard: Arc<Mutex<Vec<(Instant, Incoming)>>>,
}

/// Something to do with a network.
type Order = Box<dyn FnOnce(&mut Network) + Send>;

impl Member {
    /// Adds one to a world. It listens where its host is.
    pub fn add(world: &mut World, config: Config) -> Self {
        let (orders, ordered) = mpsc::unbounded_channel();
        let heard = Arc::default();
        let id = world.add({
            let heard = Arc::clone(&heard);
            move |host| run(host, config, ordered, heard)
        });
        Self { id, orders, heard }
    }

    /// Gives its name in the world.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// Lets it do something with its network, soon.
    pub fn order(&self, order: impl FnOnce(&mut Network) + Send + 'static) {
        // A node that was killed takes no orders.
        let _killed = self.orders.send(Box::new(order)).is_err();
    }

    /// Lets it dial.
    pub fn dial(&self, address: Address) {
        self.order(move |network| network.dial(&address));
    }

    /// Lets it publish; whether anybody listened shows in what the others heard.
    pub fn publish(&self, topic: &str, bytes: &[u8]) {
        let (topic, bytes) = (topic.to_owned(), bytes.to_vec());
        self.order(move |network| {
            let _unheard = network.publish(&topic, bytes).is_err();
        });
    }

    /// Looks at what it heard, and when.
    pub fn heard<T>(&self, look: impl FnOnce(&[(Instant, Incoming)]) -> T) -> T {
        look(&self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells when it first heard what `wanted` accepts.
    pub fn heard_at(&self, wanted: impl Fn(&Incoming) -> bool) -> Option<Instant> {
        self.heard(|heard| heard.iter().find(|(_, it)| wanted(it)).map(|(at, _)| *at))
    }

    /// Counts what it heard that `wanted` accepts.
    pub fn count(&self, wanted: impl Fn(&Incoming) -> bool) -> usize {
        self.heard(|heard| heard.iter().filter(|(_, it)| wanted(it)).count())
    }
}

async fn run(
    host: Host,
    mut config: Config,
    mut ordered: mpsc::UnboundedReceiver<Order>,
    heard: Arc<Mutex<Vec<(Instant, Incoming)>>>,
) {
    config.listen = vec![host.address()];
    let mut network = host.network(config).expect("the network starts");
    loop {
        let incoming = tokio::select! {
            biased;
            order = ordered.recv() => match order {
                Some(order) => {
                    order(&mut network);
                    continue;
                }
                None => return,
            },
            incoming = network.next() => incoming,
        };
        host.note(format!("{incoming:?}").as_bytes());
        match &incoming {
            Incoming::Gossip { token, .. } => network.judge(*token, Verdict::Accept),
            Incoming::Request { token, bytes, .. } => network.respond(*token, bytes.clone()),
            Incoming::Offered { key, value, .. } => {
                network.keep(key, value.clone());
            }
            _ => {}
        }
        heard.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), incoming));
    }
}
