//! What can be done to a running network. Every button of the page and every `ctl` command is one of these.

use super::town::{Town, nobody};
use super::{divide, stall};
use crate::Failure;
use crate::cluster::{Cluster, Member, Part};
use crate::process::{self, Program};
use crate::provider::people::{Customer, VERIFIED};
use crate::story::scenes;
use crate::thief::flood;
use countersign_node::Problem;
use countersign_node::output::Text;
use countersign_node::problem::Kind;
use countersign_node::verb::{backup, identity, overview};
use countersign_protocol::status::why::Why;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;
use std::time::{Duration, Instant};

/// One thing that can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Deed {
    /// Ends a node at once, as a power cut would.
    Kill { name: String },
    /// Starts a node again over the data it has.
    Start { name: String },
    /// Cuts the network in two: no node of one half is connected with one of the other.
    Cut {},
    /// Lets the halves meet again.
    Heal {},
    /// Has a customer sign in at the SIMULATED provider for a claim of an attestor.
    Attest { name: String, from: String },
    /// Has an attestor take back its newest claim, or its newest about one customer.
    Revoke {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<String>,
    },
    /// Has a thief with a copy of somebody's disk sign a sibling of what she signs next.
    Fork { name: String },
    /// Has a peer without rules tell a node of hundreds of identities nobody ever heard of.
    Flood { name: String },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    /// What was done.
    #[serde(flatten)]
    pub(super) deed: Deed,
    /// What came of it, in a sentence or two.
    pub(super) says: String,
    /// How long it took.
    pub(super) milliseconds: u64,
}

impl Text for Done {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.says)
    }
}

impl Town {
    /// Does it, once nobody else does anything, and says what came of it.
    ///
    /// # Errors
    ///
    /// Returns a problem that says why it was not done and what to do.
    pub(super) async fn perform(&self, deed: Deed) -> Result<Done, Problem> {
        let mut turn = self.turn().await?;
        let cluster = turn.as_mut().ok_or_else(|| nobody("anything any more"))?;
        let began = Instant::now();
        let done = self.unless_stopped(self.carry_out(cluster, &deed)).await;
        self.changed(cluster);
        let outcome = done.map(|says| {
            let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            Done { deed, says, milliseconds }
        });
        self.remember(outcome.clone());
        outcome
    }

    async fn carry_out(&self, cluster: &mut Cluster, deed: &Deed) -> Result<String, Problem> {
        match deed {
            Deed::Kill { name } if stall::is_meant(cluster, name) => stall::kill(cluster).await,
            Deed::Start { name } if stall::is_meant(cluster, name) => stall::start(cluster).await,
            Deed::Kill { name } => kill(cluster, name).await,
            Deed::Start { name } => self.start(cluster, name).await,
            Deed::Cut {} => divide::cut(self, cluster).await,
            Deed::Heal {} => divide::heal(self, cluster).await,
            Deed::Attest { name, from } => attest(cluster, name, from).await,
            Deed::Revoke { name, about } => revoke(cluster, name, about.as_deref()).await,
            Deed::Fork { name } => self.fork(cluster, name).await,
            Deed::Flood { name } => flood(cluster, name).await,
        }
    }

    async fn start(&self, cluster: &mut Cluster, name: &str) -> Result<String, Problem> {
        if member(cluster, name)?.is_running() {
            return Err(runs(name));
        }
        cluster.restart(name).await?;
        self.changed(cluster);
        if self.is_cut() {
            divide::part(self).await?;
        }
        Ok(format!("{name} runs again, over the data it had."))
    }

    /// Has a thief who took a backup sign what she signs a moment later, with the same key.
    async fn fork(&self, cluster: &Cluster, name: &str) -> Result<String, Problem> {
        let victim = running(cluster, name)?;
        if victim.ready.identity.is_none() {
            return Err(Problem::new(Kind::Invalid, format!("{name} has no identity to fork"))
                .hint("name a customer, a vendor or an attestor"));
        }
        let trick = self.next_trick();
        let stolen = self.folder().join(format!("{name}.stolen-{trick}"));
        let copy = backup::Backup { to: stolen.clone(), force: true };
        victim.owner.ask(&copy).await?;
        scenes::rotate(victim).await?;
        let stands = scenes::own_once(victim, scenes::PATIENCE, |own| own.stands).await?;
        let own = stands.unwrap_or_else(|late| late);
        let asked = scenes::fork(cluster, &format!("thief-{trick}"), &stolen).await?;
        if asked == 0 {
            return Err(Problem::new(Kind::Unavailable, "the thief found no witness to cosign")
                .hint("start a witness: `countersign-testnet ctl start wanda`"));
        }
        let nodes: Vec<&Member> = cluster.members().filter(|node| node.is_running()).collect();
        let told = nodes.iter().map(|node| scenes::until_forked(node, victim.did(), SPREAD));
        let told = futures::future::join_all(told).await;
        let hold = told.iter().filter(|told| told.is_ok()).count();
        let stands = victim.owner.ask(&identity::Show {}).await?.stands;
        let branch = if stands { "stands" } else { "does not stand" };
        Ok(format!(
            "A thief with a copy of {name}'s disk signed a sibling of version {}. {hold} of {} nodes \
             hold the proof; the version of {name} {branch}.",
            own.version,
            nodes.len()
        ))
    }
}

async fn kill(cluster: &mut Cluster, name: &str) -> Result<String, Problem> {
    let _runs = running(cluster, name)?;
    cluster.kill(name).await?;
    Ok(format!("{name} was killed, as by a power cut. What it promised to keep lies on its disk."))
}

