//! The attacker's tricks. Each is tried for real, breaks one rule alone, and has to be refused for the
//! reason that rule gives: a trick that fails for another one would prove nothing.

use super::decided::{check, checks, summary};
use super::forging::{Forger, relayed};
use super::replaying;
use super::scenes::{self, PATIENCE};
use super::teller::Teller;
use crate::Failure;
use crate::cluster::{Cluster, Member, Part};
use crate::process::{self, Program};
use crate::provider::browser::Browser;
use crate::provider::people::{Customer, PASSWORD};
use crate::thief::liar::{Liar, Said};
use crate::thief::{flood, log};
use countersign_node::verb::claims;
use countersign_node::verb::presenting::{Answer, Decided};
use countersign_protocol::did::Did;
use countersign_protocol::wire::exchange::deposit::Reason;
use countersign_protocol::wire::exchange::{Request, Response};
use countersign_protocol::wire::network::Parameters;
use std::time::{Duration, Instant};
use url::Url;

/// What an attacker tried, and what came of it.
pub(super) struct Trick {
    what: &'static str,
    refused: bool,
    found: String,
    took: Duration,
}

/// 10: everything an attacker tries is refused.
pub(super) fn tell(tricks: &[Trick], teller: &mut Teller) -> Result<(), Failure> {
    teller.next_scene();
    let refused = tricks.iter().filter(|trick| trick.refused).count();
    let text = format!("An attacker: {} tricks, {refused} refusals", tricks.len());
    teller.line(&text, "(demo --explain 10)");
    for Trick { what, refused, found, took } in tricks {
        teller.note(&format!("Refused: {what}."), *refused, found.clone(), *took)?;
    }
    Ok(())
}

/// Tries every trick.
pub(super) async fn try_all(cluster: &mut Cluster, before: &Said) -> Result<Vec<Trick>, Failure> {
    // Stamps cost time: they are made while the others are tried.
    let parameters = cluster.parameters();
    let stamped = tokio::task::spawn_blocking(move || Crowd::new(&parameters));
    let forger = Forger::new(cluster).await?;
    let mut tricks = vec![
        timed("a forged claim", forged_claim(cluster, &forger)).await?,
        timed("a changed log", changed_log(cluster, &forger)).await?,
        timed("her identity shown without her key", without_her_key(cluster, &forger)).await?,
        timed("her presentation replayed to Lisbon", replayed(cluster)).await?,
    ];
    let what = "an old showcase after a newer one, told to a node that just joined";
    tricks.push(timed(what, old_showcase(cluster)).await?);
    let what = "what North said before it took its claim back, told to a shop that just joined";
    tricks.push(timed(what, old_status(cluster, before)).await?);
    let what = "a claim about another person";
    tricks.push(timed(what, about_another(cluster, &forger)).await?);
    let what = "an attestor's link opened in a victim's browser";
    tricks.push(timed(what, link(cluster)).await?);
    let made = stamped.await.map_err(|_| late("the stamps of a flood"))??;
    tricks.push(timed("a flood of fresh identities", flooded(cluster, made)).await?);
    Ok(tricks)
}

async fn timed(
    what: &'static str,
    trick: impl Future<Output = Result<(bool, String), Failure>>,
) -> Result<Trick, Failure> {
    let began = Instant::now();
    // On the heap: all of them together are too much for the stack of a thread that is not the first.
    let (refused, found) = Box::pin(trick).await?;
    Ok(Trick { what, refused, found, took: began.elapsed() })
}

/// Whether a decision fails at the checks `named` for `reason`, and at nothing else.
fn only(decided: &Decided, named: &[&str], reason: &str) -> (bool, String) {
    let named_fail = named.iter().all(|name| {
        let (result, found) = check(decided, name);
        matches!(result, "refused" | "unknown") && found.contains(reason)
    });
    // The sum fails with what it sums up, and an attestor nobody showed a claim of has none.
    let others_hold = checks(decided).all(|(name, result, found)| {
        let aside = name == "claims" || named.contains(&name) || found == "no claim is shown";
        aside || result == "accepted"
    });
    let refused = decided.answer != Answer::Accepted && named_fail && others_hold;
    (refused, if refused { reason.to_owned() } else { decided.explained.clone() })
}

