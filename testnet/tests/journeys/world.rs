//! A network for one test: begun, played with, stopped; kept where something failed.

use countersign_node::verb::network;
use countersign_node::verb::presenting::{Answer, Decided};
use countersign_protocol::encoding::json;
use countersign_protocol::wire::network::NetworkId;
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Member};
use countersign_testnet::manners::Manners;
use countersign_testnet::process::{self, Program};
use countersign_testnet::provider::people::Customer;
use countersign_testnet::story::scenes;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Plays `story` in a network whose first node is `first` and whose witness is `wanda`.
///
/// # Panics
///
/// Panics with what did not hold, and where everything lies.
pub(crate) async fn play(name: &str, story: impl AsyncFnOnce(&mut Cluster) -> Result<(), Failure>) {
    play_then(name, Manners::default(), story, |(), _| Ok(())).await;
}

/// Plays `story` as [`play`] does, among members with these manners; when all have stopped, what came of
/// it is looked at once more together with the folder everything lies in.
///
/// # Panics
///
/// Panics with what did not hold, and where everything lies.
pub(crate) async fn play_then<T>(
    name: &str,
    manners: Manners,
    story: impl AsyncFnOnce(&mut Cluster) -> Result<T, Failure>,
    then: impl FnOnce(T, &Path) -> Result<(), Failure>,
) {
    let begin = async |folder: &Path| {
        let network = name.parse().map_err(|_| unlike("the name of a network", name))?;
        begun(folder, &network, manners).await
    };
    play_begun(name, begin, story, then).await;
}

/// Plays `story` as [`play_then`] does, in the network that `begin` begins in a folder.
///
/// # Panics
///
/// Panics with what did not hold, and where everything lies.
pub(crate) async fn play_begun<T>(
    name: &str,
    begin: impl AsyncFnOnce(&Path) -> Result<Cluster, Failure>,
    story: impl AsyncFnOnce(&mut Cluster) -> Result<T, Failure>,
    then: impl FnOnce(T, &Path) -> Result<(), Failure>,
) {
    let _turn = TURNS.acquire().await;
    process::programs_at(Path::new(env!("CARGO_BIN_EXE_countersign-testnet")));
    let folder = std::env::temp_dir()
        .join(format!("countersign-journey-{name}-{:x}", rand::random::<u64>()));
    let played = async {
        let mut cluster = begin(&folder).await?;
        let came = story(&mut cluster).await?;
        cluster.stop().await?;
        then(came, &folder)?;
        std::fs::remove_dir_all(&folder)
            .map_err(|cause| Failure::File { path: folder.clone(), cause })
    };
    // Where something failed, everything stays to be looked at.
    let failed = played.await.err();
    let why = failed.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(failed.is_none(), "{why}\n{failed:?}\neverything lies in {}", folder.display());
}

async fn begun(folder: &Path, network: &NetworkId, manners: Manners) -> Result<Cluster, Failure> {
    Cluster::begin_as(folder, network, &["first"], &["wanda"], manners).await
}

/// Has a vendor ask for the word of one of `attestors`, shown by the customer herself.
pub(crate) fn ask_for_one_of(vendor: &Member, attestors: &[&Member]) -> Result<(), Failure> {
    let mut text = String::from("[attestors]\n");
    for attestor in attestors {
        text.push_str(&format!("{} = \"{}\"\n", attestor.name, attestor.did()));
    }
    let names: Vec<String> =
        attestors.iter().map(|attestor| format!("\"{}\"", attestor.name)).collect();
    text.push_str(&format!(
        "[policy.{}]\n\
         claim = \"PaymentAccountVerified\"\n\
         require = [{{ path = \"/verified\", equals = true }}]\n\
         from = [{}]\n\
         at_least = 1\n\
         control = \"optional\"\n\
         evidence_max_age = \"90d\"\n\
         status_max_age = \"24h\"\n\
         freshness_max_age = \"24h\"\n\
         on_fork = \"refuse\"\n",
        scenes::POLICY,
        names.join(", ")
    ));
    let path = vendor.data.join("policies").join("shop.toml");
    countersign_node::private::write(&path, text.as_bytes())
        .map_err(|cause| Failure::File { path, cause })
}

/// Makes a verified account of that name at the SIMULATED provider.
pub(crate) async fn account(cluster: &Cluster, name: &str) -> Result<String, Failure> {
    let email = format!("{name}@simulated.example");
    let provider =
        cluster.provider().ok_or_else(|| Failure::Nobody { name: "provider".to_owned() })?;
    provider.admit(&Customer::new(&email, name, true)).await?;
    Ok(email)
}

/// Waits until a customer is kept by others and has heard of an attestor.
pub(crate) async fn acquainted(customer: &Member, attestor: &Member) -> Result<(), Failure> {
    scenes::settled(customer, PATIENCE).await?;
    heard_of(customer, attestor).await
}

