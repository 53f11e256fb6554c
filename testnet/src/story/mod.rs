//! `demo`: the main job, told sentence by sentence over real processes.

mod teller;

use crate::Failure;
use crate::cluster::{Cluster, Part};
use countersign_node::verb::resolve::Resolve;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use teller::Teller;

/// Play the main job over a network of real processes, and check every sentence
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Keep the data folder, to look at the logs
    #[arg(long)]
    keep: bool,
}

impl Demo {
    /// Plays it; the exit status is 0 if every sentence held.
    pub async fn run(self) -> ExitCode {
        let mut teller = Teller::new();
        let played = self.play(&mut teller).await;
        if let Err(failure) = &played {
            teller.broke(failure);
        }
        teller.end()
    }

    async fn play(&self, teller: &mut Teller) -> Result<(), Failure> {
        let folder = tempfile::Builder::new()
            .prefix("countersign-demo-")
            .tempdir()
            .map_err(|cause| Failure::File { path: std::env::temp_dir(), cause })?;
        let path = folder.path().to_owned();
        if self.keep {
            teller.note(&format!("everything lies in {}", folder.keep().display()));
        }
        let began = Instant::now();
        let network = "demo".parse().map_err(|_| Failure::Nobody { name: "demo".to_owned() })?;
        let mut cluster =
            Cluster::begin(&path, &network, &["first", "second"], &["w1", "w2", "w3"]).await?;
        let who = [
            ("berlin", Part::Vendor),
            ("lisbon", Part::Vendor),
            ("anna", Part::Customer),
            ("ben", Part::Customer),
        ];
        cluster.add(who.into_iter()).await?;
        teller.opening(&cluster, began.elapsed());
        found(&cluster, teller).await?;
        cluster.stop().await
    }
}

/// 1: a customer's identity is found by a shop that never met her.
async fn found(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let asked = Instant::now();
    let question = Resolve { name: anna.did().to_owned(), fresh: false };
    let answer = loop {
        match berlin.owner.try_ask(&question).await? {
            Ok(answer) => break answer,
            Err(problem) if asked.elapsed() < Duration::from_secs(20) => {
                // Her node has just started: it looks for witnesses and keepers first.
                if !problem.is_no() {
                    return Err(Failure::Problem {
                        name: "berlin".to_owned(),
                        problem: Box::new(problem),
                    });
                }
            }
            Err(problem) => {
                return Err(Failure::Problem {
                    name: "berlin".to_owned(),
                    problem: Box::new(problem),
                });
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    teller.sentence(
        "A customer makes an identity. Shop Berlin never met her and finds it.",
        answer.did == anna.did(),
        &format!("{} ms", asked.elapsed().as_millis()),
    )
}
