//! The first ten minutes: a network, a passphrase, 24 words on paper, and a node that runs.

use super::frame::alone;
use super::invitation::{self, Or};
use super::texts::{T, fill};
use super::{Home, Stage};
use crate::page::parts::{self, Field, Line, Tone, button_link, card, more, notice, submit};
use crate::page::session::Session;
use crate::page::{Fields, File, Markup, Page, Posted, Uploaded, Visit, html};
use crate::passphrase::{Passphrase, Words};
use crate::problem::Problem;
use crate::start as node;
use crate::verb::Verb as _;
use crate::verb::identity::{Recover, Show};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use std::path::Path;

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/start", get(begin))
        .route("/start/network", post(network).layer(invitation::room()))
        .route("/start/passphrase", get(passphrase).post(chosen))
        .route("/start/words", get(words))
        .route("/start/check", get(check).post(checked))
        .route("/start/ready", get(ready))
        .route("/start/unlock", post(unlock))
        .route("/start/restore", post(restore))
        .route("/start/recover", post(recover).layer(invitation::room()))
}

/// What is remembered between two steps.
#[derive(Default)]
pub(super) struct Wizard {
    /// What an identity will be made of, until its words were asked back.
    pending: Option<Pending>,
    /// Which of them are asked for, counted from 0.
    asked: [usize; 3],
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

    fn wizard(&self) -> std::sync::MutexGuard<'_, Wizard> {
        self.0.wizard.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn to(&self, page: &str) -> Response {
        Redirect::to(&self.at(page)).into_response()
    }

    fn form(&self, session: &Session, page: &str, body: Markup) -> Markup {
        parts::form(session, &self.at(page), body)
    }

    fn upload(&self, session: &Session, page: &str, body: Markup) -> Markup {
        parts::upload(session, &self.at(page), body)
    }
}

fn steps(at: usize) -> Markup {
    parts::steps(&[T.step_network, T.step_passphrase, T.step_words, T.step_ready], at)
}

fn wrong(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// `GET start`: whatever comes first here.
async fn begin(
    State(home): State<Home>,
    Visit(session): Visit,
    Query(link): Query<invitation::Link>,
) -> Response {
    let linked = link.invitation(&home);
    show_linked(&home, &session, None, &linked).await
}

async fn show_begin(home: &Home, session: &Session, problem: Option<&Problem>) -> Response {
    show_linked(home, session, problem, "").await
}

async fn show_linked(
    home: &Home,
    session: &Session,
    problem: Option<&Problem>,
    linked: &str,
) -> Response {
    if home.words_wait() {
        return home.to("start/words");
    }
    let stage = home.0.stage.read().await;
    let site = alone();
    let status = problem.map_or(StatusCode::OK, wrong);
    let said = html! { @if let Some(problem) = problem { (parts::problem(problem)) } };
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
            .with(steps(1))
            .with(card(T.join_title, join_form(home, session, linked)))
            .with(html! { h2.section { (T.again_title) } })
            .with(more(T.restore_title, restore_form(home, session)))
            .with(more(T.recover_title, recover_form(home, session)))
            .status(status)
            .into_response(),
    }
}

fn join_form(home: &Home, session: &Session, linked: &str) -> Markup {
    let body = html! {
        p { (T.join_text) }
        (invitation::asked_for(Or::Later, linked))
        (submit(T.go_on))
    };
    home.upload(session, "start/network", body)
}

fn restore_form(home: &Home, session: &Session) -> Markup {
    let body = html! {
        p { (T.restore_text) }
        (Field::new("file", T.restore_file, Line::Text).hint(T.restore_hint))
        (Field::new("passphrase", T.passphrase, Line::Secret))
        (submit(T.restore_go))
    };
    home.form(session, "start/restore", body)
}

fn recover_form(home: &Home, session: &Session) -> Markup {
    let body = html! {
        p { (T.recover_text) }
        (invitation::given("invitation", "picture", ""))
        (Field::new("did", T.recover_did, Line::Text).hint(T.recover_did_hint))
        (Field::new("words", T.words_field, Line::Long).hint(T.words_hint))
        (Field::new("first", T.passphrase_new, Line::NewSecret).hint(T.passphrase_hint))
        (Field::new("again", T.passphrase_again, Line::NewSecret))
        (submit(T.recover_go))
    };
    home.upload(session, "start/recover", body)
}

/// `POST start/network`: which network, before there is an identity: its witnesses cosign it.
async fn network(State(home): State<Home>, sent: Uploaded) -> Response {
    match join(&home, &sent.fields, sent.file).await {
        Ok(()) => home.to("start/passphrase"),
        Err(problem) => show_begin(&home, &sent.session, Some(&problem)).await,
    }
}

async fn join(home: &Home, fields: &Fields, file: File) -> Result<(), Problem> {
    match invitation::chosen(fields, file).await? {
        Some(invite) => home.join(&invite, None).await,
        None => Ok(()),
    }
}

/// `GET start/passphrase`.
async fn passphrase(State(home): State<Home>, Visit(session): Visit) -> Response {
    show_passphrase(&home, &session, None)
}

