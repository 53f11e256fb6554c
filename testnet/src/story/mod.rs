//! `demo`: the main job, told sentence by sentence over real processes.

pub mod scenes;
mod teller;
mod tricks;

use crate::Failure;
use crate::cluster::{Cluster, Part};
use crate::provider::people::{UNVERIFIED, VERIFIED};
use countersign_node::verb::claims;
use countersign_node::verb::presenting::Answer;
use scenes::{PATIENCE, decision};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use teller::Teller;

pub(crate) use scenes::POLICY;

/// Play the main job over a network of real processes, and check every sentence
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Keep the data folder, to look at the logs
    #[arg(long)]
    keep: bool,
    /// Say more about one scene; so far about 10, the attacker's tricks
    #[arg(long, value_name = "SCENE")]
    explain: Option<usize>,
}

impl Demo {
    /// Plays it; the exit status is 0 if every sentence held.
    pub async fn run(self) -> ExitCode {
        let mut teller = Teller::new(self.explain);
        if let Err(failure) = self.play(&mut teller).await {
            teller.broke(&failure);
        }
        teller.end()
    }

    async fn play(&self, teller: &mut Teller) -> Result<(), Failure> {
        let folder = tempfile::Builder::new()
            .prefix("countersign-demo-")
            .tempdir()
            .map_err(|cause| Failure::File { path: std::env::temp_dir(), cause })?;
        let path = folder.path().to_owned();
        // Dropping the folder removes it.
        let _kept = if self.keep {
            teller.note(&format!("everything lies in {}", path.display()));
            let _path = folder.keep();
            None
        } else {
            Some(folder)
        };
        let began = Instant::now();
        let mut cluster = begin(&path).await?;
        teller.opening(&cluster, began.elapsed());
        tell(&mut cluster, teller).await?;
        cluster.stop().await
    }
}

/// Starts everybody who is there from the beginning.
///
/// # Errors
///
/// Returns [`Failure`] if a process does not get ready.
pub(crate) async fn begin(folder: &Path) -> Result<Cluster, Failure> {
    let network = "demo".parse().map_err(|_| Failure::Nobody { name: "demo".to_owned() })?;
    let mut cluster =
        Cluster::begin(folder, &network, &["first", "second"], &["wanda", "wim", "wolf"]).await?;
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
        scenes::write_policies(&cluster, cluster.member(vendor)?)?;
    }
    Ok(cluster)
}

async fn tell(cluster: &mut Cluster, teller: &mut Teller) -> Result<(), Failure> {
    found(cluster, teller).await?;
    refused_and_accepted(cluster, teller).await?;
    unverified(cluster, teller).await?;
    revoked(cluster, teller).await?;
    published(cluster, teller).await?;
    let stolen = scenes::steal_backup(cluster.member("anna")?).await?;
    recovered(cluster, teller).await?;
    forked(cluster, teller, &stolen).await?;
    // Tried while she is there, told last.
    let tricks = tricks::try_all(cluster).await?;
    orphaned(cluster, teller).await?;
    tricks::tell(&tricks, teller)
}

/// 1: a customer's identity is found by a shop that never met her.
async fn found(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    scenes::settled(anna, PATIENCE).await?;
    let asked = Instant::now();
    let answer = scenes::resolve(berlin, anna.did(), PATIENCE).await?;
    teller.sentence(
        "A customer makes an identity. Shop Berlin never met her and finds it.",
        answer.did == anna.did(),
        &format!("{} ms", asked.elapsed().as_millis()),
    )
}

/// 2 and 3: nobody vouches for her; then two attestors do.
async fn refused_and_accepted(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let decided = scenes::visit(berlin, anna).await?;
    decision(teller, "Berlin asks for two attestors.", &decided, Answer::Refused)?;
    for attestor in ["north", "south"] {
        let attestor = cluster.member(attestor)?;
        let signed = scenes::sign_in(anna, attestor, VERIFIED).await?;
        if let Err(why) = signed {
            return Err(Failure::Page { url: attestor.name.clone(), found: why });
        }
    }
    let (decided, _) = scenes::visit_until(berlin, anna, Answer::Accepted, PATIENCE).await?;
    let sentence = "She signs in (SIMULATED provider) for North and South, and shows Berlin both.";
    decision(teller, sentence, &decided, Answer::Accepted)
}

