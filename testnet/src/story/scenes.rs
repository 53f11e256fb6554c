//! The scenes of the story: what is done, and what has to come of it.

#![expect(clippy::missing_errors_doc, reason = "each fails with what did not happen")]

use crate::Failure;
use crate::cluster::{Cluster, Member, Part};
use crate::process::{self, PASSPHRASE, Program};
use crate::provider::browser::Browser;
use crate::provider::people::PASSWORD;
use crate::thief::Loot;
use crate::thief::liar::Liar;
use countersign_node::Problem;
use countersign_node::passphrase::{Passphrase, Words};
use countersign_node::problem::Kind;
use countersign_node::verb::presenting::{
    Answer, Check, Decided, NewChallenge, PolicyRef, Present,
};
use countersign_node::verb::resolve::{Resolution, Resolve};
use countersign_node::verb::{backup, claims, identity, network};
use countersign_protocol::status::why::Why;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use url::Url;

/// A policy every shop of the story has.
pub const POLICY: &str = "new-customer";

/// Another one: it names North alone, and takes the word of those whom North stands behind.
pub const ACCREDITED: &str = "accredited";

/// Writes the shops' policies: two of three attestors, or one whom North stands behind, and proof that the
/// identity is the customer's; Lisbon and Porto take a showcase too.
pub fn write_policies(cluster: &Cluster, vendor: &Member) -> Result<(), Failure> {
    let mut text = String::from("[attestors]\n");
    for (name, attestor) in [("North", "north"), ("South", "south"), ("East", "east")] {
        text.push_str(&format!("{name} = \"{}\"\n", cluster.member(attestor)?.did()));
    }
    let control = if vendor.name == "berlin" { "required" } else { "optional" };
    for (name, from) in [
        (POLICY, "from = [\"North\", \"South\", \"East\"]\nat_least = 2"),
        (ACCREDITED, "accredited_by = [\"North\"]\nat_least = 1"),
    ] {
        text.push_str(&format!(
            "[policy.{name}]\n\
             claim = \"PaymentAccountVerified\"\n\
             require = [{{ path = \"/verified\", equals = true }}]\n\
             {from}\n\
             control = \"{control}\"\n\
             evidence_max_age = \"90d\"\n\
             status_max_age = \"24h\"\n\
             freshness_max_age = \"24h\"\n\
             on_fork = \"refuse\"\n"
        ));
    }
    let path = vendor.data.join("policies").join("shop.toml");
    countersign_node::private::write(&path, text.as_bytes())
        .map_err(|cause| Failure::File { path, cause })
}

/// Gives the policies of a shop as they stand in its file.
pub(super) fn policy_text(vendor: &Member) -> Result<String, Failure> {
    let path = vendor.data.join("policies").join("shop.toml");
    std::fs::read_to_string(&path).map_err(|cause| Failure::File { path, cause })
}

/// Resolves until somebody is found, at most for `patience`.
pub async fn resolve(asker: &Member, did: &str, patience: Duration) -> Result<Resolution, Failure> {
    let question = Resolve { name: did.to_owned(), fresh: false };
    let asked = Instant::now();
    loop {
        match asker.owner.try_ask(&question).await? {
            Ok(answer) => return Ok(answer),
            Err(problem) if is_not_yet(&problem) && asked.elapsed() < patience => {
                tokio::time::sleep(BETWEEN).await;
            }
            Err(problem) => {
                return Err(Failure::Problem {
                    name: asker.name.clone(),
                    problem: Box::new(problem),
                });
            }
        }
    }
}

/// Gives an answer, or nothing where a later one may be another: nobody knew somebody yet, or nobody was
/// there to be asked.
///
/// # Errors
///
/// Returns every other [`Failure`].
pub fn if_known<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Err(Failure::Problem { problem, .. }) if is_not_yet(&problem) => Ok(None),
        answer => answer.map(Some),
    }
}

fn is_not_yet(problem: &Problem) -> bool {
    problem.is_no() || problem.is(Kind::Unavailable)
}

/// Has a customer show what a vendor's challenge asks for, and gives the presentation.
pub async fn present(vendor: &Member, customer: &Member) -> Result<Value, Failure> {
    present_only(vendor, customer, &[]).await
}

