//! The story itself, scene by scene: what happens, and the sentences that have to be true of it.

use super::decided::{accepts, check, good_until, proved, summary, verdict};
use super::scenes::{self, PATIENCE};
use super::teller::Teller;
use super::{replaying, tricks};
use crate::Failure;
use crate::cluster::{Cluster, Member, Part};
use crate::provider::people::{UNVERIFIED, VERIFIED};
use countersign_node::verb::claims;
use countersign_node::verb::presenting::{Answer, Decided};
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// What becomes of an accreditation beside the story.
type Accredited = JoinHandle<Result<claims::Added, Failure>>;

pub(super) async fn tell(
    cluster: &mut Cluster,
    teller: &mut Teller,
    accredited: Accredited,
) -> Result<(), Failure> {
    found(cluster, teller).await?;
    refused(cluster, teller).await?;
    accepted(cluster, teller).await?;
    unverified(cluster, teller).await?;
    // A liar keeps what is true until now.
    let before = replaying::keep(cluster).await?;
    revoked(cluster, teller).await?;
    published(cluster, teller).await?;
    vouched(cluster, teller, accredited).await?;
    let stolen = scenes::steal_backup(cluster.member("anna")?).await?;
    recovered(cluster, teller).await?;
    forked(cluster, teller, &stolen).await?;
    // Tried while she is there, told last.
    let tried = Box::pin(tricks::try_all(cluster, &before)).await?;
    orphaned(cluster, teller).await?;
    tricks::tell(&tried, teller)
}

/// Who is there, each a process of its own.
pub(super) fn opening(
    cluster: &Cluster,
    teller: &mut Teller,
    took: Duration,
) -> Result<(), Failure> {
    let members = cluster.members().count();
    let ids: BTreeSet<u32> = cluster.members().filter_map(Member::process_id).collect();
    let attestors = cluster.members().filter(|member| member.part == Part::Attestor).count();
    let text = format!("{members} processes, {attestors} attestors, no server in the middle");
    let holds = ids.len() == members && attestors == 3;
    teller.holds(&text, holds, format!("{} of {members} run", ids.len()))?;
    teller.figure(&text, &format!("{:.1} s", took.as_secs_f64()));
    Ok(())
}

/// 1: a customer's identity is found by a shop that never met her.
async fn found(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    teller.next_scene();
    let own = scenes::settled(anna, PATIENCE).await?;
    let kept = format!("{} keepers", own.keepers);
    teller.holds("A customer makes an identity.", own.stands && own.keepers > 0, kept)?;
    let asked = Instant::now();
    let answer = scenes::resolve(berlin, anna.did(), PATIENCE).await?;
    let took = asked.elapsed();
    let holds = answer.did == anna.did() && !answer.forked;
    let text = "Shop Berlin never met her and finds it.";
    teller.note(text, holds, answer.did.clone(), took)?;
    let text = format!("A customer makes an identity. {text}");
    teller.figure(&text, &format!("{} ms", took.as_millis()));
    Ok(())
}

/// 2: nobody vouches for her.
async fn refused(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    teller.next_scene();
    let decided = scenes::visit(berlin, anna).await?;
    let text = "Berlin asks for two attestors.";
    let none = check(&decided, "claims").1.starts_with("0 of 2: ");
    teller.holds(text, refuses(&decided) && none, summary(&decided))?;
    let herself = accepts(&decided, "control");
    teller.holds("It is herself who is there.", herself, check(&decided, "control").1)?;
    teller.line(text, &verdict(&decided));
    Ok(())
}

/// 3: then two attestors do.
async fn accepted(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    teller.next_scene();
    for (name, text) in [
        ("north", "She signs in (SIMULATED provider) for North."),
        ("south", "She signs in (SIMULATED provider) for South."),
    ] {
        let signed = scenes::sign_in(anna, cluster.member(name)?, VERIFIED).await?;
        let says = signed.as_ref().ok().and_then(|claim| claim.says.get("verified"));
        let holds = says == Some(&serde_json::Value::Bool(true));
        teller.holds(text, holds, signed.err().unwrap_or_else(|| "verified = true".to_owned()))?;
    }
    // The word of an attestor's first list spreads by gossip while she is on her way.
    let (decided, _) = scenes::visit_until(berlin, anna, Answer::Accepted, PATIENCE).await?;
    let counted = check(&decided, "claims").1;
    let both = decided.answer == Answer::Accepted && counted == "2 of 2";
    teller.holds("She shows Berlin both.", both, summary(&decided))?;
    let (_, control) = check(&decided, "control");
    teller.holds("They are hers.", accepts(&decided, "control"), control)?;
    let until = good_until(&decided).and_then(|until| Timestamp::parse(until).ok());
    let minutes = until.map(|until| until.since(crate::thief::now()) / 60);
    let holds = minutes.is_some_and(|minutes| minutes <= 5) && until > Some(crate::thief::now());
    let found = minutes.map_or_else(|| "no end".to_owned(), |minutes| format!("{minutes} minutes"));
    teller.holds("The answer is good for minutes, not for ever.", holds, found)?;
    let values = proved(&decided);
    let asked = values.iter().all(|(path, _)| path == "/verified");
    let text = "Berlin is told what it asked for, and nothing else.";
    let found: Vec<String> =
        values.iter().map(|(path, value)| format!("{path} = {value}")).collect();
    teller.holds(text, values.len() == 2 && asked, found.join(", "))?;
    let text = "She signs in (SIMULATED provider) for North and South, and shows Berlin both.";
    teller.line(text, &verdict(&decided));
    Ok(())
}

