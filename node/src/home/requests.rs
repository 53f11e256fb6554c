//! A vendor's request: what exactly would be seen, and then yes or no.

use super::Home;
use super::claims::{Both, about, way_to_whole};
use super::frame::Asked;
use super::names::Names;
use super::photo::{self, PhotoError};
use super::texts::{self, T, fill};
use super::words::{self, moment};
use crate::page::fields::LARGEST_UPLOAD;
use crate::page::part::{CARDS, Part, ROWS};
use crate::page::parts::{self, Field, Line, Tone, card, facts, more, notice, submit, tick};
use crate::page::{Markup, Posted, Uploaded, html};
use crate::problem::Problem;
use crate::verb::asking::{Fitting, Preview, Refuse, Request};
use crate::verb::presenting::{Answer, Present, Presented, Told};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

pub(super) fn routes() -> Router<Home> {
    let photo = post(photo).layer(DefaultBodyLimit::max(LARGEST_UPLOAD));
    Router::new()
        .route("/requests", get(page).post(look))
        .route("/requests/photo", photo)
        .route("/requests/answer", post(answer))
}

/// `GET requests`: takes a request as a photo of its code, or as text.
async fn page(asked: Asked) -> Response {
    paste(&asked, None).await
}

async fn paste(asked: &Asked, problem: Option<&Problem>) -> Response {
    let status = problem.map(|problem| StatusCode::from_u16(problem.status()));
    let frame = asked.frame().await;
    frame
        .page(T.requests_title)
        .lead(T.requests_lead)
        .at(asked.at("requests"))
        .with(html! { @if let Some(problem) = problem { (texts::problem(problem)) } })
        .with(card(T.photo_card, camera(asked)))
        .with(card(T.request_card, by_text(asked)))
        .status(status.and_then(Result::ok).unwrap_or(StatusCode::OK))
        .into_response()
}

/// The form that opens a request given as text.
pub(super) fn by_text(asked: &Asked) -> Markup {
    let form = html! {
        (Field::new("to", T.request_field, Line::Long).hint(T.request_hint))
        (submit(T.request_open))
    };
    asked.form("requests", form)
}

/// A phone takes the photo by itself; a picture that is there already is chosen below.
fn camera(asked: &Asked) -> Markup {
    let form = |name, camera| {
        asked.upload(
            "requests/photo",
            html! {
                (parts::photo(name, T.photo_field, T.photo_hint, camera))
                (submit(T.photo_open))
            },
        )
    };
    if !asked.is_phone() {
        return html! { p { (T.photo_desk) } (form("photo", false)) };
    }
    html! {
        p { (T.photo_text) }
        (form("photo", true))
        (more(T.photo_there, form("picture", false)))
    }
}

/// `POST requests/photo`: reads the one in a photo, and goes on as with text.
async fn photo(asked: Asked, sent: Uploaded) -> Response {
    match photo::sent(sent.file).await.and_then(|read| read.ok_or(PhotoError::Nothing.into())) {
        Ok(to) => open(&asked, to).await,
        Err(problem) => paste(&asked, Some(&problem)).await,
    }
}

/// `POST requests`: opens one; nobody learns of it.
async fn look(asked: Asked, posted: Posted) -> Response {
    open(&asked, posted.fields.text("to").to_owned()).await
}

pub(super) async fn open(asked: &Asked, to: String) -> Response {
    match asked.ask(Preview { to: to.clone() }).await {
        Ok(request) => opened(asked, &to, &request, &Choice::default()).await,
        Err(problem) => paste(asked, Some(&problem)).await,
    }
}

/// What was chosen so far where all that fits does not fit on one page.
#[derive(Default)]
struct Choice {
    ticked: Vec<String>,
    from: usize,
    /// The button was pressed, and nothing is ticked.
    nothing: bool,
}

