//! The first ten minutes: a network, a passphrase, 24 words on paper, and a node that runs.

use super::frame::alone;
use super::invitation::{self, Or};
use super::returning::{self, Typed};
use super::texts::{self, T, fill};
use super::{Home, Stage};
use crate::page::parts::{self, Field, Line, Tone, button_link, card, more, notice, submit};
use crate::page::session::Session;
use crate::page::{Fields, Markup, Page, Posted, Uploaded, Visit, html};
use crate::passphrase::{Passphrase, Words};
use crate::problem::Problem;
use crate::start as node;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/start", get(begin))
        .route("/start/begin", post(chosen).layer(invitation::room()))
        .route("/start/words", get(words))
        .route("/start/check", get(check).post(checked))
        .route("/start/unlock", post(unlock))
}

/// What is remembered between two steps.
#[derive(Default)]
pub(super) struct Wizard {
    /// What an identity will be made of, until its words were asked back.
    pending: Option<Pending>,
    /// Which of them are asked for, counted from 0.
    asked: [usize; 3],
    /// How often the last page looked again by itself.
    looks: u8,
}

/// An identity that is not made yet: its owner has its words on paper before anything is.
#[derive(Clone)]
struct Pending {
    passphrase: Passphrase,
    words: Words,
}

impl Home {
    /// Tells whether somebody still has to write the words down.
    fn words_wait(&self) -> bool {
        self.wizard().pending.is_some()
    }

    fn asked_back(&self) -> Option<(Pending, [usize; 3])> {
        let wizard = self.wizard();
        Some((wizard.pending.clone()?, wizard.asked))
    }

    /// Tells whether the last page looks again by itself: for a minute, as keepers and attestors are heard of
    /// within seconds where there are any.
    pub(super) fn looks_again(&self) -> bool {
        let mut wizard = self.wizard();
        wizard.looks = wizard.looks.saturating_add(1);
        wizard.looks <= MOST_LOOKS
    }

    fn wizard(&self) -> std::sync::MutexGuard<'_, Wizard> {
        self.0.wizard.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn to(&self, page: &str) -> Response {
        Redirect::to(&self.at(page)).into_response()
    }

    /// Leads on: to the link that led here, or else to the first page.
    pub(super) fn on(&self) -> Response {
        self.to(&self.entrance().led.unshown().unwrap_or_default())
    }

    pub(super) fn form(&self, session: &Session, page: &str, body: Markup) -> Markup {
        parts::form(session, &self.at(page), body)
    }

    pub(super) fn upload(&self, session: &Session, page: &str, body: Markup) -> Markup {
        parts::upload(session, &self.at(page), body)
    }
}

pub(super) fn steps(at: usize) -> Markup {
    parts::steps(&[T.step_begin, T.step_words, T.step_ready], at)
}

pub(super) fn wrong(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// `GET start`: whatever comes first here.
async fn begin(
    State(home): State<Home>,
    Visit(session): Visit,
    Query(link): Query<invitation::Link>,
) -> Response {
    let linked = link.invitation(&home);
    let invite = invitation::Filled::linked(&linked);
    show(&home, &session, None, &Filled { invite, ..Filled::default() }).await
}

/// What stands in the forms of the first page.
#[derive(Default)]
pub(super) struct Filled<'a> {
    pub(super) invite: invitation::Filled<'a>,
    pub(super) again: Typed<'a>,
}

/// Shows what comes first here, below what went wrong and with what was typed.
pub(super) async fn show(
    home: &Home,
    session: &Session,
    problem: Option<&Problem>,
    filled: &Filled<'_>,
) -> Response {
    if home.words_wait() {
        return home.to("start/words");
    }
    let stage = home.0.stage.read().await;
    let site = alone();
    let status = problem.map_or(StatusCode::OK, wrong);
    let said = html! { @if let Some(problem) = problem { (texts::problem(problem)) } };
    match &*stage {
        Stage::Open(_) => home.to(""),
        Stage::Locked => Page::new(&site, T.unlock_title)
            .lead(T.unlock_lead)
            .with(said)
            .with(card(
                T.unlock_card,
                home.form(
                    session,
                    "start/unlock",
                    html! {
                        (Field::new("passphrase", T.passphrase, Line::Secret))
                        (submit(T.unlock_go))
                    },
                ),
            ))
            .with(more(T.unlock_forgot, html! { p { (T.unlock_forgot_text) } }))
            .status(status)
            .into_response(),
        Stage::Empty => Page::new(&site, T.start_title)
            .lead(T.start_lead)
            .with(said)
            .with(cut_off(home))
            .with(waiting(home))
            .with(steps(1))
            .with(begin_form(home, session, &filled.invite))
            .with(html! { h2.section { (T.again_title) } })
            .with(returning::forms(home, session, &filled.again))
            .status(status)
            .into_response(),
    }
}

/// Says what became of a try that was cut off.
fn cut_off(home: &Home) -> Markup {
    let was = node::was_cut_off(&home.0.data);
    html! { @if was { (notice(Tone::Warning, T.start_cut_off, T.start_cut_off_text)) } }
}

/// Says that a request led here, which is shown once there is somebody who can answer it.
fn waiting(home: &Home) -> Markup {
    let waits = home.entrance().led.unshown().is_some();
    html! { @if waits { (notice(Tone::Plain, T.start_request, T.start_request_text)) } }
}

