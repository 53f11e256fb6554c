//! Where somebody hands in an invitation: as text, as a photo of its code, or the one of this computer.

use super::Home;
use super::local::{self, Local};
use super::photo;
use super::texts::{T, fill};
use crate::page::fields::LARGEST_UPLOAD;
use crate::page::parts::{self, Field, Line, Tone, choice, notice};
use crate::page::{Fields, File, Markup, html};
use crate::problem::{Kind, Problem};
use axum::extract::DefaultBodyLimit;
use serde::Deserialize;

/// What may be chosen beside an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Or {
    /// Nothing.
    Nothing,
    /// To go on without a network.
    Later,
}

/// What the address of a page says of the link that led to it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    link: String,
}

impl Link {
    /// Gives the invitation in it; nothing where there is none.
    pub(super) fn invitation(&self, home: &Home) -> String {
        home.entrance().led.invitation(&self.link)
    }
}

/// The invitation that stands in a form before anybody typed, or since she did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Filled<'a> {
    text: &'a str,
    /// Whether a link filled it in.
    linked: bool,
}

impl<'a> Filled<'a> {
    /// Takes the invitation of a link, if there is one.
    pub(super) const fn linked(text: &'a str) -> Self {
        Self { text, linked: !text.is_empty() }
    }

    /// Takes what was sent and not taken.
    pub(super) fn again(fields: &'a Fields) -> Self {
        Self { text: fields.text("invite"), linked: fields.has(LINKED) }
    }
}

/// Makes room in a form for an invitation.
pub(super) fn asked_for(or: Or, filled: &Filled<'_>) -> Markup {
    let Filled { text, linked } = *filled;
    let local = local::invite();
    html! {
        @if linked {
            (notice(Tone::Warning, T.join_linked, T.join_linked_text))
            input type="hidden" name=(LINKED) value="yes";
        }
        @if local.is_some() || or == Or::Later { (ways(local.as_ref(), or, !text.is_empty())) }
        (given("invite", "photo", text))
    }
}

/// Two places for one: a text, and a photo of its code.
pub(super) fn given(text: &str, photo: &str, filled: &str) -> Markup {
    let line = Field::new(text, T.invite, Line::Long).hint(T.invite_hint).optional();
    html! {
        (line.value(filled))
        (parts::photo_or_not(photo, T.invite_photo, T.photo_hint))
    }
}

fn ways(local: Option<&Local>, or: Or, filled: bool) -> Markup {
    html! {
        fieldset {
            legend.hint { (T.join_how) }
            @if let Some(local) = local {
                (choice("how", "local", !filled, html! {
                    strong { (T.join_local) } " " (fill(T.join_local_text, &[("network", &local.network)]))
                }))
            }
            (choice("how", "invite", filled || local.is_none(), html! {
                strong { (T.join_invite) } " " (T.join_invite_text)
            }))
            @if or == Or::Later {
                (choice("how", "later", false, html! {
                    strong { (T.join_later) } " " (T.join_later_text)
                }))
            }
        }
    }
}

/// Gives the invitation of a form; none if somebody goes on without a network.
///
/// Whoever hands one in means it, unless she says that she joins none yet; one that a link filled in counts
/// only if it is chosen.
pub(super) async fn chosen(fields: &Fields, file: File) -> Result<Option<String>, Problem> {
    let how = fields.text("how");
    if how == "later" {
        return Ok(None);
    }
    let invite = text(fields.text("invite"), file).await?;
    let is_meant = !invite.is_empty() && !fields.has(LINKED);
    match how {
        _ if is_meant => Ok(Some(invite)),
        "local" => {
            let local =
                local::invite().ok_or_else(|| Problem::new(Kind::NotFound, T.join_local_gone))?;
            Ok(Some(local.invite))
        }
        _ => Ok(Some(invite)),
    }
}

/// Gives what was pasted, or else what the photo says; nothing if neither is there.
pub(super) async fn text(pasted: &str, file: File) -> Result<String, Problem> {
    if !pasted.is_empty() {
        return Ok(pasted.to_owned());
    }
    Ok(photo::sent(file).await?.unwrap_or_default())
}

/// Stands in a form into which a link filled in its invitation.
const LINKED: &str = "linked";

/// How much such a form may send.
pub(super) fn room() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LARGEST_UPLOAD)
}
