//! Writes into the owner's statement what attestors took back: which claim, since when and why.
//!
//! A line is written once a claim. The note that it was lies in the vault beside the claim, written in the same step
//! as the line, and goes when the claim is forgotten.

use super::claims::Held;
use super::standing::Standing;
use super::statement::Entry;
use crate::node::Node;
use crate::problem::Problem;
use crate::vault::Kind;
use crate::verb::claims::How;
use crate::verb::statement::What;

impl Node {
    /// Adds a line for each claim here that was taken back and has none yet.
    pub(super) async fn note_taken_back(&self) -> Result<(), Problem> {
        let Ok(vault) = self.vault() else { return Ok(()) };
        for held in self.held_claims()? {
            let id = told_of(&held);
            if vault.get(Kind::Note, &id)?.is_some() {
                continue;
            }
            let standing = self.standing_of(&held.credential).await?;
            if standing.how == How::Revoked {
                let told = vault.seal(Kind::Note, &id, &[])?;
                self.note_with(line(&held, standing), vec![told]).await?;
            }
        }
        Ok(())
    }
}

fn line(held: &Held, Standing { since, because, .. }: Standing) -> Entry {
    let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
    let because = because.unwrap_or_default();
    let whom = held.credential.issuer().to_string();
    let request = Some(format!("claim {}{since}: {because}", held.name()));
    Entry { request, ..Entry::claim(What::TakenBack, whom, held.kind()) }
}

/// Names the note that a claim's line is written.
pub(super) fn told_of(held: &Held) -> Vec<u8> {
    [b"taken back ".as_slice(), &held.hash].concat()
}
