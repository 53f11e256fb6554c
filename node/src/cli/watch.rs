//! `countersign watch`.

use super::Context;
use crate::problem::{Kind, Problem};
use crate::verb::network;
use countersign_protocol::encoding::json;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;

/// Follow identities and print what happens to them, until Ctrl-C
///
/// What an attestor takes back happens to the attestor: name it, too. Your node follows them from then on, after
/// a restart as well.
#[derive(Debug, clap::Args)]
pub(super) struct Watch {
    /// Names you gave, DIDs, or beginnings of them; none means everybody your node follows already
    names: Vec<String>,
    /// Follow them no longer, and say who is still followed
    #[arg(long, requires = "names")]
    stop: bool,
}

impl Watch {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let connection = context.connect().await?;
        let door = connection.running()?;
        let names = self.names.into_iter().collect();
        if self.stop {
            let left = connection.ask(network::Unwatch { names }).await?;
            return context.out.answer(&left).map(|()| ExitCode::SUCCESS);
        }
        let watched = connection.ask(network::Watch { names }).await?;
        for scid in &watched.watched {
            context.out.say(&format!("watching {scid}"));
        }
        let mut events = door.events(Some(watched.newest_event)).await?;
        loop {
            let event = tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
                event = events.next() => event,
            };
            let event = event.ok_or_else(ended)?;
            if is_meant(event.data.as_bytes(), &watched.watched) {
                print(&event.data)?;
            }
        }
    }
}

/// Tells whether an event is about one of `watched`, or about nobody; where none is named, all are meant.
fn is_meant(event: &[u8], watched: &BTreeSet<String>) -> bool {
    let Ok(event) = json::parse(event, LONGEST) else { return false };
    let whose = event.get("scid").or_else(|| event.get("issuer")).and_then(Value::as_str);
    watched.is_empty() || whose.is_none_or(|scid| watched.contains(scid))
}

fn ended() -> Problem {
    Problem::new(Kind::Unavailable, "the node stopped")
        .hint("start it with `countersign run`, and type the command again")
}

fn print(event: &str) -> Result<(), Problem> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{event}").and_then(|()| out.flush()).map_err(|error| {
        Problem::new(Kind::Internal, "the events cannot be printed").because(error)
    })
}

/// An event names an identity and a list of changes.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_follows_one_reads_of_that_one_alone_and_of_the_clock() {
        let (named, nobody) = (BTreeSet::from(["QmA".to_owned()]), BTreeSet::new());
        for (event, meant) in [
            (r#"{"event": "changed", "scid": "QmA"}"#, true),
            (r#"{"event": "changed", "scid": "QmB"}"#, false),
            (r#"{"event": "status", "issuer": "QmA", "list": 1}"#, true),
            (r#"{"event": "status", "issuer": "QmB", "list": 1}"#, false),
            (r#"{"event": "clock", "report": "a day off"}"#, true),
        ] {
            assert_eq!(is_meant(event.as_bytes(), &named), meant, "{event}");
            assert!(is_meant(event.as_bytes(), &nobody), "{event}");
        }
    }
}
