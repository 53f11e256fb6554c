//! A verified log with the bytes it came in: what this node can give on to others.

use super::intake::IntakeError;
use crate::did::Scid;
use crate::did::log::History;
use crate::did::log::entry::{Entry, VersionId};
use crate::did::log::error::LogError;
use crate::did::log::witness::File;
use crate::time::Timestamp;
use std::sync::Arc;

/// A log of which every entry was verified, and how much of it stands.
#[derive(Debug, Clone)]
pub struct Identity {
    log: Arc<[u8]>,
    witnesses: Option<Arc<[u8]>>,
    history: History,
    standing: Option<History>,
}

impl Identity {
    /// Reads a whole log and its witness file.
    pub(super) fn read(
        log: &[u8],
        witnesses: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Self, IntakeError> {
        let history = History::read(log, now).map_err(IntakeError::log)?;
        let mut log = log.to_vec();
        if !log.ends_with(b"\n") {
            log.push(b'\n');
        }
        Self::new(log.into(), history, witnesses, None)
    }

    /// Adds the entries in `lines`, and what witnesses say of them.
    pub(super) fn extend(
        &self,
        lines: &[u8],
        witnesses: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Self, IntakeError> {
        let mut history = self.history.clone();
        let mut log = self.log.to_vec();
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let number = history.number().saturating_add(1);
            let entry = Entry::parse(line)
                .map_err(|cause| IntakeError::log(LogError::Malformed { number, cause }))?;
            history = history.append(&entry, now).map_err(IntakeError::log)?;
            log.extend_from_slice(line);
            log.push(b'\n');
        }
        Self::new(log.into(), history, witnesses, self.witnesses.as_deref())
    }

    fn new(
        log: Arc<[u8]>,
        history: History,
        witnesses: Option<&[u8]>,
        earlier: Option<&[u8]>,
    ) -> Result<Self, IntakeError> {
        let file = |bytes: &[u8]| File::parse(bytes).map_err(|_| IntakeError::BadWitnessFile);
        let file = match (earlier, witnesses) {
            (Some(one), Some(other)) if one != other => Some(file(one)?.merge(&file(other)?)),
            (Some(one), _) | (None, Some(one)) => Some(file(one)?),
            (None, None) => None,
        };
        // Only what holds is kept and passed on: else a peer could fill the file with noise.
        let (file, standing) = history.settle(&file.unwrap_or_default());
        let witnesses = (!file.is_empty()).then(|| file.to_bytes().into());
        Ok(Self { log, witnesses, history, standing })
    }

    /// Gives the same identity as if no entry after `number` had been made.
    pub(super) fn up_to(&self, number: u64) -> Option<Self> {
        if number >= self.history.number() {
            return Some(self.clone());
        }
        let history = self.history.at_number(number)?;
        let log = self.log.get(..history.length())?.into();
        Self::new(log, history, self.witnesses.as_deref(), None).ok()
    }

    /// Gives the same identity with what witnesses signed in `file` of it, and of entries that could follow.
    pub(super) fn told(&self, file: &File) -> Self {
        let (file, standing) = self.history.settle(file);
        let witnesses = (!file.is_empty()).then(|| file.to_bytes().into());
        Self { witnesses, standing, ..self.clone() }
    }

    /// Gives the name of the identity.
    #[must_use]
    pub fn scid(&self) -> Scid {
        self.history.scid()
    }

    /// Gives the whole verified log, whether all of it stands or not.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Gives the history up to the newest entry that is witnessed as the log asks: what this identity
    /// is to the network. None if not even the first entry is.
    #[must_use]
    pub const fn standing(&self) -> Option<&History> {
        self.standing.as_ref()
    }

    /// Gives the log, JSON Lines, a newline behind each entry.
    #[must_use]
    pub fn log(&self) -> &[u8] {
        &self.log
    }

    /// Gives `did-witness.json`, if a witness signed any of it.
    #[must_use]
    pub fn witnesses(&self) -> Option<&[u8]> {
        self.witnesses.as_deref()
    }

    /// Gives the entries after the first `number`, JSON Lines.
    pub(super) fn lines_after(&self, number: u64) -> &[u8] {
        let start = match number {
            0 => Some(0),
            _ => self.history.at_number(number).map(|history| history.length()),
        };
        start.and_then(|start| self.log.get(start..)).unwrap_or_default()
    }

    /// Counts the entries with which both logs begin, byte for byte.
    pub(super) fn shares(&self, other: &Self) -> u64 {
        let common = self.history.common_prefix(&other.history);
        let alike = |end: usize| self.log.get(..end) == other.log.get(..end);
        common.filter(|common| alike(common.length())).map_or(0, |common| common.number())
    }

    /// Tells whether this version is part of the log.
    pub(super) fn holds(&self, version: VersionId) -> bool {
        self.history.at_version_id(version).is_some()
    }

    /// Counts the bytes it takes in memory, about.
    pub(super) fn weight(&self) -> usize {
        // A history keeps the parsed documents, about twice their text.
        self.log.len().saturating_mul(3).saturating_add(1024)
    }
}
