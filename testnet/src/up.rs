//! `up`: the network of the story, kept running for whoever wants to be the customer.

use crate::Failure;
use crate::cluster::{Cluster, Member};
use crate::story;
use countersign_node::signal;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Start a network and keep it running until Ctrl-C
#[derive(Debug, clap::Args)]
pub struct Up {
    /// Print one line of JSON once all are ready, for programs
    #[arg(long)]
    json: bool,
    /// Keep everything in this folder instead of a temporary one
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl Up {
    /// Runs until Ctrl-C, or until the system asks this process to end.
    pub async fn run(self) -> ExitCode {
        match self.keep_up().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failed(&failure),
        }
    }

    async fn keep_up(&self) -> Result<(), Failure> {
        let temporary = tempfile::Builder::new().prefix("countersign-up-").tempdir();
        let temporary =
            temporary.map_err(|cause| Failure::File { path: std::env::temp_dir(), cause })?;
        let folder = self.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
        if !self.json {
            say("Starting a network on this computer ...");
        }
        keep(story::begin(&folder).await?, self.json).await
    }
}

/// Says who is where, and keeps a network running until somebody wants it to end.
///
/// # Errors
///
/// Returns [`Failure`] if a member is missing or does not stop.
pub(crate) async fn keep(cluster: Cluster, json: bool) -> Result<(), Failure> {
    let line = if json { described(&cluster).to_string() } else { table(&cluster)? };
    // A home on this computer offers to join by it.
    let _left = countersign_node::home::local::leave(cluster.invite()).ok();
    // Whoever asked may be gone; the network runs all the same.
    let mut out = std::io::stdout().lock();
    let _written = writeln!(out, "{line}").and_then(|()| out.flush()).is_ok();
    drop(out);
    signal::interrupted().await;
    if !json {
        say("stopping ...");
    }
    cluster.stop().await
}

/// Says what went wrong, and gives the exit status for it.
pub(crate) fn failed(failure: &Failure) -> ExitCode {
    say(&format!("error: {failure}"));
    ExitCode::from(2)
}

/// Says for every process who it is and where.
fn described(cluster: &Cluster) -> Value {
    let member = |member: &Member| {
        json!({
            "role": member.part.word(),
            "name": member.name,
            "identity": member.ready.identity,
            "data": member.data,
            "tokenFile": member.ready.token_file,
            "owner": member.ready.owner,
            "public": member.ready.public,
            "tls": member.tls,
        })
    };
    json!({
        "network": cluster.network().as_str(),
        "invite": cluster.invite(),
        "provider": cluster.provider().map(|provider| &provider.ready().issuer),
        "members": cluster.members().map(member).collect::<Vec<_>>(),
    })
}

/// Says who is where, and what can be tried.
fn table(cluster: &Cluster) -> Result<String, Failure> {
    let mut lines = vec![format!("{:<10} {:<10} {:<24} identity", "role", "name", "door")];
    for member in cluster.members() {
        let door = format!("http://{}", member.ready.owner);
        let identity = member.ready.identity.as_deref().unwrap_or("-");
        let short = identity.get(..24).unwrap_or(identity);
        lines.push(format!("{:<10} {:<10} {door:<24} {short}", member.part.word(), member.name));
    }
    let program = std::env::current_exe()
        .map_err(|cause| Failure::Start { name: "this program".to_owned(), cause })?;
    let program = program.display();
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let as_anna = format!("{program} countersign --data {}", anna.data.display());
    let as_berlin = format!("{program} countersign --data {}", berlin.data.display());
    let north = cluster.member("north")?.did().to_owned();
    lines.extend([
        String::new(),
        "Be Anna, the customer (the SIMULATED provider's password is on its page):".to_owned(),
        format!("  {as_anna} id show"),
        format!("  {as_anna} claim request --from {north}"),
        format!("  {as_anna} claim list"),
        "Be Berlin, the shop:".to_owned(),
        format!("  {as_berlin} challenge --policy {}", story::POLICY),
        format!("  {as_anna} present --to CHALLENGE > shown.json"),
        format!("  {as_berlin} check shown.json --policy {} --explain", story::POLICY),
        String::new(),
        "Ctrl-C stops all of it.".to_owned(),
    ]);
    Ok(lines.join("\n"))
}

fn say(line: &str) {
    let _written = writeln!(std::io::stderr().lock(), "{line}").is_ok();
}
