//! How long a claim that was taken back is still accepted.

use super::super::{BenchError, Measured};
use super::shop::{CUSTOMER, SHOP};
use super::{millis, percentile};
use crate::Failure;
use crate::cluster::{Cluster, Member};
use crate::provider::people::VERIFIED;
use crate::story::scenes;
use countersign_attestor::http::owner;
use countersign_attestor::office::query::{Query, State};
use countersign_attestor::office::{Claims, TakenBack, Verb};
use countersign_node::door::client::Client;
use countersign_node::verb::claims;
use countersign_node::verb::presenting::Answer;
use countersign_protocol::status::why::Why;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// Has the customer sign in, the attestor take the claim back and the shop decide, again and again.
pub(super) async fn rounds(cluster: &Cluster) -> Result<Measured, BenchError> {
    let (shop, anna) = (cluster.member(SHOP)?, cluster.member(CUSTOMER)?);
    let north = Books::of(cluster.member("north")?)?;
    let began = Instant::now();
    let mut times = Vec::new();
    while times.len() < ROUNDS && (times.len() < FEWEST || began.elapsed() < LONGEST) {
        let (decided, _) =
            scenes::visit_until(shop, anna, Answer::Accepted, scenes::PATIENCE).await?;
        if decided.answer != Answer::Accepted {
            return Err(BenchError::Wrong { what: "a check before the revocation" });
        }
        let id = north.standing(anna.did()).await?;
        let revoked = Instant::now();
        let (reason, note) = (Why::AccountClosed, String::new());
        let verb = Verb::Revoke { id, reason, note, effective: None };
        let _taken: TakenBack = north.perform(&verb).await?;
        let (decided, _) =
            scenes::visit_until(shop, anna, Answer::Refused, scenes::PATIENCE).await?;
        times.push(revoked.elapsed());
        if decided.answer != Answer::Refused {
            return Err(BenchError::Wrong { what: "a check after the revocation" });
        }
        sign_in_anew(cluster, anna).await?;
    }
    let count = times.len();
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    let detail = format!(
        "{count} rounds, from the attestor's being told to the shop's refusal of a new presentation: {:.0} ms in \
         the middle, {:.0} ms at most",
        millis(p50),
        millis(percentile(&mut times, 100))
    );
    Ok(Measured::new(millis(p99), detail))
}

/// Forgets what was taken back and gets the claim again.
async fn sign_in_anew(cluster: &Cluster, anna: &Member) -> Result<(), BenchError> {
    let north = cluster.member("north")?;
    anna.owner.ask(&claims::Withdraw { claims: Vec::new() }).await.map(drop).or_else(absent)?;
    for claim in anna.owner.ask(&claims::List {}).await?.claims {
        if claim.attestor.contains(north.did()) {
            anna.owner.ask(&claims::Forget { claim: claim.name }).await?;
        }
    }
    let signed = scenes::sign_in(anna, north, VERIFIED).await?;
    signed.map_err(|found| Failure::Page { url: north.name.clone(), found })?;
    Ok(())
}

/// That there is nothing to withdraw is as good.
fn absent(failure: Failure) -> Result<(), Failure> {
    match failure {
        Failure::Problem { problem, .. } if problem.is_no() => Ok(()),
        failure => Err(failure),
    }
}

/// An attestor's own door.
struct Books {
    name: String,
    door: Client,
}

impl Books {
    fn of(attestor: &Member) -> Result<Self, BenchError> {
        let note = owner::note(&attestor.data);
        let note = note.ok_or(BenchError::Wrong { what: "an attestor's door" })?;
        let name = attestor.name.clone();
        let door = Client::at(note.address(), note.secret(), LONGEST);
        let door = door.map_err(|error| Failure::of(&name, error))?;
        Ok(Self { name, door })
    }

    async fn perform<A: DeserializeOwned>(&self, verb: &Verb) -> Result<A, BenchError> {
        let answer = self.door.post("/owner", verb).await;
        Ok(answer.map_err(|error| Failure::of(&self.name, error))?)
    }

    /// Finds the claim about somebody that stands.
    async fn standing(&self, subject: &str) -> Result<String, BenchError> {
        let query = Query { state: Some(State::Standing), ..Query::default() };
        let found: Claims = self.perform(&Verb::Find { query, offset: 0, limit: None }).await?;
        let theirs = found.claims.into_iter().find(|claim| claim.subject.as_str() == subject);
        let id = theirs.map(|claim| claim.id);
        id.ok_or(BenchError::Wrong { what: "a claim that stands" })
    }
}

const ROUNDS: usize = 100;
/// Fewer would say nothing about one in a hundred; this many are done however long they take.
const FEWEST: usize = 20;
const LONGEST: Duration = Duration::from_secs(60);
