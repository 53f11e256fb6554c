//! A whole network on one machine: real processes, real connections, real files.
//!
//! | module | what |
//! | --- | --- |
//! | [`process`] | one program as a process of its own |
//! | [`owner`] | what an owner asks of a node, at its door |
//! | [`cluster`] | the processes of one network, and who is who |
//! | [`manners`] | how those processes are begun |
//! | [`provider`] | the SIMULATED payment provider |
//! | [`simulated`] | that provider as a process of its own |
//! | [`shop`] | the example shop as a process of its own |
//! | [`observer`] | somebody who only listens |
//! | [`thief`] | people who keep no rules: a thief with a copy of a disk, peers that lie |
//! | [`up`] | the same network, kept running, with a page to play with it |
//! | [`cli`] | the commands over all of them |
//! | [`story`] | `demo`: the main job, told sentence by sentence |
//! | [`mod@bench`] | what it reaches, as ratios to something raw in the same run |

pub mod bench;
pub mod cli;
pub mod cluster;
pub mod manners;
pub mod observer;
pub mod owner;
mod ports;
pub mod process;
pub mod provider;
pub mod shop;
pub mod simulated;
pub mod story;
pub mod thief;
pub mod up;

use countersign_node::Problem;
use countersign_node::door::client::DoorError;
use countersign_node::problem::Kind;
use std::path::PathBuf;

/// Something in the network did not do its part.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum Failure {
    /// A process could not be made.
    #[error("{name} could not be started")]
    Start {
        name: String,
        #[source]
        cause: std::io::Error,
    },
    /// A process did not say that it is ready.
    #[error("{name} did not get ready: it said `{said}`; its log is {log}", log = log.display())]
    Silent { name: String, said: String, log: PathBuf },
    /// A process did not stop when asked to.
    #[error("{name} did not stop when asked, and was killed")]
    Stubborn { name: String },
    /// A command answered with another exit status than it should.
    #[error("`{command}` failed: {said}")]
    Refused { command: String, said: String },
    /// A node answered with a problem.
    #[error("{name} answered: {problem}")]
    Problem { name: String, problem: Box<Problem> },
    /// A door could not be reached.
    #[error("{name} could not be reached")]
    Unreachable {
        name: String,
        #[source]
        cause: reqwest::Error,
    },
    /// A page was not what it should be.
    #[error("the page at {url} is not what was expected: {found}")]
    Page { url: String, found: String },
    /// A file could not be read or written.
    #[error("{path} could not be used", path = path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    /// Nothing on this computer runs a part of the network that not every computer can run.
    #[error("the {what} needs {needs}, which is not here")]
    Unequipped { what: &'static str, needs: &'static str },
    /// A network lies in that folder already. Fault of whoever named it.
    #[error(
        "a network lies in {folder} already: name another folder, or remove that one",
        folder = folder.display()
    )]
    Occupied { folder: PathBuf },
    /// Nobody has that name.
    #[error("nobody here is called {name}")]
    Nobody { name: String },
    /// Something did not happen in time.
    #[error("{what} did not happen within {seconds} s")]
    Late { what: String, seconds: u64 },
    /// A sentence of the story is not true.
    #[error("sentence {number} does not hold: {sentence} ({found})")]
    Broken { number: usize, sentence: String, found: String },
}

impl Failure {
    /// Says what came of asking at the door of the program called `name`.
    #[must_use]
    pub fn of(name: &str, error: DoorError) -> Self {
        let name = name.to_owned();
        match error {
            DoorError::Silent { cause } => Self::Unreachable { name, cause },
            said => Self::Problem { name, problem: Box::new(said.into()) },
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let kind = match failure {
            // What a node answered is said as the node said it.
            Failure::Problem { name, problem } => {
                let kind = problem.kind();
                let (title, detail, hint) = problem.into_parts();
                let said = Self::new(kind, format!("{name}: {title}"));
                let said = detail.into_iter().fold(said, |said, detail| said.because(detail));
                return hint.into_iter().fold(said, Self::hint);
            }
            Failure::Nobody { .. } => Kind::NotFound,
            Failure::Late { .. } => Kind::TimedOut,
            Failure::Unreachable { .. }
            | Failure::Silent { .. }
            | Failure::Stubborn { .. }
            | Failure::Unequipped { .. } => Kind::Unavailable,
            Failure::Refused { .. }
            | Failure::Page { .. }
            | Failure::Occupied { .. }
            | Failure::Broken { .. } => Kind::Conflict,
            Failure::Start { .. } | Failure::File { .. } => Kind::Internal,
        };
        let problem = Self::new(kind, failure.to_string());
        match std::error::Error::source(&failure) {
            Some(cause) => problem.because(cause),
            None => problem,
        }
    }
}
