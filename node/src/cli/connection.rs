//! Reaches the running node over its owner's door, or opens the data folder where none runs.

use super::Context;
use crate::door::TOKENS;
use crate::door::note::{self, Note};
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::start;
use crate::verb::Verb;
use reqwest::{Method, RequestBuilder};
use std::net::SocketAddr;
use std::path::Path;
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
    note: Note,
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
            if let Some(door) = Door::find(&context.data).await? {
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
        Ok(Door::find(&context.data).await?.map(Self::Running))
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
    /// Looks for a running node: it left a note in the data folder, and proves that it wrote it.
    pub(super) async fn find(data: &Path) -> Result<Option<Self>, Problem> {
        let Some(note) = Note::read(&data.join(start::DOOR_FILE)) else { return Ok(None) };
        let client = note::client().map_err(|error| {
            Problem::new(Kind::Internal, "no connection can be made").because(error)
        })?;
        if !note.is_there(&client).await {
            return Ok(None);
        }
        let file = data.join(TOKENS).join(start::CLI_TOKEN);
        let token = std::fs::read_to_string(&file).map_err(|error| {
            Problem::new(Kind::Forbidden, "a node is running, and its key cannot be read")
                .because(format!("{}: {error}", file.display()))
                .hint("run this as the user the node runs as")
        })?;
        Ok(Some(Self { note, token: token.trim().to_owned(), client }))
    }

    /// Gives where it is.
    pub(super) fn address(&self) -> SocketAddr {
        self.note.address()
    }

    /// Makes a request that carries the token: the node may have ended since it was found, while somebody
    /// typed a passphrase, and so it proves itself once more.
    async fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Problem> {
        if !self.note.is_there(&self.client).await {
            return Err(Problem::new(Kind::Unavailable, "the running node has ended")
                .hint("type the command again"));
        }
        let url = format!("http://{}{path}", self.address());
        Ok(self.client.request(method, url).bearer_auth(&self.token))
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask<V: Verb>(&self, question: &V) -> Result<V::Answer, Problem> {
        let request = self.request(Method::POST, V::PATH).await?;
        let response = request.json(question).send().await.map_err(|error| unreachable(&error))?;
        if response.status().is_success() {
            return response.json().await.map_err(|error| unreachable(&error));
        }
        Err(response.json::<Problem>().await.unwrap_or_else(|error| unreachable(&error)))
    }

    /// Opens the stream of events behind number `after`.
    pub(super) async fn events(&self, after: u64) -> Result<reqwest::Response, Problem> {
        let request = self.request(Method::GET, "/v1/events").await?;
        let request = request.header("last-event-id", after.to_string());
        request.send().await.map_err(|error| unreachable(&error))
    }
}

fn unreachable(error: &reqwest::Error) -> Problem {
    Problem::new(Kind::Unavailable, "the running node did not answer").because(error)
}

/// How long a node may come up: most of it is the work on its passphrase, on a small computer.
const COMING_UP: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::{Scope, make_token};
    use crate::verb::identity::Show;
    use axum::extract::{Request, State};
    use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
    use axum::{Json, Router};
    use std::sync::{Arc, Mutex};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    type Seen = Arc<Mutex<Vec<String>>>;

    /// Answers everything kindly, and notes what it was given.
    async fn thief(State(seen): State<Seen>, request: Request) -> Json<serde_json::Value> {
        let given = request.headers().contains_key(AUTHORIZATION)
            || request.headers().contains_key(CONTENT_LENGTH);
        let line = format!("{} {} {given}", request.method(), request.uri().path());
        seen.lock().unwrap().push(line);
        Json(serde_json::json!({}))
    }

    fn serve(listener: TcpListener, router: Router) -> JoinHandle<()> {
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
    }

    async fn ended(door: JoinHandle<()>) {
        door.abort();
        drop(door.await);
    }

    #[tokio::test]
    async fn whoever_listens_where_a_door_was_is_given_nothing() {
        let folder = tempfile::tempdir().unwrap();
        make_token(&folder.path().join(TOKENS), Scope::Owner, "cli").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // A node was killed: its note is left, and another program has its port.
        let note = Note::new(address);
        let _left = note.post(&folder.path().join(start::DOOR_FILE)).unwrap();
        let seen = Seen::default();
        let takes_all = Router::new().fallback(thief).with_state(Arc::clone(&seen));
        let taken = serve(listener, takes_all.clone());
        assert!(Door::find(folder.path()).await.unwrap().is_none());
        ended(taken).await;
        // A node runs, is found, and is killed while somebody types.
        let running =
            serve(TcpListener::bind(address).await.unwrap(), crate::page::proof::proof(&note));
        let door = Door::find(folder.path()).await.unwrap().unwrap();
        ended(running).await;
        let taken = serve(TcpListener::bind(address).await.unwrap(), takes_all);
        let lost = door.ask(&Show {}).await.unwrap_err();
        assert!(lost.is(Kind::Unavailable), "{lost}");
        assert!(door.events(0).await.is_err());
        ended(taken).await;
        let seen = seen.lock().unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|line| line == "GET /door false"), "{seen:?}");
    }
}
