//! Reaches the running node over its owner's door, or opens the data folder where none runs.

use super::Context;
use crate::door::TOKENS;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::start;
use crate::verb::Verb;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Whoever answers verbs.
pub(super) enum Connection {
    /// The running node.
    Running(Door),
    /// No node runs: this process looks at the data folder itself.
    Alone(
        Node,
        #[expect(dead_code, reason = "the engine works as long as this lives")] start::Running,
    ),
}

/// The owner's door of the running node.
pub(super) struct Door {
    base: String,
    address: SocketAddr,
    token: String,
    client: reqwest::Client,
}

impl Connection {
    /// Opens one of the two. A node that is coming up has its folder before it has its door: it is
    /// waited for.
    pub(super) async fn open(context: &Context) -> Result<Self, Problem> {
        let passphrase = context.passphrase.known()?;
        let began = Instant::now();
        loop {
            if let Some(door) = Door::find(context).await? {
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
        Ok(Door::find(context).await?.map(Self::Running))
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask<V: Verb>(&self, question: V) -> Result<V::Answer, Problem> {
        match self {
            Self::Running(door) => door.ask(&question).await,
            Self::Alone(node, _) => question.perform(node).await,
        }
    }

    /// Gives the door of the running node.
    pub(super) fn running(&self) -> Result<&Door, Problem> {
        match self {
            Self::Running(door) => Ok(door),
            Self::Alone(..) => Err(Problem::new(Kind::Unavailable, "no node is running")
                .hint("start one with `countersign run`")),
        }
    }
}

impl Door {
    /// Looks for a running node: it wrote its address into the data folder, and answers there.
    pub(super) async fn find(context: &Context) -> Result<Option<Self>, Problem> {
        let Ok(address) = std::fs::read_to_string(context.data.join(start::DOOR_FILE)) else {
            return Ok(None);
        };
        let Ok(address) = address.trim().parse::<SocketAddr>() else { return Ok(None) };
        let base = format!("http://{address}");
        let client = reqwest::Client::builder().no_proxy().build().map_err(|error| {
            Problem::new(Kind::Internal, "no connection can be made").because(error)
        })?;
        let live = client.get(format!("{base}/live")).timeout(LIVE).send().await;
        if !live.is_ok_and(|response| response.status().is_success()) {
            return Ok(None);
        }
        let file = context.data.join(TOKENS).join(start::CLI_TOKEN);
        let token = std::fs::read_to_string(&file).map_err(|error| {
            Problem::new(Kind::Forbidden, "a node is running, and its key cannot be read")
                .because(format!("{}: {error}", file.display()))
                .hint("run this as the user the node runs as")
        })?;
        Ok(Some(Self { base, address, token: token.trim().to_owned(), client }))
    }

    /// Gives where it is.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask<V: Verb>(&self, question: &V) -> Result<V::Answer, Problem> {
        let response = self
            .client
            .post(format!("{}{}", self.base, V::PATH))
            .bearer_auth(&self.token)
            .json(question)
            .send()
            .await
            .map_err(|error| unreachable(&error))?;
        if response.status().is_success() {
            return response.json().await.map_err(|error| unreachable(&error));
        }
        Err(response.json::<Problem>().await.unwrap_or_else(|error| unreachable(&error)))
    }

    /// Opens the stream of events behind number `after`.
    pub(super) async fn events(&self, after: u64) -> Result<reqwest::Response, Problem> {
        self.client
            .get(format!("{}/v1/events", self.base))
            .bearer_auth(&self.token)
            .header("last-event-id", after.to_string())
            .send()
            .await
            .map_err(|error| unreachable(&error))
    }
}

fn unreachable(error: &reqwest::Error) -> Problem {
    Problem::new(Kind::Unavailable, "the running node did not answer").because(error)
}

/// How long a node may come up: most of it is the work on its passphrase, on a small computer.
const COMING_UP: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(100);
/// A node on this computer that lives answers at once.
const LIVE: Duration = Duration::from_secs(2);
