//! Reaches the running attestor, or opens the data folder where none runs.

use super::Context;
use crate::config::Config;
use crate::ground::node::InNode;
use crate::http::owner::{self, Invited};
use crate::ledger::audit::By;
use crate::office::{Office, Verb};
use countersign_node::door::client::{Client, DoorError};
use countersign_node::door::note::Note;
use countersign_node::problem::Kind;
use countersign_node::{Config as NodeConfig, Problem, start};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Context {
    /// Gives the settings of the node in the data folder.
    pub(super) fn node_config(&self) -> Result<NodeConfig, Problem> {
        NodeConfig::read(self.data(), &self.shared.set)
    }

    /// Has a verb performed, wherever the attestor is. One that is coming up has its folder before it
    /// has its door: it is waited for.
    pub(super) async fn perform<A: DeserializeOwned>(&self, verb: Verb) -> Result<A, Problem> {
        let began = Instant::now();
        let mut typed = None;
        loop {
            if let Some(answer) = self.ask(&verb).await? {
                return Ok(answer);
            }
            let config = Config::read(self.data())?;
            let passphrase = match typed.take() {
                Some(passphrase) => passphrase,
                None => self.passphrase.ask(self.out)?,
            };
            match start::alone(self.data(), self.node_config()?, Some(&passphrase)).await {
                Err(problem) if problem.is(Kind::Busy) && began.elapsed() < COMING_UP => {
                    typed = Some(passphrase);
                    tokio::time::sleep(BETWEEN).await;
                }
                opened => {
                    let (node, running) = opened?;
                    let performed = self.perform_alone(&config, InNode::new(node), verb).await;
                    running.stop().await?;
                    return performed;
                }
            }
        }
    }

    /// Asks the running attestor; gives nothing if there is none.
    pub(super) async fn ask<A: DeserializeOwned>(&self, verb: &Verb) -> Result<Option<A>, Problem> {
        match owner::note(self.data()) {
            Some(door) => send(door, "/owner", verb).await,
            None => Ok(None),
        }
    }

    async fn perform_alone<A: DeserializeOwned>(
        &self,
        config: &Config,
        ground: InNode,
        verb: Verb,
    ) -> Result<A, Problem> {
        let certificate = config.certificate(self.data())?;
        let sources = config.open_sources(self.data())?;
        let rules = config.rules(certificate.pin);
        let office = Office::open(Arc::new(ground), sources, rules);
        let answer = office.await?.perform_by(By::Command, verb).await?;
        serde_json::from_value(answer).map_err(|cause| {
            Problem::new(Kind::Internal, "the answer is not what was asked for").because(cause)
        })
    }
}

/// Has the door let one browser in: the address it opens, and the code in it.
pub(super) async fn invited(door: Note) -> Result<Option<(String, String)>, Problem> {
    let address = door.address();
    let invited: Option<Invited> = send(door, "/owner/code", &()).await?;
    Ok(invited.map(|Invited { code }| (format!("http://{address}/enter?code={code}"), code)))
}

/// Asks at the door; gives nothing if nobody is there any more.
async fn send<A: DeserializeOwned>(
    door: Note,
    path: &str,
    question: &impl Serialize,
) -> Result<Option<A>, Problem> {
    let asked = async { Client::of(door, TIME)?.post(path, question).await };
    match asked.await {
        Ok(answer) => Ok(Some(answer)),
        // It was killed and has left its note behind: whoever is there now heard nothing.
        Err(DoorError::Gone) => Ok(None),
        Err(DoorError::Silent { cause }) if cause.is_connect() => Ok(None),
        // The door of a life before this one: its token is known no more.
        Err(DoorError::Refused { problem }) if problem.is(Kind::Unauthorized) => Ok(None),
        Err(DoorError::Refused { problem }) => Err(*problem),
        Err(DoorError::Silent { cause }) => {
            Err(Problem::new(Kind::Unavailable, "the running attestor did not answer")
                .because(cause.without_url()))
        }
    }
}

/// How long an attestor may come up: most of it is the work on its passphrase.
const COMING_UP: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(100);

/// Signing a hundred thousand claims again takes a minute.
const TIME: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::GroundError;
    use crate::office::OfficeError;
    use axum::Router;
    use axum::extract::{Request, State};
    use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
    use axum::response::IntoResponse as _;
    use axum::routing::post;
    use serde_json::Value;
    use std::sync::Mutex;
    use tokio::net::TcpListener;

    /// Somebody asked for a claim whose identity nobody knows: that is an answer, and no attestor is gone.
    #[tokio::test]
    async fn what_a_running_attestor_did_not_do_is_told_as_on_a_command_line() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let note = Note::new(listener.local_addr().unwrap());
        let _posted = note.post(&folder.path().join("attestor.door")).unwrap();
        let door = owner::note(folder.path()).unwrap();
        let scid = countersign_protocol::did::Scid::from_digest([7; 32]);
        let errors: [fn(countersign_protocol::did::Scid) -> OfficeError; 4] = [
            |scid| GroundError::NotFound { scid }.into(),
            |scid| GroundError::Forked { scid }.into(),
            |_| OfficeError::NoQuery,
            |_| OfficeError::OtherCount { confirmed: 1, found: 2 },
        ];
        let mut router = countersign_node::page::proof::proof(&note);
        for (number, error) in errors.iter().enumerate() {
            let error = *error;
            let answer = post(move || async move { error(scid).told().into_response() });
            router = router.route(&format!("/owner/{number}"), answer);
        }
        let _serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        for (number, error) in errors.iter().enumerate() {
            let path = format!("/owner/{number}");
            let answer: Result<Option<Value>, Problem> = send(door.clone(), &path, &()).await;
            assert_eq!(answer.unwrap_err(), error(scid).told());
        }
    }

    type Seen = Arc<Mutex<Vec<String>>>;

    /// Answers everything kindly, and notes what it was given.
    async fn thief(State(seen): State<Seen>, request: Request) -> &'static str {
        let given = request.headers().contains_key(AUTHORIZATION)
            || request.headers().contains_key(CONTENT_LENGTH);
        let line = format!("{} {} {given}", request.method(), request.uri().path());
        seen.lock().unwrap().push(line);
        "{}"
    }

    #[tokio::test]
    async fn whoever_listens_where_an_attestors_door_was_is_given_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // It was killed: its note is left, and another program has its port.
        let left = Note::new(listener.local_addr().unwrap());
        let _posted = left.post(&folder.path().join("attestor.door")).unwrap();
        let door = owner::note(folder.path()).unwrap();
        let seen = Seen::default();
        let router = Router::new().fallback(thief).with_state(Arc::clone(&seen));
        let _serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let answer: Option<Value> = send(door.clone(), "/owner", &()).await.unwrap();
        assert!(answer.is_none() && invited(door).await.unwrap().is_none());
        let seen = seen.lock().unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|line| line == "GET /door false"), "{seen:?}");
    }
}
