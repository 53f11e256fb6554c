//! `countersign present`.

use super::Context;
use super::source::Source;
use crate::problem::Problem;
use crate::verb::presenting;
use countersign_protocol::wire::bounds;
use std::process::ExitCode;

/// Show claims to one vendor, for its challenge and for minutes
#[derive(Debug, clap::Args)]
pub(super) struct Present {
    /// The vendor's challenge: the text itself, a file, or `-` for standard input
    #[arg(long, value_name = "CHALLENGE")]
    to: String,
    /// The claims to show, as `claim list` names them; none means what the challenge asks for
    claims: Vec<String>,
}

impl Present {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let to = if self.to.starts_with("countersign:") {
            self.to
        } else {
            let Ok(source) = self.to.parse::<Source>();
            source.read_text(bounds::CHALLENGE)?.trim().to_owned()
        };
        let question = presenting::Present { to, claims: self.claims };
        let presented = context.connect().await?.ask(question).await?;
        if context.out.is_json() {
            context.out.answer(&presented)?;
        } else {
            context.out.answer(&presented)?;
            context.out.say(&format!("{} sees exactly these claims:", presented.vendor));
            for claim in &presented.claims {
                context.out.say(&format!("  {} {}", claim.name, claim.claim));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
