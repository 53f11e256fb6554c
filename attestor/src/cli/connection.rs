//! Reaches the running attestor, or opens the data folder where none runs.

use super::Context;
use crate::config::Config;
use crate::ground::node::InNode;
use crate::http::owner;
use crate::ledger::audit::By;
use crate::office::{Office, Verb};
use countersign_node::door::note::{self, Note};
use countersign_node::problem::Kind;
use countersign_node::{Config as NodeConfig, Problem, start};
use countersign_protocol::encoding::json;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Context {
    /// Gives the settings of the node in the data folder.
    pub(super) fn node_config(&self) -> Result<NodeConfig, Problem> {
        NodeConfig::read(self.data(), &self.shared.set)
    }

    /// Has a verb performed, wherever the attestor is. One that is coming up has its folder before it
    /// has its door: it is waited for.
    pub(super) async fn perform(&self, verb: Verb) -> Result<Value, Problem> {
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
    pub(super) async fn ask(&self, verb: &Verb) -> Result<Option<Value>, Problem> {
        match owner::note(self.data()) {
            Some(door) => ask(&door, verb).await,
            None => Ok(None),
        }
    }

    async fn perform_alone(
        &self,
        config: &Config,
        ground: InNode,
        verb: Verb,
    ) -> Result<Value, Problem> {
        let certificate = config.certificate(self.data())?;
        let sources = config.open_sources(self.data())?;
        let rules = config.rules(certificate.pin);
        let office = Office::open(Arc::new(ground), sources, rules);
        Ok(office.await?.perform_by(By::Command, verb).await?)
    }
}

/// Asks through the door; gives nothing if nobody is there any more.
async fn ask(door: &Note, verb: &Verb) -> Result<Option<Value>, Problem> {
    let body = serde_json::to_string(verb).map_err(|cause| {
        Problem::new(Kind::Internal, "the question cannot be written").because(cause)
    })?;
    send(door, "/owner", body).await
}

/// Has the door let one browser in: the address it opens, and the code in it.
pub(super) async fn invited(door: &Note) -> Result<Option<(String, String)>, Problem> {
    let Some(answer) = send(door, "/owner/code", String::new()).await? else { return Ok(None) };
    let code = answer.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Some((format!("http://{}/enter?code={code}", door.address()), code)))
}

async fn send(door: &Note, path: &str, body: String) -> Result<Option<Value>, Problem> {
    let client = note::client().map_err(silent)?;
    // It may have been killed and have left its note behind: then whoever is there now hears nothing.
    if !door.is_there(&client).await {
        return Ok(None);
    }
    let request = client.post(format!("http://{}{path}", door.address())).timeout(TIME);
    let sent = request.bearer_auth(door.secret()).body(body).send().await;
    let answer = match sent {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => return Ok(None),
        Err(error) => return Err(silent(error)),
    };
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.map_err(silent)?;
    let unread = |cause: &dyn core::fmt::Display| {
        Problem::new(Kind::Internal, "the running attestor's answer cannot be read").because(cause)
    };
    let value = json::parse(&bytes, MOST).map_err(|cause| unread(&cause))?;
    match status {
        200 => Ok(Some(value)),
        // The door of a life before this one: its token is known no more.
        401 => Ok(None),
        _ => Err(serde_json::from_value(value).unwrap_or_else(|cause| unread(&cause))),
    }
}

fn silent(cause: reqwest::Error) -> Problem {
    Problem::new(Kind::Unavailable, "the running attestor did not answer")
        .because(cause.without_url())
}

/// How long an attestor may come up: most of it is the work on its passphrase.
const COMING_UP: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(100);

/// Signing a hundred thousand claims again takes a minute.
const TIME: Duration = Duration::from_secs(600);

/// A list of a hundred thousand claims.
const MOST: usize = 256 * 1024 * 1024;

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
            let answer = send(&door, &format!("/owner/{number}"), "{}".to_owned()).await;
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
        assert!(send(&door, "/owner", "{}".to_owned()).await.unwrap().is_none());
        assert!(invited(&door).await.unwrap().is_none());
        let seen = seen.lock().unwrap();
        assert!(!seen.is_empty() && seen.iter().all(|line| line == "GET /door false"), "{seen:?}");
    }
}
