//! Reaches the running attestor, or opens the data folder where none runs.

use super::{Context, Failure, Opened};
use crate::config::Config;
use crate::http::owner::Address;
use crate::office::{Office, Verb};
use countersign_protocol::encoding::json;
use serde_json::Value;
use std::time::Duration;

impl Context<'_> {
    /// Has a verb performed, wherever the attestor is.
    pub(super) async fn perform(&self, verb: Verb) -> Result<Value, Failure> {
        if let Some(address) = Address::read(self.data())
            && let Some(answer) = ask(&address, &verb).await?
        {
            return Ok(answer);
        }
        let Opened { ground, stop, stopped, .. } =
            self.underneath.open(&self.shared, false).await?;
        let config = Config::read(self.data())?;
        let certificate = config.certificate(self.data())?;
        let sources = config.open_sources(self.data())?;
        let rules = config.rules(certificate.spki_sha256);
        let performed = async {
            let office = Office::open(ground, sources, rules, Some(self.data())).await?;
            office.perform(verb).await
        };
        let performed = performed.await;
        stop.cancel();
        stopped.await;
        Ok(performed?)
    }
}

/// Asks through the door; gives nothing if nobody is there any more.
async fn ask(address: &Address, verb: &Verb) -> Result<Option<Value>, Failure> {
    let failed = |cause: reqwest::Error| {
        Failure::new("the running attestor did not answer").because(cause.without_url())
    };
    let client = reqwest::Client::builder().no_proxy().timeout(TIME).build().map_err(failed)?;
    let body = serde_json::to_string(verb)
        .map_err(|cause| Failure::new("the question cannot be written").because(cause))?;
    let request = client.post(format!("http://{}/owner", address.address));
    let sent = request.bearer_auth(&address.token).body(body).send().await;
    let answer = match sent {
        Ok(answer) => answer,
        // It was killed and left its note behind.
        Err(error) if error.is_connect() => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.map_err(failed)?;
    let value = json::parse(&bytes, MOST).map_err(|cause| {
        Failure::new("the running attestor's answer cannot be read").because(cause)
    })?;
    match status {
        200 => Ok(Some(value)),
        401 | 403 => Ok(None),
        _ => {
            let title = value.get("title").and_then(Value::as_str).unwrap_or("it gave no reason");
            let failure = Failure::new("the attestor did not do it").because(title);
            Err(if matches!(status, 404 | 409 | 410) { failure.is_no() } else { failure })
        }
    }
}

/// Signing a hundred thousand claims again takes a minute.
const TIME: Duration = Duration::from_secs(600);

/// A list of a hundred thousand claims.
const MOST: usize = 256 * 1024 * 1024;
