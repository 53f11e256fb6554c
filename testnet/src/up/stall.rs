//! The example shop on the map: it is no node, and is ended and started like one.

use super::deed::{rests, runs};
use super::status::State;
use crate::cluster::Cluster;
use crate::shop::{self, Shop};
use countersign_node::Problem;
use countersign_node::problem::Kind;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// Where the shop is, as it was when somebody last started or ended it.
#[derive(Debug, Clone)]
pub(super) struct Stall {
    pub(super) name: String,
    pub(super) vendor: String,
    pub(super) url: String,
    pub(super) running: bool,
    address: SocketAddr,
}

/// The shop at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stand {
    /// What it is called.
    pub(super) name: String,
    /// The vendor over whose node it sells.
    pub(super) vendor: String,
    /// Its address for a browser.
    pub(super) url: String,
    /// How it is.
    pub(super) state: State,
}

impl Stall {
    pub(super) fn of(shop: &Shop) -> Self {
        Self {
            name: shop::NAME.to_owned(),
            vendor: shop.vendor().to_owned(),
            url: shop.url(),
            running: shop.is_running(),
            address: shop.address(),
        }
    }

    /// Says how it stands, when it was last tried and let nobody in, or did.
    pub(super) fn stand(self, shut: bool) -> Stand {
        let Self { name, vendor, url, running, .. } = self;
        let state = match (running, shut) {
            (false, _) => State::Stopped,
            (true, false) => State::Running,
            (true, true) => State::Silent,
        };
        Stand { name, vendor, url, state }
    }
}

/// Tells whether a shop that runs lets nobody in.
pub(super) async fn is_shut(stall: Option<Stall>) -> bool {
    let Some(Stall { running: true, address, .. }) = stall else { return false };
    !matches!(tokio::time::timeout(ANSWER, TcpStream::connect(address)).await, Ok(Ok(_)))
}

/// Tells whether a name is the shop's.
pub(super) fn is_meant(cluster: &Cluster, name: &str) -> bool {
    cluster.shop().is_some() && name == shop::NAME
}

/// Ends the shop at once.
pub(super) async fn kill(cluster: &mut Cluster) -> Result<String, Problem> {
    if !cluster.shop().is_some_and(Shop::is_running) {
        return Err(rests(Kind::Conflict, shop::NAME));
    }
    cluster.kill(shop::NAME).await?;
    Ok("The shop was killed. Whoever stood at its till has to begin again.".to_owned())
}

/// Opens the shop again, where it was.
pub(super) async fn start(cluster: &mut Cluster) -> Result<String, Problem> {
    if cluster.shop().is_some_and(Shop::is_running) {
        return Err(runs(shop::NAME));
    }
    cluster.restart(shop::NAME).await?;
    Ok("The shop is open again, where it was.".to_owned())
}

/// A program on this computer answers at once.
const ANSWER: Duration = Duration::from_secs(5);
