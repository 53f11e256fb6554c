//! Claims as cards, what can be done with each, and what the world sees.

use super::Home;
use super::frame::{Asked, Named, trail, ways};
use super::names::Names;
use super::requests;
use super::texts::{T, fill};
use super::words::{self, day, moment};
use crate::own::SOON;
use crate::page::part::{Begin, CARDS, Part, cut};
use crate::page::parts::{
    self, Tone, button_link, card, danger, empty, facts, more, notice, quiet, state, submit,
};
use crate::page::{Markup, Posted, html};
use crate::problem::Problem;
use crate::verb::claims::{
    Forget, How, List, Publish, Renew, Renewed, Show, Summary, Unanswered, Withdraw,
};
use crate::verb::identity;
use crate::verb::network::Accredited;
use crate::verb::resolve::Resolve;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use countersign_protocol::did::Did;
use serde::Deserialize;
use serde_json::Value;

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/claims", get(list))
        .route("/claims/whole/{claim}", get(whole))
        .route("/claims/publish", post(publish))
        .route("/claims/withdraw", post(withdraw))
        .route("/claims/renew", post(renew))
        .route("/claims/forget", get(forget_what).post(forget))
        .route("/world", get(world))
        .route("/world/did.jsonl", get(log))
        .route("/world/did-witness.json", get(witnesses))
}

/// A claim in a few words and whole.
pub(super) struct Both {
    /// What its attestor is called.
    pub(super) attestor: String,
    /// Who accredited the attestor.
    pub(super) accredited: Vec<Accredited>,
    pub(super) summary: Summary,
    pub(super) whole: Value,
}

impl Both {
    /// Adds what is known of the attestor.
    pub(super) async fn of(
        asked: &Asked,
        names: &Names,
        summary: Summary,
        whole: Value,
    ) -> Result<Self, Problem> {
        let issuer = whole.get("issuer").map(|issuer| issuer.get("id").unwrap_or(issuer));
        let accredited =
            match issuer.and_then(Value::as_str).and_then(|did| did.parse::<Did>().ok()) {
                Some(did) => asked.node.accredited(did.scid()).await?,
                None => Vec::new(),
            };
        Ok(Self { attestor: names.of(&summary.attestor), accredited, summary, whole })
    }
}

/// Gives claims that are held with all that is signed.
async fn held(asked: &Asked, claims: &[Summary]) -> Result<Vec<Both>, Problem> {
    let names = Names::known(asked).await;
    let mut held = Vec::new();
    for summary in claims {
        let whole = asked.ask(Show { claim: summary.name.clone() }).await?.credential;
        held.push(Both::of(asked, &names, summary.clone(), whole).await?);
    }
    Ok(held)
}

/// What a page is told by the one before it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    new: Option<String>,
    from: usize,
}

/// `GET claims`.
pub(super) async fn list(asked: Asked, Query(told): Query<Told>) -> Response {
    let all = match asked.ask(List {}).await {
        Ok(all) => all.claims,
        Err(problem) => return asked.failed(&problem, "").await,
    };
    let part = Part::of(all.len(), told.from, CARDS);
    let held = match held(&asked, part.rows(&all)).await {
        Ok(held) => held,
        Err(problem) => return asked.failed(&problem, "").await,
    };
    let get = button_link(&asked.at("claims/get"), T.claims_get);
    let frame = asked.frame().await;
    let mut page = frame.page(T.claims_title).lead(T.claims_lead).at(asked.at("claims"));
    if told.new.is_some() {
        page = page
            .with(notice(Tone::Good, T.claims_new, T.claims_new_text))
            .with(card(T.claims_new_show, requests::by_text(&asked)));
    }
    // What changes them is done at the desk.
    let desk = !asked.is_phone();
    if held.is_empty() {
        return page.with(empty(T.claims_none, html! { @if desk { (get) } })).into_response();
    }
    page.with(html! { @if desk { (parts::actions(&[get])) } })
        .with(html! { @for claim in &held { (shown(&asked, claim)) } })
        .with(ways(&part, T.claims_title, |from| asked.at(&format!("claims?from={from}"))))
        .into_response()
}

fn shown(asked: &Asked, claim: &Both) -> Markup {
    let Both { attestor, summary, .. } = claim;
    let name = summary.name.as_str();
    html! {
        article.card aria-labelledby=(format!("claim-{name}")) {
            header {
                h2 id=(format!("claim-{name}")) { (words::kind(&summary.claim)) }
                span.states { (how(asked, summary)) " " (seen_by(summary)) }
            }
            p { (fill(T.claim_by, &[("attestor", attestor)])) }
            (about(asked, claim))
            (way_to_whole(asked, summary))
            @if !asked.is_phone() { (changes(asked, summary)) }
        }
    }
}

