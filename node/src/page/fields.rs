//! What a person wrote into a form, and who she is.

use super::guard::Refusal;
use super::session::Session;
use axum::body::to_bytes;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::http::request::Parts;
use core::fmt;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// The session of whoever asks for a page; [`visit`](super::guard::visit) found it.
#[derive(Debug, Clone)]
pub struct Visit(pub Session);

/// A form that was sent from a page of this very session.
#[derive(Debug)]
pub struct Posted {
    /// Who sent it.
    pub session: Session,
    /// What stands in it.
    pub fields: Fields,
}

/// A form with room for a file that was sent from a page of this very session.
pub struct Uploaded {
    /// Who sent it.
    pub session: Session,
    /// What stands in it beside the file.
    pub fields: Fields,
    /// The file.
    pub file: File,
}

/// What came where a form takes a file.
pub enum File {
    /// None was chosen.
    Nothing,
    /// What stands in it.
    Whole(Vec<u8>),
    /// It is larger than [`LARGEST_FILE`].
    TooLarge,
}

/// The fields of a form. They may be secret: they wipe themselves and print as nothing.
pub struct Fields(Vec<(String, Zeroizing<String>)>);

impl Fields {
    /// Reads a form as browsers send it.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes).take(MOST_FIELDS);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
                .collect(),
        )
    }

    /// Gives the field `name`, without white space around it; empty if there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(called, _)| called == name).map_or("", |(_, value)| value.trim())
    }

    /// Gives every field called `name`: boxes that were ticked.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        let called = self.0.iter().filter(|(called, _)| called == name);
        called.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// Tells whether something stands in the field `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Session>().cloned().map(Self).ok_or(Refusal::NotEntered)
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let session = request.extensions().get::<Session>().cloned().ok_or(Refusal::NotEntered)?;
        let bytes = to_bytes(request.into_body(), LARGEST).await.map_err(|_| Refusal::BadForm)?;
        let fields = Fields::parse(&bytes);
        if !session.is_own_form(fields.text(FORM)) {
            return Err(Refusal::OldForm);
        }
        Ok(Self { session, fields })
    }
}

impl<S: Send + Sync> FromRequest<S> for Uploaded {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let session = request.extensions().get::<Session>().cloned().ok_or(Refusal::NotEntered)?;
        let read = Multipart::from_request(request, state).await;
        let mut form = read.map_err(|_| Refusal::BadForm)?;
        let (mut fields, mut file) = (Fields(Vec::new()), File::Nothing);
        let mut room = LARGEST;
        while let Some(mut field) = form.next_field().await.map_err(|_| Refusal::BadForm)? {
            let (name, is_file) = (field.name().unwrap_or_default().to_owned(), is_file(&field));
            let heard = heard(&mut field, if is_file { LARGEST_FILE } else { room }).await?;
            match heard {
                // What a form of ours says comes first.
                _ if is_file && !session.is_own_form(fields.text(FORM)) => {
                    return Err(Refusal::OldForm);
                }
                None if is_file => file = File::TooLarge,
                // A browser sends an empty one where none was chosen.
                Some(bytes) if is_file && bytes.is_empty() => {}
                Some(bytes) if is_file => file = File::Whole(bytes),
                Some(said) if fields.0.len() < MOST_FIELDS => {
                    room = room.saturating_sub(said.len());
                    let said = String::from_utf8(said).map_err(|_| Refusal::BadForm)?;
                    fields.0.push((name, Zeroizing::new(said)));
                }
                Some(_) | None => return Err(Refusal::BadForm),
            }
        }
        if !session.is_own_form(fields.text(FORM)) {
            return Err(Refusal::OldForm);
        }
        Ok(Self { session, fields, file })
    }
}

fn is_file(field: &Field<'_>) -> bool {
    field.file_name().is_some()
}

/// Reads one part of a form; nothing if it is larger than `most`. That is heard to its end all the same, so
/// that the browser hears the answer.
async fn heard(field: &mut Field<'_>, most: usize) -> Result<Option<Vec<u8>>, Refusal> {
    let mut bytes = Some(Vec::new());
    while let Some(chunk) = field.chunk().await.map_err(|_| Refusal::BadForm)? {
        bytes = bytes.filter(|bytes: &Vec<u8>| bytes.len().saturating_add(chunk.len()) <= most);
        bytes.iter_mut().for_each(|bytes| bytes.extend_from_slice(&chunk));
    }
    Ok(bytes)
}

/// The field that repeats the session's secret.
pub const FORM: &str = "form";
/// A presentation with room to spare.
const LARGEST: usize = 256 * 1024;
/// The largest file that is read: a photo as a phone takes it, with room to spare.
pub const LARGEST_FILE: usize = 16 * 1024 * 1024;
/// The largest form with a file that is heard to its end.
pub const LARGEST_UPLOAD: usize = 24 * 1024 * 1024;
/// More than any form of ours has.
const MOST_FIELDS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_reads_back_and_prints_no_value() {
        let fields = Fields::parse(b"passphrase=+correct+horse+&claim=a&claim=b&empty=");
        assert_eq!(fields.text("passphrase"), "correct horse");
        assert_eq!(fields.all("claim"), ["a", "b"]);
        assert!(!fields.has("empty") && !fields.has("missing"));
        assert!(!format!("{fields:?}").contains("horse"));
    }
}