/// Waits until somebody has heard of an attestor.
pub(crate) async fn heard_of(customer: &Member, attestor: &Member) -> Result<(), Failure> {
    let began = Instant::now();
    let question = network::Attestors { claim: None, name: None };
    loop {
        let listed = customer.owner.ask(&question).await?.attestors;
        if listed.iter().any(|one| one.did == attestor.did()) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let what = format!("{} hearing of {}", customer.name, attestor.name);
            return Err(Failure::Late { what, seconds: PATIENCE.as_secs() });
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// Has a customer sign in; the claim's name on her node.
pub(crate) async fn claim(
    customer: &Member,
    attestor: &Member,
    account: &str,
) -> Result<String, Failure> {
    match scenes::sign_in(customer, attestor, account).await? {
        Ok(summary) => Ok(summary.name),
        Err(why) => Err(unlike(&attestor.name, &why)),
    }
}

/// One claim as its attestor's books have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) list: u64,
    pub(crate) index: u64,
    pub(crate) revoked: bool,
}

/// Reads the books of an attestor: every claim it ever signed.
pub(crate) async fn books(attestor: &Member) -> Result<Vec<Seat>, Failure> {
    let list = ["--json", "issued", "list", "--all"];
    let said = process::run(Program::Attestor, &attestor.data, &list, &[0, 1]).await?;
    let rows = read(&said)?;
    let rows = rows.get("claims").and_then(Value::as_array).cloned().unwrap_or_default();
    rows.iter().map(|row| seat(row).ok_or_else(|| unlike("issued list", &said))).collect()
}

fn seat(row: &Value) -> Option<Seat> {
    let text = |name: &str| row.get(name)?.as_str().map(str::to_owned);
    Some(Seat {
        id: text("id")?,
        subject: text("subject")?,
        list: row.get("list")?.as_u64()?,
        index: row.get("index")?.as_u64()?,
        revoked: row.get("standing")?.is_object(),
    })
}

/// Has an attestor take one claim back, with those that rest on the same; gives their names.
pub(crate) async fn revoke(attestor: &Member, id: &str) -> Result<Vec<String>, Failure> {
    let revoke = ["--json", "revoke", id, "--reason", "account-closed"];
    let said = process::run(Program::Attestor, &attestor.data, &revoke, &[0]).await?;
    let ids = read(&said)?.get("revoked").and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(ids.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Has a customer show one claim until the vendor answers `wanted`, and gives the decision.
pub(crate) async fn show_until(
    vendor: &Member,
    customer: &Member,
    claim: &str,
    wanted: Answer,
) -> Result<Decided, Failure> {
    let began = Instant::now();
    loop {
        let shown = async {
            let shown = scenes::present_only(vendor, customer, &[claim.to_owned()]).await?;
            scenes::check(vendor, shown).await
        };
        let decided = scenes::if_known(shown.await)?;
        let found = match decided {
            Some(decided) if decided.answer == wanted => return Ok(decided),
            Some(decided) => decided.explained,
            None => "nobody could be asked".to_owned(),
        };
        if began.elapsed() > PATIENCE {
            let what = format!("{wanted:?} from {}: {found}", vendor.name);
            return Err(Failure::Late { what, seconds: PATIENCE.as_secs() });
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// Waits until something is so that nobody announces.
pub(crate) async fn until(what: &str, so: impl Fn() -> bool) -> Result<(), Failure> {
    let began = Instant::now();
    while !so() {
        if began.elapsed() > PATIENCE {
            return Err(Failure::Late { what: what.to_owned(), seconds: PATIENCE.as_secs() });
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}

/// Reads one line of JSON that a program answered.
pub(crate) fn read(said: &str) -> Result<Value, Failure> {
    let line = said.trim().as_bytes();
    json::parse(line, line.len()).map_err(|_| unlike("the answer of a command", said))
}

/// Says that something is not as it should be.
pub(crate) fn unlike(what: &str, found: &str) -> Failure {
    Failure::Page { url: what.to_owned(), found: found.to_owned() }
}

/// Fails with `what` unless it holds.
pub(crate) fn holds(what: &str, holds: bool, found: impl core::fmt::Debug) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(unlike(what, &format!("{found:?}"))) }
}

/// One is held by whoever runs a network. Two networks at a time are what two cores carry: while one waits
/// for its peers, the other computes.
pub(crate) static TURNS: Semaphore = Semaphore::const_new(2);

/// Longer than anything takes, on a busy machine too: what gossip did not bring, a node asks for once a
/// minute.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

/// Between two looks at whether something happened that nobody announces.
pub(crate) const BETWEEN: Duration = Duration::from_millis(50);
