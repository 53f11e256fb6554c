//! The attacker's tricks: each is tried for real, and each has to be refused.

use super::scenes;
use super::teller::Teller;
use crate::Failure;
use crate::cluster::Cluster;
use countersign_node::verb::presenting::Answer;
use serde_json::{Value, json};

/// What an attacker tried, and what came of it.
pub(super) struct Trick {
    what: &'static str,
    refused: bool,
    found: String,
}

/// 10: everything an attacker tries is refused.
pub(super) fn tell(tricks: &[Trick], teller: &mut Teller) -> Result<(), Failure> {
    let explain = teller.explains_next();
    let refused = tricks.iter().filter(|trick| trick.refused).count();
    let all = tricks.len();
    if explain {
        for Trick { what, refused, found } in tricks {
            let mark = if *refused { "refused" } else { "WENT THROUGH" };
            teller.note(&format!("{mark:<12} {what}: {found}"));
        }
    }
    teller.count(refused.saturating_sub(1));
    let broken: Vec<&str> =
        tricks.iter().filter(|trick| !trick.refused).map(|trick| trick.what).collect();
    teller.sentence(
        &format!("An attacker: {all} tricks, {refused} refusals"),
        broken.is_empty(),
        broken.first().copied().unwrap_or("(demo --explain 10)"),
    )
}

/// Tries every trick.
pub(super) async fn try_all(cluster: &Cluster) -> Result<Vec<Trick>, Failure> {
    Ok(vec![
        changed_claim(cluster).await?,
        changed_presentation(cluster).await?,
        without_her_key(cluster).await?,
        replayed(cluster).await?,
        about_another(cluster).await?,
    ])
}

/// A claim about her with one word changed, inside what she signed.
async fn changed_claim(cluster: &Cluster) -> Result<Trick, Failure> {
    let (lisbon, anna) = (cluster.member("lisbon")?, cluster.member("anna")?);
    let mut shown = scenes::present(lisbon, anna).await?;
    if let Some(claim) = shown.pointer_mut("/verifiableCredential/0/credentialSubject") {
        claim["provider"] = json!("bank.example");
    }
    decided("her claim changed on its way", lisbon, shown).await
}

/// Her presentation for another domain than the one she signed.
async fn changed_presentation(cluster: &Cluster) -> Result<Trick, Failure> {
    let (berlin, anna) = (cluster.member("berlin")?, cluster.member("anna")?);
    let mut shown = scenes::present(berlin, anna).await?;
    if let Some(proof) = shown.pointer_mut("/proof") {
        proof["created"] = json!("2026-01-01T00:00:00Z");
    }
    decided("a changed presentation", berlin, shown).await
}

/// Her identity and claims, shown with somebody else's key.
async fn without_her_key(cluster: &Cluster) -> Result<Trick, Failure> {
    let (berlin, anna) = (cluster.member("berlin")?, cluster.member("anna")?);
    let ben = cluster.member("ben")?;
    let hers = scenes::present(berlin, anna).await?;
    let mut his = scenes::present(berlin, ben).await?;
    his["holder"] = hers["holder"].clone();
    his["verifiableCredential"] = hers["verifiableCredential"].clone();
    decided("her identity without her key", berlin, his).await
}

/// What she showed Berlin, shown to Lisbon.
async fn replayed(cluster: &Cluster) -> Result<Trick, Failure> {
    let (berlin, anna) = (cluster.member("berlin")?, cluster.member("anna")?);
    let shown = scenes::present(berlin, anna).await?;
    decided("her presentation replayed to Lisbon", cluster.member("lisbon")?, shown).await
}

/// Her claims in his presentation.
async fn about_another(cluster: &Cluster) -> Result<Trick, Failure> {
    let (berlin, anna) = (cluster.member("berlin")?, cluster.member("anna")?);
    let ben = cluster.member("ben")?;
    let hers = scenes::present(berlin, anna).await?;
    let mut his = scenes::present(berlin, ben).await?;
    his["verifiableCredential"] = hers["verifiableCredential"].clone();
    decided("a claim about another person", berlin, his).await
}

async fn decided(
    what: &'static str,
    vendor: &crate::cluster::Member,
    shown: Value,
) -> Result<Trick, Failure> {
    Ok(match scenes::check(vendor, shown).await {
        Ok(decided) => Trick {
            what,
            refused: decided.answer == Answer::Refused,
            found: decided.explained.lines().next().unwrap_or_default().to_owned(),
        },
        Err(Failure::Problem { problem, .. }) => {
            Trick { what, refused: problem.slug() == "invalid", found: problem.title().to_owned() }
        }
        Err(failure) => return Err(failure),
    })
}
