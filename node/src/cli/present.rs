//! `countersign present`.

use super::Context;
use super::{source, staple};
use crate::known::brief;
use crate::problem::Problem;
use crate::verb::presenting::{self, Answer};
use std::path::PathBuf;
use std::process::ExitCode;

/// Show claims to one vendor, for its challenge and for minutes
///
/// Exit status: 0 if it was made, and where the vendor tells its decision at once, as that is: 0 accepted,
/// 1 refused, 2 not known.
#[derive(Debug, clap::Args)]
pub(super) struct Present {
    /// The vendor's challenge: the text itself, a file, or `-` for standard input
    #[arg(long, value_name = "CHALLENGE")]
    to: String,
    /// The claims to show, as `claim list` names them; none means what the challenge asks for
    claims: Vec<String>,
    /// Show even what the vendor will refuse: nothing at all, or claims that stand no longer
    #[arg(long)]
    anyway: bool,
    /// Write a staple beside it, with which the vendor can check it without a network
    #[arg(long, value_name = "FILE")]
    staple: Option<PathBuf>,
}

impl Present {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let to = source::challenge(self.to)?;
        let question = presenting::Present { to, claims: self.claims, anyway: self.anyway };
        let (connection, out) = (context.connect().await?, context.out);
        if let Some(file) = &self.staple {
            staple::check_new(file)?;
        }
        let presented = connection.ask(question).await?;
        out.answer(&presented)?;
        out.say(&format!("{} sees exactly these claims:", brief(&presented.vendor)));
        for claim in &presented.claims {
            out.say(&format!("  {} {}", claim.name, claim.claim));
        }
        if presented.claims.is_empty() {
            out.say("  none");
        }
        for claim in &presented.left_out {
            out.say(&format!(
                "Left out, because it stands no longer: {} {}",
                claim.name, claim.claim
            ));
        }
        if let Some(file) = &self.staple {
            let claims = presented.claims.iter().map(|claim| claim.name.clone()).collect();
            staple::write(&connection, claims, file, out).await?;
        }
        Ok(match presented.told.map(|told| told.answer) {
            None | Some(Answer::Accepted) => ExitCode::SUCCESS,
            Some(Answer::Refused) => ExitCode::FAILURE,
            Some(Answer::Unknown) => ExitCode::from(2),
        })
    }
}
