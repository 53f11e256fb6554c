//! Measures what the network must reach, against something raw in the same run.
//!
//! Machines differ and so do their moods, so what can be is a ratio: the work and the raw thing it
//! cannot be faster than take turns, and the median of many rounds counts. What is "a core" is the time
//! a processor spent on it, so that whatever else runs on the machine takes nothing away. What only running
//! processes show is measured with real ones on this machine: [`live`].

mod claim;
mod command;
mod decide;
mod fixture;
mod ingest;
pub mod live;
mod log;
mod report;
mod resolve;
mod row;
#[cfg(test)]
mod tests;
mod timing;

pub use command::Bench;
pub use report::Report;
pub use row::{Grade, Limit, Measured, ROWS, Row};

use countersign_node::store::StoreError;
use countersign_protocol::credential::CredentialError;
use countersign_protocol::did::log::{draft::DraftError, error::LogError};
use countersign_protocol::policy::PolicyError;
use countersign_protocol::status::list::ListError;
use countersign_protocol::wire::exchange::Response;
use countersign_protocol::wire::head::HeadError;
use countersign_protocol::wire::network::NetworkError;
use timing::Effort;

/// What to measure, and how patiently.
#[derive(Debug, Clone)]
pub struct Options {
    /// The names of the rows to measure; empty for all.
    pub only: Vec<String>,
    /// How many rounds the median is taken over.
    pub rounds: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { only: Vec::new(), rounds: 41 }
    }
}

impl Options {
    /// Tells whether the row of this name is to be measured.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// Measures every row that is wanted.
///
/// # Errors
///
/// Returns [`BenchError`] if a row is not there, or what is to be measured in process cannot be made. A row
/// of running processes that cannot be measured says so and is missed.
pub async fn run(options: &Options) -> Result<Report, BenchError> {
    let alone = options.clone();
    let work = tokio::task::spawn_blocking(move || run_alone(&alone));
    let mut report = work.await.map_err(|_| BenchError::Wrong { what: "a measurement" })??;
    live::measure(options, &mut report).await;
    Ok(report)
}

/// Measures every row that needs no running process.
///
/// # Errors
///
/// Returns [`BenchError`] if a row is not there, or what is to be measured cannot be made.
pub fn run_alone(options: &Options) -> Result<Report, BenchError> {
    if let Some(name) = options.only.iter().find(|name| row::named(name).is_none()) {
        return Err(BenchError::NoSuchRow { name: name.clone() });
    }
    let mut report = Report::new();
    let effort = Effort { rounds: options.rounds };
    type Bench = fn(Effort) -> Result<Measured, BenchError>;
    let benches: [(&str, Bench); 6] = [
        (row::CLAIM, claim::verify),
        (row::LOG, log::whole),
        (row::ENTRY, log::one_more),
        (row::RESOLVE, resolve::held),
        (row::CHECK, decide::warm),
        (row::INGEST, ingest::heads),
    ];
    for (name, bench) in benches.into_iter().filter(|(name, _)| options.wants(name)) {
        report.put(name, bench(effort)?);
    }
    Ok(report)
}

/// A benchmark cannot be run.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum BenchError {
    /// `--only` names nothing. Fault of whoever typed it.
    #[error("there is no row `{name}`; there are {all}", all = row::names())]
    NoSuchRow { name: String },
    /// What is measured does not do what it should: no figure would mean anything.
    #[error("{what} did not come out as it should")]
    Wrong { what: &'static str },
    /// Something to measure could not be made: a credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Something to measure could not be made: a log.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// Something to measure could not be made: a log that reads back.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Something to measure could not be made: a status list.
    #[error(transparent)]
    List(#[from] ListError),
    /// Something to measure could not be made: a head.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// Something to measure could not be made: a network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Something to measure could not be made: a policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Something to measure could not be made: the file of a policy, or what a process said.
    #[error(transparent)]
    PolicyFile(#[from] serde_json::Error),
    /// The disk failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A keeper of this very benchmark took something else than it should.
    #[error("a keeper did not take a deposit, but answered {answer:?}")]
    Deposit { answer: Option<Box<Response>> },
    /// A process of the network did not do its part.
    #[error(transparent)]
    Process(#[from] crate::Failure),
}
