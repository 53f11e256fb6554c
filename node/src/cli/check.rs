//! `countersign check`.

use super::Context;
use super::source::Source;
use crate::problem::{Kind, Problem};
use crate::verb::presenting::{self, Answer, PolicyRef};
use countersign_protocol::encoding::{base64url, json};
use countersign_protocol::wire::bounds;
use std::process::ExitCode;

/// Check a presentation, or an identity's showcase, against a trust policy
///
/// Exit status: 0 if the policy accepts it, 1 if it refuses it, 2 if the answer is not known, 64 if what is to be
/// checked cannot be read.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// A presentation (a file, or `-` for standard input), or a name, DID or SCID
    #[arg(value_name = "PRESENTATION | NAME", default_value = "-")]
    what: String,
    /// The policy file, or the name of a policy of this node
    #[arg(long, value_name = "FILE | NAME")]
    policy: String,
    /// Which policy of the file, if it has several
    #[arg(long, value_name = "NAME")]
    named: Option<String>,
    /// Say what every check found
    #[arg(long)]
    explain: bool,
    /// Use only what is held here, and ask nobody
    #[arg(long)]
    offline: bool,
    /// A staple that came with it: what it shows is used beside what is held here
    #[arg(long, value_name = "FILE")]
    staple: Option<Source>,
}

impl Check {
    /// Only a decision is a no: where none was made, nobody was refused.
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        self.decide(context).await.or_else(|problem| {
            let status = context.out.fail(&problem);
            Ok(if problem.is_no() { ExitCode::from(2) } else { status })
        })
    }

    async fn decide(self, context: &Context) -> Result<ExitCode, Problem> {
        let (presentation, identity) = self.subject()?;
        let policy = self.policy()?;
        let staple = match &self.staple {
            Some(source) => Some(base64url::encode(&source.read(bounds::STAPLE)?)),
            None => None,
        };
        let offline = self.offline;
        let question = presenting::Check { policy, presentation, identity, offline, staple };
        let decided = context.connect().await?.ask(question).await?;
        if self.explain || context.out.is_json() {
            context.out.answer(&decided)?;
        } else {
            context.out.answer(&presenting::Short(&decided))?;
        }
        Ok(match decided.answer {
            Answer::Accepted => ExitCode::SUCCESS,
            Answer::Refused => ExitCode::FAILURE,
            Answer::Unknown => ExitCode::from(2),
        })
    }

    /// A file or standard input is a presentation; anything else is a name.
    fn subject(&self) -> Result<(Option<serde_json::Value>, Option<String>), Problem> {
        if self.what != "-" && !std::path::Path::new(&self.what).is_file() {
            return Ok((None, Some(self.what.clone())));
        }
        let Ok(source) = self.what.parse::<Source>();
        let bytes = source.read(bounds::PRESENTATION)?;
        let value = json::parse(&bytes, bounds::PRESENTATION).map_err(|error| {
            Problem::new(Kind::Invalid, format!("{source} is no presentation"))
                .because(error)
                .hint("a presentation is what `countersign present` printed, whole")
        })?;
        Ok((Some(value), None))
    }

    fn policy(&self) -> Result<PolicyRef, Problem> {
        let Ok(source) = self.policy.parse::<Source>();
        if self.policy == "-" || std::path::Path::new(&self.policy).is_file() {
            return Ok(PolicyRef::File {
                text: source.read_text(POLICY_SIZE)?,
                name: self.named.clone(),
            });
        }
        Ok(PolicyRef::Name(self.policy.clone()))
    }
}

/// A policy is read aloud by people.
const POLICY_SIZE: usize = 64 * 1024;
