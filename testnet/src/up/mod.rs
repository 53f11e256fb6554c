//! `up`: the network of the story, kept running with a page to look at it and to play with it.
//!
//! | file | what |
//! | --- | --- |
//! | `town` | the running network: one does something to it, everybody may look |
//! | `seat`, `looks`, `status`, `heard` | where everybody is; what each said last; what that makes; what travels |
//! | `stall` | the example shop among them, which is no node |
//! | `deed`, `divide` | what can be done to it: each is a button and a command |
//! | `door`, `note`, `ctl` | how commands reach it |
//! | `page` | the live map |

mod ctl;
mod deed;
mod divide;
mod door;
mod heard;
mod lan;
mod looks;
mod note;
mod page;
mod seat;
mod stall;
mod status;
#[cfg(test)]
mod tests;
mod town;

pub use ctl::Ctl;

use self::door::Door;
use self::town::Town;
use crate::Failure;
use crate::cluster::{Cluster, Member, Part};
use crate::provider::people::{PASSWORD, VERIFIED};
use crate::shop::{self, Shop};
use crate::simulated::Simulated;
use crate::story;
use countersign_node::signal;
use countersign_node::verb::network::Attestors;
use countersign_node::{Output, Problem};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Start a network and keep it running until Ctrl-C, with a page that shows it
#[derive(Debug, clap::Args)]
pub struct Up {
    /// Print one line of JSON once all are ready, for programs
    #[arg(long)]
    json: bool,
    /// Keep everything in this folder instead of a temporary one
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// How many nodes in all: those of the story, and as many more
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = STORY, value_parser = clap::value_parser!(u16).range(i64::from(STORY)..=i64::from(MOST)))]
    nodes: u16,
    /// Let other computers of the local network take part, and print an invitation for them
    #[arg(long)]
    lan: bool,
}

impl Up {
    /// Runs until Ctrl-C, or until the system asks this process to end.
    pub async fn run(self) -> ExitCode {
        match self.keep_up().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failed(failure),
        }
    }

    async fn keep_up(&self) -> Result<(), Failure> {
        // Dropping the temporary one removes it.
        let (folder, _temporary) = match &self.folder {
            // Programs that run elsewhere are told of it.
            Some(folder) => (
                std::path::absolute(folder)
                    .map_err(|cause| Failure::File { path: folder.clone(), cause })?,
                None,
            ),
            None => {
                let made = tempfile::Builder::new().prefix("countersign-up-").tempdir();
                let made =
                    made.map_err(|cause| Failure::File { path: std::env::temp_dir(), cause })?;
                (made.path().to_owned(), Some(made))
            }
        };
        // What was left there has other ports and another provider: it cannot be taken up again.
        if folder.join(PROVIDER).exists() {
            return Err(Failure::Occupied { folder });
        }
        let began = Instant::now();
        let lan = if self.lan { Some(lan::address()?) } else { None };
        if !self.json {
            say("Starting a network on this computer ...");
        }
        let started = self.start(&folder, lan);
        let cluster = tokio::select! {
            cluster = started => cluster?,
            // Whoever was started meanwhile ends with this process.
            () = signal::interrupted() => return Ok(()),
        };
        if !self.json {
            say(&format!("All of it runs, after {:.1} s.", began.elapsed().as_secs_f64()));
        }
        keep(cluster, &folder, self.json).await
    }

    async fn start(
        &self,
        folder: &Path,
        lan: Option<std::net::IpAddr>,
    ) -> Result<Cluster, Failure> {
        let mut cluster = story::begin(folder, lan).await?;
        let others: Vec<String> =
            (STORY..self.nodes).map(|number| format!("node-{:02}", number + 1)).collect();
        cluster.add(others.iter().map(|name| (name.as_str(), Part::Other))).await?;
        let (north, east) = (cluster.member("north")?, cluster.member("east")?);
        let accrediting = story::Accrediting::of(north, east).done();
        let ((), accredited) = tokio::join!(open_shop(&mut cluster), accrediting);
        if let Err(failure) = accredited {
            say(&format!("note: no attestor stands behind another one: {failure}"));
        }
        known_everywhere(&cluster).await?;
        Ok(cluster)
    }
}

