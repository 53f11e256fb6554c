//! `demo`: the main job, told sentence by sentence over real processes.

mod accrediting;
mod decided;
mod forging;
mod replaying;
pub mod scenes;
mod teller;
mod telling;
mod tricks;

use crate::cluster::{Cluster, Part};
use crate::{Failure, up};
use countersign_node::signal;
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use teller::Teller;

pub(crate) use accrediting::Accrediting;
pub(crate) use scenes::POLICY;

/// Play the main job over a network of real processes, and check every sentence
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Keep the data folder, to look at the logs
    #[arg(long)]
    keep: bool,
    /// Say of each sentence of one scene what was found; 10 are the attacker's tricks
    #[arg(long, value_name = "SCENE", value_parser = clap::value_parser!(u8).range(1..=telling::SCENES))]
    explain: Option<u8>,
    /// Print one JSON object at the end: each sentence, whether it held, and its milliseconds
    #[arg(long)]
    json: bool,
    /// Keep the network running after the story, as `up` does
    #[arg(long)]
    stay: bool,
}

impl Demo {
    /// Plays it; the exit status is 0 if every sentence held.
    pub async fn run(self) -> ExitCode {
        let mut teller = Teller::new(self.explain, self.json);
        let folder = match tempfile::Builder::new().prefix("countersign-demo-").tempdir() {
            Ok(folder) => folder,
            Err(cause) => {
                teller.broke(&Failure::File { path: std::env::temp_dir(), cause });
                return teller.end();
            }
        };
        let path = folder.path().to_owned();
        // Dropping the folder removes it.
        let _kept = if self.keep {
            teller.aside(&format!("everything lies in {}", path.display()));
            let _path = folder.keep();
            None
        } else {
            Some(folder)
        };
        let played = tokio::select! {
            played = self.play(&path, &mut teller) => played,
            // Whoever was started ends with what is dropped here.
            () = signal::interrupted() => return stopped(),
        };
        match played {
            Ok(cluster) if self.stay => {
                let ended = teller.end();
                let ready = tokio::select! {
                    ready = settle_in(cluster) => ready,
                    () = signal::interrupted() => return stopped(),
                };
                let kept = async { up::keep(ready?, &path, self.json).await };
                match kept.await {
                    Ok(()) => ended,
                    Err(failure) => up::failed(failure),
                }
            }
            Ok(cluster) => {
                if let Err(failure) = cluster.stop().await {
                    teller.broke(&failure);
                }
                teller.end()
            }
            Err(failure) => {
                teller.broke(&failure);
                teller.end()
            }
        }
    }

    async fn play(&self, folder: &Path, teller: &mut Teller) -> Result<Cluster, Failure> {
        let began = Instant::now();
        let mut cluster = begin(folder, None).await?;
        tell(&mut cluster, teller, began.elapsed()).await?;
        if began.elapsed() > LONGEST {
            teller.aside(
                "That took longer than a minute: it does not on two cores nobody else uses.",
            );
        }
        Ok(cluster)
    }
}

/// Tells the whole story among those who are there.
async fn tell(cluster: &mut Cluster, teller: &mut Teller, began: Duration) -> Result<(), Failure> {
    telling::opening(cluster, teller, began)?;
    let (north, east) = (cluster.member("north")?, cluster.member("east")?);
    // Nobody waits for it: it is done while the first scenes are played.
    let accredited = tokio::spawn(Accrediting::of(north, east).done());
    telling::tell(cluster, teller, accredited).await
}

/// Plays the story in `folder` without a word, while somebody listens to all of it; gives everybody who is
/// left.
///
/// # Errors
///
/// Returns [`Failure`] if a process does not get ready or a sentence does not hold.
pub async fn overheard(folder: &Path) -> Result<Cluster, Failure> {
    let began = Instant::now();
    let mut cluster = first(folder, None).await?;
    cluster.let_listen().await?;
    people(&mut cluster).await?;
    // Told as JSON, it says nothing until it is asked to at its end.
    Box::pin(tell(&mut cluster, &mut Teller::new(None, true), began.elapsed())).await?;
    Ok(cluster)
}

/// Starts everybody who is there from the beginning; with an address in the local network, other
/// computers there can take part.
///
/// # Errors
///
/// Returns [`Failure`] if a process does not get ready.
pub(crate) async fn begin(folder: &Path, lan: Option<IpAddr>) -> Result<Cluster, Failure> {
    let mut cluster = first(folder, lan).await?;
    people(&mut cluster).await?;
    Ok(cluster)
}

/// Starts those whom nobody has to invite, and who keep what others deposit.
async fn first(folder: &Path, lan: Option<IpAddr>) -> Result<Cluster, Failure> {
    let network = "demo".parse().map_err(|_| Failure::Nobody { name: "demo".to_owned() })?;
    Cluster::begin_at(folder, &network, lan, &BOOTSTRAPS, &["wanda", "wim", "wolf"]).await
}

/// Starts those who have something to sign, to show or to check.
async fn people(cluster: &mut Cluster) -> Result<(), Failure> {
    let who = [
        ("north", Part::Attestor),
        ("south", Part::Attestor),
        ("east", Part::Attestor),
        ("berlin", Part::Vendor),
        ("lisbon", Part::Vendor),
        ("anna", Part::Customer),
        ("ben", Part::Customer),
    ];
    cluster.add(who.into_iter()).await?;
    for vendor in ["berlin", "lisbon"] {
        scenes::write_policies(cluster, cluster.member(vendor)?)?;
    }
    Ok(())
}

fn stopped() -> ExitCode {
    up::say("stopped before the end of the story");
    ExitCode::from(2)
}

/// Readies the network of the story for whoever wants to be in it: those it killed come back.
async fn settle_in(mut cluster: Cluster) -> Result<Cluster, Failure> {
    for gone in BOOTSTRAPS.into_iter().chain(["anna"]) {
        if !cluster.member(gone)?.is_running() {
            cluster.restart(gone).await?;
        }
    }
    // The last scene invited by one witness alone.
    cluster.renew_invite()?;
    up::open_shop(&mut cluster).await;
    Ok(cluster)
}

/// What the story promises whoever runs it on two cores; a clock proves nothing that a test could rest on.
const LONGEST: Duration = Duration::from_secs(60);

const BOOTSTRAPS: [&str; 2] = ["first", "second"];
