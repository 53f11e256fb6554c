//! A shop, the attestors it trusts and a customer: what a check costs where everything runs for real.

use super::super::row;
use super::super::{BenchError, Measured, Options, Report};
use super::load::{Press, Question};
use super::{memory, millis, pages, revocation, stalled};
use crate::Failure;
use crate::cluster::{Cluster, Part};
use crate::provider::people::VERIFIED;
use crate::story::{self, scenes};
use crate::up;
use countersign_node::verb::claims;
use countersign_node::verb::presenting::Answer;

/// The rows that are measured here.
pub(super) const ROWS: [&str; 7] = [
    row::SERVED_P99,
    row::CHECK_HTTP,
    row::REVOCATION,
    row::IDLE,
    row::STALLED,
    row::PAGE_TIME,
    row::PAGE_WEIGHT,
];

/// Starts the shop's network and measures what is wanted of it.
pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<(), BenchError> {
    let folder = tempfile::Builder::new().prefix("countersign-bench-").tempdir()?;
    let mut cluster = begin(folder.path()).await?;
    let measured = measure_in(&mut cluster, options, report).await;
    if options.wants(row::PAGE_TIME) || options.wants(row::PAGE_WEIGHT) {
        // Last: the map takes the network over, and stops it.
        let [time, weight] = pages::all(cluster, folder.path()).await?;
        report.put(row::PAGE_TIME, time);
        report.put(row::PAGE_WEIGHT, weight);
    } else {
        cluster.stop().await?;
    }
    measured
}

async fn measure_in(
    cluster: &mut Cluster,
    options: &Options,
    report: &mut Report,
) -> Result<(), BenchError> {
    if options.wants(row::CHECK_HTTP) {
        report.take(row::CHECK_HTTP, check(cluster).await);
    }
    if options.wants(row::SERVED_P99) {
        report.take(row::SERVED_P99, resolve(cluster).await);
    }
    if options.wants(row::REVOCATION) {
        report.take(row::REVOCATION, revocation::rounds(cluster).await);
    }
    if options.wants(row::STALLED) {
        report.take(row::STALLED, stalled::doors(cluster).await);
    }
    if options.wants(row::IDLE) {
        report.take(row::IDLE, memory::idle(cluster).await);
    }
    Ok(())
}

/// Starts everybody, and has the customer show the world what two attestors signed.
async fn begin(folder: &std::path::Path) -> Result<Cluster, BenchError> {
    let network = "bench".parse()?;
    let mut cluster =
        Cluster::begin(folder, &network, &["first", "second"], &["wanda", "wim", "wolf"]).await?;
    let who = [
        ("north", Part::Attestor),
        ("south", Part::Attestor),
        ("east", Part::Attestor),
        (SHOP, Part::Vendor),
        (CUSTOMER, Part::Customer),
    ];
    cluster.add(who.into_iter()).await?;
    let (shop, anna) = (cluster.member(SHOP)?, cluster.member(CUSTOMER)?);
    scenes::write_policies(&cluster, shop)?;
    scenes::settled(anna, scenes::PATIENCE).await?;
    up::known_everywhere(&cluster).await?;
    for attestor in ["north", "south"] {
        let signed = scenes::sign_in(anna, cluster.member(attestor)?, VERIFIED).await?;
        signed.map_err(|found| Failure::Page { url: attestor.to_owned(), found })?;
    }
    let held = anna.owner.ask(&claims::List {}).await?;
    let names = held.claims.iter().map(|claim| claim.name.clone()).collect();
    anna.owner.ask(&claims::Publish { claims: names }).await?;
    scenes::look_until(shop, anna.did(), Answer::Accepted, scenes::PATIENCE).await?;
    Ok(cluster)
}

/// A warm check over HTTP, the load beside it on the same machine.
async fn check(cluster: &Cluster) -> Result<Measured, BenchError> {
    let (shop, anna) = (cluster.member(SHOP)?, cluster.member(CUSTOMER)?);
    let question = Question::check(shop, story::POLICY, anna.did())?;
    question.ask_once().await?;
    let press = Press { connections: 16, seconds: 5 };
    let pressed = question.press(press).await?;
    let answered = u32::try_from(pressed.answered).unwrap_or(u32::MAX);
    let detail = format!(
        "{} connections kept alive, {:.1} s: {} decisions, every one accepted; {:.2} ms in the middle, p99 {:.2} ms \
         as the one who asks sees it",
        press.connections,
        pressed.seconds,
        pressed.answered,
        millis(pressed.p50),
        millis(pressed.p99)
    );
    let measured = Measured::new(f64::from(answered) / pressed.seconds, detail);
    Ok(Measured { complete: pressed.failed == 0, ..measured })
}

/// How long an answer of the public door takes that holds the identity.
async fn resolve(cluster: &Cluster) -> Result<Measured, BenchError> {
    let (shop, anna) = (cluster.member(SHOP)?, cluster.member(CUSTOMER)?);
    let question = Question::resolve(shop, anna.did())?;
    question.ask_once().await?;
    let press = Press { connections: 2, seconds: 5 };
    let pressed = question.press(press).await?;
    let detail = format!(
        "{} connections kept alive, {:.1} s: {} answers, {:.3} ms in the middle; taken by the one who asks, so \
         the way there and back is in it",
        press.connections,
        pressed.seconds,
        pressed.answered,
        millis(pressed.p50)
    );
    let complete = pressed.failed == 0;
    Ok(Measured { complete, ..Measured::new(millis(pressed.p99), detail) })
}

/// The shop's name.
pub(super) const SHOP: &str = "lisbon";
/// The customer's name.
pub(super) const CUSTOMER: &str = "anna";
