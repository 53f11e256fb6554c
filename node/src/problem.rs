//! What went wrong, in words a person can act on.
//!
//! One type serves the command line and the doors: *error, because, hint* on a terminal, and an
//! `application/problem+json` document over HTTP.
//!
//! - Standard: RFC 9457, "Problem Details for HTTP APIs".

mod disk;

use core::fmt;
use serde::{Deserialize, Serialize};

/// A failure, told to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Document", into = "Document")]
pub struct Problem {
    kind: Kind,
    title: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Problem {
    /// Makes a problem of `kind` with the sentence that says what failed.
    #[must_use]
    pub fn new(kind: Kind, title: impl Into<String>) -> Self {
        Self { kind, title: title.into(), detail: None, hint: None }
    }

    /// Adds why.
    #[must_use]
    pub fn because(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Gives the same problem as one of another kind.
    #[must_use]
    pub fn of(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Gives which kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Gives the HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.kind.words().1
    }

    /// Gives the stable word.
    #[must_use]
    pub const fn slug(&self) -> &'static str {
        self.kind.words().0
    }

    /// Tells whether it is a failure of that kind.
    #[must_use]
    pub fn is(&self, kind: Kind) -> bool {
        self.kind == kind
    }

    /// Gives the sentence that says what failed.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Gives what failed, why, and what to do.
    #[must_use]
    pub fn into_parts(self) -> (String, Option<String>, Option<String>) {
        (self.title, self.detail, self.hint)
    }

    /// Tells whether the answer is *no* rather than *no answer*.
    #[must_use]
    pub fn is_no(&self) -> bool {
        matches!(self.kind, Kind::NotFound | Kind::Deactivated | Kind::Refused)
    }

    /// Gives the exit status that fits: 1 for *no*, 64 where what was asked makes no sense, 2 for *no answer*.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        if self.is_no() {
            1
        } else if self.is(Kind::Invalid) {
            MISUSE
        } else {
            2
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", self.title)?;
        if let Some(detail) = &self.detail {
            write!(formatter, "\nbecause: {detail}")?;
        }
        if let Some(hint) = &self.hint {
            write!(formatter, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl core::error::Error for Problem {}

/// A problem as it is told: `application/problem+json`.
#[derive(Serialize, Deserialize)]
struct Document {
    /// A stable word for programs, such as `not-found`; in the document it is `type`.
    #[serde(rename = "type")]
    slug: String,
    /// The HTTP status that fits.
    status: u16,
    /// One sentence: what failed.
    title: String,
    /// Why, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl From<Problem> for Document {
    fn from(problem: Problem) -> Self {
        let (slug, status) = problem.kind.words();
        let Problem { kind: _, title, detail, hint } = problem;
        Self { slug: slug.to_owned(), status, title, detail, hint }
    }
}

impl From<Document> for Problem {
    fn from(document: Document) -> Self {
        let Document { slug, status, title, detail, hint } = document;
        Self { kind: Kind::told(&slug, status), title, detail, hint }
    }
}

/// The kinds of failure; what each means to a client stands in one table, `Kind::words`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was asked makes no sense.
    Invalid,
    /// No bearer token was shown that is known here.
    Unauthorized,
    /// Whoever asks is known and may not: the token's scope is too small, or a web page asks.
    Forbidden,
    /// The address is right and the method is not.
    Method,
    /// More was sent than is read.
    TooLarge,
    /// Nothing is known by that name, and everybody who could know was asked.
    NotFound,
    /// The identity was deactivated by its owner.
    Deactivated,
    /// Somebody who was asked said no.
    Refused,
    /// Something else is there already.
    Conflict,
    /// The passphrase is needed, or was wrong.
    Locked,
    /// It needs a running node, a network or a peer that is not there.
    Unavailable,
    /// Nobody answered in time.
    TimedOut,
    /// Too much was asked at once.
    Busy,
    /// Our own clock is not to be trusted.
    Clock,
    /// What lies in the data folder is of no use to this program: a newer one wrote it, or it is damaged.
    Unusable,
    /// Our own disk or program failed.
    Internal,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::Invalid,
        Self::Unauthorized,
        Self::Forbidden,
        Self::Method,
        Self::TooLarge,
        Self::NotFound,
        Self::Deactivated,
        Self::Refused,
        Self::Conflict,
        Self::Locked,
        Self::Unavailable,
        Self::TimedOut,
        Self::Busy,
        Self::Clock,
        Self::Internal,
        Self::Unusable,
    ];

    /// Finds the kind that was told; of a word that a newer program has, the status says enough.
    fn told(slug: &str, status: u16) -> Self {
        let all = || Self::ALL.into_iter();
        let named = all().find(|kind| kind.words().0 == slug);
        named.or_else(|| all().find(|kind| kind.words().1 == status)).unwrap_or(Self::Internal)
    }

    const fn words(self) -> (&'static str, u16) {
        match self {
            Self::Invalid => ("invalid", 400),
            Self::Unauthorized => ("unauthorized", 401),
            Self::Forbidden => ("forbidden", 403),
            Self::Method => ("method-not-allowed", 405),
            Self::TooLarge => ("too-large", 413),
            Self::NotFound => ("not-found", 404),
            Self::Deactivated => ("deactivated", 410),
            Self::Refused => ("refused", 422),
            Self::Conflict => ("conflict", 409),
            Self::Locked => ("locked", 423),
            Self::Unavailable => ("unavailable", 503),
            Self::TimedOut => ("timed-out", 504),
            Self::Busy => ("busy", 429),
            Self::Clock => ("clock", 503),
            Self::Unusable => ("unusable", 500),
            Self::Internal => ("internal", 500),
        }
    }
}

/// The exit status of whoever was asked what makes no sense; others use it for that, too: `EX_USAGE` in
/// sysexits(3).
pub(crate) const MISUSE: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_that_is_told_keeps_its_kind_and_a_newer_word_is_known_by_its_status() {
        for kind in Kind::ALL {
            let problem = Problem::new(kind, "it").because("why").hint("do");
            let told = serde_json::to_value(&problem).unwrap();
            assert_eq!(told["type"], problem.slug());
            assert_eq!(serde_json::from_value::<Problem>(told).unwrap(), problem);
        }
        for (status, kind) in
            [(404, Kind::NotFound), (503, Kind::Unavailable), (418, Kind::Internal)]
        {
            let newer = serde_json::json!({ "type": "newer", "status": status, "title": "it" });
            assert_eq!(serde_json::from_value::<Problem>(newer).unwrap().kind(), kind);
        }
    }

    #[test]
    fn a_script_tells_what_it_mistyped_from_no_and_from_no_answer() {
        for (kind, status) in [
            (Kind::Invalid, 64),
            (Kind::NotFound, 1),
            (Kind::Deactivated, 1),
            (Kind::Refused, 1),
            (Kind::Conflict, 2),
            (Kind::Locked, 2),
            (Kind::Unavailable, 2),
            (Kind::TimedOut, 2),
            (Kind::Internal, 2),
        ] {
            assert_eq!(Problem::new(kind, "it").exit_status(), status, "{kind:?}");
        }
    }
}