/// 4: a claim about what is not so is not signed.
async fn unverified(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (ben, north) = (cluster.member("ben")?, cluster.member("north")?);
    teller.next_scene();
    scenes::settled(ben, PATIENCE).await?;
    let refused = scenes::sign_in(ben, north, UNVERIFIED).await?.err().unwrap_or_default();
    let why = refused.lines().find_map(|line| line.strip_prefix("because: "));
    let why = why.unwrap_or(&refused).rsplit(": ").next().unwrap_or_default();
    let why = why.split(" (").next().unwrap_or_default();
    let text = "Another customer's account is unverified.";
    teller.holds(text, why == "the provider says verified = false", why)?;
    let signed = scenes::issued(north, ben).await?;
    let text = "North signs nothing about him.";
    teller.holds(text, signed.is_empty(), format!("{} claims", signed.len()))?;
    teller.line("Another customer's account is unverified.", &format!("NO CLAIM North: {why}"));
    Ok(())
}

/// 5: North takes its claim back; Berlin knows; East's word takes its place.
async fn revoked(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let north = cluster.member("north")?;
    teller.next_scene();
    let revoked = scenes::revoke(north, anna, Why::AccountClosed).await?;
    teller.holds("North revokes.", revoked == 1, format!("{revoked} claims"))?;
    let (decided, took) = scenes::visit_until(berlin, anna, Answer::Refused, PATIENCE).await?;
    let text = format!("Berlin knew after {} ms.", took.as_millis());
    teller.note(&text, refuses(&decided), summary(&decided), took)?;
    let (_, why) = check(&decided, "from North");
    let says = why == "North withdrew it (\"account closed\")";
    teller.holds("Berlin is told why.", says, why)?;
    teller.line(&format!("North revokes. {text}"), &verdict(&decided));
    let east = cluster.member("east")?;
    let signed = scenes::sign_in(anna, east, VERIFIED).await?;
    teller.holds("East attests.", signed.is_ok(), signed.err().unwrap_or_default())?;
    let (decided, _) = scenes::visit_until(berlin, anna, Answer::Accepted, PATIENCE).await?;
    let holds = decided.answer == Answer::Accepted;
    teller.holds("Berlin accepts her again.", holds, summary(&decided))?;
    teller.line("East attests.", &verdict(&decided));
    Ok(())
}

/// 6: what she chose to show the world is enough for a shop that does not ask for control.
async fn published(cluster: &Cluster, teller: &mut Teller) -> Result<(), Failure> {
    let (anna, lisbon) = (cluster.member("anna")?, cluster.member("lisbon")?);
    teller.next_scene();
    let held = anna.owner.ask(&claims::List {}).await?;
    let names = held.claims.iter().map(|claim| claim.name.clone()).collect();
    let shown = anna.owner.ask(&claims::Publish { claims: names }).await?;
    let kept = format!("version {}, {} keepers", shown.version, shown.keepers);
    teller.holds("She publishes.", shown.keepers > 0, kept)?;
    let decided = scenes::look_until(lisbon, anna.did(), Answer::Accepted, PATIENCE).await?;
    let holds = decided.answer == Answer::Accepted;
    teller.holds("Shop Lisbon reads it.", holds, summary(&decided))?;
    let (_, control) = check(&decided, "control");
    let text = "Nobody proved to be her, and Lisbon's policy does not ask.";
    teller.holds(text, control == "control not proved, policy does not ask", control)?;
    teller.line("She publishes; shop Lisbon reads it.", &format!("ACCEPTED {control}"));
    Ok(())
}

