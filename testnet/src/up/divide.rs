//! Cuts a network in two and heals it: every node keeps away from all peers of the other half.
//!
//! The nodes lose their connections for real and take no new ones, so neither gossip nor questions get
//! across. What was to travel is found again by reconciliation once the halves meet.

use super::seat::{Half, Seat};
use super::status::Status;
use super::town::Town;
use crate::cluster::Cluster;
use countersign_node::Problem;
use countersign_node::problem::Kind;
use countersign_node::verb::network::Block;
use countersign_node::verb::overview::Overview;
use futures::future::try_join_all;
use std::collections::BTreeSet;

/// Cuts the network in two, and waits until no connection leads across.
pub(super) async fn cut(town: &Town, cluster: &Cluster) -> Result<String, Problem> {
    if town.is_cut() {
        return Err(Problem::new(Kind::Conflict, "the network is cut in two already")
            .hint("`countersign-testnet ctl heal` lets the halves meet again"));
    }
    town.changed(cluster);
    town.set_cut(true);
    part(town).await?;
    let status = town.status_now().await;
    let names = |half| {
        let of = status.nodes.iter().filter(|node| node.half == half);
        of.map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    Ok(format!(
        "The network is cut in two. On one side: {}. On the other: {}.",
        names(Half::Left),
        names(Half::Right)
    ))
}

/// Has every node that runs keep away from the other half, and waits until none is connected with it.
pub(super) async fn part(town: &Town) -> Result<(), Problem> {
    let seats = town.seats().borrow().clone();
    let guests = guests(&seats).await?;
    let peers = |half| seats.iter().filter(move |seat| seat.half == half);
    let left: BTreeSet<String> = peers(Half::Left).map(|seat| seat.peer.clone()).collect();
    let right: BTreeSet<String> = peers(Half::Right).map(|seat| seat.peer.clone()).collect();
    let blocking = seats.iter().filter(|seat| seat.running).map(async |seat: &Seat| {
        let peers = match seat.half {
            Half::Left => right.clone(),
            // Nodes from elsewhere stay with the first half: they would lead across.
            Half::Right => left.union(&guests).cloned().collect(),
        };
        seat.owner.ask(&Block { peers }).await
    });
    try_join_all(blocking).await?;
    town.until("the end of the last connection across", |status| status.across() == 0).await
}

/// Names the peers that are none of this network's own.
async fn guests(seats: &[Seat]) -> Result<BTreeSet<String>, Problem> {
    let own: BTreeSet<&str> = seats.iter().map(|seat| seat.peer.as_str()).collect();
    let running = seats.iter().filter(|seat| seat.running);
    let seen = try_join_all(running.map(|seat| seat.owner.ask(&Overview {}))).await?;
    let peers = seen.into_iter().flat_map(|seen| seen.peers).map(|peer| peer.peer);
    Ok(peers.filter(|peer| !own.contains(peer.as_str())).collect())
}

/// Lets everybody talk with everybody again, and waits until the halves have met.
pub(super) async fn heal(town: &Town, cluster: &Cluster) -> Result<String, Problem> {
    if !town.is_cut() {
        return Err(Problem::new(Kind::Conflict, "the network is whole")
            .hint("`countersign-testnet ctl cut` cuts it in two"));
    }
    town.changed(cluster);
    let seats = town.seats().borrow().clone();
    let running = seats.iter().filter(|seat| seat.running);
    let nobody = Block { peers: BTreeSet::new() };
    try_join_all(running.map(|seat| seat.owner.ask(&nobody))).await?;
    town.set_cut(false);
    let one_half = |status: &Status| {
        let half = |half| status.nodes.iter().any(|node| node.half == half && node.peers > 0);
        !half(Half::Left) || !half(Half::Right)
    };
    let met = |status: &Status| status.across() > 0 || one_half(status);
    town.until("a connection between the halves", met).await?;
    let across = town.status_now().await.across();
    Ok(format!(
        "The halves meet again: {across} connections lead across, and what one half missed is on its way."
    ))
}
