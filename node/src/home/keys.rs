//! The keys behind the identity: looked at, rotated, rehearsed, backed up, taken back.

use super::Home;
use super::frame::Asked;
use super::texts::{self, T, fill};
use super::words::day;
use super::{devices, paper};
use crate::known::on_paper;
use crate::page::parts::{
    self, Field, Line, Tone, card, danger, facts, notice, state, submit, unfolded,
};
use crate::page::{Fields, Markup, Posted, html};
use crate::passphrase::{Passphrase, Words};
use crate::problem::Problem;
use crate::verb::backup::Backup;
use crate::verb::identity::{Key, Own, Recover, Rehearse, Rotate, Show};
use crate::verb::overview::{Alarm, Overview};
use crate::verb::passphrase::ChangePassphrase;
use axum::Router;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/keys", get(page))
        .route("/keys/rotate", post(rotate))
        .route("/keys/rehearse", post(rehearse))
        .route("/keys/recover", post(recover))
        .route("/keys/backup", post(backup))
        .route("/keys/passphrase", post(passphrase))
}

/// `GET keys`.
async fn page(asked: Asked) -> Response {
    shown(&asked, html! {}, &Typed::default()).await
}

/// Words that were typed and not taken: a passphrase is never shown again.
#[derive(Default)]
struct Typed<'a> {
    rehearsed: &'a str,
    takes_back: &'a str,
}

async fn shown(asked: &Asked, said: Markup, typed: &Typed<'_>) -> Response {
    let both = async { tokio::try_join!(asked.ask(Show {}), asked.ask(Overview {})) };
    let (own, seen) = match both.await {
        Ok(both) => both,
        Err(problem) => return asked.failed(&problem, "").await,
    };
    let alarmed = !seen.alarms.is_empty();
    let devices = devices::section(asked).await;
    let frame = asked.frame().await;
    frame
        .page(T.keys_title)
        .lead(T.keys_lead)
        .at(asked.at("keys"))
        .with(said)
        .with(alarms(&seen.alarms, &html! {}))
        .with(html! { @if alarmed { (card(T.takeback_title, takeback(asked, typed.takes_back))) } })
        .with(card(T.keys_now, now(&own)))
        .with(devices)
        .with(card(
            T.backup_title,
            html! {
                p { (T.backup_text) }
                (asked.press("keys/backup", &[], submit(T.backup_go)))
            },
        ))
        .with(card(
            T.rehearse_title,
            html! {
                p { (T.rehearse_text) }
                (asked.form("keys/rehearse", html! {
                    (paper::words("words", typed.rehearsed))
                    (submit(T.rehearse_go))
                }))
            },
        ))
        .with(card(
            T.rotate_title,
            html! {
                p { (T.rotate_text) }
                (asked.form("keys/rotate", html! {
                    (Field::new("passphrase", T.passphrase, Line::Secret))
                    (submit(T.rotate_go))
                }))
            },
        ))
        .with(card(T.another_title, another(asked)))
        .with(html! { @if !alarmed {
            @let again = !typed.takes_back.is_empty();
            (unfolded(again, T.takeback_title, takeback(asked, typed.takes_back)))
        } })
        .into_response()
}

/// What was done in the owner's name and not by her, with the way to what she can do about it.
pub(super) fn alarms(alarms: &[Alarm], way: &Markup) -> Markup {
    html! {
        @for alarm in alarms {
            (notice(Tone::Bad, T.alarm, html! {
                p { (parts::sentence(&texts::alarm(alarm).says)) }
                p { (T.alarm_do) }
                (way)
            }))
        }
    }
}

/// The way there from another page.
pub(super) fn to_takeback(asked: &Asked) -> Markup {
    parts::button_link(&asked.at("keys"), T.takeback_go)
}

fn now(own: &Own) -> Markup {
    let (needed, offered) = own.witnesses;
    let (needed, offered) = (needed.to_string(), offered.to_string());
    let witnessed = match own.witnesses.1 {
        0 => html! { (T.keys_no_witnesses) },
        _ => html! { (fill(T.keys_witnesses, &[("needed", &needed), ("offered", &offered)])) },
    };
    let stands = if own.deactivated {
        state(Tone::Bad, T.keys_ended)
    } else if own.stands {
        state(Tone::Good, T.keys_stands)
    } else {
        state(Tone::Warning, T.keys_waits)
    };
    facts(&[
        (T.fingerprint, html! { strong { code { (own.fingerprint) } } }),
        (T.identity, parts::code(&own.did)),
        (T.on_paper, html! { code { (on_paper(&own.did)) } }),
        (T.keys_state, html! { (stands) " " (witnessed) }),
        (
            T.keys_changed,
            html! { (day(&own.updated)) " (" (fill(T.keys_version, &[("version", &own.version.to_string())])) ")" },
        ),
        (T.keys_daily, html! { @for key in &own.authentication { p { (parts::code(key)) } } }),
        (T.keys_next, html! { (T.keys_next_text) }),
        (T.keys_recovery, html! { (T.keys_recovery_text) }),
    ])
}