/// A claim South signed about her, with another identity written into it.
async fn forged_claim(cluster: &Cluster, forger: &Forger) -> Result<(bool, String), Failure> {
    let (berlin, south) = (cluster.member("berlin")?, cluster.member("south")?);
    let decided = forger.forged_claim(berlin, south).await?;
    Ok(only(&decided, &["from South"], "the claim is not what South signed"))
}

/// Her log with another key in its newest entry, every hash made right again.
async fn changed_log(cluster: &Cluster, forger: &Forger) -> Result<(bool, String), Failure> {
    let (anna, wanda) = (cluster.member("anna")?, cluster.member("wanda")?);
    let key = forger.loot().key()?;
    let mut liar = scenes::meet(cluster, wanda).await?;
    let captured = liar.capture(scid(anna)?).await?;
    let changed = log::put_key(&captured, cluster.network(), &key)?;
    let kept = liar.tell(&changed).await?;
    // The same log, looked at by the program that is for it, says which rule it breaks.
    let path = forger.loot().folder().join("changed.jsonl");
    std::fs::write(&path, &changed.log.lines)
        .map_err(|cause| Failure::File { path: path.clone(), cause })?;
    let file = path.to_string_lossy();
    let asked = ["--json", "inspect", file.as_ref()];
    let said = process::run(Program::Node, forger.loot().folder(), &asked, &[1]).await?;
    let signature = said.contains(SIGNATURE);
    let stands = scenes::resolve(cluster.member("berlin")?, anna.did(), PATIENCE).await?;
    let taken = stands.document.to_string().contains(&key.public().to_multikey());
    let refused = kept == Response::Refusal(Reason::Invalid) && signature && !taken;
    let found = if refused { SIGNATURE.to_owned() } else { format!("{kept:?}; {said}") };
    Ok((refused, found))
}

/// Her identity and claims, shown with somebody else's key.
async fn without_her_key(cluster: &Cluster, forger: &Forger) -> Result<(bool, String), Failure> {
    let decided = forger.her_identity(cluster.member("berlin")?).await?;
    Ok(only(&decided, &["control"], "signed with a key that its holder does not list"))
}

/// What she showed Berlin, who asked with Lisbon's challenge, shown to Lisbon.
async fn replayed(cluster: &Cluster) -> Result<(bool, String), Failure> {
    let decided = relayed(cluster).await?;
    Ok(only(&decided, &["control"], "it was made for another vendor"))
}

/// What she showed the world yesterday, told to a node that does not know of today.
async fn old_showcase(cluster: &mut Cluster) -> Result<(bool, String), Failure> {
    let (did, scid) = (cluster.member("anna")?.did().to_owned(), scid(cluster.member("anna")?)?);
    let mut liar = scenes::meet(cluster, cluster.member("wanda")?).await?;
    let old = liar.capture(scid).await?;
    let east = cluster.member("east")?.did().to_owned();
    let anna = cluster.member("anna")?;
    let held = anna.owner.ask(&claims::List {}).await?;
    let of_east = held.claims.iter().filter(|claim| claim.attestor == east);
    let of_east: Vec<String> = of_east.map(|claim| claim.name.clone()).collect();
    anna.owner.ask(&claims::Withdraw { claims: of_east.clone() }).await?;
    scenes::look_until(cluster.member("lisbon")?, &did, Answer::Refused, PATIENCE).await?;

    cluster.add(std::iter::once(("oslo", Part::Vendor))).await?;
    let oslo = cluster.member("oslo")?;
    scenes::write_policies(cluster, oslo)?;
    let mut liar = scenes::meet(cluster, oslo).await?;
    // It may know of the newer one by now, or not: either way the older one gains nothing.
    let first = liar.tell(&old).await?;
    let decided = settled_answer(oslo, &did).await?;
    let again = liar.tell(&old).await?;
    let stale = again == Response::Refusal(Reason::Stale);
    let one = check(&decided, "claims").1.starts_with("1 of 2");
    let refused = decided.answer == Answer::Refused && one && stale;
    let found = match refused {
        true => "it already holds something newer, and decides by that".to_owned(),
        false => format!("{first:?}, {again:?}: {}", summary(&decided)),
    };
    cluster.kill("oslo").await?;
    let anna = cluster.member("anna")?;
    anna.owner.ask(&claims::Publish { claims: of_east }).await?;
    scenes::look_until(cluster.member("lisbon")?, &did, Answer::Accepted, PATIENCE).await?;
    Ok((refused, found))
}

