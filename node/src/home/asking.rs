//! Getting a claim: who signs what, the way to the sign-in, and waiting for what comes of it.

use super::Home;
use super::frame::{Asked, Named, alone, trail, ways};
use super::texts::{self, T, fill};
use super::words;
use crate::node::Node;
use crate::page::part::{Begin, CARDS, Part, cut};
use crate::page::parts::{self, Tone, card, empty, facts, more, notice, submit};
use crate::page::{Markup, Page, Posted, Site, asset, html};
use crate::problem::Problem;
use crate::verb::Verb as _;
use crate::verb::claims::{Collect, Request, Summary};
use crate::verb::network::{Attestor, Attestors};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderValue;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/claims/get", get(offers))
        .route("/claims/ask", post(ask))
        .route("/claims/waiting/{request}", get(waiting))
}

/// The claims that are being asked for from these pages.
#[derive(Clone, Default)]
pub(super) struct Board(Arc<Mutex<BTreeMap<String, Ongoing>>>);

#[derive(Clone)]
struct Ongoing {
    attestor: String,
    claim: String,
    url: String,
    code: Option<String>,
    outcome: Option<Result<Summary, Problem>>,
}

impl Board {
    /// Counts what waits for a person to sign in.
    pub(super) fn waiting(&self) -> usize {
        self.open().values().filter(|ongoing| ongoing.outcome.is_none()).count()
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, Ongoing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, request: &str, ongoing: Ongoing) {
        let mut open = self.open();
        while open.len() >= MOST && open.pop_first().is_some() {}
        open.insert(request.to_owned(), ongoing);
    }

    /// Waits for the claim, as long as the node runs.
    fn collect(&self, node: Node, request: String) {
        let board = self.clone();
        tokio::spawn(async move {
            let stopped = node.inner().stop.clone();
            let outcome = tokio::select! {
                // A node that is started again needs its folder: nothing may hold it for hours.
                () = stopped.cancelled() => Err(crate::node::stopping()),
                outcome = Collect { request: request.clone() }.perform(&node) => outcome,
            };
            drop(node);
            if let Some(ongoing) = board.open().get_mut(&request) {
                ongoing.outcome = Some(outcome);
            }
        });
    }
}

/// `GET claims/get`: who signs what, as they say themselves.
async fn offers(asked: Asked, Query(begin): Query<Begin>) -> Response {
    let (listed, part) = match listed(&asked, begin).await {
        Ok(listed) => listed,
        Err(problem) => return asked.failed(&problem, "claims").await,
    };
    let frame = asked.frame().await;
    let page = frame.page(T.get_title).lead(T.get_lead).at(asked.at("claims"));
    let page = page.with(trail(&asked.at("claims"), T.nav_claims));
    if listed.is_empty() {
        return page.with(empty(T.get_none, html! { p { (T.get_none_text) } })).into_response();
    }
    page.with(cards(&asked, &listed))
        .with(ways(&part, T.get_title, |from| asked.at(&format!("claims/get?from={from}"))))
        .into_response()
}

/// Shows attestors as they describe themselves.
pub(super) fn cards(asked: &Asked, listed: &[Attestor]) -> Markup {
    html! {
        (notice(Tone::Plain, T.get_listing, T.get_listing_text))
        @for attestor in listed { (offer(asked, attestor)) }
    }
}

/// Gives attestors with what each says of itself.
pub(super) async fn listed(asked: &Asked, begin: Begin) -> Result<(Vec<Attestor>, Part), Problem> {
    let brief = asked.ask(Attestors { claim: None, name: None }).await?.attestors;
    let mut whole = Vec::new();
    let part = Part::of(brief.len(), begin.from, CARDS);
    for attestor in part.rows(&brief) {
        let one = Attestors { claim: None, name: Some(attestor.did.clone()) };
        // It may have said something new in between, which is not here yet.
        let found = asked.ask(one).await.ok().and_then(|one| one.attestors.into_iter().next());
        whole.push(found.unwrap_or_else(|| attestor.clone()));
    }
    Ok((whole, part))
}

fn offer(asked: &Asked, attestor: &Attestor) -> Markup {
    let subject = attestor.profile.as_ref().and_then(|profile| profile.get("credentialSubject"));
    let offers = subject.and_then(|subject| subject.get("offers")).and_then(Value::as_array);
    let offers = offers.map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let kept = |offer: &Value| -> Vec<String> {
        let kept = offer.get("kept").and_then(Value::as_array).into_iter().flatten();
        kept.filter_map(Value::as_str).take(MOST_SAID).map(|one| cut(one, SAID)).collect()
    };
    card(
        &attestor.name,
        html! {
            (facts(&[
                (T.fingerprint, html! { code { (attestor.fingerprint) } }),
                (T.vouched_list, accredited(attestor)),
            ]))
            @for offer in offers.iter().take(MOST_SAID) {
                @let claim = text(offer, "claim");
                h3 { (words::kind(&cut(&claim, SAID))) }
                (facts(&[
                    (T.get_checks, html! { (parts::sentence(&cut(&text(offer, "evidence"), SAID))) }),
                    (T.get_keeps, html! {
                        ul { @for one in kept(offer) { li { (parts::sentence(&one)) } } }
                    }),
                ]))
                (asked.press(
                    "claims/ask",
                    &[("attestor", &attestor.did), ("claim", &claim)],
                    submit(T.get_go),
                ))
            }
            @if offers.len() > MOST_SAID { p { (parts::spoken(T.get_more)) } }
            (more(T.details, parts::code(&attestor.did)))
        },
    )
}