/// Has a customer show these claims and no others, or without any what the challenge asks for.
pub async fn present_only(
    vendor: &Member,
    customer: &Member,
    claims: &[String],
) -> Result<Value, Failure> {
    let challenge = NewChallenge {
        policy: POLICY.to_owned(),
        purpose: Some("to open an account".to_owned()),
        deliver: None,
    };
    let challenge = vendor.owner.ask(&challenge).await?;
    let present = Present { to: challenge.challenge, claims: claims.to_vec(), anyway: true };
    Ok(customer.owner.ask(&present).await?.presentation)
}

/// Has a vendor check a presentation.
pub async fn check(vendor: &Member, presentation: Value) -> Result<Decided, Failure> {
    let question = Check {
        policy: PolicyRef::Name(POLICY.to_owned()),
        presentation: Some(presentation),
        identity: None,
        offline: false,
        staple: None,
    };
    vendor.owner.ask(&question).await
}

/// Has a vendor look at what an identity shows the world.
pub async fn check_identity(vendor: &Member, did: &str) -> Result<Decided, Failure> {
    check_identity_under(vendor, did, POLICY).await
}

async fn check_identity_under(
    vendor: &Member,
    did: &str,
    policy: &str,
) -> Result<Decided, Failure> {
    let question = Check {
        policy: PolicyRef::Name(policy.to_owned()),
        presentation: None,
        identity: Some(did.to_owned()),
        offline: false,
        staple: None,
    };
    vendor.owner.ask(&question).await
}

/// Has a customer show herself and a vendor decide, once.
pub async fn visit(vendor: &Member, customer: &Member) -> Result<Decided, Failure> {
    let presentation = present(vendor, customer).await?;
    check(vendor, presentation).await
}

/// Gives the names of a customer's claims that nobody took back: those of South and of East.
pub(super) async fn standing(cluster: &Cluster, customer: &Member) -> Result<Vec<String>, Failure> {
    let of = [cluster.member("south")?.did(), cluster.member("east")?.did()];
    let held = customer.owner.ask(&claims::List {}).await?.claims.into_iter();
    let held = held.filter(|claim| of.contains(&claim.attestor.as_str()));
    Ok(held.map(|claim| claim.name).collect())
}

/// Has a customer show what of hers stands, and a vendor decide under a policy it brings along.
pub(super) async fn visit_under(
    cluster: &Cluster,
    vendor: &Member,
    customer: &Member,
    policy: &str,
) -> Result<Decided, Failure> {
    let shown = standing(cluster, customer).await?;
    let shown = present_only(vendor, customer, &shown).await?;
    let question = Check {
        policy: PolicyRef::File { text: policy.to_owned(), name: Some(POLICY.to_owned()) },
        presentation: Some(shown),
        identity: None,
        offline: false,
        staple: None,
    };
    vendor.owner.ask(&question).await
}

/// Visits until the vendor answers `wanted`; gives how long that took.
pub async fn visit_until(
    vendor: &Member,
    customer: &Member,
    wanted: Answer,
    patience: Duration,
) -> Result<(Decided, Duration), Failure> {
    let began = Instant::now();
    loop {
        match if_known(visit(vendor, customer).await)? {
            Some(decided) if decided.answer == wanted || began.elapsed() > patience => {
                return Ok((decided, began.elapsed()));
            }
            None if began.elapsed() > patience => return Err(late("a decision")),
            Some(_) | None => tokio::time::sleep(BETWEEN).await,
        }
    }
}

/// Has a customer sign in for a claim, at the attestor and at its SIMULATED provider.
pub async fn sign_in(
    customer: &Member,
    attestor: &Member,
    account: &str,
) -> Result<Result<claims::Summary, String>, Failure> {
    let request = claims::Request {
        attestor: attestor.did().to_owned(),
        claim: Some("PaymentAccountVerified".to_owned()),
        browser: true,
    };
    let sign_in = customer.owner.ask(&request).await?;
    let collect = claims::Collect { request: sign_in.request.clone() };
    let collecting = customer.owner.try_ask(&collect);
    let collecting =
        async { collecting.await.map(|collected| collected.map_err(|no| no.to_string())) };
    // Where the browser came to nothing, there is nothing to wait for.
    let (collected, ()) = tokio::try_join!(collecting, browse(&sign_in.url, account))?;
    Ok(collected)
}

