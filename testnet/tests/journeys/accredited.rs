//! A vendor that trusts one attestor believes those it stands behind, over as many steps as it allowed, and
//! no longer than it does.

use crate::world::{
    PATIENCE, account, acquainted, claim, heard_of, holds, play, read, show_until, unlike,
};
use countersign_node::verb::claims::{Add, Renew};
use countersign_node::verb::network::Attestors;
use countersign_node::verb::presenting::{Answer, Decided};
use countersign_protocol::did::Did;
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Member, Part};
use countersign_testnet::process::{self, Program};
use countersign_testnet::story::scenes;
use serde_json::Value;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn an_attestor_is_believed_as_long_and_as_far_as_one_that_is_trusted_stands_behind_it() {
    play("accredited", async |cluster| {
        let attestors = ["north", "east", "west"];
        let others = [("berlin", Part::Vendor), ("anna", Part::Customer)];
        let who = attestors.map(|name| (name, Part::Attestor));
        cluster.add(who.into_iter().chain(others)).await?;
        let (north, east, west) =
            (cluster.member("north")?, cluster.member("east")?, cluster.member("west")?);
        let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
        trust(berlin, north)?;
        for attestor in [east, west] {
            acquainted(anna, attestor).await?;
        }
        for (who, whom) in [(north, east), (east, north), (east, west)] {
            heard_of(who, whom).await?;
        }
        let account = account(cluster, "anna").await?;
        let by_east = claim(anna, east, &account).await?;
        let by_west = claim(anna, west, &account).await?;

        let nobody = |whom: &Member| format!("nobody the policy names accredits {}", print(whom));
        let decided = show_until(berlin, anna, &by_east, Answer::Unknown).await?;
        says(&decided, &nobody(east))?;

        refused(north, &["east", "--claims", "Student"], "east does not sign `Student`").await?;
        refused(north, &["north", "--claims", CLAIM], "does not accredit itself").await?;
        refused(north, &["nobody", "--claims", CLAIM], "is nobody known here").await?;
        let signed = accredit(north, &["east", "--claims", CLAIM]).await?;
        not_hers(anna, &signed).await?;
        added(cluster, east, &signed).await?;
        show_until(berlin, anna, &by_east, Answer::Accepted).await?;
        vouched(berlin, east, north).await?;

        // East stands behind West, which North did not allow it yet.
        let signed_by_east = accredit(east, &["west", "--claims", CLAIM]).await?;
        added(cluster, west, &signed_by_east).await?;
        let decided = show_until(berlin, anna, &by_west, Answer::Refused).await?;
        says(&decided, &nobody(west))?;
        let again = accredit(north, &["east", "--claims", CLAIM, "--may-accredit", "1"]).await?;
        holds("what it renews", again.get("renews") == signed.get("id"), &again)?;
        // East asks North for what it stands by now: no file goes from one to the other.
        let renewed = east.owner.ask(&Renew { claims: Vec::new() }).await?.renewed;
        let [new] = renewed.as_slice() else {
            return Err(unlike("renewed", &format!("{renewed:?}")));
        };
        holds("it is shown in place of the old one", new.published, new)?;
        show_until(berlin, anna, &by_west, Answer::Accepted).await?;

        let id = again.get("id").and_then(Value::as_str).unwrap_or_default();
        let revoke = ["--json", "revoke", id, "--reason", "no-longer-true"];
        process::run(Program::Attestor, &north.data, &revoke, &[0]).await?;
        let decided = show_until(berlin, anna, &by_east, Answer::Refused).await?;
        let east = print(east);
        let why = format!("the accreditation of {east} does not count: north withdrew it");
        says(&decided, &why)?;
        let decided = show_until(berlin, anna, &by_west, Answer::Refused).await?;
        says(&decided, &nobody(west))
    })
    .await;
}

/// Has a vendor believe one attestor, and whom that one stands behind.
fn trust(vendor: &Member, attestor: &Member) -> Result<(), Failure> {
    let text = format!(
        "[attestors]\n\
         {name} = \"{did}\"\n\
         [policy.{policy}]\n\
         claim = \"{CLAIM}\"\n\
         accredited_by = [\"{name}\"]\n",
        name = attestor.name,
        did = attestor.did(),
        policy = scenes::POLICY,
    );
    let path = vendor.data.join("policies").join("shop.toml");
    countersign_node::private::write(&path, text.as_bytes())
        .map_err(|cause| Failure::File { path, cause })
}

/// Types `countersign-attestor accredit`, and gives what it answers.
async fn accredit(attestor: &Member, arguments: &[&str]) -> Result<Value, Failure> {
    let arguments = [&["--json", "accredit"], arguments].concat();
    read(&process::run(Program::Attestor, &attestor.data, &arguments, &[0]).await?)
}

/// Types it, and reads why it is not done.
async fn refused(attestor: &Member, arguments: &[&str], why: &str) -> Result<(), Failure> {
    match accredit(attestor, arguments).await {
        Err(Failure::Refused { said, .. }) => {
            let told = said.contains(why) && said.contains("hint");
            holds("why it is not signed, and what to do", told, &said)
        }
        other => Err(unlike(why, &format!("{other:?}"))),
    }
}

/// Somebody else does not get it into her node.
async fn not_hers(customer: &Member, signed: &Value) -> Result<(), Failure> {
    let claim = signed.get("credential").cloned().unwrap_or_default();
    let problem = customer.owner.try_ask(&Add { claim, publish: true }).await?.err();
    let told = problem.as_ref().is_some_and(|problem| problem.title().contains("not about you"));
    holds("whose claim it is not", told, &problem)
}

/// Types `countersign claim add` on the computer of who was accredited.
async fn added(cluster: &Cluster, attestor: &Member, signed: &Value) -> Result<(), Failure> {
    let claim = signed.get("credential").cloned().unwrap_or_default();
    let path = attestor.data.join("accreditation.json");
    std::fs::write(&path, claim.to_string())
        .map_err(|cause| Failure::File { path: path.clone(), cause })?;
    let file = path.to_string_lossy();
    let add = ["--json", "claim", "add", &file, "--publish"];
    let said = read(&process::run(Program::Node, &attestor.data, &add, &[0]).await?)?;
    let kept = said.get("shown").and_then(|shown| shown.get("keepers")?.as_u64());
    holds("it is shown", kept.is_some(), (cluster.network(), &said))
}

/// Waits until the list of attestors says who stands behind one.
async fn vouched(vendor: &Member, whom: &Member, by: &Member) -> Result<(), Failure> {
    let question = Attestors { claim: None, name: None };
    let began = Instant::now();
    loop {
        let listed = vendor.owner.ask(&question).await?.attestors;
        let of = listed.iter().filter(|one| one.did == whom.did()).flat_map(|one| &one.accredited);
        if of.into_iter().any(|one| one.did == by.did() && one.claims.contains(CLAIM)) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err(unlike("who stands behind it", &format!("{listed:?}")));
        }
        tokio::time::sleep(crate::world::BETWEEN).await;
    }
}

fn says(decided: &Decided, why: &str) -> Result<(), Failure> {
    holds(why, decided.explained.contains(why), &decided.explained)
}

/// Gives the eight characters by which a vendor names somebody it gave no name.
fn print(member: &Member) -> String {
    member.did().parse::<Did>().map(|did| did.scid().fingerprint()).unwrap_or_default()
}

const CLAIM: &str = "PaymentAccountVerified";
