//! `countersign-attestor accredit`.

use super::Context;
use super::verbs::note_of;
use crate::config::write_new;
use crate::evidence::settings::duration;
use crate::office::{Accredited, Accrediting, Verb};
use countersign_node::Problem;
use countersign_node::problem::Kind;
use countersign_protocol::policy::accreditation::MOST_REACH;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Stand behind another attestor: sign a claim that its word may be believed
///
/// Look at it first: who runs it, by which rules it signs, what it keeps. Vendors that trust you with
/// `accredited_by` then believe it. It gets the claim from you and shows it to the world. Done again, the
/// new claim takes the place of the old one; `revoke` takes it back.
#[derive(Debug, clap::Args)]
pub(super) struct Accredit {
    /// The other attestor: its DID, the beginning of it, or its name in `countersign attestors`
    #[arg(value_name = "ATTESTOR")]
    attestor: String,
    /// The types of claims it may be believed, such as PaymentAccountVerified
    #[arg(long, value_name = "TYPE", required = true, num_args = 1..)]
    claims: Vec<String>,
    /// How many accreditations may follow yours, from one attestor to the next; 0: it may accredit nobody
    #[arg(long, value_name = "STEPS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=MOST_REACH))]
    may_accredit: u64,
    /// How long it counts, such as 90d or 1y; at most 5y
    #[arg(long, value_name = "TIME", default_value = "1y", value_parser = time)]
    valid: Duration,
    /// What was looked at; it stays in the books here. `-` reads it from standard input, or asks for it
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Write the claim into a new file, to give to the attestor (default: print it)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn time(text: &str) -> Result<Duration, &'static str> {
    duration::read(text).ok_or("write it like 90d or 1y")
}

impl Accredit {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self { attestor, claims, may_accredit, valid, note, out } = self;
        if let Some(file) = &out {
            check_new(file)?;
        }
        let note = note_of(note, context)?;
        let (claims, valid_for) = (claims.into_iter().collect(), valid.as_secs());
        let asked = Accrediting { attestor, claims, may_accredit, valid_for, note };
        let answer: Accredited = context.perform(Verb::Accredit(asked)).await?;
        let claim = format!("{:#}", answer.credential);
        if let Some(file) = &out {
            write_new(file, &format!("{claim}\n")).map_err(|error| {
                let id = &answer.id;
                let again = context.command("countersign-attestor", "issued show --claim");
                Problem::from(error).hint(format!("it is signed: `{again} {id}` prints it"))
            })?;
        }
        let file =
            out.as_deref().map_or_else(|| "FILE".to_owned(), |file| file.display().to_string());
        if out.is_some() {
            context.answer(&answer, &told(&answer, &file))?;
        } else {
            context.out.say(&told(&answer, &file));
            context.answer(&answer, &claim)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says what was signed, and what is left to do.
fn told(answer: &Accredited, file: &str) -> String {
    let Accredited { name, fingerprint, claims, valid_until, .. } = answer;
    let claims = claims.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut lines = vec![format!(
        "You stand behind \"{name}\" ({fingerprint}) for {claims}, until {valid_until}."
    )];
    match answer.may_accredit {
        0 => {}
        1 => lines.push("It may stand behind others, and they behind nobody.".to_owned()),
        steps => lines.push(format!("It may stand behind others, over {steps} steps.")),
    }
    if !answer.does_not_sign.is_empty() {
        lines.push(format!("It does not sign {} itself.", answer.does_not_sign.join(", ")));
    }
    if let Some(old) = &answer.renews {
        lines.push(format!("It takes the place of {old}."));
    }
    lines.push(
        "Its operator takes the claim and shows it to the world, on the attestor's own computer:"
            .to_owned(),
    );
    lines.push(format!("  countersign claim add {file} --publish"));
    lines.join("\n")
}

/// Nothing is signed that could not be handed over.
fn check_new(file: &Path) -> Result<(), Problem> {
    if file.exists() {
        return Err(Problem::new(Kind::Conflict, format!("{} exists", file.display()))
            .hint("name a file that does not"));
    }
    Ok(())
}