/// Still 6: a shop that names one attestor takes the word of another, because that one stands behind it.
async fn vouched(
    cluster: &Cluster,
    teller: &mut Teller,
    accredited: Accredited,
) -> Result<(), Failure> {
    let (anna, lisbon) = (cluster.member("anna")?, cluster.member("lisbon")?);
    let broken = |_| Failure::Nobody { name: "an accreditation".to_owned() };
    let added = accredited.await.map_err(broken)??;
    let stands = added.claim.standing == claims::How::Stands;
    let shown = stands && added.shown.is_some();
    teller.holds("North stands behind East, and East shows it.", shown, added.claim.attestor)?;
    let (did, wanted) = (anna.did(), Answer::Accepted);
    let under = scenes::ACCREDITED;
    let decided = scenes::look_under_until(lisbon, did, under, wanted, PATIENCE).await?;
    let text = "Lisbon names North alone in another policy, and takes East's word under it.";
    let holds = decided.answer == wanted && accepts(&decided, "from East");
    teller.holds(text, holds, summary(&decided))
}

/// 7: she loses everything but the paper.
async fn recovered(cluster: &mut Cluster, teller: &mut Teller) -> Result<(), Failure> {
    teller.next_scene();
    let rotated = scenes::rotate(cluster.member("anna")?).await?;
    let version = format!("version {}", rotated.version);
    teller.holds("She rotates her key.", rotated.version == 2, version)?;
    let words = scenes::words(cluster.member("anna")?)?;
    let (did, data) = {
        let anna = cluster.member("anna")?;
        (anna.did().to_owned(), anna.data.clone())
    };
    cluster.lose("anna").await?;
    teller.holds("She loses everything.", !data.exists(), data.display().to_string())?;
    cluster.add_blank("anna").await?;
    let own = scenes::recover(cluster.member("anna")?, &did, words).await?;
    let version = format!("version {}", own.version);
    teller.holds("She recovers from 24 words.", own.version == 3 && own.stands, version)?;
    let lisbon = cluster.member("lisbon")?;
    let decided = scenes::look_until(lisbon, &did, Answer::Accepted, PATIENCE).await?;
    let holds = decided.answer == Answer::Accepted;
    teller.holds("Her claims stand.", holds, summary(&decided))?;
    let text = "She rotates her key, loses everything, recovers from 24 words. Her claims stand.";
    teller.figure(text, "");
    Ok(())
}

/// 8: a thief signs a sibling of an entry with a key she once had.
async fn forked(cluster: &Cluster, teller: &mut Teller, stolen: &Path) -> Result<(), Failure> {
    teller.next_scene();
    let did = cluster.member("anna")?.did().to_owned();
    let began = Instant::now();
    let answered = scenes::fork(cluster, "thief", stolen).await?;
    let text = "A thief forks her log with the old key.";
    teller.holds(text, answered > 0, format!("{answered} witnesses were asked"))?;
    let nodes: Vec<&Member> = cluster.members().collect();
    let hold = nodes.iter().map(|node| scenes::until_forked(node, &did, PATIENCE));
    futures::future::try_join_all(hold).await?;
    let took = began.elapsed();
    let proof = format!("Every node holds the proof after {} ms.", took.as_millis());
    teller.note(&proof, true, format!("{} nodes", nodes.len()), took)?;
    let stands = scenes::resolve(cluster.member("berlin")?, &did, PATIENCE).await?;
    let version = stands.metadata.get("versionId").and_then(|id| id.as_str()).unwrap_or_default();
    teller.holds("Her branch stands.", version.starts_with("3-"), version)?;
    let figure = format!("every node holds the proof after {} ms; ", took.as_millis());
    teller.line(text, &format!("{figure}her branch stands"));
    Ok(())
}

/// 9: those everybody joined by are gone, and so is her computer.
async fn orphaned(cluster: &mut Cluster, teller: &mut Teller) -> Result<(), Failure> {
    teller.next_scene();
    let did = cluster.member("anna")?.did().to_owned();
    let invite = scenes::invite(cluster.member("wanda")?).await?;
    let gone = ["first", "second", "anna"];
    for name in gone {
        cluster.kill(name).await?;
    }
    let left = gone.iter().filter_map(|name| cluster.member(name).ok());
    let left = left.filter(|member| member.is_running()).count();
    let text = "All bootstrap nodes and her computer are killed.";
    teller.holds(text, left == 0, format!("{left} of them run"))?;
    cluster.invite_by(invite);
    cluster.add(std::iter::once(("porto", Part::Vendor))).await?;
    let porto = cluster.member("porto")?;
    scenes::write_policies(cluster, porto)?;
    let decided = scenes::look_until(porto, &did, Answer::Accepted, PATIENCE).await?;
    let holds = decided.answer == Answer::Accepted;
    teller.holds("Shop Porto starts only now, and accepts her.", holds, summary(&decided))?;
    let text = format!("{text} Shop Porto starts only now.");
    teller.figure(&text, if holds { "ACCEPTED" } else { "" });
    Ok(())
}

fn refuses(decided: &Decided) -> bool {
    decided.answer == Answer::Refused
}

/// How many scenes there are.
pub(super) const SCENES: i64 = 10;
