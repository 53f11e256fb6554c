//! Requests that are begun and never finished: the door closes them, and serves others meanwhile.

use super::super::{BenchError, Measured};
use super::load::Question;
use crate::Failure;
use crate::cluster::{Cluster, Member};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Stalls at every kind of door there is, one after the other.
pub(super) async fn doors(cluster: &Cluster) -> Result<Measured, BenchError> {
    let (shop, north) = (cluster.member(super::shop::SHOP)?, cluster.member("north")?);
    let public = shop.ready.public.ok_or(BenchError::Wrong { what: "a public door" })?;
    let tls = north.tls.ok_or(BenchError::Wrong { what: "a listener with TLS" })?;
    let did = shop.did();
    let head = format!("GET /1.0/identifiers/{did} HTTP/1.1\r\nHost: {public}\r\nAcc");
    let doors = [
        ("public door", public, head.as_bytes().to_vec(), Meanwhile::Plain(shop)),
        ("owner's door", shop.ready.owner, OWNER.to_vec(), Meanwhile::Plain(shop)),
        ("attestor's TLS listener", tls, HELLO.to_vec(), Meanwhile::Tls(north)),
    ];
    let (mut longest, mut slowest, mut told) = (0.0_f64, Duration::ZERO, Vec::new());
    for (name, address, head, meanwhile) in doors {
        let stalled = stall(address, &head, &meanwhile).await?;
        longest = longest.max(stalled.closed.as_secs_f64());
        slowest = slowest.max(stalled.slowest);
        told.push(format!(
            "{name}: {:.1} s, {} others served, the slowest in {} ms",
            stalled.closed.as_secs_f64(),
            stalled.served,
            stalled.slowest.as_millis()
        ));
    }
    let complete = slowest < SERVED;
    Ok(Measured { complete, ..Measured::new(longest, told.join("; ")) })
}

/// What came of the stalled requests at one door.
struct Stalled {
    /// From when the last was begun until all were closed.
    closed: Duration,
    served: usize,
    slowest: Duration,
}

async fn stall(
    address: SocketAddr,
    head: &[u8],
    meanwhile: &Meanwhile<'_>,
) -> Result<Stalled, BenchError> {
    let mut open = JoinSet::new();
    for _ in 0..COUNT {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(head).await?;
        open.spawn(async move {
            let mut rest = Vec::new();
            // An end is an end, whether it is orderly or not.
            let _closed = stream.read_to_end(&mut rest).await.is_ok();
        });
    }
    let begun = Instant::now();
    let (mut served, mut slowest) = (0, Duration::ZERO);
    let mut again = tokio::time::interval(BETWEEN);
    while !open.is_empty() {
        if begun.elapsed() > PATIENCE {
            let (what, seconds) = ("the end of stalled requests".to_owned(), PATIENCE.as_secs());
            return Err(Failure::Late { what, seconds }.into());
        }
        tokio::select! {
            _ = open.join_next() => {}
            _ = again.tick() => {
                let asked = Instant::now();
                meanwhile.serve().await?;
                slowest = slowest.max(asked.elapsed());
                served += 1;
            }
        }
    }
    Ok(Stalled { closed: begun.elapsed(), served, slowest })
}

/// Who is served while others stall.
enum Meanwhile<'c> {
    Plain(&'c Member),
    Tls(&'c Member),
}

impl Meanwhile<'_> {
    /// Asks on a new connection, as somebody does who comes now.
    async fn serve(&self) -> Result<(), BenchError> {
        match self {
            Self::Plain(member) => Question::resolve(member, member.did())?.ask_once().await,
            Self::Tls(member) => {
                let unreachable = |cause| Failure::Unreachable { name: member.name.clone(), cause };
                let address = member.tls.map(|tls| tls.to_string()).unwrap_or_default();
                // Its certificate is its own; who it is does not matter here.
                let client = reqwest::Client::builder()
                    .no_proxy()
                    .danger_accept_invalid_certs(true)
                    .timeout(PATIENCE)
                    .build()
                    .map_err(unreachable)?;
                let asked = client.get(format!("https://{address}/v1/profile")).send().await;
                asked
                    .and_then(reqwest::Response::error_for_status)
                    .map(drop)
                    .map_err(unreachable)?;
                Ok(())
            }
        }
    }
}

/// Begun at each door.
const COUNT: usize = 900;
/// The beginning of a request that never says more.
const OWNER: &[u8] = b"POST /v1/check HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Ty";
/// The beginning of a ClientHello: a record of 512 bytes, of which these are all.
const HELLO: &[u8] = &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03];
const BETWEEN: Duration = Duration::from_millis(200);
/// Others count as served if nobody waits longer.
const SERVED: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(60);