/// Says who stands behind an attestor, and for what.
fn accredited(attestor: &Attestor) -> Markup {
    let kinds = |claims: &BTreeSet<String>| {
        let kinds = claims.iter().map(|claim| words::kind(claim)).collect::<Vec<_>>();
        cut(&kinds.join(", "), SAID)
    };
    html! {
        @if attestor.accredited.is_empty() { (T.vouched_list_nobody) }
        @else {
            ul {
                @for one in attestor.accredited.iter().take(MOST_SAID) {
                    @let both = [("who", super::claims::accreditor(one)), ("claims", kinds(&one.claims))];
                    li { (fill(T.vouched_for, &both.each_ref().map(|(name, said)| (*name, said.as_str())))) }
                }
            }
        }
    }
}

/// `POST claims/ask`: shows the attestor who asks, and leads to its sign-in.
async fn ask(State(home): State<Home>, asked: Asked, posted: Posted) -> Response {
    let fields = &posted.fields;
    let (attestor, claim) = (fields.text("attestor").to_owned(), fields.text("claim").to_owned());
    let wanted = (!claim.is_empty()).then(|| claim.clone());
    let question = Request { attestor: attestor.clone(), claim: wanted, browser: true };
    match asked.ask(question).await {
        Ok(sign_in) => {
            let (url, code) = (sign_in.url, sign_in.code);
            let ongoing = Ongoing { attestor, claim, url, code, outcome: None };
            home.0.asked.add(&sign_in.request, ongoing);
            home.0.asked.collect(asked.node.clone(), sign_in.request.clone());
            asked.back(&format!("claims/waiting/{}", words::part(&sign_in.request)))
        }
        Err(problem) => asked.failed(&problem, "claims/get").await,
    }
}

/// `GET claims/waiting/…`: the way to the sign-in, and what came of it.
async fn waiting(asked: Asked, Path(request): Named) -> Response {
    let ongoing = asked.home.0.asked.open().get(&request).cloned();
    let Some(ongoing) = ongoing else { return asked.back("claims") };
    let frame = asked.frame().await;
    let at = asked.at("claims");
    match ongoing.outcome {
        Some(Ok(_)) => asked.back("claims?new=1"),
        Some(Err(problem)) => frame
            .page(T.wait_nothing)
            .at(at)
            .with(texts::problem(&problem))
            .with(parts::actions(&[
                asked.press(
                    "claims/ask",
                    &[("attestor", &ongoing.attestor), ("claim", &ongoing.claim)],
                    submit(T.wait_again),
                ),
                parts::quiet_link(&asked.at("claims/get"), T.go_back),
            ]))
            .into_response(),
        None => {
            let own = asked.node.own_scid().await.ok().flatten();
            let body = html! {
                ol {
                    li { (T.wait_open) }
                    li { (T.wait_sign_in) }
                    li { (T.wait_compare) }
                }
                @if let Some(own) = own {
                    (facts(&[(T.wait_fingerprint, html! { strong { code { (own.fingerprint()) } } })]))
                }
                @if let Some(code) = &ongoing.code {
                    (facts(&[(T.wait_code, html! { strong { code { (code) } } })]))
                }
                p { a.button href=(ongoing.url) target="_blank" rel="noopener noreferrer" {
                    (T.wait_go)
                } }
                p.hint { (T.wait_tab) }
            };
            let title = fill(T.wait_title, &[("claim", &words::kind(&ongoing.claim))]);
            let page = frame.page(title).at(at).lead(T.wait_lead).with(card(T.wait_card, body));
            let mut response = page.into_response();
            // The page looks again by itself; nothing a person writes is on it.
            let again = HeaderValue::from_static("5");
            response.headers_mut().insert("refresh", again);
            response
        }
    }
}

/// Makes the page a browser ends at, at a port that is gone a moment later, with its policy: whether a claim
/// was signed, or that there is nothing.
pub(crate) fn returned(signed: Option<bool>) -> (String, String) {
    let site = Site { home: "#content".to_owned(), ..alone() };
    let (tone, title, text) = match signed {
        Some(true) => (Tone::Good, T.returned_signed, T.returned_signed_text),
        Some(false) => (Tone::Plain, T.returned_refused, T.returned_refused_text),
        None => (Tone::Bad, T.nothing_title, T.nothing_lead),
    };
    let page = Page::new(&site, T.returned_title).with(parts::light(tone, title, text));
    asset::alone(&page.render())
}

/// One person signs in at a few attestors at once.
const MOST: usize = 16;
/// What an attestor's card says, in lines and in characters of each: it writes them itself.
const MOST_SAID: usize = 12;
const SAID: usize = 200;
