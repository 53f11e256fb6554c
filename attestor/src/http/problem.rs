//! What an error means to the node that asked: one table.
//!
//! - Standard: RFC 9457, "Problem Details for HTTP APIs".

use super::english::OWN_PROBLEM;
use crate::evidence::EvidenceError;
use crate::ground::GroundError;
use crate::issuance::IssuanceError;
use crate::ledger::LedgerError;
use crate::office::OfficeError;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error as a node sees it.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    kind: String,
    title: String,
}

impl Problem {
    /// Says that there is nothing at this address.
    pub(super) fn not_found() -> Self {
        let title = "there is nothing at this address".to_owned();
        Self { status: StatusCode::NOT_FOUND, kind: "not-found".to_owned(), title }
    }
}

/// Answers for every address that is none.
pub(super) async fn nothing_here() -> Problem {
    Problem::not_found()
}

impl From<OfficeError> for Problem {
    fn from(error: OfficeError) -> Self {
        let (status, kind) = of(&error);
        let kind = kind.to_owned();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(%error, "a request was not answered");
            let title = OWN_PROBLEM.to_owned();
            return Self { status, kind, title };
        }
        Self { status, kind, title: error.to_string() }
    }
}

/// Says what an error is to whoever asks over HTTP, a node or a browser.
pub(super) const fn of(error: &OfficeError) -> (StatusCode, &'static str) {
    match error {
        OfficeError::NotOffered { .. } => (StatusCode::NOT_FOUND, "not-offered"),
        OfficeError::Ambiguous { .. } => (StatusCode::BAD_REQUEST, "ambiguous"),
        OfficeError::Ledger(LedgerError::Unknown { .. } | LedgerError::NotLive { .. }) => {
            (StatusCode::NOT_FOUND, "no-claim-here")
        }
        OfficeError::TooShort { .. } => (StatusCode::BAD_REQUEST, "too-short"),
        OfficeError::NoDay { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "no-day"),
        OfficeError::Alone => (StatusCode::SERVICE_UNAVAILABLE, "alone"),
        OfficeError::NoQuery => (StatusCode::BAD_REQUEST, "no-query"),
        OfficeError::NotYet { .. } => (StatusCode::BAD_REQUEST, "not-yet"),
        OfficeError::OtherCount { .. } => (StatusCode::CONFLICT, "other-count"),
        OfficeError::NoRequest => (StatusCode::NOT_FOUND, "no-request"),
        OfficeError::Full => (StatusCode::SERVICE_UNAVAILABLE, "full"),
        OfficeError::Malformed { .. } => (StatusCode::BAD_REQUEST, "malformed"),
        OfficeError::Issuance(error) => issuance(error),
        OfficeError::Presentation(_) => (StatusCode::FORBIDDEN, "presentation-refused"),
        OfficeError::Changed { .. } => (StatusCode::CONFLICT, "identity-changed"),
        OfficeError::Itself => (StatusCode::BAD_REQUEST, "itself"),
        OfficeError::Ended { .. } => (StatusCode::GONE, "deactivated"),
        OfficeError::TooFar { .. } => (StatusCode::BAD_REQUEST, "too-far"),
        OfficeError::OffersNot { .. } => (StatusCode::BAD_REQUEST, "offers-not"),
        OfficeError::SaysMore { .. } => (StatusCode::CONFLICT, "says-more"),
        OfficeError::Evidence(EvidenceError::ByHand) => (StatusCode::CONFLICT, "by-hand"),
        OfficeError::Evidence(error) if error.is_a_no() => (StatusCode::GONE, "no-claim"),
        OfficeError::Evidence(_) => (StatusCode::BAD_GATEWAY, "provider"),
        OfficeError::Taken => (StatusCode::CONFLICT, "already-attested"),
        OfficeError::Stale => (StatusCode::GONE, "stale"),
        OfficeError::Ground(GroundError::NotFound { .. }) => {
            (StatusCode::FORBIDDEN, "identity-unknown")
        }
        OfficeError::Ground(GroundError::Forked { .. }) => {
            (StatusCode::FORBIDDEN, "identity-forked")
        }
        OfficeError::Ground(GroundError::Clock { .. }) => {
            (StatusCode::SERVICE_UNAVAILABLE, "clock")
        }
        OfficeError::Ledger(_)
        | OfficeError::RuleChanged { .. }
        | OfficeError::Ground(_)
        | OfficeError::Stopping => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

const fn issuance(error: &IssuanceError) -> (StatusCode, &'static str) {
    match error {
        IssuanceError::Expired => (StatusCode::GONE, "expired"),
        IssuanceError::OutOfOrder { .. } => (StatusCode::CONFLICT, "out-of-order"),
        IssuanceError::OtherBrowser => (StatusCode::FORBIDDEN, "other-browser"),
        IssuanceError::WrongCode => (StatusCode::FORBIDDEN, "wrong-code"),
        IssuanceError::NotConfirmed => (StatusCode::TOO_EARLY, "not-confirmed"),
        IssuanceError::Refused { no } => (StatusCode::GONE, no.cause.word()),
        IssuanceError::NotLoopback => (StatusCode::BAD_REQUEST, "not-loopback"),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, kind, title } = self;
        let body = json!({ "type": kind, "status": status.as_u16(), "title": title });
        (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}
