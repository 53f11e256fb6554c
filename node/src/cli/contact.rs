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
///
/// Exit status: 0 if there are any, 2 if this node has heard of none: that others have is not known.
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
    ///
    /// Exit status: 0 if it says something, 1 if peers know of nothing, 2 if there is nobody to ask.
    Show {
        /// A name you gave, its DID, or the beginning of it
        name: String,
    },
}

impl Attestors {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let name = self.one.map(|One::Show { name }| name);
        let none = none(self.claim.as_deref(), name.as_deref());
        let question = verb::network::Attestors { claim: self.claim, name };
        let listed = context.connect().await?.ask(question).await?;
        if !listed.attestors.is_empty() {
            context.out.answer(&listed)?;
            return Ok(ExitCode::SUCCESS);
        }
        if context.out.is_json() {
            context.out.answer(&listed)?;
            return Ok(ExitCode::from(if none.is_no() { 1 } else { 2 }));
        }
        Err(none)
    }
}

/// Says that nobody is what was asked for. Only of somebody who is named that is a no: who else there is
/// comes to a node by and by.
fn none(claim: Option<&str>, name: Option<&str>) -> Problem {
    let (kind, title) = match (claim, name) {
        (Some(claim), Some(name)) => {
            (Kind::NotFound, format!("`{name}` does not say that it signs `{claim}`"))
        }
        (None, Some(name)) => {
            (Kind::NotFound, format!("`{name}` did not tell this network that it attests anything"))
        }
        (Some(claim), None) => {
            (Kind::Unavailable, format!("no attestor that this node has heard of signs `{claim}`"))
        }
        (None, None) => (Kind::Unavailable, "this node has heard of no attestor yet".to_owned()),
    };
    let hint = match name {
        Some(_) => "`countersign attestors` lists those that did, each with what it signs",
        None => "a node hears of them while it runs: `countersign run`, then ask again",
    };
    Problem::new(kind, title).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_nobody_is_listed_is_a_no_only_of_somebody_who_is_named() {
        for (claim, name, is_no) in [
            (None, None, false),
            (Some("A"), None, false),
            (None, Some("north"), true),
            (Some("A"), Some("north"), true),
        ] {
            assert_eq!(none(claim, name).is_no(), is_no, "{claim:?} {name:?}");
        }
    }
}