/// Plays the person in front of the browser: signs in as `account`, then says that it is her.
pub async fn browse(url: &str, account: &str) -> Result<(), Failure> {
    let failed = |cause: &dyn std::fmt::Display| Failure::Page {
        url: url.to_owned(),
        found: cause.to_string(),
    };
    let mut browser = Browser::new().map_err(|error| failed(&error))?;
    let start = Url::parse(url).map_err(|error| failed(&error))?;
    let mut page = browser.visit(&start).await.map_err(|error| failed(&error))?;
    let filled = [("email", account), ("password", PASSWORD), ("answer", "allow")];
    page = browser.submit(&page, &filled).await.map_err(|error| failed(&error))?;
    if page.text.contains("Is this you?") {
        browser.submit(&page, &[("answer", "yes")]).await.map_err(|error| failed(&error))?;
        return Ok(());
    }
    // The page says why there is no claim, and links back to the node that asked.
    match page.way_back() {
        Some(back) => browser.visit(&back).await.map(drop).map_err(|error| failed(&error)),
        None => Err(failed(&page.text)),
    }
}

/// Waits until somebody's newest version stands and is kept by others.
pub async fn settled(member: &Member, patience: Duration) -> Result<identity::Own, Failure> {
    let own = own_once(member, patience, |own| own.stands && own.keepers > 0).await?;
    own.map_err(|_| late(&format!("{}'s identity being kept by others", member.name)))
}