fn takeback(asked: &Asked, typed: &str) -> Markup {
    asked.form(
        "keys/recover",
        html! {
            p { (T.takeback_text) }
            (paper::words("recovery-words", typed))
            (Field::new("recovery-passphrase", T.passphrase, Line::Secret))
            (danger(T.takeback_go))
        },
    )
}

fn another(asked: &Asked) -> Markup {
    asked.form(
        "keys/passphrase",
        html! {
            p { (T.another_text) }
            (Field::new("old-passphrase", T.another_old, Line::Secret))
            (Field::new("first", T.passphrase_new, Line::Secret).hint(T.passphrase_hint))
            (Field::new("again", T.passphrase_again, Line::Secret))
            (submit(T.another_go))
        },
    )
}

/// `POST keys/rotate`.
async fn rotate(asked: Asked, posted: Posted) -> Response {
    let passphrase = Passphrase::new(posted.fields.text("passphrase"));
    let done = asked.ask(Rotate { key: Key::Authentication, stolen: false, passphrase }).await;
    let said = match done {
        Ok(_) => notice(Tone::Good, T.rotated, T.rotated_text),
        Err(problem) => texts::problem(&problem),
    };
    shown(&asked, said, &Typed::default()).await
}

/// `POST keys/rehearse`.
async fn rehearse(asked: Asked, posted: Posted) -> Response {
    let typed = posted.fields.text("words");
    let again = Typed { rehearsed: typed, ..Typed::default() };
    match asked.ask(Rehearse { words: Words::new(typed) }).await {
        Ok(rehearsed) if rehearsed.right => {
            let said = notice(Tone::Good, T.rehearsed, T.rehearsed_text);
            shown(&asked, said, &Typed::default()).await
        }
        Ok(_) => {
            let said = notice(Tone::Bad, T.rehearsed_wrong, T.rehearsed_wrong_text);
            shown(&asked, said, &again).await
        }
        Err(problem) => shown(&asked, texts::problem(&problem), &again).await,
    }
}

/// `POST keys/recover`.
async fn recover(asked: Asked, posted: Posted) -> Response {
    match recovered(&asked, &posted.fields).await {
        Ok(()) => {
            let said = notice(Tone::Good, T.taken_back, T.taken_back_text);
            shown(&asked, said, &Typed::default()).await
        }
        Err(problem) => {
            let takes_back = posted.fields.text("recovery-words");
            let again = Typed { takes_back, ..Typed::default() };
            shown(&asked, texts::problem(&problem), &again).await
        }
    }
}

async fn recovered(asked: &Asked, fields: &Fields) -> Result<(), Problem> {
    let words = Words::new(fields.text("recovery-words"));
    let passphrase = Passphrase::new(fields.text("recovery-passphrase"));
    asked.node.open_with(&passphrase).await?;
    asked.ask(Recover { did: None, words, passphrase }).await.map(drop)
}

/// `POST keys/passphrase`.
async fn passphrase(asked: Asked, posted: Posted) -> Response {
    let fields = &posted.fields;
    let old = Passphrase::new(fields.text("old-passphrase"));
    let done = match Passphrase::choose(fields.text("first"), fields.text("again")) {
        Ok(new) => asked.ask(ChangePassphrase { old, new }).await,
        Err(problem) => Err(problem),
    };
    let said = match done {
        Ok(_) => notice(Tone::Good, T.another_done, T.another_done_text),
        Err(problem) => texts::problem(&problem),
    };
    shown(&asked, said, &Typed::default()).await
}

/// `POST keys/backup`: hands the backup to the browser; it is sealed before it leaves the node.
async fn backup(asked: Asked, _: Posted) -> Response {
    let number: u64 = rand::random();
    let file = asked.node.data().join(format!("backup-{number:016x}"));
    let written = asked.ask(Backup { to: file.clone(), force: false }).await;
    let bytes = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::read(&file);
        let _removed = std::fs::remove_file(&file).is_ok();
        bytes
    });
    match (written, bytes.await) {
        (Ok(_), Ok(Ok(bytes))) => {
            let today: String = asked.node.now().to_string().chars().take(10).collect();
            let name = format!("attachment; filename=\"countersign-{today}.backup\"");
            let kind = "application/octet-stream".to_owned();
            ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], bytes).into_response()
        }
        (Err(problem), _) => asked.failed(&problem, "keys").await,
        (Ok(_), _) => {
            let problem = Problem::new(crate::problem::Kind::Internal, T.backup_lost);
            asked.failed(&problem, "keys").await
        }
    }
}