/// The way to all that is signed, on a page of its own: beside this one, which may be half filled in.
pub(super) fn way_to_whole(asked: &Asked, summary: &Summary) -> Markup {
    let page = asked.at(&format!("claims/whole/{}", words::part(&summary.name)));
    html! { p { a href=(page) target="_blank" rel="noopener" { (T.claim_whole) } } }
}

/// `GET claims/whole/…`: one claim as it is signed, and as a vendor gets it.
pub(super) async fn whole(asked: Asked, Path(claim): Named) -> Response {
    let whole = match asked.ask(Show { claim }).await {
        Ok(shown) => shown.credential,
        Err(problem) => return asked.failed(&problem, "claims").await,
    };
    let mut text = pretty(&whole);
    if text.len() > MOST_PRETTY {
        text = whole.to_string();
    }
    let frame = asked.frame().await;
    frame
        .page(T.claim_whole)
        .at(asked.at("claims"))
        .with(trail(&asked.at("claims"), T.nav_claims))
        .with(html! { pre { (text) } })
        .into_response()
}

fn changes(asked: &Asked, summary: &Summary) -> Markup {
    let name = summary.name.as_str();
    html! {
        div.actions {
            (asked.press("claims/renew", &[("claim", name)], submit(T.claim_renew)))
            @if summary.published {
                (asked.press("claims/withdraw", &[("claim", name)], quiet(T.claim_withdraw)))
            } @else {
                (asked.press("claims/publish", &[("claim", name)], quiet(T.claim_publish)))
                a.button.quiet href=(asked.at(&format!("claims/forget?claim={name}"))) {
                    (T.claim_forget)
                }
            }
        }
    }
}

/// Says all of a claim that a person wants to know.
pub(super) fn about(asked: &Asked, claim: &Both) -> Markup {
    let Both { summary, whole, .. } = claim;
    let time = |name: &str| whole.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut lines: Vec<(String, Markup)> = words::says(&summary.says)
        .into_iter()
        .take(MOST_SAID)
        .map(|(name, value)| (cut(&name, NAME), html! { strong { (cut(&value, SAID)) } }))
        .collect();
    let mut add = |name: &str, fact: Markup| lines.push((name.to_owned(), fact));
    add(T.claim_evidence, evidence(whole));
    if let Some(since) = time("validFrom") {
        add(T.claim_since, day(&since));
    }
    match &summary.valid_until {
        Some(until) => add(T.claim_until, day(until)),
        None => add(T.claim_until, html! { (T.claim_no_end) }),
    }
    add(
        T.claim_status,
        html! {
            (how(asked, summary))
            @if let Some(since) = &summary.since { " " (T.how_since) " " (day(since)) }
            @if let Some(because) = &summary.because { p { (parts::sentence(&cut(because, SAID))) } }
        },
    );
    add(T.claim_vouched, vouched(asked, claim));
    let lines: Vec<(&str, Markup)> =
        lines.iter().map(|(name, fact)| (name.as_str(), fact.clone())).collect();
    facts(&lines)
}

/// Says who was asked, how and when.
fn evidence(whole: &Value) -> Markup {
    let pieces = match whole.get("evidence") {
        Some(Value::Array(pieces)) => pieces.clone(),
        Some(piece) => vec![piece.clone()],
        None => Vec::new(),
    };
    let checks: Vec<&Value> = pieces
        .iter()
        .filter_map(|piece| piece.get("check_details")?.as_array())
        .flatten()
        .take(MOST_SAID)
        .collect();
    let text = |value: &Value, name: &str| {
        cut(value.get(name).and_then(Value::as_str).unwrap_or_default(), NAME)
    };
    let rule = pieces.iter().find_map(|piece| {
        let rule = piece.get("rule")?;
        Some((text(rule, "name"), rule.get("version")?.as_u64()?.to_string()))
    });
    html! {
        @if checks.is_empty() { (T.evidence_none) }
        @for check in &checks {
            p {
                (text(check, "organization")) ": "
                (method(&text(check, "check_method")))
                @let time = text(check, "time");
                @if !time.is_empty() { ", " (moment(&time)) }
            }
        }
        @if let Some((name, version)) = rule {
            p.small { (fill(T.evidence_rule, &[("rule", &name), ("version", &version)])) }
        }
    }
}

fn method(word: &str) -> &str {
    match word {
        "auth" => T.method_auth,
        "data" => T.method_data,
        "vcrypt" => T.method_crypt,
        "vdig" => T.method_looked,
        other => other,
    }
}

