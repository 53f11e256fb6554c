//! `countersign-attestor issued`, `revoke`, `renew` and `reissue`.

use super::Context;
use super::which::{Which, time};
use crate::office::query::{Query, State};
use crate::office::{Claims, Counted, Reissued, Renewed, Shown, Summary, TakenBack, Verb};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use countersign_node::Problem;
use countersign_node::problem::Kind;
use countersign_node::terminal::said;
use countersign_protocol::status::why::Why;
use serde_json::json;
use std::process::ExitCode;

/// Look at the claims that were signed here
#[derive(Debug, clap::Subcommand)]
pub(super) enum Issued {
    /// List claims
    List {
        /// Also those that were revoked, renewed, or have ended
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Print one claim as it is signed now, and what happened to it
    Show {
        /// Its name, or the beginning of it
        id: String,
        /// Print the claim alone: what whom it is about takes into their node
        #[arg(long)]
        claim: bool,
    },
}

impl Issued {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        match self {
            Self::List { all, which } => {
                let query = which.query((!all).then_some(State::Standing))?;
                let found: Claims =
                    context.perform(Verb::Find { query, offset: 0, limit: None }).await?;
                let lines: Vec<String> = found.claims.iter().map(line).collect();
                let none = lines.is_empty();
                let text = if none { "No claim stands.".to_owned() } else { lines.join("\n") };
                context.answer(&found, &text)?;
                Ok(if none { ExitCode::FAILURE } else { ExitCode::SUCCESS })
            }
            Self::Show { id, claim } => {
                let shown: Shown = context.perform(Verb::Show { id }).await?;
                let answer = if claim { shown.credential } else { json!(shown) };
                context.answer(&answer, &format!("{answer:#}"))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn line(claim: &Summary) -> String {
    let Summary { id, state, valid_until, rule, subject, .. } = claim;
    let name = id.strip_prefix("urn:uuid:").unwrap_or(id);
    format!("{name}  {:8} until {valid_until}  {rule}  {subject}", state.word())
}

/// Take a claim back, with every other one for the same account and identity; or many, by what they are
///
/// Vendors know within seconds. It cannot be undone: the customer signs in again instead. Many are
/// counted first, and taken back once you repeat the count with --confirm.
#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    /// The claim's name, or the beginning of it
    #[arg(conflicts_with_all = ["rule", "source", "about", "since", "before", "ends_before"])]
    id: Option<String>,
    #[command(flatten)]
    which: Which,
    /// Take back the claims that are meant, if they are as many as this; without it they are counted
    #[arg(long, value_name = "COUNT", conflicts_with = "id")]
    confirm: Option<u64>,
    /// Why, in one word that every vendor will read; nothing else about it leaves this attestor
    #[arg(long, value_name = "CODE", value_parser = causes(), default_value = "unspecified")]
    reason: Why,
    /// What else there is to say; it stays in the books here. `-` reads it from standard input, or asks
    /// for it: everybody on this computer sees what stands in a command line
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Since when the claim is not true, such as 2026-11-22T07:30:00Z (default: now)
    #[arg(long, value_name = "TIME")]
    effective: Option<String>,
}

impl Revoke {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self { id, which, confirm, reason, note, effective } = self;
        let effective = effective.as_deref().map(time).transpose()?;
        // Counting takes nothing back, and needs no word on why.
        let note = if id.is_some() || confirm.is_some() { note_of(note, context)? } else { note };
        let verb = match (id, confirm) {
            (Some(id), _) => Verb::Revoke { id, reason, note, effective },
            (None, None) => return preview(context, which.query(None)?).await,
            (None, Some(confirmed)) => {
                let query = which.query(None)?;
                Verb::RevokeMany { query, reason, note, effective, confirmed }
            }
        };
        let answer: TakenBack = context.perform(verb).await?;
        let count = answer.revoked.len();
        let text = match count {
            0 => "Nothing to revoke: it was revoked before, as `issued show` says.".to_owned(),
            _ => format!("Revoked {}.", claims(count)),
        };
        context.answer(&answer, &text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Counts claims in words.
fn claims(count: usize) -> String {
    if count == 1 { "1 claim".to_owned() } else { format!("{count} claims") }
}

/// Gives the note itself, or what is said at the terminal or on standard input where it is a dash.
pub(super) fn note_of(note: String, context: &Context) -> Result<String, Problem> {
    noted(note, || said("What else there is to say: ", NOTE, context.out))
}

/// Gives the note itself, or what `read` gives where it is elsewhere.
fn noted(note: String, read: impl FnOnce() -> Result<String, Problem>) -> Result<String, Problem> {
    if note == "-" { read() } else { Ok(note) }
}

/// The most bytes of a note that is read: a page of text.
const NOTE: usize = 4096;

/// Reads the word of a cause, and lists the words where help is asked for.
fn causes() -> impl TypedValueParser<Value = Why> {
    let words = Why::ALL.map(|why| PossibleValue::new(why.word()).help(why.text()));
    PossibleValuesParser::new(words).map(|word| Why::parse(&word).unwrap_or_default())
}

/// Says which claims are meant, and takes none of them back.
async fn preview(context: &Context, query: Query) -> Result<ExitCode, Problem> {
    if query.is_everything() {
        return Err(Problem::new(Kind::Invalid, "nobody said which claims are meant")
            .hint("name one, or say which: --rule RULE, --since DAY, --before DAY"));
    }
    let found: Counted = context.perform(Verb::Preview { query }).await?;
    let count = found.count;
    let lines: Vec<String> = found.first.iter().map(line).collect();
    let text = match count {
        0 => "no claim that stands is meant".to_owned(),
        _ => format!(
            "{}\nThat many stand and are meant: {count}. None was revoked. To revoke exactly these, add \
             --confirm {count}",
            lines.join("\n")
        ),
    };
    context.answer(&found, text.trim_start())?;
    Ok(if count > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Ask the provider again about a claim, and sign one that takes its place
///
/// Exit status: 0 if it still holds, 1 if it does not and was revoked, 2 if there was no answer.
#[derive(Debug, clap::Args)]
pub(super) struct Renew {
    /// The claim's name, or the beginning of it
    id: String,
}

impl Renew {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let answer: Renewed = context.perform(Verb::Renew { id: self.id }).await?;
        if let Some(renewed) = &answer.renewed {
            context.answer(&answer, &format!("Signed {renewed} in its place."))?;
            return Ok(ExitCode::SUCCESS);
        }
        context.answer(&answer, "The provider says no: the claim was revoked.")?;
        Ok(ExitCode::FAILURE)
    }
}

/// Sign every standing claim again with the newest key
///
/// After `countersign id rotate` on this data folder. Customers' nodes fetch the new ones.
#[derive(Debug, clap::Args)]
pub(super) struct Reissue {
    /// Say that this is about the key
    #[arg(long, required = true)]
    key: bool,
}

impl Reissue {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self { key: _ } = self;
        let answer: Reissued = context.perform(Verb::Reissue).await?;
        let count = usize::try_from(answer.reissued).unwrap_or(usize::MAX);
        context.answer(&answer, &format!("Signed {} again.", claims(count)))?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_elsewhere_only_where_a_dash_stands_for_it() {
        let read = |note: &str| noted(note.to_owned(), || Ok("from elsewhere".to_owned())).unwrap();
        assert_eq!(read("-"), "from elsewhere");
        assert_eq!(read("- she wrote"), "- she wrote");
        assert_eq!(read(""), "");
    }
}
