//! An identity one has already: out of a backup, or taken back with its words.
//!
//! What was typed and not taken stands in the form again, to be mended; a passphrase never does.

use super::start::{Filled, failed, show};
use super::texts::T;
use super::{Home, invitation, paper};
use crate::page::parts::{self, Field, Line, submit, unfolded};
use crate::page::session::Session;
use crate::page::{Fields, File, Markup, Uploaded, html};
use crate::passphrase::{Passphrase, Words};
use crate::private;
use crate::problem::{Kind, Problem};
use crate::start as node;
use crate::verb::Verb as _;
use crate::verb::identity::Recover;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use std::path::{Path, PathBuf};

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/start/restore", post(restore).layer(invitation::room()))
        .route("/start/recover", post(recover).layer(invitation::room()))
}

/// What was typed and not taken.
#[derive(Default)]
pub(super) enum Typed<'a> {
    /// Nothing was.
    #[default]
    Nothing,
    /// Where a backup lies.
    Backup(&'a Fields),
    /// Words, whose they are, and the invitation that was pasted or read from a photo.
    Words(&'a Fields, &'a str),
}

/// Both forms, folded unless somebody tries again.
pub(super) fn forms(home: &Home, session: &Session, typed: &Typed<'_>) -> Markup {
    let (backup, words) = match typed {
        Typed::Nothing => (None, None),
        Typed::Backup(fields) => (Some(*fields), None),
        Typed::Words(fields, invite) => (None, Some((*fields, *invite))),
    };
    html! {
        (unfolded(backup.is_some(), T.restore_title, restore_form(home, session, backup)))
        (unfolded(words.is_some(), T.recover_title, recover_form(home, session, words)))
    }
}

fn restore_form(home: &Home, session: &Session, typed: Option<&Fields>) -> Markup {
    let file = typed.map_or("", |typed| typed.text("file"));
    let path = Field::new("file", T.restore_file, Line::Text).hint(T.restore_hint).optional();
    let body = html! {
        p { (T.restore_text) }
        (parts::file_or_not("chosen", T.restore_choose, T.restore_choose_hint))
        (path.value(file))
        (Field::new("passphrase", T.passphrase, Line::Secret))
        (submit(T.restore_go))
    };
    home.upload(session, "start/restore", body)
}

fn recover_form(home: &Home, session: &Session, typed: Option<(&Fields, &str)>) -> Markup {
    let text = |name: &str| typed.map_or("", |(fields, _)| fields.text(name));
    let invite = typed.map_or("", |(_, invite)| invite);
    let did = Field::new("did", T.recover_did, Line::Text).hint(T.recover_did_hint);
    let body = html! {
        p { (T.recover_text) }
        (invitation::given("invitation", "picture", invite))
        (did.value(text("did")))
        (paper::words("words", text("words")))
        (Field::new("first", T.passphrase_new, Line::NewSecret).hint(T.passphrase_hint))
        (Field::new("again", T.passphrase_again, Line::NewSecret))
        (submit(T.recover_go))
    };
    home.upload(session, "start/recover", body)
}

/// `POST start/restore`: a node out of a backup.
async fn restore(State(home): State<Home>, sent: Uploaded) -> Response {
    let Uploaded { session, fields, file } = sent;
    match restored(&home, &fields, file).await {
        Ok(()) => home.on(),
        Err(problem) => again(&home, &session, &problem, Typed::Backup(&fields)).await,
    }
}

async fn restored(home: &Home, fields: &Fields, file: File) -> Result<(), Problem> {
    let passphrase = Passphrase::new(fields.text("passphrase"));
    match file {
        File::Whole(bytes) => {
            let handed = Handed::keep(&home.0.data, &bytes)?;
            home.restore(&handed.0, &passphrase).await
        }
        File::TooLarge => Err(Problem::new(Kind::Invalid, T.restore_large).hint(T.restore_by_path)),
        File::Nothing if fields.has("file") => {
            home.restore(Path::new(fields.text("file")), &passphrase).await
        }
        File::Nothing => Err(Problem::new(Kind::Invalid, T.restore_none)),
    }
}

/// A backup that a browser handed over, as a file for as long as it is read. It is sealed.
struct Handed(PathBuf);

impl Handed {
    fn keep(data: &Path, bytes: &[u8]) -> Result<Self, Problem> {
        let failed =
            |error: std::io::Error| Problem::new(Kind::Internal, T.restore_not_kept).because(error);
        private::make_folder(data).map_err(failed)?;
        let number: u64 = rand::random();
        let handed = Self(data.join(format!("backup-{number:016x}")));
        private::write(&handed.0, bytes).map_err(failed)?;
        Ok(handed)
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        let _removed = std::fs::remove_file(&self.0).is_ok();
    }
}

/// `POST start/recover`: an identity taken back with its words.
async fn recover(State(home): State<Home>, sent: Uploaded) -> Response {
    let Uploaded { session, fields, file } = sent;
    let pasted = fields.text("invitation");
    let read = invitation::text(pasted, file).await;
    match recovered(&home, &fields, &read).await {
        Ok(()) => home.to("start/ready"),
        // What came of it all the same is shown with what did not: it is on the disk.
        Err(problem) if home.node().await.is_some() => failed(&home, &problem, ""),
        Err(problem) => {
            let typed = Typed::Words(&fields, invitation::kept(pasted, &read));
            again(&home, &session, &problem, typed).await
        }
    }
}

async fn again(home: &Home, session: &Session, problem: &Problem, again: Typed<'_>) -> Response {
    show(home, session, Some(problem), &Filled { again, ..Filled::default() }).await
}

async fn recovered(
    home: &Home,
    fields: &Fields,
    read: &Result<String, Problem>,
) -> Result<(), Problem> {
    let passphrase = Passphrase::choose(fields.text("first"), fields.text("again"))?;
    let words = Words::new(fields.text("words"));
    node::check_words(&words)?;
    let invite = read.as_ref().map_err(Clone::clone)?;
    home.join(invite, None).await?;
    let made = home.create(&passphrase, None).await?;
    let did = Some(fields.text("did").to_owned());
    let recovered = Recover { did, words, passphrase }.perform(&made).await.map(drop);
    drop(made);
    if recovered.is_err() {
        home.unmake().await?;
    }
    recovered
}
