//! The way of a presentation to its vendor, and what the vendor says to it.
//!
//! A vendor may answer with its decision, as a node's door gives it, with more of its own or less of it.
//! What it says is shown to a person and decides nothing here.

use crate::problem::{Kind, Problem};
use crate::verb::presenting::{Answer, Told};
use crate::verb::statement::What;
use countersign_protocol::encoding::json;
use serde_json::Value;
use std::time::Duration;

/// Sends a presentation to the vendor, and to nobody else; gives what it decided, if it says so.
pub(super) async fn deliver(url: &str, presentation: &Value) -> Result<Option<Told>, Undelivered> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(DELIVERY)
        .build()
        .map_err(unseen)?;
    let sent = client.post(url).json(presentation).send().await;
    let mut response = sent.map_err(|error| match error.is_connect() {
        true => unseen(error.without_url()),
        // It may have read it before it fell silent.
        false => undecided(error.without_url()),
    })?;
    let status = response.status();
    let mut body = Vec::new();
    // An answer that does not end well has been read as far as it goes.
    while let Ok(Some(chunk)) = response.chunk().await {
        if body.len().saturating_add(chunk.len()) > MOST {
            body.clear();
            break;
        }
        body.extend_from_slice(&chunk);
    }
    let said = json::parse(&body, MOST).ok();
    if !status.is_success() {
        let why = said.as_ref().and_then(|said| text(said, "detail").or(text(said, "title")));
        let why = why.map(|why| format!(": \"{why}\"")).unwrap_or_default();
        return Err(undecided(format!("the shop answered {status}{why}")));
    }
    Ok(said.as_ref().and_then(told))
}

/// Reads a decision, as `POST /v1/check` gives it.
fn told(said: &Value) -> Option<Told> {
    let answer = match said.get("answer")?.as_str()? {
        "accepted" => Answer::Accepted,
        "refused" => Answer::Refused,
        "unknown" => Answer::Unknown,
        _ => return None,
    };
    Some(Told { answer, because: text(said, "explained"), until: text(said, "goodUntil") })
}

/// Gives the first line of a text, short enough to print.
fn text(said: &Value, member: &str) -> Option<String> {
    let line = said.get(member)?.as_str()?.lines().next()?;
    let plain: String = line.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    (!plain.is_empty()).then_some(plain)
}

/// Why it is not known that a presentation was taken, and what the statement says of it.
#[derive(Debug)]
pub(super) struct Undelivered {
    pub(super) problem: Problem,
    pub(super) what: What,
}

fn unseen(error: impl core::fmt::Display) -> Undelivered {
    let problem = Problem::new(Kind::Unavailable, "the presentation could not be delivered")
        .because(error.to_string())
        .hint("nobody saw it; ask the shop for a new challenge");
    Undelivered { problem, what: What::NotDelivered }
}

fn undecided(error: impl core::fmt::Display) -> Undelivered {
    let problem = Problem::new(Kind::Unavailable, "the shop did not take the presentation")
        .because(error.to_string())
        .hint("it may have seen the claims; look at its page, or ask it for a new challenge");
    Undelivered { problem, what: What::PerhapsDelivered }
}

/// A shop answers at once.
const DELIVERY: Duration = Duration::from_secs(20);
/// A decision with all its checks has a few kilobytes.
const MOST: usize = 64 * 1024;
/// More than a line on a screen is not read.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// Delivers to a shop that answers like this.
    async fn answered(status: u16, body: String) -> Result<Option<Told>, Undelivered> {
        let shop = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/inbox", shop.local_addr().unwrap());
        let answer = async {
            let (mut stream, _) = shop.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"{}") {
                assert!(stream.read_buf(&mut asked).await.unwrap() > 0);
            }
            let length = body.len();
            let head = format!("HTTP/1.1 {status} So\r\ncontent-length: {length}\r\n\r\n");
            // Who reads no further than it wants hangs up.
            let _sent = stream.write_all((head + &body).as_bytes()).await.is_ok();
        };
        let shown = json!({});
        tokio::join!(deliver(&url, &shown), answer).0
    }

    #[tokio::test]
    async fn what_the_shop_decided_is_told_in_its_words() {
        for (word, answer) in [
            ("accepted", Answer::Accepted),
            ("refused", Answer::Refused),
            ("unknown", Answer::Unknown),
        ] {
            let said = json!({
                "answer": word, "explained": "1 of 2: north\u{1b}[2J withdrew it\n  checks …",
                "goodUntil": "2026-11-22T12:00:00Z", "checks": [],
            });
            let told = answered(200, said.to_string()).await.unwrap().unwrap();
            assert_eq!(told.answer, answer);
            assert_eq!(told.because.as_deref(), Some("1 of 2: north[2J withdrew it"));
            assert_eq!(told.until.as_deref(), Some("2026-11-22T12:00:00Z"));
        }
    }

    #[tokio::test]
    async fn a_shop_that_tells_nothing_decides_in_its_own_time() {
        for body in ["", "thank you", "{}", "[1]", r#"{"answer": "perhaps"}"#, r#"{"answer": 1}"#] {
            assert_eq!(answered(200, body.to_owned()).await.unwrap(), None, "{body}");
        }
        let endless = format!("{{\"answer\": \"accepted\", \"x\": \"{}\"}}", "x".repeat(MOST));
        assert_eq!(answered(200, endless).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_shop_that_did_not_take_it_may_have_seen_it_all_the_same() {
        let problem = json!({ "title": "Gone", "detail": "this order is over" });
        let error = answered(410, problem.to_string()).await.unwrap_err().problem.to_string();
        assert!(error.contains("410") && error.contains("this order is over"), "{error}");
        assert!(error.contains("may have seen"), "{error}");
        // Nobody listens there.
        let error =
            deliver("http://127.0.0.1:1/", &json!({})).await.unwrap_err().problem.to_string();
        assert!(error.contains("nobody saw it"), "{error}");
    }
}
