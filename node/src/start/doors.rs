//! The doors of a node that runs: the owner's, the public one, and the one for her devices.

use super::listen::{listen, listen_for_owner};
use super::{CLI_TOKEN, DOOR_FILE, Running};
use crate::door::TOKENS;
use crate::door::note::Note;
use crate::home::{self, Home};
use crate::node::Node;
use crate::problem::Problem;
use crate::ready::Ready;
use crate::{http, serve};
use countersign_protocol::key::did_key;
use std::net::SocketAddr;
use std::path::Path;

/// Opens the doors of `node`, and says where everything is once all of it is ready.
///
/// # Errors
///
/// Returns a problem if an address is in use.
pub async fn serve(node: &Node, running: &Running) -> Result<Ready, Problem> {
    let (config, data) = (node.config(), node.data());
    let (owner, address) = listen_for_owner(config.doors.owner).await?;
    let pages = Home::new(data.to_owned(), Vec::new(), address, false);
    let note = pages.note().clone();
    pages.adopt(node.clone()).await?;
    running.tasks.spawn(serve::serve(
        owner,
        None,
        home::router(pages),
        http::OWNER_LIMITS,
        running.stop.clone(),
    ));
    let public = open_public(node, running).await?;
    open_phone(node).await;
    write_door(data, &note, running)?;
    let link = node.reachable().await;
    let identity = match node.own_scid().await? {
        Some(_) => Some(node.own().await?.history.did().to_string()),
        None => None,
    };
    Ok(Ready {
        owner: address,
        token_file: data.join(TOKENS).join(CLI_TOKEN),
        public,
        identity,
        witness: node.witness_key().map(|key| did_key::to_did(&key)),
        network: node.joined()?.parameters.id().to_string(),
        peer: link.peer,
        addresses: link.addresses,
    })
}

/// Opens the public door of `node`, if its settings say where.
pub(crate) async fn open_public(
    node: &Node,
    running: &Running,
) -> Result<Option<SocketAddr>, Problem> {
    let Some(wanted) = node.config().doors.public else { return Ok(None) };
    let (listener, address) = listen(wanted, "doors.public").await?;
    let (router, stop) = (http::public(node.clone()), running.stop.clone());
    running.tasks.spawn(serve::serve(listener, None, router, http::PUBLIC_LIMITS, stop));
    Ok(Some(address))
}

/// Opens the door for devices, if the settings say where. Where it cannot be opened, as in another
/// network than usual, the node is there for its owner all the same, and its pages say so.
pub(crate) async fn open_phone(node: &Node) {
    let Some(phone) = node.inner().phone.get() else { return };
    if let Err(problem) = phone.open_again(node.config().doors.phone).await {
        tracing::warn!(%problem, "the door for devices stays shut");
    }
}

/// Writes where the owner's door is, for commands to find for as long as the node runs.
pub(crate) fn write_door(data: &Path, note: &Note, running: &Running) -> Result<(), Problem> {
    let posted =
        note.post(&data.join(DOOR_FILE)).map_err(|error| Problem::unwritable(data, error))?;
    let stop = running.stop.clone();
    running.tasks.spawn(async move {
        stop.cancelled().await;
        drop(posted);
    });
    Ok(())
}
