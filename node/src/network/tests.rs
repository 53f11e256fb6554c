//! Real nodes on loopback, over TCP and QUIC.

mod relayed;

use super::config::{Dht, Topics};
use super::incoming::ExchangeError;
use super::*;
use countersign_protocol::key::SecretKey;
use futures::future::select_all;

/// Nodes that run side by side, and what each of them heard.
struct Nodes {
    nodes: Vec<Network>,
    heard: Vec<Vec<Incoming>>,
}

const TCP: &str = "/ip4/127.0.0.1/tcp/0";
const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";
const TOPIC: &str = "/countersign/test/1/head/0";

fn config(network: &str, listen: &str) -> Config {
    Config {
        listen: vec![listen.parse().unwrap()],
        topics: Topics { all: vec![TOPIC.to_owned()], joined: vec![TOPIC.to_owned()] },
        loopback: true,
        dht: Dht::Server,
        // The first byte of a value is its version.
        newer: |old, new| new.first() > old.first(),
        ..Config::new(network)
    }
}

impl Nodes {
    /// Starts one node for each place to listen and connects each with the first.
    async fn connected(listen: &[&str]) -> Self {
        let nodes = listen.iter().map(|it| Network::start(config("test", it)).unwrap()).collect();
        let mut nodes = Self { nodes, heard: vec![Vec::new(); listen.len()] };
        let most = listen.len();
        nodes.until(|it| (0..most).all(|node| it.nodes[node].addresses().count() > 0)).await;
        for node in 1..most {
            let first = nodes.address_for(node);
            nodes.nodes[node].dial(&first);
        }
        nodes.until(|it| it.nodes[0].peers().count() == most - 1).await;
        nodes
    }

    /// Gives where the first node listens that `node` can dial: over what it listens on itself.
    fn address_for(&self, node: usize) -> Address {
        let quic = self.nodes[node].addresses().any(|it| it.to_string().contains("quic"));
        let mut first = self.nodes[0].addresses();
        first.find(|it| it.to_string().contains("quic") == quic).unwrap()
    }

    /// Runs all nodes until `done`, at most half a minute.
    async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        while !done(self) {
            let next = select_all(self.nodes.iter_mut().map(|node| Box::pin(node.next())));
            // Not all that changes is told.
            let look = tokio::time::Instant::now() + Duration::from_millis(100);
            let came = tokio::time::timeout_at(look.min(deadline), next).await;
            match came.map(|(incoming, node, _)| (incoming, node)) {
                Ok((incoming, node)) => self.take(node, incoming),
                Err(_) => assert!(look < deadline, "it never happened; heard: {:#?}", self.heard),
            }
        }
    }

    /// Lets a node behave as it should: accept, echo, keep.
    fn take(&mut self, node: usize, incoming: Incoming) {
        match &incoming {
            Incoming::Gossip { token, .. } => self.nodes[node].judge(*token, Verdict::Accept),
            Incoming::Request { token, bytes, .. } => {
                self.nodes[node].respond(*token, [b"re: ", &bytes[..]].concat());
            }
            Incoming::Offered { key, value, .. } => {
                self.nodes[node].keep(key, value.clone());
            }
            _ => {}
        }
        self.heard[node].push(incoming);
    }

    fn heard(&self, node: usize, what: impl Fn(&Incoming) -> bool) -> usize {
        self.heard[node].iter().filter(|it| what(it)).count()
    }

    fn peer(&self, node: usize) -> Peer {
        self.nodes[node].local_peer()
    }

    /// Has the second node look for something that nobody has, and gives how many answered.
    async fn answered(&mut self, wanted: u64) -> u32 {
        self.nodes[1].locate(wanted, b"nothing");
        let found = |it: &Incoming| match it {
            Incoming::Located { id, answered, .. } if *id == wanted => Some(*answered),
            _ => None,
        };
        self.until(|it| it.heard[1].iter().any(|it| found(it).is_some())).await;
        self.heard[1].iter().find_map(found).unwrap()
    }

    async fn response(&mut self, node: usize, wanted: u64) -> Result<Vec<u8>, ExchangeError> {
        let found = |it: &Incoming| match it {
            Incoming::Response { id, result, .. } if *id == wanted => Some(result.clone()),
            _ => None,
        };
        self.until(|it| it.heard[node].iter().any(|it| found(it).is_some())).await;
        self.heard[node].iter().find_map(found).unwrap()
    }
}