/// Opens the example shop over Berlin's node. A network without one is a network all the same.
pub(crate) async fn open_shop(cluster: &mut Cluster) {
    if let Err(failure) = cluster.open_shop("berlin").await {
        say(&format!("note: there is no example shop: {failure}"));
    }
}

/// Waits until every node knows what each attestor says of itself: before that, nobody can ask one for
/// a claim. Whoever takes very long is named, and hears of it later.
pub(crate) async fn known_everywhere(cluster: &Cluster) -> Result<(), Failure> {
    let attestors = cluster.members().filter(|member| member.part == Part::Attestor).count();
    let members = cluster.members().filter(|member| member.part != Part::Attestor);
    let knows = members.map(|member| knows(member, attestors));
    let late = futures::future::try_join_all(knows).await?;
    let late: Vec<&str> = late.into_iter().flatten().collect();
    if !late.is_empty() {
        let names = late.join(", ");
        say(&format!("note: {names} did not hear of all attestors yet, and will within minutes"));
    }
    Ok(())
}

/// Waits until one node knows all attestors; gives its name if that takes too long.
async fn knows(member: &Member, attestors: usize) -> Result<Option<&str>, Failure> {
    let began = Instant::now();
    let all = Attestors { claim: None, name: None };
    while member.owner.ask(&all).await?.attestors.len() < attestors {
        if began.elapsed() > PATIENCE {
            return Ok(Some(&member.name));
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(None)
}

/// Says who is where, opens the door of the page and of `ctl`, and keeps a network running until
/// somebody wants it to end.
///
/// # Errors
///
/// Returns [`Failure`] if the door cannot be opened, or a member is missing or does not stop.
pub(crate) async fn keep(cluster: Cluster, folder: &Path, json: bool) -> Result<(), Failure> {
    let described = described(&cluster);
    let table = if json { String::new() } else { table(&cluster)? };
    // A home on this computer offers to join by it.
    let _left = countersign_node::home::local::leave(cluster.invite()).ok();
    let open = open(cluster, folder).await?;
    let page = open.map();
    let line = if json {
        let mut described = described;
        described["folder"] = json!(folder);
        described["page"] = json!(page);
        described["door"] = json!(open.door.address);
        described.to_string()
    } else {
        format!(
            "{table}\n\nThe page of it, to open in a browser:\n  {page}\n\nCtrl-C stops all of it."
        )
    };
    // Whoever asked may be gone; the network runs all the same.
    let mut out = std::io::stdout().lock();
    let _written = writeln!(out, "{line}").and_then(|()| out.flush()).is_ok();
    drop(out);
    signal::interrupted().await;
    if !json {
        say("stopping ...");
    }
    open.stop().await
}

/// A running network with its door open.
pub(crate) struct Open {
    town: Arc<Town>,
    door: Door,
}

/// Opens the door of the page and of `ctl`, and begins to follow what goes on.
///
/// # Errors
///
/// Returns [`Failure`] if the door cannot be opened.
pub(crate) async fn open(cluster: Cluster, folder: &Path) -> Result<Open, Failure> {
    let town = Town::new(cluster, folder);
    let door = Door::open(&town).await?;
    town.follow();
    Ok(Open { town, door })
}

impl Open {
    /// Gives an address that lets one browser to the map.
    pub(crate) fn map(&self) -> String {
        self.door.entrance.open().url
    }

    /// Gives an address that lets one browser into a member's own pages.
    ///
    /// # Errors
    ///
    /// Returns a problem if nobody has that name, or it does not run.
    pub(crate) async fn entrance_of(&self, name: &str) -> Result<String, Problem> {
        page::entrance_of(&self.town, name).await
    }

    /// Gives where a member's public page is, if it has one.
    pub(crate) fn public_of(&self, name: &str) -> Option<SocketAddr> {
        self.town.seat(name).ok()?.tls
    }

    /// Stops everybody in order.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if somebody does not stop.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let stopped = self.town.stop().await;
        self.door.closed().await;
        stopped
    }
}

/// Says what went wrong, and gives the exit status for it.
pub(crate) fn failed(failure: Failure) -> ExitCode {
    let _status = Output::new(false).fail(&failure.into());
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
    let shop = |shop: &Shop| {
        json!({
            "role": shop::NAME,
            "name": shop::NAME,
            "data": shop.data(),
            "vendor": shop.vendor(),
            "url": shop.url(),
        })
    };
    let provider = |provider: &Simulated| {
        let ready = provider.ready();
        json!({
            "role": "provider",
            "name": "provider",
            "data": provider.data(),
            "public": ready.address,
            "url": ready.issuer,
        })
    };
    let members = cluster.members().map(member);
    let members = members.chain(cluster.provider().map(provider)).chain(cluster.shop().map(shop));
    json!({
        "network": cluster.network().as_str(),
        "invite": cluster.invite(),
        "provider": cluster.provider().map(|provider| &provider.ready().issuer),
        "members": members.collect::<Vec<_>>(),
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
    if let Some(shop) = cluster.shop() {
        let (name, url, vendor) = (shop::NAME, shop.url(), shop.vendor());
        lines.push(format!("{name:<10} {name:<10} {url:<24} of {vendor}"));
    }
    let program = std::env::current_exe()
        .map_err(|cause| Failure::Start { name: "this program".to_owned(), cause })?;
    let program = program.display();
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let as_anna = format!("{program} countersign --data {}", anna.data.display());
    let as_berlin = format!("{program} countersign --data {}", berlin.data.display());
    lines.extend([
        String::new(),
        "Be Anna, the customer. The shop wants two attestors; each request prints a page to open,"
            .to_owned(),
        format!("whatever your browser says of its certificate: sign in as {VERIFIED},"),
        format!("password {PASSWORD}."),
        format!("  {as_anna} id show"),
        format!("  {as_anna} claim request --from north"),
        format!("  {as_anna} claim request --from south"),
        format!("  {as_anna} claim list"),
        "Show them to Berlin, the shop, and be Berlin:".to_owned(),
        format!(
            "  {as_anna} present --to \"$({as_berlin} challenge --policy {})\" > shown.json",
            story::POLICY
        ),
        format!("  {as_berlin} check shown.json --policy {} --explain", story::POLICY),
    ]);
    if let Some(shop) = cluster.shop() {
        lines.push(format!("Buy at the example shop, as Anna: open {} in a browser", shop.url()));
    }
    lines.extend([
        "Do something to the network:".to_owned(),
        format!("  {program} ctl status"),
        format!("  {program} ctl cut"),
    ]);
    lines.extend(joining(&program.to_string(), cluster.is_in_lan(), cluster.invite()));
    Ok(lines.join("\n"))
}

/// Says how somebody joins with a node of their own.
fn joining(program: &str, in_lan: bool, invite: &str) -> Vec<String> {
    // On another computer nobody knows where this program would lie.
    let (heading, countersign) = if in_lan {
        ("On another computer of the local network, join and run:", "countersign".to_owned())
    } else {
        (
            "Join with a node of your own, as a home or a shop would:",
            format!("{program} countersign"),
        )
    };
    vec![
        heading.to_owned(),
        format!("  {countersign} init --join {invite}"),
        format!("  {countersign} run"),
    ]
}

/// Says something beside the answer.
pub(crate) fn say(line: &str) {
    let _written = writeln!(std::io::stderr().lock(), "{line}").is_ok();
}

/// The folder of the SIMULATED provider, which is started before anybody else.
const PROVIDER: &str = "provider";
/// The nodes of the story.
const STORY: u16 = 12;
/// More nodes than two processors and a few gigabytes carry well.
const MOST: u16 = 60;
/// Longer than it takes for word of an attestor to reach everybody, on a computer that is busy too.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at whether it has.
const BETWEEN: Duration = Duration::from_millis(100);
