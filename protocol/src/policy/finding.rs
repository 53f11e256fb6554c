//! How one question of a check came out, and how findings add up.

use super::decision::{Answer, Named, Reason};
use crate::time::Timestamp;

#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) result: Answer,
    pub(super) reason: Reason,
    pub(super) age: Option<u64>,
    /// Until when it comes out like this, if it is accepted.
    pub(super) until: Timestamp,
}

impl Finding {
    pub(super) const fn accepted(reason: Reason, until: Timestamp) -> Self {
        Self { result: Answer::Accepted, reason, age: None, until }
    }

    pub(super) const fn refused(reason: Reason) -> Self {
        Self { result: Answer::Refused, reason, age: None, until: Timestamp::MAX }
    }

    pub(super) const fn unknown(reason: Reason) -> Self {
        Self { result: Answer::Unknown, reason, age: None, until: Timestamp::MAX }
    }

    pub(super) fn aged(self, age: u64) -> Self {
        Self { age: Some(age), ..self }
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.result == Answer::Accepted
    }

    /// Both must hold: what refuses comes before what is unknown, and both before what is accepted.
    pub(super) fn and(self, other: Self) -> Self {
        if other.result > self.result {
            return other;
        }
        if other.result < self.result {
            return self;
        }
        // The oldest knowledge is the age of the whole.
        Self { until: self.until.min(other.until), age: self.age.max(other.age), ..self }
    }

    /// One of them is enough.
    pub(super) fn or(self, other: Self) -> Self {
        if other.is_better_than(&self) { other } else { self }
    }

    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        self.result < other.result
            || self.is_accepted() && other.is_accepted() && self.until > other.until
    }

    pub(super) fn named(&self, name: impl Into<String>) -> Named {
        let withdrawn = if let Reason::Revoked { why, .. } = &self.reason { *why } else { None };
        Named {
            name: name.into(),
            result: self.result,
            reason: self.reason.clone(),
            age: self.age,
            withdrawn,
        }
    }
}