/// One form with a card for each: which network, and the passphrase.
fn begin_form(home: &Home, session: &Session, filled: &invitation::Filled<'_>) -> Markup {
    let network = html! {
        p { (T.join_text) }
        (invitation::asked_for(Or::Later, filled))
    };
    let passphrase = html! {
        p { (T.passphrase_text) }
        (Field::new("new-passphrase", T.passphrase_new, Line::NewSecret).hint(T.passphrase_hint))
        (Field::new("new-passphrase-again", T.passphrase_again, Line::NewSecret))
        (submit(T.go_on))
    };
    let body = html! {
        (card(T.join_title, network))
        (card(T.passphrase_card, passphrase))
    };
    home.upload(session, "start/begin", body)
}

/// `POST start/begin`: which network, before there is an identity, for its witnesses cosign it; and makes
/// the words, of which nothing is on the disk yet. A passphrase that will not do joins nothing.
async fn chosen(State(home): State<Home>, sent: Uploaded) -> Response {
    let read = invitation::read(&sent.fields, sent.file).await;
    let chosen = async {
        let pending = pending(&sent.fields)?;
        join(&home, &sent.fields, &read).await?;
        Ok(pending)
    };
    match chosen.await {
        Ok(pending) => {
            home.wizard().pending = Some(pending);
            home.to("start/words")
        }
        Err(problem) => {
            let invite = invitation::Filled::again(&sent.fields, &read);
            let filled = Filled { invite, ..Filled::default() };
            show(&home, &sent.session, Some(&problem), &filled).await
        }
    }
}

async fn join(home: &Home, fields: &Fields, read: &Result<String, Problem>) -> Result<(), Problem> {
    match invitation::chosen(fields, read)? {
        Some(invite) => home.join(&invite, None).await,
        None => Ok(()),
    }
}

fn pending(fields: &Fields) -> Result<Pending, Problem> {
    let passphrase =
        Passphrase::choose(fields.text("new-passphrase"), fields.text("new-passphrase-again"))?;
    Ok(Pending { passphrase, words: node::new_words()? })
}

/// `GET start/words`: the 24 words, until they were asked back.
async fn words(State(home): State<Home>, Visit(_): Visit) -> Response {
    let site = alone();
    let wizard = home.wizard();
    let Some(Pending { words, .. }) = &wizard.pending else {
        drop(wizard);
        return home.to("");
    };
    Page::new(&site, T.words_title)
        .lead(T.words_lead)
        .with(steps(2))
        .with(html! {
            section.card {
                ol.words { @for word in words.reveal().split_whitespace() { li { (word) } } }
            }
        })
        .with(notice(Tone::Warning, T.words_warning, T.words_warning_text))
        .with(parts::actions(&[button_link(&home.at("start/check"), T.words_written)]))
        .into_response()
}

/// `GET start/check`: asks for three of them.
async fn check(State(home): State<Home>, Visit(session): Visit) -> Response {
    let mut wizard = home.wizard();
    if wizard.pending.is_none() {
        drop(wizard);
        return home.to("");
    }
    wizard.asked = three();
    let asked = wizard.asked;
    drop(wizard);
    show_check(&home, &session, asked, false)
}

fn show_check(home: &Home, session: &Session, asked: [usize; 3], again: bool) -> Response {
    let site = alone();
    let labels =
        asked.map(|at| fill(T.word_number, &[("number", &at.saturating_add(1).to_string())]));
    let names = ["first", "second", "third"];
    let body = html! {
        @for (name, label) in names.iter().zip(&labels) { (Field::new(name, label, Line::Text)) }
        div.actions {
            (submit(T.check_go))
            (parts::quiet_link(&home.at("start/words"), T.check_back))
        }
    };
    Page::new(&site, T.check_title)
        .lead(T.check_lead)
        .with(html! { @if again { (notice(Tone::Bad, T.check_wrong, T.check_wrong_text)) } })
        .with(steps(2))
        .with(card(T.check_card, home.form(session, "start/check", body)))
        .status(if again { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
        .into_response()
}

/// `POST start/check`: makes the identity once three of its words came back.
async fn checked(State(home): State<Home>, posted: Posted) -> Response {
    let Some((pending, asked)) = home.asked_back() else { return home.to("") };
    let list: Vec<&str> = pending.words.reveal().split_whitespace().collect();
    let right = asked.iter().zip(["first", "second", "third"]).all(|(at, name)| {
        list.get(*at).is_some_and(|word| posted.fields.text(name).eq_ignore_ascii_case(word))
    });
    if !right {
        let asked = three();
        home.wizard().asked = asked;
        return show_check(&home, &posted.session, asked, true);
    }
    let made = home.create(&pending.passphrase, Some(pending.words)).await;
    // What is made cannot be made again, even where it did not start.
    if !matches!(&*home.0.stage.read().await, Stage::Empty) {
        home.wizard().pending = None;
    }
    match made {
        Ok(_) => home.to("start/ready"),
        Err(problem) => failed(&home, &problem, "start"),
    }
}

/// Shows what went wrong, and the way to a page of ours.
pub(super) fn failed(home: &Home, problem: &Problem, back: &str) -> Response {
    let site = alone();
    let page = Page::new(&site, T.failed_title).with(texts::problem(problem));
    let back = parts::quiet_link(&home.at(back), T.go_back);
    page.with(parts::actions(&[back])).status(wrong(problem)).into_response()
}

/// Picks three different ones of 24, in their order.
fn three() -> [usize; 3] {
    let third = || usize::from(rand::random::<u8>() & 7);
    [third(), third().saturating_add(8), third().saturating_add(16)]
}

/// `POST start/unlock`.
async fn unlock(State(home): State<Home>, posted: Posted) -> Response {
    let passphrase = Passphrase::new(posted.fields.text("passphrase"));
    match home.unlock(&passphrase).await {
        Ok(()) => home.on(),
        Err(problem) => show(&home, &posted.session, Some(&problem), &Filled::default()).await,
    }
}

/// A look every three seconds.
const MOST_LOOKS: u8 = 20;
