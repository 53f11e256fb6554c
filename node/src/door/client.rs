//! A client of an owner's door: asks with a token, and reads the stream of events.
//!
//! - Standard: HTML, section 9.2, "Server-sent events".

use super::TOKENS;
use super::note::{self, Note};
use crate::problem::{Kind, Problem};
use crate::start;
use crate::verb::Verb;
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

/// Whoever stands before a door with a token. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    token: Zeroizing<String>,
    /// What the door has to prove before it is given anything.
    note: Option<Note>,
    /// How long an answer may take.
    patience: Option<Duration>,
    http: reqwest::Client,
}

impl core::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Client {
    /// Stands before the door at `address`; an answer may take as long as `patience`.
    ///
    /// # Errors
    ///
    /// Returns [`DoorError::Silent`] if no connection can be made at all.
    pub fn at(address: SocketAddr, token: &str, patience: Duration) -> Result<Self, DoorError> {
        let http = note::client().map_err(silent)?;
        let token = Zeroizing::new(token.trim().to_owned());
        Ok(Self { address, token, note: None, patience: Some(patience), http })
    }

    /// Stands before the door of the program that wrote `note`, whose secret is its owner's token.
    ///
    /// # Errors
    ///
    /// Returns [`DoorError::Silent`] if no connection can be made at all.
    pub fn of(note: Note, patience: Duration) -> Result<Self, DoorError> {
        let door = Self::at(note.address(), note.secret(), patience)?;
        Ok(Self { note: Some(note), ..door })
    }

    /// Looks for the running node of the folder `data`: it left a note there, and proves that it wrote it.
    ///
    /// # Errors
    ///
    /// Returns a problem if one is running, and its token cannot be read.
    pub async fn find(data: &Path) -> Result<Option<Self>, Problem> {
        let Some(note) = Note::read(&data.join(start::DOOR_FILE)) else { return Ok(None) };
        let http = note::client().map_err(|error| {
            Problem::new(Kind::Internal, "no connection can be made").because(error)
        })?;
        if !note.is_there(&http).await {
            return Ok(None);
        }
        let file = data.join(TOKENS).join(start::CLI_TOKEN);
        let token = std::fs::read_to_string(&file).map(Zeroizing::new).map_err(|error| {
            Problem::new(Kind::Forbidden, "a node is running, and its key cannot be read")
                .because(format!("{}: {error}", file.display()))
                .hint("run this as the user the node runs as")
        })?;
        let (address, token) = (note.address(), Zeroizing::new(token.trim().to_owned()));
        Ok(Some(Self { address, token, note: Some(note), patience: None, http }))
    }

    /// Gives where the door is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    ///
    /// Returns [`DoorError`] with what the node said, or that it said nothing.
    pub async fn ask<V: Verb>(&self, question: &V) -> Result<V::Answer, DoorError> {
        self.post(V::PATH, question).await
    }

    /// Sends `question` to `path`, and waits for the answer.
    ///
    /// # Errors
    ///
    /// Returns [`DoorError`] with what the program behind the door said, or that it said nothing.
    pub async fn post<A: DeserializeOwned>(
        &self,
        path: &str,
        question: &impl Serialize,
    ) -> Result<A, DoorError> {
        let request = self.request(Method::POST, path).await?.json(question);
        let request = self.patience.into_iter().fold(request, RequestBuilder::timeout);
        answered(request).await?.json().await.map_err(silent)
    }

    /// Opens the stream of events behind number `after`, or of those from now on.
    ///
    /// # Errors
    ///
    /// Returns [`DoorError`] with what the node said, or that it said nothing.
    pub async fn events(&self, after: Option<u64>) -> Result<Events, DoorError> {
        let request = self.request(Method::GET, "/v1/events").await?;
        let request = after
            .into_iter()
            .fold(request, |request, after| request.header("last-event-id", after.to_string()));
        // A stream has no end, so it has no deadline either; whoever reads it brings one.
        Ok(Events { response: answered(request).await?, lines: Lines::default() })
    }

    /// Makes a request that carries the token: the node may have ended since it was found, while somebody
    /// typed a passphrase, and so it proves itself once more.
    async fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, DoorError> {
        if let Some(note) = &self.note
            && !note.is_there(&self.http).await
        {
            return Err(DoorError::Gone);
        }
        let url = format!("http://{}{path}", self.address);
        Ok(self.http.request(method, url).bearer_auth(&*self.token))
    }
}

/// Sends a request; an answer that is none is told in the words of whoever gave it.
async fn answered(request: RequestBuilder) -> Result<Response, DoorError> {
    let response = request.send().await.map_err(silent)?;
    if response.status().is_success() {
        return Ok(response);
    }
    let problem = response.json::<Problem>().await.map_err(silent)?;
    Err(DoorError::Refused { problem: Box::new(problem) })
}

fn silent(cause: reqwest::Error) -> DoorError {
    DoorError::Silent { cause }
}