/// Says whose word the attestor's word is, for this owner.
fn vouched(asked: &Asked, claim: &Both) -> Markup {
    let summary = &claim.summary;
    let fits = claim.accredited.iter().filter(|one| one.claims.contains(&summary.claim));
    let fits: Vec<&Accredited> = fits.take(MOST_SAID).collect();
    let known = !summary.attestor.starts_with("did:");
    let trusted = asked.node.config().trust.attestors.contains_key(&summary.attestor);
    html! {
        @if trusted { p { (T.vouched_trusted) } }
        @else if known { p { (T.vouched_named) } }
        @if fits.is_empty() { p { (T.vouched_nobody) } }
        @else { (T.vouched_by) ul { @for one in &fits { li { (accreditor(one)) } } } }
        @if !trusted && !known { p.small { (T.vouched_decide) } }
    }
}

/// Names who accredited somebody: a name they gave themselves is in quotes.
pub(super) fn accreditor(one: &Accredited) -> String {
    fill(T.named, &[("name", &words::short(&one.name)), ("fingerprint", &one.fingerprint)])
}

fn how(asked: &Asked, summary: &Summary) -> Markup {
    // Times in UTC with seconds compare as text.
    let soon = asked.node.now().plus(SOON).to_string();
    let ends = summary.valid_until.as_ref().is_some_and(|until| *until <= soon);
    match summary.standing {
        How::Stands if ends => state(Tone::Warning, T.how_soon),
        How::Stands => state(Tone::Good, T.how_stands),
        How::Revoked => state(Tone::Bad, T.how_revoked),
        How::Suspended => state(Tone::Bad, T.how_suspended),
        How::Ended => state(Tone::Bad, T.how_ended),
        How::KeyGone => state(Tone::Bad, T.how_key_gone),
        How::Unknown => state(Tone::Warning, T.how_unknown),
    }
}

fn seen_by(summary: &Summary) -> Markup {
    let word = if summary.published { T.seen_world } else { T.seen_nobody };
    state(Tone::Plain, word)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

/// `POST claims/publish`.
async fn publish(asked: Asked, posted: Posted) -> Response {
    match asked.ask(Publish { claims: posted.fields.all("claim") }).await {
        Ok(_) => asked.back("world"),
        Err(problem) => asked.failed(&problem, "claims").await,
    }
}

/// `POST claims/withdraw`.
async fn withdraw(asked: Asked, posted: Posted) -> Response {
    match asked.ask(Withdraw { claims: posted.fields.all("claim") }).await {
        Ok(_) => asked.back("world"),
        Err(problem) => asked.failed(&problem, "claims").await,
    }
}

/// `POST claims/renew`: asks the attestor for what it stands by now.
async fn renew(asked: Asked, posted: Posted) -> Response {
    let Renewed { renewed, unchanged, unanswered, sign_in_again } =
        match asked.ask(Renew { claims: posted.fields.all("claim") }).await {
            Ok(answer) => answer,
            Err(problem) => return asked.failed(&problem, "claims").await,
        };
    let names = Names::known(&asked).await;
    let line = |word: &str, claim: &Summary| {
        html! { li {
            strong { (word) } ": " (words::kind(&claim.claim)) ", " (names.of(&claim.attestor))
            @if sign_in_again.contains(&claim.name) { (again(&asked, claim)) }
        } }
    };
    let frame = asked.frame().await;
    frame
        .page(T.renewed_title)
        .at(asked.at("claims"))
        .with(card(T.nav_claims, html! {
            ul {
                @for claim in &renewed { (line(T.renewed_new, claim)) }
                @for claim in &unchanged { (line(T.renewed_same, claim)) }
                @for Unanswered { attestor, because } in &unanswered {
                    li { strong { (T.renewed_silent) } ": " (names.of(attestor)) " (" (because) ")" }
                }
            }
        }))
        .with(parts::actions(&[button_link(&asked.at("claims"), T.nav_claims)]))
        .into_response()
}

/// Says that a claim ends and nothing newer is signed, with the way to the sign-in.
fn again(asked: &Asked, claim: &Summary) -> Markup {
    let fields = [("attestor", claim.attestor.as_str()), ("claim", claim.claim.as_str())];
    html! {
        p {
            @if let Some(until) = &claim.valid_until { (T.claim_until) " " (day(until)) ". " }
            (T.renewed_ends)
        }
        (asked.press("claims/ask", &fields, submit(T.renewed_sign_in)))
    }
}

/// What is to be forgotten.
#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    claim: String,
}

/// `GET claims/forget`: asks once more.
async fn forget_what(asked: Asked, Query(which): Query<Which>) -> Response {
    let claim = match asked.ask(List {}).await {
        Ok(all) => all.claims.into_iter().find(|claim| claim.name == which.claim),
        Err(problem) => return asked.failed(&problem, "claims").await,
    };
    let Some(claim) = claim else { return asked.back("claims") };
    let title = fill(T.forget_title, &[("claim", &words::kind(&claim.claim))]);
    let attestor = Names::known(&asked).await.of(&claim.attestor);
    let frame = asked.frame().await;
    frame
        .page(title)
        .at(asked.at("claims"))
        .lead(fill(T.forget_lead, &[("attestor", &attestor)]))
        .with(parts::actions(&[
            asked.press("claims/forget", &[("claim", &claim.name)], danger(T.forget_go)),
            parts::quiet_link(&asked.at("claims"), T.forget_keep),
        ]))
        .into_response()
}

