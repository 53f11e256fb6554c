//! Looking up identities the asking node does not hold.

use super::super::{BenchError, Measured};
use super::{millis, percentile};
use crate::bench::fixture::key;
use crate::cluster::{Cluster, Part};
use crate::story::scenes;
use countersign_node::network::Network;
use countersign_node::network::config::{Config, Role};
use countersign_node::network::incoming::Incoming;
use countersign_node::network::peer::Address;
use countersign_node::verb::resolve::Resolve;
use countersign_protocol::did::log::draft::{self, Keys, Place, Signing};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::exchange::deposit::{Deposit, Reason};
use countersign_protocol::wire::exchange::{Request, Response};
use countersign_protocol::wire::head::{Head, Stamp};
use countersign_protocol::wire::network::Parameters;
use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

/// Publishes identities, then has a home look each of them up that it does not hold.
pub(super) async fn lookups(cluster: &mut Cluster) -> Result<[Measured; 2], BenchError> {
    let parameters = Parameters::testnet(cluster.network().clone());
    let made: Vec<Made> = (0..IDENTITIES)
        .map(|number| make(&format!("person {number}"), &parameters))
        .collect::<Result<_, _>>()?;
    deposit(cluster, &made).await?;
    // A node at the other end holds the last: then the others are there too.
    if let Some(last) = made.last() {
        let far = cluster.members().last().ok_or(BenchError::Wrong { what: "a network" })?;
        scenes::resolve(far, &last.did, scenes::PATIENCE).await?;
    }
    cluster.add(std::iter::once((ASKER, Part::Customer))).await?;
    let asker = cluster.member(ASKER)?;
    scenes::settled(asker, scenes::PATIENCE).await?;
    let (mut times, mut held) = (Vec::new(), 0);
    for Made { did, .. } in &made {
        let asked = Instant::now();
        let found = asker.owner.ask(&Resolve { name: did.clone(), fresh: false }).await?;
        let took = asked.elapsed();
        // Whoever asked nobody held it: a home holds a part of everybody's.
        if found.confirmed == 0 { held += 1 } else { times.push(took) }
    }
    cluster.kill(ASKER).await?;
    if times.is_empty() {
        return Err(BenchError::Wrong { what: "a look-up" });
    }
    let [p50, p99] = [50, 99].map(|of_hundred| millis(percentile(&mut times, of_hundred)));
    let detail = format!(
        "a home among 20 nodes asks its owner's door for {} identities, one after the other, and its peers for \
         {} of them; it held {held}; p50 {p50:.1} ms, p99 {p99:.1} ms, at most {:.1} ms",
        made.len(),
        times.len(),
        millis(percentile(&mut times, 100))
    );
    Ok([p50, p99].map(|value| Measured::new(value, detail.clone())))
}

/// An identity nobody runs a node for.
struct Made {
    did: String,
    request: Vec<u8>,
}

fn make(name: &str, parameters: &Parameters) -> Result<Made, BenchError> {
    let (hot, now) = (key(name, "hot", 0), now().minus(60));
    let keys = Keys { authentication: vec![hot.public()], assertion: Vec::new() };
    let [one, next, recovery] =
        [key(name, "update", 0), key(name, "update", 1), key(name, "recovery", 0)];
    let signing = Signing { key: &one, next: &next.public(), recovery: &recovery.public() };
    let history = draft::create(Place::Home, &keys, None, signing, now)?.history;
    let (scid, version, log) = (history.scid(), history.version_id(), history.to_log());
    let stamp =
        Stamp::mine(&scid, parameters.id(), parameters.difficulty(), 0, u64::from(u32::MAX));
    let head = Head {
        scid,
        version: version.number,
        version_digest: version.digest,
        log_length: u64::try_from(log.len()).unwrap_or(u64::MAX),
        showcase: None,
        sequence: 1,
        stamp: stamp.ok_or(BenchError::Wrong { what: "a stamp" })?,
        key: hot.public(),
    };
    let head = head.seal(parameters.id(), &hot);
    let deposit = Deposit { after: None, log, witness: None, head, showcase: None };
    Ok(Made { did: history.did().to_string(), request: Request::Deposit(deposit).to_bytes() })
}

/// Deposits them with a few of the nodes, and waits for a receipt for each.
async fn deposit(cluster: &Cluster, made: &[Made]) -> Result<(), BenchError> {
    let mut config = Config::new(cluster.network().as_str());
    config.role = Role::Home;
    config.loopback = true;
    let mut network =
        Network::start(config).map_err(|_| BenchError::Wrong { what: "a depositor" })?;
    let addresses = cluster.members().filter_map(|member| member.ready.addresses.first());
    let keepers: Vec<Address> =
        addresses.filter_map(|address| address.parse().ok()).take(KEEPERS).collect();
    keepers.iter().for_each(|address| network.dial(address));
    let (mut connected, mut kept, mut tries) = (0, 0, 0);
    // Several on their way at once share a write to the keeper's disk.
    let mut waiting: VecDeque<usize> = (0..made.len()).collect();
    let all = async {
        while kept < made.len() {
            let (peer, more) = match network.next().await {
                Incoming::Connected { peer, .. } => {
                    connected += 1;
                    (peer, if connected <= keepers.len() { AT_ONCE } else { 0 })
                }
                Incoming::Response { id, peer, result } => {
                    let answer = result.ok().and_then(|bytes| Response::parse(&bytes).ok());
                    match answer {
                        Some(Response::Receipt(_)) => kept += 1,
                        // Who is busy is asked again, and who did not answer may be.
                        None | Some(Response::Refusal(Reason::Busy)) if tries < MOST_TRIES => {
                            tries += 1;
                            waiting.extend(usize::try_from(id));
                        }
                        answer => {
                            return Err(BenchError::Deposit { answer: answer.map(Box::new) });
                        }
                    }
                    (peer, 1)
                }
                _ => continue,
            };
            for next in waiting.drain(..more.min(waiting.len())) {
                let request = made.get(next).map(|one| one.request.clone()).unwrap_or_default();
                network.request(u64::try_from(next).unwrap_or_default(), peer, request);
            }
        }
        Ok(())
    };
    let late = || crate::Failure::Late { what: "deposits".to_owned(), seconds: PATIENCE.as_secs() };
    tokio::time::timeout(PATIENCE, all).await.map_err(|_| late())?
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(since.as_secs())
}

/// A peer may bring 256 strangers at once: these go to several.
const IDENTITIES: usize = 240;
const KEEPERS: usize = 3;
const AT_ONCE: usize = 8;
/// Deposits that may go unanswered on a busy machine.
const MOST_TRIES: usize = 100;
const ASKER: &str = "zoe";
const PATIENCE: Duration = Duration::from_secs(120);