/// Looks at somebody's own identity until it is as `wanted`; gives how it is then, as an error if it
/// took longer than `patience`.
pub async fn own_once(
    member: &Member,
    patience: Duration,
    wanted: fn(&identity::Own) -> bool,
) -> Result<Result<identity::Own, identity::Own>, Failure> {
    let began = Instant::now();
    loop {
        let own = member.owner.ask(&identity::Show {}).await?;
        if wanted(&own) {
            return Ok(Ok(own));
        }
        if began.elapsed() > patience {
            return Ok(Err(own));
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// Looks at an identity's showcase until the vendor answers `wanted`.
pub async fn look_until(
    vendor: &Member,
    did: &str,
    wanted: Answer,
    patience: Duration,
) -> Result<Decided, Failure> {
    look_under_until(vendor, did, POLICY, wanted, patience).await
}

/// Looks at an identity's showcase until the vendor answers `wanted` under this policy of its own.
pub(super) async fn look_under_until(
    vendor: &Member,
    did: &str,
    policy: &str,
    wanted: Answer,
    patience: Duration,
) -> Result<Decided, Failure> {
    let began = Instant::now();
    loop {
        match if_known(check_identity_under(vendor, did, policy).await)? {
            Some(decided) if decided.answer == wanted || began.elapsed() > patience => {
                return Ok(decided);
            }
            Some(_) | None if began.elapsed() > patience => return Err(late("a decision")),
            Some(_) | None => tokio::time::sleep(BETWEEN).await,
        }
    }
}

/// Gives the names of the claims an attestor ever signed about somebody.
pub async fn issued(attestor: &Member, subject: &Member) -> Result<Vec<String>, Failure> {
    let asked = ["--json", "issued", "list", "--all"];
    // 1 is its answer where there is none.
    let listed = process::run(Program::Attestor, &attestor.data, &asked, &[0, 1]).await?;
    let rows: Value = serde_json::from_str(&listed)
        .map_err(|_| Failure::Page { url: "issued list".to_owned(), found: listed.clone() })?;
    let rows = rows.get("claims").and_then(Value::as_array).cloned().unwrap_or_default();
    let about = |row: &&Value| row.get("subject").and_then(Value::as_str) == Some(subject.did());
    let names = rows.iter().filter(about).filter_map(|row| row.get("id")?.as_str());
    Ok(names.map(str::to_owned).collect())
}

/// Has an attestor take back its claim about somebody, and gives how many that were.
pub async fn revoke(attestor: &Member, subject: &Member, why: Why) -> Result<usize, Failure> {
    let issued = issued(attestor, subject).await?;
    let Some(id) = issued.first() else {
        return Err(Failure::Page { url: "issued list".to_owned(), found: "nothing".to_owned() });
    };
    let revoke = ["--json", "revoke", id, "--reason", why.word()];
    let revoked = process::run(Program::Attestor, &attestor.data, &revoke, &[0]).await?;
    let revoked: Value = serde_json::from_str(&revoked).unwrap_or_default();
    Ok(revoked.get("revoked").and_then(Value::as_array).map_or(0, Vec::len))
}

/// Takes a backup of somebody's node, as a thief would who also knows the passphrase.
pub async fn steal_backup(victim: &Member) -> Result<PathBuf, Failure> {
    let to = victim.data.with_extension("stolen");
    victim.owner.ask(&backup::Backup { to: to.clone(), force: false }).await?;
    Ok(to)
}

/// Takes an identity back with the words, on a node that has none.
pub async fn recover(member: &Member, did: &str, words: Words) -> Result<identity::Own, Failure> {
    let did = Some(did.to_owned());
    let recover = identity::Recover { did, words, passphrase: passphrase(member)? };
    let began = Instant::now();
    loop {
        match member.owner.try_ask(&recover).await? {
            Ok(_) => break,
            // A node that has just joined knows nobody yet.
            Err(problem) if is_not_yet(&problem) && began.elapsed() < PATIENCE => {
                tokio::time::sleep(BETWEEN).await;
            }
            Err(problem) => {
                let (name, problem) = (member.name.clone(), Box::new(problem));
                return Err(Failure::Problem { name, problem });
            }
        }
    }
    settled(member, PATIENCE).await?;
    member.owner.ask(&identity::Show {}).await
}

/// Opens a copy of somebody's disk in a folder of the thief's own.
pub async fn open_loot(cluster: &Cluster, name: &str, stolen: &Path) -> Result<Loot, Failure> {
    let data = cluster.open_loot(name, stolen).await?;
    let passphrase = passphrase_in(&data)?;
    let work = move || Loot::open(&data, passphrase.reveal());
    tokio::task::spawn_blocking(work).await.map_err(|_| late("the forgery"))?
}

/// Signs an entry beside the victim's with what a stolen backup holds, and asks the witnesses to
/// cosign it; gives how many answered.
pub(crate) async fn fork(cluster: &Cluster, thief: &str, stolen: &Path) -> Result<usize, Failure> {
    let forged = open_loot(cluster, thief, stolen).await?.forge()?;
    let witnesses = cluster.members().filter(|member| member.part == Part::Witness);
    let witnesses = witnesses.filter(|member| member.is_running());
    let mut answered = 0;
    for witness in witnesses {
        meet(cluster, witness).await?.have_cosigned(&forged).await?;
        answered += 1;
    }
    Ok(answered)
}

/// Connects a peer that lies to a node.
pub async fn meet(cluster: &Cluster, node: &Member) -> Result<Liar, Failure> {
    let address = node.ready.addresses.first();
    let address = address.ok_or_else(|| Failure::Nobody { name: node.name.clone() })?;
    Liar::meet(cluster.network().as_str(), address).await
}

/// Waits until a node holds a fork proof about an identity.
pub async fn until_forked(node: &Member, did: &str, patience: Duration) -> Result<(), Failure> {
    let began = Instant::now();
    while !resolve(node, did, patience).await?.forked {
        if began.elapsed() > patience {
            return Err(late(&format!("{} holding the fork proof", node.name)));
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}

/// Has a node make an invitation with itself as first peer.
pub async fn invite(node: &Member) -> Result<String, Failure> {
    Ok(node.owner.ask(&network::Invite::default()).await?.invite)
}

/// Waits a moment between two looks at whether something happened.
pub(super) async fn pause() {
    tokio::time::sleep(BETWEEN).await;
}

fn late(what: &str) -> Failure {
    Failure::Late { what: what.to_owned(), seconds: PATIENCE.as_secs() }
}

/// Gives the passphrase of a member of a testnet.
pub fn passphrase(member: &Member) -> Result<Passphrase, Failure> {
    passphrase_in(&member.data)
}

fn passphrase_in(data: &Path) -> Result<Passphrase, Failure> {
    let path = data.join(PASSPHRASE);
    std::fs::read_to_string(&path)
        .map(|text| Passphrase::new(&text))
        .map_err(|cause| Failure::File { path, cause })
}

/// Gives the 24 words of a member of a testnet.
pub fn words(member: &Member) -> Result<Words, Failure> {
    let path = member.data.join(crate::cluster::WORDS);
    std::fs::read_to_string(&path)
        .map(|text| Words::new(&text))
        .map_err(|cause| Failure::File { path, cause })
}

/// Rotates a customer's keys.
pub async fn rotate(customer: &Member) -> Result<identity::Own, Failure> {
    customer
        .owner
        .ask(&identity::Rotate {
            key: identity::Key::Authentication,
            stolen: false,
            passphrase: passphrase(customer)?,
        })
        .await
}

/// Between two looks at whether something happened that nobody announces.
const BETWEEN: Duration = Duration::from_millis(20);

/// Longer than anything in the story may take, on a computer that is busy with other things too: what gossip
/// did not bring, a node asks for once a minute.
pub const PATIENCE: Duration = Duration::from_secs(180);
