//! Looks at signed objects with no network and no data folder.
//!
//! [`look`] is given bytes and says what they are, who signed them and whether they hold, by what is given
//! beside them alone: an issuer's log, a witness file, a status list. What would be needed and was not
//! given makes the answer *unknown* and is named. Whether a newer log or list exists is a question only a
//! network can answer, so it is not asked here: that is what a check is for.
//!
//! Nothing is read and nothing is asked for the time: both are arguments.

mod claims;
mod fork;
mod known;
mod log;
mod recognise;
mod report;
mod sealed;
mod shown;
mod staple;
mod status;
#[cfg(test)]
mod tests;
mod text;

pub use report::{Answer, Check, Facts, Kind, Outcome, Report};

use countersign_protocol::did::log::error::LogError;
use countersign_protocol::did::log::witness::FileError;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::network::{NetworkId, Parameters};
use known::Known;
use recognise::Recognised;
use report::Finding;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What to call it.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What is known besides the files that are looked at.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time to decide at.
    pub at: Timestamp,
    /// The network whose records are looked at.
    pub network: Option<Network>,
    /// Logs of issuers, holders and owners.
    pub logs: Vec<File>,
    /// What witnesses signed of these logs.
    pub witnesses: Vec<File>,
}

/// What is known of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its id, which stands under every signature of its records.
    pub id: NetworkId,
    /// How many zero bits its stamps have, where its parameters are known.
    pub difficulty: Option<u8>,
}

impl From<&Parameters> for Network {
    fn from(parameters: &Parameters) -> Self {
        Self { id: parameters.id().clone(), difficulty: Some(parameters.difficulty()) }
    }
}

/// What was found out about all files.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Looked {
    /// The worst of all answers.
    pub answer: Answer,
    /// One report a file, in their order.
    pub objects: Vec<Report>,
}

/// Looks at every one of `files`; each may use what stands in the others.
///
/// # Errors
///
/// Returns [`LookError`] if something that was given to help is not what it should be: an answer that
/// leaves it out would answer another question.
pub fn look(files: &[File], options: &Options) -> Result<Looked, LookError> {
    let recognised: Vec<Recognised<'_>> = files.iter().map(Recognised::new).collect();
    let known = Known::gather(&recognised, options)?;
    let objects: Vec<Report> = recognised.iter().map(|file| report(file, &known)).collect();
    let answer = objects.iter().map(|object| object.answer).max().unwrap_or(Answer::Unknown);
    Ok(Looked { answer, objects })
}

fn report(file: &Recognised<'_>, known: &Known) -> Report {
    let report = Report::new(file.name, file.kind);
    let bytes = &*file.bytes;
    match file.kind {
        Kind::Log => log::look(report, bytes, known),
        Kind::WitnessFile => log::look_at_witnesses(report, bytes, known),
        Kind::Credential | Kind::AttestorProfile => claims::look(report, bytes, known),
        Kind::StatusList => status::look_at_list(report, bytes, known),
        Kind::Presentation => shown::look(report, bytes, known),
        Kind::Showcase => shown::look_at_showcase(report, bytes, known),
        Kind::Head => sealed::look_at_head(report, bytes, known),
        Kind::StatusStatement => status::look_at_statement(report, bytes, known),
        Kind::Freshness => sealed::look_at_freshness(report, bytes, known),
        Kind::Receipt => sealed::look_at_receipt(report, bytes, known),
        Kind::ForkProof => fork::look(report, bytes, known),
        Kind::Staple => staple::look(report, bytes, known),
        Kind::Invitation => text::look_at_invitation(report, bytes),
        Kind::Challenge => text::look_at_challenge(report, bytes, known),
        Kind::Record => report.malformed(
            "it is sealed as records of Countersign are, and is none of them: it was damaged, or made by a later version",
        ),
        Kind::Document => unsigned(report),
        Kind::Unrecognised => unrecognised(report),
    }
}

fn unsigned(mut report: Report) -> Report {
    let why = "a DID document alone is signed by nobody: look at the log it stands in";
    report.check(report::SIGNATURE, Finding::unknown(why));
    report
}

fn unrecognised(mut report: Report) -> Report {
    let why = "no log, witness file, credential, presentation, head, statement, freshness proof, receipt, fork proof, staple, invitation or challenge";
    report.check(report::FORM, Finding::unknown(why));
    report
}

/// What was given to help is of no help. Fault of whoever gave it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum LookError {
    /// A log that breaks a rule.
    #[error("the log in {name} does not hold: {cause}")]
    Log { name: String, cause: LogError },
    /// A witness file that is none.
    #[error("{name} is no witness file: {cause}")]
    Witnesses { name: String, cause: FileError },
}