async fn opened(asked: &Asked, to: &str, request: &Request, choice: &Choice) -> Response {
    let stranger = request.vendor.starts_with("did:");
    let vendor = match &request.name {
        Some(name) => name.clone(),
        None if stranger => T.request_stranger.to_owned(),
        None => request.vendor.clone(),
    };
    let wanted: Vec<String> = request.wanted.iter().map(|kind| words::kind(kind)).collect();
    let deliver = match &request.deliver {
        Some(url) => html! { (T.request_sent) " " (parts::code(url)) },
        None => html! { (T.request_by_hand) },
    };
    let part = Part::of(request.fitting.len(), choice.from, CARDS);
    let shown = match fitting(asked, part.rows(&request.fitting)).await {
        Ok(shown) => shown,
        Err(problem) => return asked.failed(&problem, "requests").await,
    };
    let frame = asked.frame().await;
    let status = if choice.nothing { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    frame
        .page(fill(T.request_title, &[("vendor", &vendor)]))
        .lead(T.request_lead)
        .at(asked.at("requests"))
        .with(html! {
            @if choice.nothing { (notice(Tone::Bad, T.request_none_ticked, T.request_none_ticked_text)) }
        })
        .with(card(
            T.request_who,
            facts(&[
                (
                    T.request_vendor,
                    html! {
                        @if let Some(name) = &request.name { strong { (name) } br; }
                        @if stranger { strong { code { (words::short(&request.vendor)) } } br; }
                        (parts::code(&request.vendor))
                    },
                ),
                (
                    T.request_purpose,
                    html! {
                        @if request.purpose.is_empty() { (T.request_no_purpose) }
                        @else { "“" (request.purpose) "”" }
                    },
                ),
                (T.request_wants, html! { (wanted.join(", ")) }),
                (T.request_until, moment(&request.expires)),
                (T.request_how, deliver),
            ]),
        ))
        .with(asked.form("requests/answer", choose(asked, to, request, (&part, &shown), choice)))
        .status(status)
        .into_response()
}

/// Gives claims that fit, with what is known of their attestors.
async fn fitting(asked: &Asked, some: &[Fitting]) -> Result<Vec<Both>, Problem> {
    let names = Names::known(asked).await;
    let mut all = Vec::new();
    for one in some {
        all.push(Both::of(asked, &names, one.claim.clone(), one.credential.clone()).await?);
    }
    Ok(all)
}

/// What would be seen, each with a box to tick, and two buttons of one size.
fn choose(
    asked: &Asked,
    to: &str,
    request: &Request,
    (part, shown): (&Part, &[Both]),
    choice: &Choice,
) -> Markup {
    let is_ticked = |name: &String| choice.ticked.contains(name);
    let is_here = |name: &String| shown.iter().any(|one| one.summary.name == *name);
    let elsewhere = request.fitting.iter().map(|one| &one.claim);
    let elsewhere = elsewhere.filter(|one| is_ticked(&one.name) && !is_here(&one.name));
    let elsewhere: Vec<_> = elsewhere.take(ROWS).collect();
    html! {
        input type="hidden" name="to" value=(to);
        fieldset {
            legend { h2.section { (T.request_see) } }
            @if shown.is_empty() {
                (notice(Tone::Warning, T.request_nothing, html! {
                    @if asked.is_phone() { p { (T.request_nothing_phone) } }
                    @else {
                        p { (T.request_nothing_text) }
                        p { a href=(asked.at("claims/get")) { (T.claims_get) } }
                    }
                }))
            }
            @if !elsewhere.is_empty() { p { (T.request_elsewhere) } }
            @for one in elsewhere {
                (tick("claim", &one.name, true, html! {
                    (words::kind(&one.claim)) ", " (fill(T.claim_by, &[("attestor", &one.attestor)]))
                }))
            }
            @for fitting in shown {
                (tick("claim", &fitting.summary.name, is_ticked(&fitting.summary.name), html! {
                    strong { (words::kind(&fitting.summary.claim)) }
                    p { (fill(T.claim_by, &[("attestor", &fitting.attestor)])) }
                    (about(asked, fitting))
                }))
                (way_to_whole(asked, &fitting.summary))
            }
            (others(part))
        }
        (notice(Tone::Warning, T.request_yours, T.request_yours_text))
        (card(T.request_also, html! {
            ul {
                li { (T.request_also_identity) " " (parts::code(words::short(&request.identity))) }
                li { (T.request_also_time) }
                @if request.deliver.is_some() { li { (T.request_also_line) } }
            }
            p { strong { (T.request_else) } }
        }))
        div.actions.wide {
            @if !shown.is_empty() {
                button.main type="submit" name="answer" value="yes" { (T.request_yes) }
            }
            button.quiet type="submit" name="answer" value="no" { (T.request_no) }
        }
    }
}

/// The ways to the rest of what fits: they take along what is ticked.
fn others(part: &Part) -> Markup {
    let [from, to, total] = part.counted().map(|number| number.to_string());
    let said = fill(T.part, &[("from", &from), ("to", &to), ("total", &total)]);
    let turn = |from: Option<usize>, word: &str| {
        html! { @if let Some(from) = from {
            button.quiet type="submit" name="from" value=(from) { (word) }
        } }
    };
    html! {
        @if !part.is_all() {
            div.actions {
                (turn(part.before(), T.part_before))
                span.small { (said) }
                (turn(part.after(), T.part_after))
            }
        }
    }
}

/// `POST requests/answer`: shows what was ticked, or refuses, or turns to another part of what fits.
async fn answer(asked: Asked, posted: Posted) -> Response {
    let fields = &posted.fields;
    let (to, claims) = (fields.text("to").to_owned(), fields.all("claim"));
    if let Ok(from) = fields.text("from").parse() {
        let choice = Choice { ticked: claims, from, nothing: false };
        return match asked.ask(Preview { to: to.clone() }).await {
            Ok(request) => opened(&asked, &to, &request, &choice).await,
            Err(problem) => asked.failed(&problem, "requests").await,
        };
    }
    if fields.text("answer") != "yes" {
        return match asked.ask(Refuse { to }).await {
            Ok(_) => refused(&asked).await,
            Err(problem) => asked.failed(&problem, "requests").await,
        };
    }
    if claims.is_empty() {
        return match asked.ask(Preview { to: to.clone() }).await {
            Ok(request) => {
                let choice = Choice { nothing: true, ..Choice::default() };
                opened(&asked, &to, &request, &choice).await
            }
            Err(problem) => asked.failed(&problem, "requests").await,
        };
    }
    match asked.ask(Present { to, claims, anyway: false }).await {
        Ok(presented) => done(&asked, &presented).await,
        Err(problem) => asked.failed(&problem, "requests").await,
    }
}

async fn refused(asked: &Asked) -> Response {
    let frame = asked.frame().await;
    let next = if asked.is_phone() {
        parts::quiet_link(&asked.at("requests"), T.nav_requests)
    } else {
        parts::quiet_link(&asked.at(""), T.nav_overview)
    };
    frame
        .page(T.refused_title)
        .lead(T.refused_lead)
        .at(asked.at("requests"))
        .with(parts::actions(&[parts::quiet_link(&asked.at("statement"), T.nav_statement), next]))
        .into_response()
}

async fn done(asked: &Asked, presented: &Presented) -> Response {
    let vendor = words::short(&presented.vendor);
    let names = Names::known(asked).await;
    let frame = asked.frame().await;
    let page = frame.page(fill(T.done_title, &[("vendor", &vendor)])).at(asked.at("requests"));
    let page = page.with(card(
        T.done_card,
        html! {
            ul {
                @for claim in &presented.claims {
                    li { (words::kind(&claim.claim)) ", " (names.of(&claim.attestor)) }
                }
            }
        },
    ));
    let page = if presented.delivered {
        page.with(arrived(presented.told.as_ref()))
    } else {
        let text = presented.presentation.to_string();
        page.with(card(
            T.done_hand,
            html! {
                p { (T.done_hand_text) }
                div.field {
                    label for="presentation" { (T.done_presentation) }
                    textarea #presentation rows="8" readonly spellcheck="false" { (text) }
                }
            },
        ))
    };
    let buttons = [parts::quiet_link(&asked.at("statement"), T.nav_statement)];
    page.with(parts::actions(&buttons)).into_response()
}

/// Says that it arrived, and what they decided where they said so: their word, which nobody verified.
fn arrived(told: Option<&Told>) -> Markup {
    let Some(Told { answer, because, until }) = told else {
        return notice(Tone::Good, T.done_sent, T.done_sent_text);
    };
    let (tone, title) = match answer {
        Answer::Accepted => (Tone::Good, T.told_accepted),
        Answer::Refused => (Tone::Bad, T.told_refused),
        Answer::Unknown => (Tone::Warning, T.told_unknown),
    };
    notice(
        tone,
        title,
        html! {
            @if let Some(because) = because { p { "“" (because) "”" } }
            @if let Some(until) = until { p { (T.told_until) " " (moment(until)) "." } }
            p { (T.told_text) }
        },
    )
}