/// `POST claims/forget`.
async fn forget(asked: Asked, posted: Posted) -> Response {
    match asked.ask(Forget { claim: posted.fields.text("claim").to_owned() }).await {
        Ok(_) => asked.back("claims"),
        Err(problem) => asked.failed(&problem, "claims").await,
    }
}

/// `GET world`: what the world sees of the owner, exactly.
async fn world(asked: Asked, Query(begin): Query<Begin>) -> Response {
    match world_body(&asked, begin).await {
        Ok(body) => {
            let frame = asked.frame().await;
            let page = frame.page(T.world_title).lead(T.world_lead).at(asked.at("world"));
            page.with(body).into_response()
        }
        Err(problem) => asked.failed(&problem, "").await,
    }
}

async fn world_body(asked: &Asked, begin: Begin) -> Result<Markup, Problem> {
    let own = asked.ask(identity::Show {}).await?;
    let mut all = asked.ask(List {}).await?.claims;
    all.retain(|claim| claim.published);
    let part = Part::of(all.len(), begin.from, CARDS);
    let published = held(asked, part.rows(&all)).await?;
    let resolved = asked.ask(Resolve { name: own.did.clone(), fresh: false }).await;
    let version = own.version.to_string();
    Ok(html! {
        (card(T.world_you, html! {
            (facts(&[
                (T.identity, parts::code(&own.did)),
                (T.fingerprint, html! { code { (own.fingerprint) } }),
                (T.world_created, day(&own.created)),
                (T.world_version, html! {
                    (fill(T.world_version_says, &[("version", &version)])) " " (day(&own.updated))
                }),
                (T.world_keys, html! { @for key in &own.authentication { p { (parts::code(key)) } } }),
            ]))
            p.hint { (T.world_you_text) }
            @if let Ok(resolved) = &resolved {
                (more(T.world_document, html! { pre { (pretty(&resolved.document)) } }))
            }
            p.hint { (T.world_log_text) }
            p {
                a href=(asked.at("world/did.jsonl")) { (T.world_log) }
                @if own.witnesses.1 > 0 {
                    ", " a href=(asked.at("world/did-witness.json")) { (T.world_witnesses) }
                }
            }
        }))
        h2.section { (T.world_claims) }
        @if published.is_empty() {
            (empty(T.world_none, parts::quiet_link(&asked.at("claims"), T.world_choose)))
        }
        @for claim in &published {
            article.card {
                h2 { (words::kind(&claim.summary.claim)) }
                p { (fill(T.claim_by, &[("attestor", &claim.attestor)])) }
                (about(asked, claim))
                (way_to_whole(asked, &claim.summary))
                (parts::actions(&[asked.press(
                    "claims/withdraw",
                    &[("claim", &claim.summary.name)],
                    quiet(T.claim_withdraw),
                )]))
            }
        }
        (ways(&part, T.world_claims, |from| asked.at(&format!("world?from={from}"))))
        (notice(Tone::Plain, T.world_not, html! {
            ul {
                li { (T.world_not_claims) }
                li { (T.world_not_shown) }
                li { (T.world_not_names) }
            }
        }))
        (notice(Tone::Plain, T.world_few, T.world_few_text))
        p.hint { (T.world_copies) }
        (trail(&asked.at("claims"), T.nav_claims))
    })
}

/// `GET world/did.jsonl`: her log, byte for byte as everybody gets it.
async fn log(asked: Asked) -> Response {
    match asked.ask(identity::Export {}).await {
        Ok(exported) => file("did.jsonl", exported.log),
        Err(problem) => asked.failed(&problem, "world").await,
    }
}

/// `GET world/did-witness.json`: what her witnesses signed of it.
async fn witnesses(asked: Asked) -> Response {
    match asked.ask(identity::Export {}).await {
        Ok(exported) => {
            file("did-witness.json", exported.witness.unwrap_or_else(|| "[]".to_owned()))
        }
        Err(problem) => asked.failed(&problem, "world").await,
    }
}

fn file(name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let kind = "application/json".to_owned();
    ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, disposition)], text).into_response()
}

/// What a card says of a claim, in lines, each of which has a name and a value, in characters. What is longer
/// stands on the page of the whole claim.
const MOST_SAID: usize = 12;
const NAME: usize = 80;
const SAID: usize = 200;
/// Bytes of a claim that are laid out; one of many small members is written without lines.
const MOST_PRETTY: usize = 32 * 1024;