fn gossip(incoming: &Incoming) -> bool {
    matches!(incoming, Incoming::Gossip { bytes, topic, .. } if bytes == b"a head" && topic == TOPIC)
}

#[tokio::test]
async fn what_one_announces_all_hear_once_over_tcp_and_quic() {
    for listen in [[TCP; 5], [QUIC; 5]] {
        let mut nodes = Nodes::connected(&listen).await;
        // Whoever announces is connected with the first alone: the others hear it from there.
        while nodes.nodes[4].publish(TOPIC, b"a head".to_vec()) == Err(PublishError::NoListeners) {
            let heard = nodes.heard[4].len();
            let moment = nodes.until(|it| it.heard[4].len() > heard);
            let _nothing = tokio::time::timeout(Duration::from_millis(50), moment).await.is_err();
        }
        nodes.until(|it| (0..4).all(|node| it.heard(node, gossip) > 0)).await;
        assert!((0..4).all(|node| nodes.heard(node, gossip) == 1));
        assert_eq!(nodes.heard(4, gossip), 0);
    }
}

#[tokio::test]
async fn a_question_is_answered() {
    for listen in [[TCP; 2], [QUIC; 2]] {
        let mut nodes = Nodes::connected(&listen).await;
        let asked = nodes.peer(0);
        nodes.nodes[1].request(7, asked, b"who?".to_vec());
        assert_eq!(nodes.response(1, 7).await, Ok(b"re: who?".to_vec()));
        let large = vec![1; bounds::REQUEST - 4];
        nodes.nodes[1].request(8, asked, large.clone());
        assert_eq!(nodes.response(1, 8).await, Ok([b"re: ", &large[..]].concat()));
    }
}

