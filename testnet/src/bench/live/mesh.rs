//! A bare mesh: the network of a node with nothing behind it, which believes whatever it hears.
//!
//! It is what an announcement is measured against. Nobody verifies, saves or answers anything; every
//! message travels on at once.

use super::super::BenchError;
use countersign_node::network::Network;
use countersign_node::network::config::{Config, Dht, Topics};
use countersign_node::network::incoming::Incoming;
use countersign_node::network::peer::Address;
use countersign_protocol::verdict::Verdict;
use std::process::{ExitCode, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines, Stdin};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// One node of the bare mesh, as a process of its own.
pub(super) struct Bare {
    pub(super) address: String,
    stdin: ChildStdin,
    lines: Option<Lines<BufReader<ChildStdout>>>,
    _child: Child,
}

impl Bare {
    /// Starts one that joins by `first`, if there is one.
    pub(super) async fn start(first: Option<&str>) -> Result<Self, BenchError> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(PROGRAM)
            .args(first)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = BenchError::Wrong { what: "a node of the bare mesh" };
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(missing);
        };
        let mut lines = BufReader::new(stdout).lines();
        let address = lines.next_line().await?.ok_or(missing)?;
        Ok(Self { address, stdin, lines: Some(lines), _child: child })
    }

    /// Waits until it has that many peers.
    pub(super) async fn joined(&mut self, peers: usize) -> Result<(), BenchError> {
        let Some(lines) = &mut self.lines else { return Ok(()) };
        while let Some(line) = lines.next_line().await? {
            let now = line.strip_prefix(PEERS).and_then(|count| count.parse::<usize>().ok());
            if now.is_some_and(|now| now >= peers) {
                return Ok(());
            }
        }
        Err(BenchError::Wrong { what: "a node of the bare mesh" })
    }

    /// Calls `heard` with the number of each announcement it hears from now on.
    pub(super) fn listen(
        &mut self,
        heard: impl Fn(u64) + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        let mut lines = self.lines.take()?;
        Some(tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(number) = line.strip_prefix(HEARD).and_then(|text| text.parse().ok()) {
                    heard(number);
                }
            }
        }))
    }

    /// Has it announce number `number`; it hears itself once that is done.
    pub(super) async fn announce(&mut self, number: u64) -> Result<(), BenchError> {
        Ok(self.stdin.write_all(format!("{number}\n").as_bytes()).await?)
    }
}

/// Runs as a node of the bare mesh: prints where it is, how many peers it has and what it hears;
/// announces each number it reads.
#[must_use]
pub fn main(first: Option<&str>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(BenchError::Io).and_then(|runtime| runtime.block_on(run(first))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn run(first: Option<&str>) -> Result<(), BenchError> {
    let wrong = || BenchError::Wrong { what: "a node of the bare mesh" };
    let mut config = Config::new("bare");
    let addresses = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"];
    config.listen = addresses.iter().filter_map(|address| address.parse().ok()).collect();
    config.topics = Topics { all: vec![TOPIC.to_owned()], joined: vec![TOPIC.to_owned()] };
    (config.loopback, config.dht) = (true, Dht::Server);
    let mut network = Network::start(config).map_err(|_| wrong())?;
    while network.addresses().count() < addresses.len() {
        network.next().await;
    }
    let here = network.addresses().next().map(|address| address.of(network.local_peer()));
    say(&here.ok_or_else(wrong)?.to_string())?;
    if let Some(first) = first.and_then(|first| first.parse::<Address>().ok()) {
        network.dial(&first);
    }
    serve(network).await
}

async fn serve(mut network: Network) -> Result<(), BenchError> {
    let mut told: Lines<BufReader<Stdin>> = BufReader::new(tokio::io::stdin()).lines();
    let mut seek = tokio::time::interval(SEEK);
    loop {
        tokio::select! {
            line = told.next_line() => {
                let Some(number) = line? else { return Ok(()) };
                let bytes = format!("{number} {}", "-".repeat(SIZE)).into_bytes();
                if network.publish(TOPIC, bytes).is_ok() {
                    say(&format!("{HEARD}{number}"))?;
                }
            }
            _ = seek.tick() => {
                let peers = network.metrics().peers;
                say(&format!("{PEERS}{peers}"))?;
                network.seek(WANTED.saturating_sub(peers));
            }
            incoming = network.next() => {
                let Incoming::Gossip { token, bytes, .. } = incoming else { continue };
                network.judge(token, Verdict::Accept);
                let text = String::from_utf8_lossy(&bytes);
                let number = text.split_once(' ').map_or("", |(number, _)| number);
                say(&format!("{HEARD}{number}"))?;
            }
        }
    }
}

fn say(line: &str) -> Result<(), BenchError> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    Ok(writeln!(out, "{line}").and_then(|()| out.flush())?)
}

/// The name this binary answers to as a node of the bare mesh.
pub const PROGRAM: &str = "bare";
const TOPIC: &str = "/countersign/bare/1/head/0";
const HEARD: &str = "heard ";
const PEERS: &str = "peers ";
/// As large as a sealed head.
const SIZE: usize = 260;
/// As many peers as a node keeps at least.
const WANTED: usize = 24;
const SEEK: Duration = Duration::from_secs(1);