/// Asks until nothing in the answer is *unknown*: whatever it is then is what counts.
async fn settled_answer(vendor: &Member, did: &str) -> Result<Decided, Failure> {
    let began = Instant::now();
    loop {
        let late = began.elapsed() > PATIENCE;
        if let Some(decided) = scenes::if_known(scenes::check_identity(vendor, did).await)? {
            if late || checks(&decided).all(|(_, result, _)| result != "unknown") {
                return Ok(decided);
            }
        } else if late {
            return Err(self::late("a decision"));
        }
        scenes::pause().await;
    }
}

/// What was true of a claim once, told again; and nothing newer of the attestors than a policy that is
/// strict allows.
async fn old_status(cluster: &mut Cluster, before: &Said) -> Result<(bool, String), Failure> {
    let (known, why) = replaying::told_again(cluster, before).await?;
    if !known {
        return Ok((false, why));
    }
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let usual = scenes::visit(berlin, anna).await?;
    let strict =
        scenes::policy_text(berlin)?.replace("status_max_age = \"24h\"", "status_max_age = \"1s\"");
    let began = Instant::now();
    // A heartbeat may have come this very second.
    loop {
        let decided = scenes::visit_under(cluster, berlin, anna, &strict).await?;
        let reason = "the newest word on its status is older than the policy allows";
        let (refused, found) = only(&decided, &["from South", "from East"], reason);
        if refused || began.elapsed() > PATIENCE {
            let found = format!("{why}; under a strict policy, {found}");
            return Ok((refused && usual.answer == Answer::Accepted, found));
        }
        scenes::pause().await;
    }
}

/// Her claims in his presentation.
async fn about_another(cluster: &Cluster, forger: &Forger) -> Result<(bool, String), Failure> {
    let decided = forger.her_claims(cluster.member("berlin")?).await?;
    Ok(only(&decided, &["from South", "from East"], "the claim is about somebody else"))
}

/// Ben asks for a claim about himself, and a victim with a verified account opens the link.
async fn link(cluster: &Cluster) -> Result<(bool, String), Failure> {
    let (ben, south) = (cluster.member("ben")?, cluster.member("south")?);
    let provider = cluster.provider().ok_or_else(|| late("the provider"))?;
    provider.admit(&Customer::new(VICTIM, "Vicky Victim (SIMULATED)", true)).await?;
    let fingerprint = scid(ben)?.fingerprint();
    // His node has a browser beside it: hers takes the one-time code to a port of her own computer.
    let (page, mut browser) = led_astray(ben, south, true).await?;
    let warned = page.text.contains(&fingerprint);
    let sent =
        browser.submit_only(&page, &[("answer", "yes")]).await.map_err(|_| late("a page"))?;
    let home = sent.redirect.as_ref().and_then(Url::host_str) == Some("127.0.0.1");
    // Or it has none: she would have to type a code that his node alone shows.
    let (page, mut browser) = led_astray(ben, south, false).await?;
    let typed = [("answer", "yes"), ("code", "AAAA-AAAA")];
    let page = browser.submit(&page, &typed).await.map_err(|_| late("a page"))?;
    let asked = page.text.contains("That is not the code");
    let signed = scenes::issued(south, ben).await?;
    let refused = warned && home && asked && signed.is_empty();
    let found = match refused {
        true => "the code goes to her own computer, and his she does not have".to_owned(),
        false => format!("{warned} {home} {asked}, {} claims", signed.len()),
    };
    Ok((refused, found))
}

/// Brings a victim as far as the page that asks whether it is her.
async fn led_astray(
    ben: &Member,
    south: &Member,
    browser: bool,
) -> Result<(crate::provider::browser::Page, Browser), Failure> {
    let request = claims::Request {
        attestor: south.did().to_owned(),
        claim: Some("PaymentAccountVerified".to_owned()),
        browser,
    };
    let url = ben.owner.ask(&request).await?.url;
    let failed = |cause: &dyn std::fmt::Display| Failure::Page {
        url: url.clone(),
        found: cause.to_string(),
    };
    let mut hers = Browser::new().map_err(|error| failed(&error))?;
    let start = Url::parse(&url).map_err(|error| failed(&error))?;
    let page = hers.visit(&start).await.map_err(|error| failed(&error))?;
    let filled = [("email", VICTIM), ("password", PASSWORD), ("answer", "allow")];
    let page = hers.submit(&page, &filled).await.map_err(|error| failed(&error))?;
    Ok((page, hers))
}

