//! Load from a second process: connections that are kept alive, each asking again as soon as it was
//! answered.

use super::super::BenchError;
use crate::cluster::Member;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// One request, byte for byte, and what its answer must hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Question {
    address: SocketAddr,
    request: String,
    answer: String,
}

/// How hard to press.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Press {
    pub(super) connections: usize,
    pub(super) seconds: u64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Pressed {
    pub(super) answered: u64,
    /// Answers that were not what was asked for.
    pub(super) failed: u64,
    pub(super) seconds: f64,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
}

impl Question {
    /// Asks who somebody is, at the public door.
    pub(super) fn resolve(member: &Member, did: &str) -> Result<Self, BenchError> {
        let address = member.ready.public.ok_or(BenchError::Wrong { what: "a public door" })?;
        let request = format!("GET /1.0/identifiers/{did} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        Ok(Self { address, request, answer: format!("\"id\":\"{did}\"") })
    }

    /// Has a vendor check an identity, at the owner's door; it must be accepted.
    pub(super) fn check(member: &Member, policy: &str, did: &str) -> Result<Self, BenchError> {
        let address = member.ready.owner;
        let token = std::fs::read_to_string(&member.ready.token_file)?;
        let body = format!(r#"{{"policy":{{"name":"{policy}"}},"identity":"{did}"}}"#);
        let request = format!(
            "POST /v1/check HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            token.trim(),
            body.len()
        );
        Ok(Self { address, request, answer: r#""answer":"accepted""#.to_owned() })
    }

    /// Asks once, on a connection of its own.
    pub(super) async fn ask_once(&self) -> Result<(), BenchError> {
        let mut stream = BufReader::new(TcpStream::connect(self.address).await?);
        match self.ask(&mut stream).await? {
            true => Ok(()),
            false => Err(BenchError::Wrong { what: "an answer" }),
        }
    }

    /// Asks, and tells whether the answer is what it should be.
    async fn ask(&self, stream: &mut BufReader<TcpStream>) -> std::io::Result<bool> {
        stream.get_mut().write_all(self.request.as_bytes()).await?;
        let (mut line, mut length, mut good) = (String::new(), 0_usize, None);
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            good.get_or_insert_with(|| line.starts_with("HTTP/1.1 200 "));
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Ok(good == Some(true) && String::from_utf8_lossy(&body).contains(&self.answer))
    }

    /// Lets a second process ask this again and again.
    pub(super) async fn press(&self, press: Press) -> Result<Pressed, BenchError> {
        let mut child = tokio::process::Command::new(std::env::current_exe()?)
            .arg(PROGRAM)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // The token is in it, so it is no argument that everybody could read.
            stdin.write_all(serde_json::to_string(&(self, press))?.as_bytes()).await?;
        }
        let output = child.wait_with_output().await?;
        Ok(serde_json::from_str(&String::from_utf8_lossy(&output.stdout))?)
    }
}

/// Runs as the second process: reads what to ask on standard input, says what came of it.
#[must_use]
pub fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(BenchError::Io).and_then(|runtime| runtime.block_on(run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn run() -> Result<(), BenchError> {
    use std::io::Write as _;
    let told = std::io::read_to_string(std::io::stdin().lock())?;
    let (question, press): (Question, Press) = serde_json::from_str(&told)?;
    let until = Duration::from_secs(press.seconds);
    let began = Instant::now();
    let asking = (0..press.connections).map(|_| again_and_again(&question, began, until));
    let (mut times, mut failed) = (Vec::new(), 0);
    for ended in futures::future::try_join_all(asking).await? {
        times.extend(ended.0);
        failed += ended.1;
    }
    let seconds = began.elapsed().as_secs_f64();
    let (p50, p99) = (super::percentile(&mut times, 50), super::percentile(&mut times, 99));
    let answered = u64::try_from(times.len()).unwrap_or(u64::MAX);
    let pressed = Pressed { answered, failed, seconds, p50, p99 };
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&pressed)?)?;
    Ok(())
}

async fn again_and_again(
    question: &Question,
    began: Instant,
    until: Duration,
) -> Result<(Vec<Duration>, u64), BenchError> {
    let stream = TcpStream::connect(question.address).await?;
    stream.set_nodelay(true)?;
    let (mut stream, mut times, mut failed) = (BufReader::new(stream), Vec::new(), 0);
    while began.elapsed() < until {
        let asked = Instant::now();
        match question.ask(&mut stream).await? {
            true => times.push(asked.elapsed()),
            false => failed += 1,
        }
    }
    Ok((times, failed))
}

/// The name this binary answers to as the load.
pub const PROGRAM: &str = "load";
