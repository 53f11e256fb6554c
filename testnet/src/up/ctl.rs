//! `ctl`: asks a running network what it is like, and does something to it.

use super::deed::{Deed, Done};
use super::door;
use super::note::{self, Address};
use super::status::Status;
use countersign_node::Problem;
use countersign_node::door::client::{Client, DoorError};
use countersign_node::output::{Output, Text};
use countersign_node::problem::Kind;
use countersign_node::verb::home::Opened;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Look at a running network, and do something to it
///
/// Every button of its page is one of these commands. The network is the newest that `up` or
/// `demo --stay` runs on this computer, or the one in `--folder`.
#[derive(Debug, clap::Args)]
pub struct Ctl {
    /// The folder of the network, if several run
    #[arg(long, global = true, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print who runs, who is connected with whom and what travelled
    Status,
    /// Print an address that opens the page in one browser, once
    Open,
    /// End a node at once, as a power cut would
    Kill {
        /// Its name, such as first or anna
        name: String,
    },
    /// Start a node that was ended, over the data it has
    Start {
        /// Its name
        name: String,
    },
    /// Cut the network in two: no node of one half is connected with one of the other
    Cut,
    /// Let the halves meet again
    Heal,
    /// Have a customer sign in at the SIMULATED provider for a claim
    Attest {
        /// The customer
        name: String,
        /// The attestor that signs
        #[arg(long, value_name = "ATTESTOR", default_value = "north")]
        from: String,
    },
    /// Have an attestor take back its newest claim
    Revoke {
        /// The attestor
        name: String,
        /// Its newest claim about this customer, not about anybody
        #[arg(long, value_name = "CUSTOMER")]
        about: Option<String>,
    },
    /// Have a thief with a copy of somebody's disk fork her log
    Fork {
        /// Whose log
        name: String,
    },
    /// Have a peer without rules flood a node with fresh identities
    Flood {
        /// Which node
        #[arg(default_value = "first")]
        name: String,
    },
}

impl Ctl {
    /// Asks, prints the answer, and gives the exit status: 0 done, 1 refused, 2 no answer, 64 misuse.
    pub async fn run(self) -> ExitCode {
        let out = Output::new(self.json);
        match self.ask(out).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => out.fail(&problem),
        }
    }

    async fn ask(self, out: Output) -> Result<(), Problem> {
        let address = find(self.folder)?;
        let deed = match self.what {
            What::Status => {
                return out.answer(&send::<Status>(&address, door::STATUS, &()).await?);
            }
            What::Open => {
                let opened: Opened = send(&address, door::OPEN, &()).await?;
                return out.answer(&Open(opened));
            }
            What::Kill { name } => Deed::Kill { name },
            What::Start { name } => Deed::Start { name },
            What::Cut => Deed::Cut {},
            What::Heal => Deed::Heal {},
            What::Attest { name, from } => Deed::Attest { name, from },
            What::Revoke { name, about } => Deed::Revoke { name, about },
            What::Fork { name } => Deed::Fork { name },
            What::Flood { name } => Deed::Flood { name },
        };
        out.answer(&send::<Done>(&address, door::DEED, &deed).await?)
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Open(Opened);

impl Text for Open {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.0.url)
    }
}

/// Finds the door of the network that is meant.
pub(super) fn find(folder: Option<PathBuf>) -> Result<Address, Problem> {
    if let Some(folder) = folder {
        return note::at(&folder).ok_or_else(|| {
            let title = format!("no network runs in {}", folder.display());
            Problem::new(Kind::Unavailable, title)
                .hint("`cargo up` says in which folder it keeps everything")
        });
    }
    let running = note::folders().into_iter().filter_map(|folder| note::at(&folder));
    let answering =
        |address: &Address| std::net::TcpStream::connect_timeout(&address.door, CONNECT).is_ok();
    running.into_iter().find(answering).ok_or_else(|| {
        Problem::new(Kind::Unavailable, "no network runs on this computer")
            .hint("start one with `cargo up` and leave it running")
    })
}

async fn send<A: DeserializeOwned>(
    address: &Address,
    path: &str,
    question: &impl Serialize,
) -> Result<A, Problem> {
    let asked =
        async { Client::at(address.door, &address.token, TIME)?.post(path, question).await };
    asked.await.map_err(|error| match error {
        DoorError::Silent { cause } => {
            Problem::new(Kind::Unavailable, "the running network did not answer")
                .because(cause.without_url())
                .hint("`cargo up` starts one")
        }
        said => said.into(),
    })
}

/// Whoever listens on this computer answers at once.
const CONNECT: Duration = Duration::from_secs(1);
/// The longest of the deeds wait for word to reach every node.
const TIME: Duration = Duration::from_secs(300);