/// More identities than one peer may bring; and one of them, with nothing wrong with it, a moment later.
async fn flooded(cluster: &Cluster, crowd: Crowd) -> Result<(bool, String), Failure> {
    let (berlin, anna) = (cluster.member("berlin")?, cluster.member("anna")?);
    let mut liar = scenes::meet(cluster, berlin).await?;
    let known = Liar::telling(&liar.capture(scid(anna)?).await?)?;
    let mut chunks = crowd.bare.chunks(flood::AT_ONCE);
    let (mut answered, mut refused) = (0, None);
    for whole in crowd.whole.chunks(FEW) {
        answered += flood::until_too_much(&mut liar, &mut chunks).await?;
        // A few more go before those that have all an identity needs, and use up what came back meanwhile.
        let mut last = chunks.next().unwrap_or_default().to_vec();
        let behind = last.len();
        last.extend(whole.iter().cloned());
        let answers = liar.ask_all(&last).await?;
        let mut told = last.into_iter().zip(answers).skip(behind);
        refused = told.find(|(_, answer)| *answer == flood::TOO_MUCH).map(|(whole, _)| whole);
        // On a computer with much to do more comes back than a few use up: once more, then.
        if refused.is_some() {
            break;
        }
    }
    // What everybody knows is no flood, and customers are served meanwhile.
    let known = taken(&mut liar, &known).await?;
    let served = scenes::visit(berlin, anna).await?;
    let late = match &refused {
        Some(whole) => taken(&mut liar, whole).await?,
        None => false,
    };
    let refused = refused.is_some() && known && late && served.answer == Answer::Accepted;
    let found = match refused {
        true => format!("too much from one peer after {answered}; at its pace each is taken"),
        false => format!("{answered}, {known} {late}: {}", summary(&served)),
    };
    Ok((refused, found))
}

/// Tells something until it is not too much any more: whether it is taken then.
async fn taken(liar: &mut Liar, request: &Request) -> Result<bool, Failure> {
    let began = Instant::now();
    loop {
        let answer = liar.ask(request).await?;
        if answer != flood::TOO_MUCH || began.elapsed() > PATIENCE {
            return Ok(matches!(answer, Response::Receipt(_)));
        }
        // Asked again at once, the node would ban him for asking too much, which is another rule.
        tokio::time::sleep(PACE).await;
    }
}

/// Fresh identities: most of them no more than a stamped head, a few with all there is to one.
struct Crowd {
    bare: Vec<Request>,
    whole: Vec<Request>,
}

impl Crowd {
    fn new(parameters: &Parameters) -> Result<Self, Failure> {
        let bare = (0..flood::CROWD).map(|number| flood::bare(parameters, number));
        let whole = (0..TIMES * FEW).map(|_| flood::whole(parameters));
        Ok(Self {
            bare: bare.collect::<Result<_, Failure>>()?,
            whole: whole.collect::<Result<_, Failure>>()?,
        })
    }
}

fn scid(member: &Member) -> Result<countersign_protocol::did::Scid, Failure> {
    let did: Result<Did, _> = member.did().parse();
    did.map(|did| did.scid()).map_err(|_| Failure::Nobody { name: member.name.clone() })
}

fn late(what: &str) -> Failure {
    Failure::Late { what: what.to_owned(), seconds: PATIENCE.as_secs() }
}

/// What a log says whose newest entry somebody else changed.
const SIGNATURE: &str = "entry 3: the proof's signature does not hold";

/// Nodes count in whole seconds what a peer may ask.
const PACE: Duration = Duration::from_millis(500);

/// Whole identities told at once, behind what uses up the share of a peer.
const FEW: usize = 3;

/// How often that is tried.
const TIMES: usize = 3;

/// An account whose owner the attacker sends his link.
const VICTIM: &str = "victim@simulated.example";