fn show_passphrase(home: &Home, session: &Session, problem: Option<&Problem>) -> Response {
    let site = alone();
    Page::new(&site, T.passphrase_title)
        .lead(T.passphrase_lead)
        .with(html! { @if let Some(problem) = problem { (parts::problem(problem)) } })
        .with(steps(2))
        .with(card(
            T.passphrase_card,
            home.form(
                session,
                "start/passphrase",
                html! {
                    (Field::new("first", T.passphrase_new, Line::NewSecret).hint(T.passphrase_hint))
                    (Field::new("again", T.passphrase_again, Line::NewSecret))
                    (submit(T.passphrase_go))
                },
            ),
        ))
        .status(problem.map_or(StatusCode::OK, wrong))
        .into_response()
}

/// `POST start/passphrase`: makes the words; nothing is on the disk yet.
async fn chosen(State(home): State<Home>, posted: Posted) -> Response {
    match pending(&posted.fields) {
        Ok(pending) => {
            home.wizard().pending = Some(pending);
            home.to("start/words")
        }
        Err(problem) => show_passphrase(&home, &posted.session, Some(&problem)),
    }
}

fn pending(fields: &Fields) -> Result<Pending, Problem> {
    let passphrase = Passphrase::choose(fields.text("first"), fields.text("again"))?;
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
        .with(steps(3))
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
        .with(steps(3))
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
fn failed(home: &Home, problem: &Problem, back: &str) -> Response {
    let site = alone();
    let page = Page::new(&site, T.failed_title).with(parts::problem(problem));
    let back = parts::quiet_link(&home.at(back), T.go_back);
    page.with(parts::actions(&[back])).status(wrong(problem)).into_response()
}

/// Picks three different ones of 24, in their order.
fn three() -> [usize; 3] {
    let third = || usize::from(rand::random::<u8>() & 7);
    [third(), third().saturating_add(8), third().saturating_add(16)]
}

/// `GET start/ready`: what there is now, and what happens while the computer is off.
async fn ready(State(home): State<Home>, Visit(_): Visit) -> Response {
    let Some(running) = home.node().await else { return home.to("start") };
    let own = match (Show {}).perform(&running).await {
        Ok(own) => own,
        Err(problem) => {
            let site = alone();
            let page = Page::new(&site, T.failed_title).with(parts::problem(&problem));
            return page.status(wrong(&problem)).into_response();
        }
    };
    let joined = running.joined().is_ok();
    let kept = match own.keepers {
        0 if joined => notice(Tone::Warning, T.off_not_yet, T.off_not_yet_text),
        0 => notice(Tone::Warning, T.off_no_network, T.off_no_network_text),
        1 => notice(Tone::Good, T.off_kept_one, T.off_kept_text),
        keepers => {
            let title = fill(T.off_kept, &[("keepers", &keepers.to_string())]);
            notice(Tone::Good, title, T.off_kept_text)
        }
    };
    let site = alone();
    Page::new(&site, T.ready_title)
        .lead(T.ready_lead)
        .with(steps(4))
        .with(card(
            T.ready_you,
            html! {
                (parts::facts(&[
                    (T.fingerprint, html! { strong { code { (own.fingerprint) } } }),
                    (T.identity, parts::code(&own.did)),
                ]))
                p.hint { (T.ready_you_text) }
            },
        ))
        .with(card(T.off_title, html! { p { (T.off_text) } (kept) }))
        .with(parts::actions(&[
            button_link(&home.at("claims/get"), T.ready_claim),
            parts::quiet_link(&home.at(""), T.ready_home),
        ]))
        .into_response()
}

/// `POST start/unlock`.
async fn unlock(State(home): State<Home>, posted: Posted) -> Response {
    let passphrase = Passphrase::new(posted.fields.text("passphrase"));
    match home.unlock(&passphrase).await {
        // A link may have led here.
        Ok(()) => home.to(&home.entrance().led.unshown().unwrap_or_default()),
        Err(problem) => show_begin(&home, &posted.session, Some(&problem)).await,
    }
}

/// `POST start/restore`: a node out of a backup.
async fn restore(State(home): State<Home>, posted: Posted) -> Response {
    let passphrase = Passphrase::new(posted.fields.text("passphrase"));
    match home.restore(Path::new(posted.fields.text("file")), &passphrase).await {
        Ok(()) => home.to(""),
        Err(problem) => show_begin(&home, &posted.session, Some(&problem)).await,
    }
}

/// `POST start/recover`: an identity taken back with its words.
async fn recover(State(home): State<Home>, sent: Uploaded) -> Response {
    match recovered(&home, &sent.fields, sent.file).await {
        Ok(()) => home.to("start/ready"),
        // What came of it all the same is shown with what did not: it is on the disk.
        Err(problem) if home.node().await.is_some() => failed(&home, &problem, ""),
        Err(problem) => show_begin(&home, &sent.session, Some(&problem)).await,
    }
}

async fn recovered(home: &Home, fields: &Fields, file: File) -> Result<(), Problem> {
    let passphrase = Passphrase::choose(fields.text("first"), fields.text("again"))?;
    let words = Words::new(fields.text("words"));
    node::check_words(&words)?;
    let invite = invitation::text(fields.text("invitation"), file).await?;
    home.join(&invite, None).await?;
    let made = home.create(&passphrase, None).await?;
    let did = Some(fields.text("did").to_owned());
    let recovered = Recover { did, words, passphrase }.perform(&made).await.map(drop);
    drop(made);
    if recovered.is_err() {
        home.unmake().await?;
    }
    recovered
}
