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
use countersign_protocol::wire::invite::Invite;
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
    /// Which of the ways was chosen, once one was.
    how: &'a str,
}

impl<'a> Filled<'a> {
    /// Takes the invitation of a link, if there is one.
    pub(super) const fn linked(text: &'a str) -> Self {
        Self { text, linked: !text.is_empty(), how: "" }
    }

    /// Takes what was sent and not taken: what was pasted, or else the invitation that was `read` from a
    /// photo, which no browser sends twice.
    pub(super) fn again(fields: &'a Fields, read: &'a Result<String, Problem>) -> Self {
        let text = kept(fields.text("invite"), read);
        Self { text, linked: fields.has(LINKED), how: fields.text("how") }
    }

    /// Tells whether a link filled it in.
    pub(super) const fn is_linked(&self) -> bool {
        self.linked
    }

    /// Tells which way stands chosen in the form.
    fn chosen(&self, is_local: bool) -> &'a str {
        match self.how {
            "later" => "later",
            "local" if is_local => "local",
            "" if is_local && self.text.is_empty() => "local",
            _ => "invite",
        }
    }
}

/// Makes room in a form for an invitation.
pub(super) fn asked_for(or: Or, filled: &Filled<'_>) -> Markup {
    let Filled { text, linked, .. } = *filled;
    let local = local::invite();
    let chosen = filled.chosen(local.is_some());
    html! {
        @if linked {
            (notice(Tone::Warning, T.join_linked, T.join_linked_text))
            input type="hidden" name=(LINKED) value="yes";
        }
        @if local.is_some() || or == Or::Later { (ways(local.as_ref(), or, chosen)) }
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

fn ways(local: Option<&Local>, or: Or, chosen: &str) -> Markup {
    html! {
        fieldset {
            legend.hint { (T.join_how) }
            @if let Some(local) = local {
                (choice("how", "local", chosen == "local", html! {
                    strong { (T.join_local) } " " (fill(T.join_local_text, &[("network", &local.network)]))
                }))
            }
            (choice("how", "invite", chosen == "invite", html! {
                strong { (T.join_invite) } " " (T.join_invite_text)
            }))
            @if or == Or::Later {
                (choice("how", "later", chosen == "later", html! {
                    strong { (T.join_later) } " " (T.join_later_text)
                }))
            }
        }
    }
}

/// Gives the invitation of a form, of what was `read` from it; none if somebody goes on without a network.
///
/// Whoever hands one in means it, unless she says that she joins none yet; one that a link filled in counts
/// only if it is chosen.
pub(super) fn chosen(
    fields: &Fields,
    read: &Result<String, Problem>,
) -> Result<Option<String>, Problem> {
    let how = fields.text("how");
    if how == "later" {
        return Ok(None);
    }
    let invite = read.clone()?;
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

/// Reads the invitation of the form on the first page and on that of the network.
pub(super) async fn read(fields: &Fields, file: File) -> Result<String, Problem> {
    text(fields.text("invite"), file).await
}

/// Gives what stands in the form again: what was pasted, whatever it is, or the invitation of a photo. Any
/// other text of a photo goes, or it would count before the next photo.
pub(super) fn kept<'a>(pasted: &'a str, read: &'a Result<String, Problem>) -> &'a str {
    match read {
        Ok(read) if read.parse::<Invite>().is_ok() => read,
        Ok(_) | Err(_) => pasted,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_that_was_chosen_stays_chosen_when_its_photo_does_not_read() {
        for (how, text, is_local, expected) in [
            ("", "", true, "local"),
            ("", "", false, "invite"),
            ("", "countersign:invite:x", true, "invite"),
            ("invite", "", true, "invite"),
            ("local", "", true, "local"),
            ("local", "", false, "invite"),
            ("later", "", true, "later"),
        ] {
            let filled = Filled { text, linked: false, how };
            assert_eq!(filled.chosen(is_local), expected, "{how} {text} {is_local}");
        }
    }
}