/// 4: a claim about what is not so is not signed.
async fn unverified(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (ben, north) = (cluster.member("ben")?, cluster.member("north")?);
    scenes::settled(ben, PATIENCE).await?;
    let refused = scenes::sign_in(ben, north, UNVERIFIED).await?.err();
    let why = refused.clone().unwrap_or_default();
    let why = why.lines().find_map(|line| line.strip_prefix("because: ")).unwrap_or("?").to_owned();
    teller.sentence(
        "Another customer's account is unverified.",
        refused.is_some(),
        &format!("NO CLAIM  {why}"),
    )
}

/// 5: North takes its claim back; Berlin knows; East's word takes its place.
async fn revoked(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let north = cluster.member("north")?;
    scenes::revoke(north, anna, "account closed").await?;
    let (decided, took) = scenes::visit_until(berlin, anna, Answer::Refused, PATIENCE).await?;
    let sentence = format!("North revokes. Berlin knew after {} ms.", took.as_millis());
    decision(teller, &sentence, &decided, Answer::Refused)?;
    let east = cluster.member("east")?;
    if let Err(why) = scenes::sign_in(anna, east, VERIFIED).await? {
        return Err(Failure::Page { url: east.name.clone(), found: why });
    }
    // The word of an attestor's first list spreads by gossip while she is on her way.
    let (decided, _) = scenes::visit_until(berlin, anna, Answer::Accepted, PATIENCE).await?;
    let line = decided.explained.lines().next().unwrap_or_default().to_owned();
    teller.and("East attests.", decided.answer == Answer::Accepted, &line)
}

/// 6: what she chose to show the world is enough for a shop that does not ask for control.
async fn published(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, lisbon) = (cluster.member("anna")?, cluster.member("lisbon")?);
    let held = anna.owner.ask(&claims::List {}).await?;
    let names = held.claims.iter().map(|claim| claim.name.clone()).collect();
    anna.owner.ask(&claims::Publish { claims: names }).await?;
    let decided = scenes::look_until(lisbon, anna.did(), Answer::Accepted, PATIENCE).await?;
    decision(teller, "She publishes; shop Lisbon reads it.", &decided, Answer::Accepted)
}

/// 7: she loses everything but the paper.
async fn recovered(cluster: &mut Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let rotated = scenes::rotate(cluster.member("anna")?).await?;
    let words = scenes::words(cluster.member("anna")?)?;
    let did = cluster.member("anna")?.did().to_owned();
    cluster.lose("anna").await?;
    cluster.add_blank("anna").await?;
    let own = scenes::recover(cluster.member("anna")?, &did, words).await?;
    let lisbon = cluster.member("lisbon")?;
    let decided = scenes::look_until(lisbon, &did, Answer::Accepted, PATIENCE).await?;
    teller.sentence(
        "She rotates her key, loses everything, recovers from 24 words. Her claims stand.",
        rotated.version == 2 && own.version == 3 && decided.answer == Answer::Accepted,
        "",
    )
}

/// 8: a thief signs a sibling of an entry with a key she once had.
async fn forked(cluster: &Cluster, teller: &mut Teller, stolen: &Path) -> Result<(), Failure> {
    let did = cluster.member("anna")?.did().to_owned();
    let began = Instant::now();
    scenes::fork(cluster, stolen).await?;
    let nodes = ["berlin", "lisbon", "north", "south", "east"];
    for node in nodes {
        scenes::until_forked(cluster.member(node)?, &did, PATIENCE).await?;
    }
    let took = began.elapsed();
    let stands = scenes::resolve(cluster.member("berlin")?, &did, PATIENCE).await?;
    let hers = stands.metadata.get("versionId").and_then(|id| id.as_str());
    teller.sentence(
        "A thief forks her log with the old key.",
        hers.is_some_and(|id| id.starts_with("3-")),
        &format!("every node holds the proof after {} ms; her branch stands", took.as_millis()),
    )
}

/// 9: those everybody joined by are gone, and so is her computer.
async fn orphaned(cluster: &mut Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let did = cluster.member("anna")?.did().to_owned();
    let invite = scenes::invite(cluster.member("wanda")?).await?;
    for gone in ["first", "second", "anna"] {
        cluster.kill(gone).await?;
    }
    cluster.invite_by(invite);
    cluster.add(std::iter::once(("porto", Part::Vendor))).await?;
    let porto = cluster.member("porto")?;
    scenes::write_policies(cluster, porto)?;
    let decided = scenes::look_until(porto, &did, Answer::Accepted, PATIENCE).await?;
    let sentence = "All bootstrap nodes and her computer are killed. Shop Porto starts only now.";
    decision(teller, sentence, &decided, Answer::Accepted)
}
