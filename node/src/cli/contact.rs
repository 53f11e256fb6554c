//! `countersign contact` and `countersign attestors`.

use super::Context;
use crate::problem::{Kind, Problem};
use crate::verb;
use std::process::ExitCode;

/// Give names to people's and firms' identities
#[derive(Debug, clap::Subcommand)]
pub(super) enum Contact {
    /// Give a name to an identity; compare the fingerprint with its owner
    Add {
        /// The name
        name: String,
        /// The DID, or the beginning of it
        did: String,
        /// The name meant somebody else until now
        #[arg(long)]
        replace: bool,
    },
    /// Print the names you gave
    List,
}

impl Contact {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let connection = context.connect().await?;
        match self {
            Self::Add { name, did, replace } => {
                let added = connection.ask(verb::contacts::Add { name, did, replace }).await?;
                context.out.answer(&added)?;
            }
            Self::List => {
                context.out.answer(&connection.ask(verb::contacts::List {}).await?)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// List attestors and what they check; being listed is no endorsement
#[derive(Debug, clap::Args)]
pub(super) struct Attestors {
    /// Only those that sign this type of claim, such as PaymentAccountVerified
    #[arg(long, value_name = "TYPE")]
    claim: Option<String>,
    #[command(subcommand)]
    one: Option<One>,
}

#[derive(Debug, clap::Subcommand)]
enum One {
    /// Print everything one attestor says of itself
    Show {
        /// A name you gave, its DID, or the beginning of it
        name: String,
    },
}

impl Attestors {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let name = self.one.map(|One::Show { name }| name);
        let meant = meant(self.claim.as_deref(), name.as_deref());
        let question = verb::network::Attestors { claim: self.claim, name };
        let listed = context.connect().await?.ask(question).await?;
        let none = listed.attestors.is_empty();
        if let (true, false, Some(problem)) = (none, context.out.is_json(), meant) {
            return Err(problem);
        }
        context.out.answer(&listed)?;
        Ok(if none { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Says that nobody is what was asked for, if something was.
fn meant(claim: Option<&str>, name: Option<&str>) -> Option<Problem> {
    let title = match (claim, name) {
        (Some(claim), _) => format!("no attestor told this network that it signs `{claim}`"),
        (None, Some(name)) => {
            format!("`{name}` did not tell this network that it attests anything")
        }
        (None, None) => return None,
    };
    let hint = "`countersign attestors` lists those that told it, each with what it signs";
    Some(Problem::new(Kind::NotFound, title).hint(hint))
}
