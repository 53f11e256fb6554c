//! Reaches the running node over its owner's door, or opens the data folder where none runs.

use super::Context;
use crate::door::client::Client;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::start;
use crate::verb::Verb;
use std::time::{Duration, Instant};

/// Whoever answers verbs.
pub(super) enum Connection {
    /// The running node.
    Running(Client),
    /// No node runs: this process looks at the data folder itself.
    Alone(
        Node,
        #[expect(dead_code, reason = "the engine works as long as this lives")] start::Running,
    ),
}

impl Connection {
    /// Opens one of the two. A node that is coming up has its folder before it has its door: it is
    /// waited for.
    pub(super) async fn open(context: &Context) -> Result<Self, Problem> {
        let passphrase = context.passphrase.known()?;
        let began = Instant::now();
        loop {
            if let Some(door) = Client::find(&context.data).await? {
                return Ok(Self::Running(door));
            }
            let alone = start::alone(&context.data, context.config.clone(), passphrase.as_ref());
            match alone.await {
                Err(problem) if problem.is(Kind::Busy) && began.elapsed() < COMING_UP => {
                    tokio::time::sleep(BETWEEN).await;
                }
                opened => return opened.map(|(node, running)| Self::Alone(node, running)),
            }
        }
    }

    /// Reaches the running node, if there is one.
    pub(super) async fn find(context: &Context) -> Result<Option<Self>, Problem> {
        Ok(Client::find(&context.data).await?.map(Self::Running))
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask<V: Verb>(&self, question: V) -> Result<V::Answer, Problem> {
        match self {
            Self::Running(door) => Ok(door.ask(&question).await?),
            Self::Alone(node, _) => question.perform(node).await,
        }
    }

    /// Gives the door of the running node.
    pub(super) fn running(&self) -> Result<&Client, Problem> {
        match self {
            Self::Running(door) => Ok(door),
            Self::Alone(..) => Err(Problem::new(Kind::Unavailable, "no node is running")
                .hint("start one with `countersign run`")),
        }
    }
}

/// How long a node may come up: most of it is the work on its passphrase, on a small computer.
const COMING_UP: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(100);
