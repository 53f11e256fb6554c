//! A liar who kept what was true before a claim was taken back, and tells it to a shop that just joined.

use super::decided::{check, summary};
use super::scenes::{self, PATIENCE};
use crate::Failure;
use crate::cluster::{Cluster, Member, Part};
use crate::process::{self, Program};
use crate::thief::liar::Said;
use countersign_node::verb::claims;
use countersign_node::verb::presenting::{Answer, Check, Decided, PolicyRef};
use countersign_protocol::did::Did;
use serde_json::Value;
use std::time::Instant;

/// Keeps what is said of the list that North's claim about Anna stands on, as long as it stands. That it stands
/// North says soon after its start, and only then there is a word to tell again.
pub(super) async fn keep(cluster: &Cluster) -> Result<Said, Failure> {
    let (north, anna) = (cluster.member("north")?, cluster.member("anna")?);
    let list = ["--json", "issued", "list", "--all"];
    let said = process::run(Program::Attestor, &north.data, &list, &[0]).await?;
    let unlike = || Failure::Page { url: "issued list".to_owned(), found: said.clone() };
    let read: Value = serde_json::from_str(&said).map_err(|_| unlike())?;
    let rows = read.get("claims").and_then(Value::as_array).into_iter().flatten();
    let mut hers =
        rows.filter(|row| row.get("subject").and_then(Value::as_str) == Some(anna.did()));
    let number = hers.next().and_then(|row| row.get("list")?.as_u64()).ok_or_else(unlike)?;
    let did: Did = north.did().parse().map_err(|_| unlike())?;
    let mut liar = scenes::meet(cluster, north).await?;
    let began = Instant::now();
    loop {
        let said = liar.listen(did.scid(), number).await?;
        if said.has_words() || began.elapsed() > PATIENCE {
            return Ok(said);
        }
        scenes::pause().await;
    }
}

/// Tells it to a shop that joins only now and takes North's word alone; gives what the shop says of her claim
/// of North when it says anything, and whether it ever accepted it.
pub(super) async fn told_again(
    cluster: &mut Cluster,
    said: &Said,
) -> Result<(bool, String), Failure> {
    cluster.add(std::iter::once((NEW, Part::Vendor))).await?;
    let shop = cluster.member(NEW)?;
    scenes::write_policies(cluster, shop)?;
    let mut liar = scenes::meet(cluster, shop).await?;
    let told = liar.insist(said).await?;
    let decided = tokio::select! {
        decided = decision(cluster, shop) => decided?,
        never = liar.go_on() => match never {},
    };
    cluster.kill(NEW).await?;
    let why = check(&decided, "from North").1;
    let refused = decided.answer == Answer::Refused && why.starts_with(WITHDRAWN) && told > 0;
    Ok((refused, if refused { why.to_owned() } else { summary(&decided) }))
}

/// Shows a shop Anna's claim of North until its answer is not *unknown*.
async fn decision(cluster: &Cluster, shop: &Member) -> Result<Decided, Failure> {
    let (anna, north) = (cluster.member("anna")?, cluster.member("north")?);
    let held = anna.owner.ask(&claims::List {}).await?.claims.into_iter();
    let of_north: Vec<String> =
        held.filter(|claim| claim.attestor == north.did()).map(|claim| claim.name).collect();
    let policy = scenes::policy_text(shop)?;
    let policy = policy.replace(
        "from = [\"North\", \"South\", \"East\"]\nat_least = 2",
        "from = [\"North\"]\nat_least = 1",
    );
    let began = Instant::now();
    loop {
        let question = Check {
            policy: PolicyRef::File { text: policy.clone(), name: Some(scenes::POLICY.to_owned()) },
            presentation: Some(scenes::present_only(shop, anna, &of_north).await?),
            identity: None,
            offline: false,
            staple: None,
        };
        let decided = shop.owner.ask(&question).await?;
        if decided.answer != Answer::Unknown || began.elapsed() > PATIENCE {
            return Ok(decided);
        }
        scenes::pause().await;
    }
}

/// The shop that joins.
const NEW: &str = "riga";

/// What a shop says of a claim that North took back.
const WITHDRAWN: &str = "North withdrew it";
