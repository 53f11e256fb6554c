//! `countersign watch`.

use super::Context;
use crate::problem::{Kind, Problem};
use crate::verb::network;
use std::io::Write as _;
use std::process::ExitCode;

/// Follow identities and print what happens to them, until Ctrl-C
#[derive(Debug, clap::Args)]
pub(super) struct Watch {
    /// Names you gave, DIDs, or beginnings of them; none means everything you follow already
    names: Vec<String>,
}

impl Watch {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let connection = context.connect().await?;
        let door = connection.running()?;
        let names = self.names.into_iter().collect();
        let watched = connection.ask(network::Watch { names }).await?;
        for scid in &watched.watched {
            context.out.say(&format!("watching {scid}"));
        }
        let mut stream = door.events(watched.newest_event).await?;
        let mut rest = Vec::new();
        loop {
            let chunk = tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
                chunk = stream.chunk() => chunk,
            };
            let Ok(Some(chunk)) = chunk else {
                return Err(Problem::new(Kind::Unavailable, "the node stopped"));
            };
            rest.extend_from_slice(&chunk);
            print_lines(&mut rest)?;
        }
    }
}

/// Prints the data of every whole line of the stream, and keeps what is not whole yet.
fn print_lines(rest: &mut Vec<u8>) -> Result<(), Problem> {
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line: Vec<u8> = rest.drain(..=end).collect();
        let Some(data) = line.strip_prefix(b"data: ") else { continue };
        let mut out = std::io::stdout().lock();
        out.write_all(data).and_then(|()| out.flush()).map_err(|error| {
            Problem::new(Kind::Internal, "the events cannot be printed").because(error)
        })?;
    }
    Ok(())
}
