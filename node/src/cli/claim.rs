//! `countersign claim`.

use super::source::Source;
use super::{Context, staple};
use crate::known::brief;
use crate::output::Text as _;
use crate::problem::{Kind, Problem};
use crate::verb::claims;
use countersign_protocol::encoding::json;
use countersign_protocol::wire::bounds;
use std::path::PathBuf;
use std::process::ExitCode;

/// Ask attestors for claims, and look after those you have
#[derive(Debug, clap::Subcommand)]
pub(super) enum Claim {
    /// Ask an attestor for a claim: you sign in where the evidence is
    Request {
        /// The attestor: a name you gave, its DID, the beginning of it, or its name in `attestors`
        #[arg(long, value_name = "ATTESTOR")]
        from: String,
        /// The type of claim, if the attestor signs several
        #[arg(long = "type", value_name = "TYPE")]
        claim: Option<String>,
        /// Your browser is on another computer: type a code instead
        #[arg(long)]
        no_browser: bool,
    },
    /// Take a claim about you that somebody signed and handed over, such as an accreditation
    ///
    /// It is kept if whoever signed it is known, and it holds. One that was signed in place of another takes
    /// its place here too, also before the world.
    Add {
        /// The claim, or `-` for standard input
        #[arg(value_name = "FILE")]
        claim: Source,
        /// Show it to the world, too
        #[arg(long)]
        publish: bool,
    },
    /// Print the claims you have
    List,
    /// Print one claim whole
    Show {
        /// The claim, as `claim list` names it
        claim: String,
        /// Write a staple into a file: with it the claim can be checked without a network
        #[arg(long, value_name = "FILE")]
        staple: Option<PathBuf>,
    },
    /// Ask attestors for the claims they stand by now: signed anew, renewed, or lost on the way
    Renew {
        /// The claims, as `claim list` names them; none means all
        claims: Vec<String>,
    },
    /// Show claims to the world
    Publish {
        /// The claims, as `claim list` names them
        #[arg(required = true)]
        claims: Vec<String>,
    },
    /// Take claims back from the world; copies already taken stay where they are
    Withdraw {
        /// The claims; none means all
        claims: Vec<String>,
    },
    /// Remove a claim from this node for ever
    Forget {
        /// The claim, as `claim list` names it
        claim: String,
    },
}

impl Claim {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let connection = context.connect().await?;
        let out = context.out;
        match self {
            Self::Request { from, claim, no_browser } => {
                connection.running()?;
                let asked = brief(&from).into_owned();
                let question = claims::Request { attestor: from, claim, browser: !no_browser };
                let sign_in = connection.ask(question).await?;
                if out.is_json() {
                    out.answer(&sign_in)?;
                }
                out.say(&format!("You ask {asked} ({}).", brief(&sign_in.attestor)));
                out.say(&format!("Open this page and sign in:\n\n  {}\n", sign_in.url));
                out.say(&format!(
                    "Before you say yes there, compare: you are {}. If the page shows others, say no.",
                    sign_in.fingerprint
                ));
                if let Some(code) = &sign_in.code {
                    out.say(&format!("The page asks for this code: {code}"));
                }
                out.say("Waiting until you have signed in ...");
                let collect = claims::Collect { request: sign_in.request };
                out.answer(&connection.ask(collect).await?)?;
            }
            Self::Add { claim, publish } => {
                let text = claim.read(bounds::CREDENTIAL)?;
                let claim = json::parse(&text, bounds::CREDENTIAL).map_err(|error| {
                    Problem::new(Kind::Invalid, format!("{claim} is no claim"))
                        .because(error)
                        .hint("the file holds the claim as it was signed, and nothing else")
                })?;
                connection.running()?;
                let added = connection.ask(claims::Add { claim, publish }).await?;
                out.answer(&added)?;
                if !added.claim.published {
                    out.say(&format!(
                        "Nobody else sees it yet: countersign claim publish {}",
                        added.claim.name
                    ));
                }
            }
            Self::List => out.answer(&connection.ask(claims::List {}).await?)?,
            Self::Show { claim, staple } => {
                if let Some(file) = &staple {
                    staple::check_new(file)?;
                }
                let show = claims::Show { claim: claim.clone() };
                out.answer(&connection.ask(show).await?)?;
                let listed = connection.ask(claims::List {}).await?.claims;
                let shown = listed.iter().find(|one| one.name.starts_with(&claim));
                if let Some(over) = shown.filter(|one| one.standing != claims::How::Stands) {
                    out.say(&words_of(over));
                }
                if let Some(file) = staple {
                    staple::write(&connection, vec![claim], &file, out).await?;
                }
            }
            Self::Renew { claims } => {
                connection.running()?;
                let renewed = connection.ask(claims::Renew { claims }).await?;
                out.answer(&renewed)?;
                let told = !renewed.sign_in_again.is_empty();
                if renewed.renewed.is_empty() && renewed.unanswered.is_empty() && !told {
                    out.say("Nothing is newer. To have a claim for longer, or again, sign in anew: countersign claim request --from NAME");
                }
                let silent = !renewed.unanswered.is_empty();
                return Ok(if silent { ExitCode::from(2) } else { ExitCode::SUCCESS });
            }
            Self::Publish { claims } => {
                out.answer(&connection.ask(claims::Publish { claims }).await?)?;
            }
            Self::Withdraw { claims } => {
                out.answer(&connection.ask(claims::Withdraw { claims }).await?)?;
                out.say("Whoever took a copy of an earlier version still has it.");
            }
            Self::Forget { claim } => {
                out.answer(&connection.ask(claims::Forget { claim }).await?)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Gives a claim in a few words, as text.
fn words_of(claim: &claims::Summary) -> String {
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _written = claim.text(&mut text).is_ok();
    String::from_utf8_lossy(&text).trim_end().to_owned()
}
