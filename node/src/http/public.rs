//! `GET /1.0/identifiers/{did}`: resolves an identity for anybody.
//!
//! - Standard: DID Resolution v0.3, section "Bindings: HTTP(S)".

use crate::node::Node;
use crate::problem::Kind;
use crate::verb::Verb as _;
use crate::verb::resolve::Resolve;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Answers with a DID resolution result: found, not found, deactivated or invalid.
pub(super) async fn resolve(State(node): State<Node>, Path(did): Path<String>) -> Response {
    if did.parse::<countersign_protocol::did::Did>().is_err() {
        return failed(StatusCode::BAD_REQUEST, "invalidDid", "this is no did:webvh");
    }
    match (Resolve { name: did, fresh: false }).perform(&node).await {
        Ok(found) => {
            let status = if found.deactivated { StatusCode::GONE } else { StatusCode::OK };
            let body = json!({
                "didDocument": if found.deactivated { None } else { Some(&found.document) },
                "didDocumentMetadata": found.metadata,
                "didResolutionMetadata": { "contentType": "application/did+ld+json" },
            });
            (status, [(header::CONTENT_TYPE, RESULT)], body.to_string()).into_response()
        }
        Err(problem) if problem.is(Kind::NotFound) => {
            failed(StatusCode::NOT_FOUND, "notFound", problem.title())
        }
        Err(problem) if problem.is(Kind::Invalid) => {
            failed(StatusCode::BAD_REQUEST, "invalidDid", problem.title())
        }
        Err(problem) => problem.into_response(),
    }
}

fn failed(status: StatusCode, error: &str, detail: &str) -> Response {
    let body = json!({
        "didDocument": null,
        "didDocumentMetadata": {},
        "didResolutionMetadata": {
            "error": error,
            "problemDetails": {
                "type": format!("https://www.w3.org/ns/did#{}", error.to_ascii_uppercase()),
                "title": detail,
            },
        },
    });
    (status, [(header::CONTENT_TYPE, RESULT)], body.to_string()).into_response()
}

/// DID Resolution, "DID Resolution Result".
const RESULT: &str = "application/ld+json;profile=\"https://w3id.org/did-resolution\"";