#[tokio::test]
async fn every_byte_that_goes_and_comes_is_counted_once_over_tcp_and_quic() {
    for listen in [[TCP; 2], [QUIC; 2]] {
        let mut nodes = Nodes::connected(&listen).await;
        let asked = nodes.peer(0);
        let before: Vec<Metrics> = nodes.nodes.iter_mut().map(Network::metrics).collect();
        let question = vec![1; 64 * 1024];
        nodes.nodes[1].request(7, asked, question.clone());
        assert!(nodes.response(1, 7).await.is_ok());
        let after: Vec<Metrics> = nodes.nodes.iter_mut().map(Network::metrics).collect();
        let size = u64::try_from(question.len()).unwrap();
        for (node, (before, after)) in before.iter().zip(&after).enumerate() {
            for counted in [after.received - before.received, after.sent - before.sent] {
                // Beside it: its length, the name of the protocol, and what peers say now and then.
                assert!((size..size * 3 / 2).contains(&counted), "{node}: {counted} {after:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_node_that_lends_itself_no_more_answers_the_dht_no_more() {
    let mut nodes = Nodes::connected(&[TCP; 2]).await;
    let mut id = 0;
    for lends in [true, false, true] {
        nodes.nodes[0].lend(lends);
        // What it serves is told by and by.
        while (nodes.answered(id).await > 0) != lends {
            id += 1;
            assert!(id < 150, "{lends}: it never happened");
            let moment = nodes.until(|_| false);
            let _moment = tokio::time::timeout(Duration::from_millis(200), moment).await;
        }
        id += 1;
    }
}

#[tokio::test]
async fn nothing_oversized_leaves_or_is_taken() {
    let mut nodes = Nodes::connected(&[TCP; 2]).await;
    let asked = nodes.peer(0);
    nodes.nodes[1].request(1, asked, vec![0; bounds::REQUEST + 1]);
    assert_eq!(nodes.response(1, 1).await, Err(ExchangeError::QuestionTooLarge));
    // A peer with other bounds than ours.
    let exchange = &mut nodes.nodes[1].swarm.behaviour_mut().exchange;
    exchange.send_request(&asked.0, vec![0; bounds::REQUEST + 1].into());
    let fault =
        |it: &Incoming| matches!(it, Incoming::Faulted { fault: Fault::OversizedQuestion, .. });
    nodes.until(|it| it.heard(0, fault) == 1).await;
    let message = vec![0; bounds::GOSSIP + 1];
    assert_eq!(nodes.nodes[1].publish(TOPIC, message), Err(PublishError::TooLarge));
}

#[tokio::test]
async fn an_oversized_announcement_is_refused_and_costs() {
    let mut nodes = Nodes::connected(&[TCP; 2]).await;
    let liar = nodes.peer(1);
    let message = || vec![0; bounds::GOSSIP + 1];
    while nodes.nodes[1]
        .swarm
        .behaviour_mut()
        .gossip
        .publish(gossip::topic(TOPIC), message())
        .is_err()
    {
        let heard = nodes.heard[1].len();
        let moment = nodes.until(|it| it.heard[1].len() > heard);
        let _nothing = tokio::time::timeout(Duration::from_millis(50), moment).await.is_err();
    }
    let fault =
        |it: &Incoming| matches!(it, Incoming::Faulted { fault: Fault::OversizedGossip, .. });
    nodes.until(|it| it.heard(0, fault) == 1).await;
    assert!(nodes.nodes[0].score(liar) < 0.0);
}

#[tokio::test]
async fn who_is_banned_is_gone_until_the_ban_is_over() {
    let mut nodes = Nodes::connected(&[TCP; 2]).await;
    let banned = nodes.peer(1);
    nodes.nodes[0].ban(banned, Duration::from_secs(3600));
    let gone = |it: &Incoming| matches!(it, Incoming::Disconnected { .. });
    nodes.until(|it| it.heard(0, gone) == 1 && it.heard(1, gone) == 1).await;
    let first = nodes.address_for(1);
    // The handshake is done before the ban is looked up, so the banned one is connected for a moment.
    nodes.nodes[1].dial(&first);
    nodes.until(|it| it.heard(1, gone) == 2).await;
    let came = |it: &Incoming| matches!(it, Incoming::Connected { .. });
    assert_eq!(nodes.heard(0, came), 1);
    nodes.nodes[0].ban(banned, Duration::ZERO);
    nodes.nodes[0].keep_house();
    nodes.nodes[1].dial(&first);
    nodes.until(|it| it.heard(0, came) == 2).await;
}

#[tokio::test]
async fn who_has_no_memory_left_takes_no_further_connection() {
    let mut nodes = Nodes::connected(&[TCP; 2]).await;
    nodes.nodes.push(Network::start(Config { memory: 0.0, ..config("test", TCP) }).unwrap());
    nodes.heard.push(Vec::new());
    let first = nodes.address_for(0);
    nodes.nodes[2].dial(&first);
    let refused = |it: &Incoming| matches!(it, Incoming::Unreachable { .. });
    nodes.until(|it| it.heard(2, refused) == 1).await;
    assert_eq!(nodes.nodes[2].peers().count(), 0);
}

#[tokio::test]
async fn whoever_comes_after_too_many_is_not_let_in() {
    // Beside the peers it keeps, which are none, eight that come have room.
    let most = 8;
    let start = |max_peers| Network::start(Config { max_peers, ..config("test", TCP) }).unwrap();
    let nodes = (0..most + 2).map(|node| start(if node == 0 { 0 } else { 28 })).collect();
    let mut nodes = Nodes { nodes, heard: vec![Vec::new(); most + 2] };
    nodes.until(|it| it.nodes.iter().all(|node| node.addresses().count() > 0)).await;
    let first = nodes.address_for(1);
    nodes.nodes[1..].iter_mut().for_each(|node| node.dial(&first));
    // The handshake is done before they are counted, so who is refused is connected for a moment.
    let gone = |it: &Incoming| matches!(it, Incoming::Disconnected { .. });
    nodes.until(|it| (1..most + 2).map(|node| it.heard(node, gone)).sum::<usize>() == 1).await;
    assert_eq!(nodes.nodes[0].peers().count(), most);
    // Whom it chooses itself it still meets.
    let refused = (1..most + 2).find(|node| nodes.heard(*node, gone) == 1).unwrap();
    let address = nodes.nodes[refused].addresses().next().unwrap();
    nodes.nodes[0].dial(&address);
    nodes.until(|it| it.nodes[0].peers().count() == most + 1).await;
}

#[tokio::test]
async fn a_client_of_the_dht_serves_it_at_no_time() {
    use libp2p::kad::Mode;
    let mode = |node: &mut Network| node.swarm.behaviour_mut().dht.mode();
    for (dht, expected) in [(Dht::Client, Mode::Client), (Dht::Server, Mode::Server)] {
        // That others reach it makes no server of a client.
        let external = vec!["/ip4/192.0.2.1/tcp/1".parse().unwrap()];
        let mut node = Network::start(Config { dht, external, ..config("test", TCP) }).unwrap();
        assert_eq!(mode(&mut node), expected);
        node.lend(false);
        assert_eq!(mode(&mut node), Mode::Client);
        node.lend(true);
        assert_eq!(mode(&mut node), expected);
    }
}

#[tokio::test]
async fn who_is_of_another_network_is_not_let_in() {
    let mut nodes = Nodes::connected(&[TCP; 2]).await;
    for listen in [TCP, QUIC] {
        nodes.nodes.push(Network::start(config("other", listen)).unwrap());
        nodes.heard.push(Vec::new());
    }
    nodes.nodes.push(Network::start(config("test", QUIC)).unwrap());
    nodes.heard.push(Vec::new());
    nodes.until(|it| it.nodes[4].addresses().count() > 0).await;
    let (tcp, quic) = (nodes.address_for(1), nodes.nodes[4].addresses().next().unwrap());
    nodes.nodes[2].dial(&tcp);
    nodes.nodes[3].dial(&quic);
    let refused = |it: &Incoming| matches!(it, Incoming::Unreachable { .. });
    let foreign =
        |it: &Incoming| matches!(it, Incoming::Faulted { fault: Fault::ForeignNetwork, .. });
    // Over QUIC both find out what the other is, and whoever is first hangs up.
    let one_of_them = |it: &Nodes| it.heard(3, foreign) + it.heard(4, foreign) > 0;
    nodes.until(|it| it.heard(2, refused) == 1 && one_of_them(it)).await;
    nodes.until(|it| it.nodes[3].peers().count() + it.nodes[4].peers().count() == 0).await;
}

#[tokio::test]
async fn what_is_put_into_the_dht_is_found_and_never_goes_back() {
    let mut nodes = Nodes::connected(&[TCP, TCP, TCP, TCP, TCP]).await;
    let mut provided = 0;
    for (id, value) in [(1_u64, [5, 1]), (2, [4, 1])] {
        // The routing tables fill while the peers introduce themselves; so ask until somebody has it.
        for attempt in 0..10 {
            let id = id * 100 + attempt;
            nodes.nodes[1].put(id, b"key", value.to_vec());
            let told = |it: &Incoming| matches!(it, Incoming::Provided { id: of, .. } if *of == id);
            nodes.until(|it| it.heard(1, told) == 1).await;
            let at_some = nodes.heard(1, |it| {
                matches!(it, Incoming::Provided { id: of, holders } if *of == id && *holders > 0)
            });
            provided += at_some;
            if at_some > 0 || value[0] == 4 {
                break;
            }
            let _moment =
                tokio::time::timeout(Duration::from_millis(200), nodes.until(|_| false)).await;
        }
    }
    assert_eq!(provided, 1, "the newer value is held by others, the older by nobody");
    nodes.nodes[3].locate(9, b"key");
    let located = |it: &Incoming| match it {
        Incoming::Located { id: 9, values, answered, .. } => Some((values.clone(), *answered)),
        _ => None,
    };
    nodes.until(|it| it.heard[3].iter().any(|it| located(it).is_some())).await;
    let (values, answered) = nodes.heard[3].iter().find_map(located).unwrap();
    assert!(!values.is_empty() && values.iter().all(|value| value.bytes == [5, 1]), "{values:?}");
    assert!(answered > 0);
    nodes.nodes[3].locate(10, b"nothing");
    let nothing = |it: &Incoming| matches!(it, Incoming::Located { id: 10, values, answered, .. } if values.is_empty() && *answered > 0);
    nodes.until(|it| it.heard(3, nothing) == 1).await;
}

#[tokio::test]
async fn whoever_looks_something_up_hears_all_who_say_something_of_it_however_many() {
    const OTHERS: u8 = 12;
    let mut nodes = Nodes::connected(&[TCP; 13]).await;
    for other in 1..=OTHERS {
        let node = &mut nodes.nodes[usize::from(other)];
        assert!(node.keep(b"key", vec![1, other]));
    }
    // The routing tables fill while the peers introduce themselves; so ask until all are known.
    for id in 0..20 {
        nodes.nodes[0].locate(id, b"key");
        let located = |it: &Incoming| match it {
            Incoming::Located { id: of, values, .. } if *of == id => Some(values.clone()),
            _ => None,
        };
        nodes.until(|it| it.heard[0].iter().any(|it| located(it).is_some())).await;
        let values = nodes.heard[0].iter().find_map(located).unwrap();
        if values.len() == usize::from(OTHERS) {
            assert!(values.iter().all(|value| value.corners == 1 && value.holders.len() == 1));
            return;
        }
        let _moment =
            tokio::time::timeout(Duration::from_millis(100), nodes.until(|_| false)).await;
    }
    panic!("some were never heard");
}

#[tokio::test]
async fn of_many_puts_at_once_none_is_lost() {
    const MANY: u64 = 150;
    let mut nodes = Nodes::connected(&[TCP; 4]).await;
    let provided = |it: &Nodes, id: u64, held: bool| {
        let told = |it: &Incoming| matches!(it, Incoming::Provided { id: of, holders } if *of == id && (*holders > 0 || !held));
        it.heard(1, told) > 0
    };
    // The routing tables fill while the peers introduce themselves; so put until somebody has it.
    for id in 0.. {
        nodes.nodes[1].put(id, b"first", vec![1]);
        nodes.until(|it| provided(it, id, false)).await;
        if provided(&nodes, id, true) {
            break;
        }
    }
    let ids = 1000..1000 + MANY;
    for id in ids.clone() {
        nodes.nodes[1].put(id, format!("key {id}").as_bytes(), vec![1]);
    }
    assert!(
        nodes.nodes[1].metrics().lookups < 64,
        "there is a place for whoever looks for somebody"
    );
    nodes.until(|it| ids.clone().all(|id| provided(it, id, true))).await;
}

#[tokio::test]
async fn who_needs_peers_finds_them_through_one() {
    let mut nodes = Nodes::connected(&[TCP; 4]).await;
    for _ in 0..20 {
        nodes.nodes[3].seek(4);
        let moment = nodes.until(|it| it.nodes[3].peers().count() == 3);
        if tokio::time::timeout(Duration::from_millis(500), moment).await.is_ok() {
            return;
        }
    }
    panic!("node 3 found only {} peers", nodes.nodes[3].peers().count());
}

/// On a machine that has loopback alone nobody can be announced, and nothing is tried.
#[tokio::test]
async fn nodes_of_one_local_network_discover_each_other() {
    if !hears_multicast() {
        return;
    }
    // Whoever runs this test beside us is in another network.
    let network = format!("mdns-{:08x}", rand::random::<u32>());
    let start = |_| {
        let config = Config { mdns: true, ..config(&network, "/ip4/0.0.0.0/tcp/0") };
        Network::start(config).unwrap()
    };
    let mut nodes = Nodes { nodes: (0..2).map(start).collect(), heard: vec![Vec::new(); 2] };
    let (one, other) = (nodes.peer(0), nodes.peer(1));
    let found = |it: &Incoming| match it {
        Incoming::Discovered { peer, address } if *peer == one => Some(address.clone()),
        _ => None,
    };
    nodes.until(|it| it.heard[1].iter().any(|it| found(it).is_some())).await;
    let address = nodes.heard[1].iter().find_map(found).unwrap();
    nodes.nodes[1].dial(&address);
    nodes.until(|it| it.nodes[0].peers().any(|(peer, _)| peer == other)).await;
}

/// Tells whether what this machine says to a group comes back to it over one of its cards.
fn hears_multicast() -> bool {
    use std::net::{Ipv4Addr, UdpSocket};
    let group = Ipv4Addr::new(239, 255, 70, 73);
    let heard = || -> std::io::Result<bool> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        socket.send_to(b"countersign", (group, socket.local_addr()?.port()))?;
        let (length, from) = socket.recv_from(&mut [0; 16])?;
        Ok(length > 0 && !from.ip().is_loopback())
    };
    heard().unwrap_or(false)
}

#[tokio::test]
async fn whoever_is_blocked_is_gone_and_comes_again_when_the_list_says_so() {
    let mut nodes = Nodes::connected(&[TCP; 3]).await;
    let (away, stays) = (nodes.peer(1), nodes.peer(2));
    let address = nodes.address_for(1);
    let list = nodes.nodes[0].block_list();
    let _before = list.send_replace([away].into());
    nodes.until(|it| it.nodes[0].peers().all(|(peer, _)| peer == stays)).await;
    nodes.until(|it| it.nodes[1].peers().count() == 0).await;
    // It is not let in, and is not called either, for as long as the list says so; a ban that ends
    // meanwhile changes nothing.
    nodes.nodes[0].ban(away, Duration::ZERO);
    nodes.nodes[0].keep_house();
    let kept = nodes.heard(0, |it| matches!(it, Incoming::Connected { .. }));
    nodes.nodes[1].dial(&address);
    nodes.until(|it| it.heard(1, |it| matches!(it, Incoming::Disconnected { .. })) > 1).await;
    assert_eq!(nodes.heard(0, |it| matches!(it, Incoming::Connected { .. })), kept);
    let _before = list.send_replace(BTreeSet::new());
    nodes.nodes[1].dial(&address);
    nodes.until(|it| it.nodes[0].peers().any(|(peer, _)| peer == away)).await;
}

/// What a peer that was killed leaves behind: nobody says that its connections are dead.
#[tokio::test]
async fn whoever_starts_again_is_heard_at_once_though_others_still_hold_its_old_connections() {
    for listen in [TCP, QUIC] {
        let key = SecretKey::from_seed([7; 32]);
        let start = || {
            let config = Config { key: Some(key.clone()), ..config("test", listen) };
            Network::start(config).unwrap()
        };
        let nodes = vec![Network::start(config("test", listen)).unwrap(), start()];
        let mut nodes = Nodes { nodes, heard: vec![Vec::new(); 2] };
        nodes.until(|it| it.nodes.iter().all(|node| node.addresses().count() > 0)).await;
        let first = nodes.address_for(1);
        nodes.nodes[1].dial(&first);
        nodes.until(|it| it.nodes.iter().all(|node| node.peers().count() == 1)).await;
        // Nobody runs it any longer, and its sockets are open.
        let killed = core::mem::replace(&mut nodes.nodes[1], start());
        nodes.nodes[1].dial(&first);
        let mut said = 0_u8;
        let told = |it: &Nodes, from: usize| {
            it.heard(
                1 - from,
                |it| matches!(it, Incoming::Gossip { bytes, .. } if bytes.len() == 2),
            )
        };
        while told(&nodes, 0) == 0 || told(&nodes, 1) == 0 {
            said += 1;
            for node in [0, 1] {
                // Until it knows who listens, nobody does.
                let _nobody = nodes.nodes[node].publish(TOPIC, vec![said, u8::from(node == 0)]);
            }
            let heard = nodes.heard.clone().concat().len();
            let moment = nodes.until(|it| it.heard.concat().len() > heard);
            let _nothing = tokio::time::timeout(Duration::from_millis(100), moment).await.is_err();
            assert!(said < 200, "{:?}", nodes.heard);
        }
        drop(killed);
    }
}

/// The transport shares ports of TCP, so that a connection may come to either of two.
#[tokio::test]
async fn a_port_of_tcp_is_never_another_nodes_too() {
    let nodes = Nodes::connected(&[TCP]).await;
    let first = nodes.nodes[0].addresses().next().unwrap().to_string();
    let place = first.split("/p2p/").next().unwrap();
    let refused = Network::start(config("test", place)).err().unwrap();
    assert!(refused.is_taken() && refused.to_string().contains(place), "{refused}");
    drop(nodes);
}

#[tokio::test]
async fn whoever_cannot_listen_is_told_why() {
    let (tcp, udp) = (
        std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        std::net::UdpSocket::bind("127.0.0.1:0").unwrap(),
    );
    let (tcp_port, udp_port) = (tcp.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
    for (place, why) in [
        (format!("/ip4/127.0.0.1/tcp/{tcp_port}"), "address already in use"),
        (format!("/ip4/127.0.0.1/udp/{udp_port}/quic-v1"), "address already in use"),
        // For documentation: RFC 5737.
        ("/ip4/192.0.2.1/tcp/0".to_owned(), "assign requested address"),
        ("/ip4/127.0.0.1/tcp/0/http".to_owned(), "not supported: /ip4"),
    ] {
        let refused = Network::start(config("test", &place)).err().unwrap();
        assert_eq!(refused.is_taken(), why == "address already in use", "{refused}");
        let refused = refused.to_string();
        let beginning = format!("cannot listen on {place}: ");
        let said = refused.strip_prefix(&beginning).unwrap();
        assert!(said.to_lowercase().contains(why), "{refused}");
    }
    drop((tcp, udp));
}