/// The events of a node, as it says them.
#[derive(Debug)]
pub struct Events {
    response: Response,
    lines: Lines,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number, which names it for whoever goes on behind it.
    pub number: Option<u64>,
    /// What happened, as JSON.
    pub data: String,
}

impl Events {
    /// Waits for the next event; there is none once the node has stopped, or says more than an event has.
    /// Dropping it loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.lines.event() {
                return Some(event);
            }
            if self.lines.rest.len() > LONGEST {
                return None;
            }
            let chunk = self.response.chunk().await.ok().flatten()?;
            self.lines.rest.extend_from_slice(&chunk);
        }
    }
}

/// What came of a stream, and was not read yet.
#[derive(Debug, Default)]
struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Reads the next whole event: its lines end with an empty one.
    fn event(&mut self) -> Option<Event> {
        loop {
            let end = self.rest.windows(2).position(|pair| pair == b"\n\n")?;
            let lines: Vec<u8> = self.rest.drain(..end.saturating_add(2)).collect();
            let lines = String::from_utf8_lossy(&lines);
            let data = values(&lines, "data").collect::<Vec<_>>().join("\n");
            // Lines that only keep the connection alive say nothing.
            if !data.is_empty() {
                let number = values(&lines, "id").find_map(|id| id.parse().ok());
                return Some(Event { number, data });
            }
        }
    }
}

/// Gives the values of the fields of that name; a space behind the colon is no part of them.
fn values<'l>(lines: &'l str, name: &'static str) -> impl Iterator<Item = &'l str> {
    lines.lines().filter_map(move |line| {
        let value = line.strip_prefix(name)?.strip_prefix(':')?;
        Some(value.strip_prefix(' ').unwrap_or(value))
    })
}

/// There is no answer, or it is a no.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum DoorError {
    /// What the program behind the door said.
    #[error("{problem}")]
    Refused { problem: Box<Problem> },
    /// Nobody is there who knows the note. Fault of nobody: it ended.
    #[error("the running program has ended")]
    Gone,
    /// There was no answer, or none that can be read.
    #[error("there was no answer: {cause}")]
    Silent { cause: reqwest::Error },
}

impl From<DoorError> for Problem {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Refused { problem } => *problem,
            DoorError::Gone => Self::new(Kind::Unavailable, "the running node has ended")
                .hint("type the command again"),
            DoorError::Silent { cause } => {
                Self::new(Kind::Unavailable, "the running node did not answer").because(cause)
            }
        }
    }
}

/// The longest event is a statement that takes back every claim of a list, by its number.
const LONGEST: usize = 2 * 1024 * 1024;

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
        assert!(Client::find(folder.path()).await.unwrap().is_none());
        ended(taken).await;
        // A node runs, is found, and is killed while somebody types.
        let running =
            serve(TcpListener::bind(address).await.unwrap(), crate::page::proof::proof(&note));
        let door = Client::find(folder.path()).await.unwrap().unwrap();
        ended(running).await;
        let taken = serve(TcpListener::bind(address).await.unwrap(), takes_all);
        let lost = door.ask(&Show {}).await.unwrap_err();
        assert!(matches!(lost, DoorError::Gone), "{lost}");
        assert!(Problem::from(lost).is(Kind::Unavailable));
        assert!(door.events(None).await.is_err());
        ended(taken).await;
        let seen = seen.lock().unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|line| line == "GET /door false"), "{seen:?}");
    }

    #[tokio::test]
    async fn a_refusal_is_told_as_the_node_said_it() {
        let said = Problem::new(Kind::Locked, "it is locked").hint("open it");
        let answer = said.clone();
        let router = Router::new().fallback(move || async move { answer });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = serve(listener, router);
        let client = Client::at(address, "token", Duration::from_secs(60)).unwrap();
        for lost in [
            client.ask(&Show {}).await.map(drop).unwrap_err(),
            client.events(Some(1)).await.map(drop).unwrap_err(),
        ] {
            assert_eq!(Problem::from(lost), said);
        }
        ended(door).await;
    }

    #[test]
    fn an_event_is_read_whole_wherever_the_stream_was_cut() {
        let stream =
            ":\n\nid: 7\ndata: {\"event\":\"a\"}\n\n:\n\ndata:{\"b\":1}\n\nid: 9\ndata: cut";
        let event = |number, data: &str| Event { number, data: data.to_owned() };
        for size in 1..stream.len() {
            let (mut lines, mut read) = (Lines::default(), Vec::new());
            for chunk in stream.as_bytes().chunks(size) {
                lines.rest.extend_from_slice(chunk);
                read.extend(core::iter::from_fn(|| lines.event()));
            }
            let whole = [event(Some(7), "{\"event\":\"a\"}"), event(None, "{\"b\":1}")];
            assert_eq!(read, whole, "{size}");
        }
    }
}
