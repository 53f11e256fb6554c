//! `countersign-attestor issued`, `revoke`, `renew`, `reissue` and `audit`.

use super::Context;
use crate::office::Verb;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use countersign_node::Problem;
use countersign_node::problem::Kind;
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;
use serde_json::Value;
use std::process::ExitCode;

/// Look at the claims that were signed here
#[derive(Debug, clap::Subcommand)]
pub(super) enum Issued {
    /// List claims
    List {
        /// Also those that were revoked, renewed, or have ended
        #[arg(long)]
        all: bool,
    },
    /// Print one claim as it is signed now
    Show {
        /// Its name, or the beginning of it
        id: String,
    },
}

impl Issued {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        match self {
            Self::List { all } => {
                let answer = context.perform(Verb::List { all }).await?;
                let claims = answer.get("claims").and_then(Value::as_array);
                let lines: Vec<String> = claims.into_iter().flatten().map(line).collect();
                let none = lines.is_empty();
                let text = if none { "No claim stands.".to_owned() } else { lines.join("\n") };
                context.answer(&answer, &text)?;
                Ok(if none { ExitCode::FAILURE } else { ExitCode::SUCCESS })
            }
            Self::Show { id } => {
                let answer = context.perform(Verb::Show { id }).await?;
                context.answer(&answer, &format!("{answer:#}"))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn line(claim: &Value) -> String {
    let text = |member: &str| claim.get(member).and_then(Value::as_str).unwrap_or_default();
    let standing = match claim.get("standing") {
        Some(Value::String(word)) => word.clone(),
        Some(Value::Object(object)) => object.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let id = text("id");
    let name = id.strip_prefix("urn:uuid:").unwrap_or(id);
    format!(
        "{name}  {standing:8} until {}  {}  {}",
        text("validUntil"),
        text("claim"),
        text("subject")
    )
}

/// Take a claim back, with every other one for the same account and identity
///
/// Vendors know within seconds. It cannot be undone: the customer signs in again instead.
#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    /// The claim's name, or the beginning of it
    id: String,
    /// Why, in one word that every vendor will read; nothing else about it leaves this attestor
    #[arg(long, value_name = "CODE", value_parser = causes(), default_value = "unspecified")]
    reason: Why,
    /// What else there is to say; it stays in the books here
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Since when the claim is not true, such as 2026-11-22T07:30:00Z (default: now)
    #[arg(long, value_name = "TIME")]
    effective: Option<String>,
}

impl Revoke {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let effective = self.effective.as_deref().map(Timestamp::parse).transpose();
        let effective = effective.map_err(|cause| {
            Problem::new(Kind::Invalid, "--effective is no time").because(cause)
        })?;
        let Self { id, reason, note, .. } = self;
        let verb = Verb::Revoke { id, reason, note, effective };
        let answer = context.perform(verb).await?;
        let count = answer.get("revoked").and_then(Value::as_array).map_or(0, Vec::len);
        context.answer(&answer, &format!("Revoked {count} claim(s)."))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads the word of a cause, and lists the words where help is asked for.
fn causes() -> impl TypedValueParser<Value = Why> {
    let words = Why::ALL.map(|why| PossibleValue::new(why.word()).help(why.text()));
    PossibleValuesParser::new(words).map(|word| Why::parse(&word).unwrap_or_default())
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
        let answer = context.perform(Verb::Renew { id: self.id }).await?;
        if let Some(renewed) = answer.get("renewed").and_then(Value::as_str) {
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
        let answer = context.perform(Verb::Reissue).await?;
        let count = answer.get("reissued").and_then(Value::as_u64).unwrap_or_default();
        context.answer(&answer, &format!("Signed {count} claim(s) again."))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Check that nothing in the books was changed or lost
///
/// Exit status: 0 if everything holds, 1 if not, 2 if the books could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct Audit {}

impl Audit {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self {} = self;
        let answer = context.perform(Verb::Audit).await?;
        let holds = answer.get("holds").and_then(Value::as_bool).unwrap_or_default();
        let number = |member: &str| answer.get(member).and_then(Value::as_u64).unwrap_or_default();
        let text = if holds {
            format!(
                "{} links, each follows the one before; {} claims signed, {} revoked, no index used twice.",
                number("links"),
                number("claims"),
                number("revoked")
            )
        } else {
            format!("The books do not hold:\n{answer:#}")
        };
        context.answer(&answer, &text)?;
        Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