async fn attest(cluster: &Cluster, name: &str, from: &str) -> Result<String, Problem> {
    let (customer, attestor) = (running(cluster, name)?, running(cluster, from)?);
    is_a(customer, Part::Customer, "customer")?;
    is_a(attestor, Part::Attestor, "attestor")?;
    let account = account_of(cluster, name).await?;
    match scenes::sign_in(customer, attestor, &account).await? {
        Ok(_) => Ok(format!(
            "{name} signed in as {account} at the SIMULATED provider, and {from} signed what it saw."
        )),
        Err(no) => {
            Err(Problem::new(Kind::Refused, format!("{from} signed nothing about {name}"))
                .because(no))
        }
    }
}

/// Gives a verified account of the SIMULATED provider that is this customer's alone.
async fn account_of(cluster: &Cluster, name: &str) -> Result<String, Problem> {
    if name == "anna" {
        return Ok(VERIFIED.to_owned());
    }
    let account = format!("{name}@simulated.example");
    if let Some(provider) = cluster.provider() {
        provider.admit(&Customer::new(&account, &format!("{name} (SIMULATED)"), true)).await?;
    }
    Ok(account)
}

async fn revoke(cluster: &Cluster, name: &str, about: Option<&str>) -> Result<String, Problem> {
    let attestor = running(cluster, name)?;
    is_a(attestor, Part::Attestor, "attestor")?;
    let about = about.map(|about| member(cluster, about)).transpose()?;
    let listed =
        process::run(Program::Attestor, &attestor.data, &["--json", "issued", "list"], &[0, 1]);
    let (id, subject) = newest_claim(&listed.await?, about).ok_or_else(|| {
        let whom = about.map_or("anybody", |about| about.name.as_str());
        let customer = about.map_or("anna", |about| about.name.as_str());
        Problem::new(Kind::Refused, format!("no claim of {name} about {whom} stands"))
            .hint(format!("`countersign-testnet ctl attest {customer} --from {name}` makes one"))
    })?;
    let revoke = ["--json", "revoke", &id, "--reason", Why::AccountClosed.word()];
    process::run(Program::Attestor, &attestor.data, &revoke, &[0]).await?;
    let whose = cluster.members().find(|member| member.did() == subject);
    let whose = whose.map_or(subject.as_str(), |member| member.name.as_str());
    Ok(format!(
        "{name} took back what it said about {whose} (\"account closed\"), and tells the network."
    ))
}

/// Finds the newest claim in a list of those that stand, and whom it is about.
fn newest_claim(listed: &str, about: Option<&Member>) -> Option<(String, String)> {
    let listed: Value = serde_json::from_str(listed).ok()?;
    let text = |row: &Value, member: &str| Some(row.get(member)?.as_str()?.to_owned());
    // The list begins with the newest.
    let newest = listed.get("claims")?.as_array()?.iter().find(|row| {
        let subject = text(row, "subject");
        about.is_none_or(|about| subject.as_deref() == Some(about.did()))
    })?;
    Some((text(newest, "id")?, text(newest, "subject")?))
}

async fn flood(cluster: &Cluster, name: &str) -> Result<String, Problem> {
    let node = running(cluster, name)?;
    let parameters = cluster.parameters();
    // Each identity is paid for with its stamp, which takes a moment.
    let made = tokio::task::spawn_blocking(move || {
        let crowd = (0..flood::CROWD).map(|number| flood::bare(&parameters, number));
        crowd.collect::<Result<Vec<_>, Failure>>()
    });
    let stamps = |_| Failure::Late { what: "the stamps of a flood".to_owned(), seconds: 0 };
    let crowd = made.await.map_err(stamps)??;
    let mut liar = scenes::meet(cluster, node).await?;
    let mut some = crowd.chunks(flood::AT_ONCE);
    let answered = flood::until_too_much(&mut liar, &mut some).await?;
    let told = crowd.len() - some.len() * flood::AT_ONCE;
    let asked = Instant::now();
    node.owner.ask(&overview::Overview {}).await?;
    Ok(format!(
        "A peer told {name} of {told} identities nobody had heard of. After {answered} of them {name} \
         said: too much from one peer. Its owner had her answer after {} ms meanwhile.",
        asked.elapsed().as_millis()
    ))
}

fn member<'c>(cluster: &'c Cluster, name: &str) -> Result<&'c Member, Problem> {
    cluster.member(name).map_err(|_| nobody(name))
}

fn running<'c>(cluster: &'c Cluster, name: &str) -> Result<&'c Member, Problem> {
    let member = member(cluster, name)?;
    if member.is_running() { Ok(member) } else { Err(rests(Kind::Conflict, name)) }
}

/// Says that somebody runs already.
pub(super) fn runs(name: &str) -> Problem {
    Problem::new(Kind::Conflict, format!("{name} runs already"))
        .hint(format!("`countersign-testnet ctl kill {name}` ends it"))
}

/// Says that somebody does not run.
pub(super) fn rests(kind: Kind, name: &str) -> Problem {
    Problem::new(kind, format!("{name} does not run"))
        .hint(format!("`countersign-testnet ctl start {name}` starts it"))
}

fn is_a(member: &Member, part: Part, word: &str) -> Result<(), Problem> {
    if member.part == part {
        return Ok(());
    }
    let (name, is) = (&member.name, member.part.word());
    Err(Problem::new(Kind::Invalid, format!("{name} is no {word}, its role is {is}"))
        .hint("`countersign-testnet ctl status` says who is what"))
}

/// How long a proof may take to every node, before those that have it are counted.
const SPREAD: Duration = Duration::from_secs(20);
