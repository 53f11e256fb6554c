//! From an empty folder to a running node, one step after the other.

use super::Home;
use super::phone::Phone;
use crate::config::{Caps, Role};
use crate::door::{Keys, TOKENS};
use crate::http;
use crate::node::Node;
use crate::passphrase::{Passphrase, Words};
use crate::problem::{Kind, Problem};
use crate::start::{self, NewNode, Running};
use axum::Router;
use std::path::Path;
use std::sync::Arc;

/// How far it is.
pub(super) enum Stage {
    /// There is no node in the folder.
    Empty,
    /// There is one, and its passphrase was not given yet.
    Locked,
    /// It runs.
    Open(Box<Open>),
}

/// A node that runs behind the pages.
pub(super) struct Open {
    pub(super) node: Node,
    /// The owner's door, with its verbs.
    pub(super) door: Router,
    /// What stops it, where the pages started it.
    pub(super) running: Option<Running>,
}

impl Stage {
    /// Looks what is in the folder.
    pub(super) fn found(data: &Path) -> Self {
        if start::check_empty(data).is_ok() { Self::Empty } else { Self::Locked }
    }
}

impl Home {
    /// Puts a node that was started elsewhere behind the pages.
    ///
    /// # Errors
    ///
    /// Returns a problem if the keys to its door cannot be read.
    pub async fn adopt(&self, node: Node) -> Result<(), Problem> {
        self.open(node, None).await
    }

    async fn open(&self, node: Node, running: Option<Running>) -> Result<(), Problem> {
        let keys = Arc::new(Keys::read(node.data().join(TOKENS))?);
        let door = http::owner(node.clone(), keys);
        let _before = node.inner().entrance.set(self.entrance().clone()).is_ok();
        let _before = node.inner().phone.set(Phone::new(self, &node)).is_ok();
        *self.0.stage.write().await = Stage::Open(Box::new(Open { node, door, running }));
        Ok(())
    }

    /// Makes a node with the identity that `words` recover, which its owner has on paper by now; or
    /// one without, into which an identity is about to be taken back. Starts it.
    pub(super) async fn create(
        &self,
        passphrase: &Passphrase,
        words: Option<Words>,
    ) -> Result<Node, Problem> {
        let _changing = self.0.changing.lock().await;
        let weak_passphrase = self.0.weak;
        let new = NewNode { role: Role::Home, words, attests: false, weak_passphrase };
        start::create(&self.0.data, &self.config()?, new, passphrase).await?;
        *self.0.stage.write().await = Stage::Locked;
        self.start(passphrase, None).await?;
        self.node().await.ok_or_else(not_open)
    }

    /// Takes away the node that was made for an identity which did not come: whoever tries again finds the
    /// folder as empty as it was. If the identity came, it stays.
    pub(super) async fn unmake(&self) -> Result<(), Problem> {
        let _changing = self.0.changing.lock().await;
        match self.node().await {
            Some(node) if node.own_scid().await?.is_none() => {}
            _ => return Ok(()),
        }
        self.stop_node().await?;
        start::unmake(&self.0.data)?;
        *self.0.stage.write().await = Stage::Empty;
        Ok(())
    }

    /// Makes a node of a backup, and starts it.
    pub(super) async fn restore(
        &self,
        file: &Path,
        passphrase: &Passphrase,
    ) -> Result<(), Problem> {
        let _changing = self.0.changing.lock().await;
        start::backup::restore(&self.0.data, &self.config()?, file, passphrase).await?;
        *self.0.stage.write().await = Stage::Locked;
        self.start(passphrase, None).await
    }

    /// Starts the node that is there.
    ///
    /// # Errors
    ///
    /// Returns a problem if the passphrase is wrong or the folder is in use.
    pub async fn unlock(&self, passphrase: &Passphrase) -> Result<(), Problem> {
        let _changing = self.0.changing.lock().await;
        if self.node().await.is_some() {
            return Ok(());
        }
        self.start(passphrase, None).await
    }

    /// Joins a network, or the one on this computer; a node that runs is started again inside it.
    pub(super) async fn join(
        &self,
        invite: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<(), Problem> {
        let _changing = self.0.changing.lock().await;
        if self.node().await.is_some_and(|node| node.joined().is_ok()) {
            return Err(Problem::new(Kind::Conflict, "this node is in a network already")
                .hint("a node is in one network: make another node in a folder of its own"));
        }
        let mut caps = None;
        if let (Some(node), Some(passphrase)) = (self.node().await, passphrase) {
            // Told apart before anything is stopped.
            node.open_with(passphrase).await?;
            caps = Some(node.caps().await);
        }
        start::join(&self.0.data, invite)?;
        let Some(passphrase) = passphrase else { return Ok(()) };
        self.stop_node().await?;
        self.start(passphrase, caps).await
    }

    /// Starts it, under the limits that were set since the settings were read.
    async fn start(&self, passphrase: &Passphrase, caps: Option<Caps>) -> Result<(), Problem> {
        let mut config = self.config()?;
        caps.into_iter().for_each(|caps| caps.put(&mut config));
        let (data, joined) = (&self.0.data, start::is_joined(&self.0.data)?);
        let (node, running) = if joined {
            start::online(data, config, passphrase).await?
        } else {
            start::alone(data, config, Some(passphrase)).await?
        };
        let stop = running.stop_token();
        start::open_public(&node, &running).await?;
        start::write_door(data, self.note(), &running)?;
        self.open(node.clone(), Some(running)).await?;
        start::open_phone(&node).await;
        if joined {
            node.settle(stop.clone());
            node.look_after_claims(stop);
        }
        Ok(())
    }

    async fn stop_node(&self) -> Result<(), Problem> {
        let stage = std::mem::replace(&mut *self.0.stage.write().await, Stage::Locked);
        match stage {
            Stage::Open(open) => match open.running {
                Some(running) => {
                    drop((open.node, open.door));
                    running.stop().await
                }
                None => Ok(()),
            },
            Stage::Empty => {
                *self.0.stage.write().await = Stage::Empty;
                Ok(())
            }
            Stage::Locked => Ok(()),
        }
    }

    /// Stops the node the pages started; what was acknowledged is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Returns a problem if something does not end in time; nothing acknowledged is lost even then.
    pub async fn close(&self) -> Result<(), Problem> {
        let _changing = self.0.changing.lock().await;
        self.stop_node().await
    }
}

/// Tells a program that the owner has to unlock the node first.
pub(super) fn not_open() -> Problem {
    Problem::new(Kind::Locked, "the node is not unlocked yet")
        .because("its owner has not given the passphrase on its page")
        .hint("finish in the browser; `countersign home` says where")
}
