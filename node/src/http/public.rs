//! `GET /1.0/identifiers/{did}`: resolves an identity for anybody, as it is or as it was.
//!
//! - Standards: DID Resolution v0.3, section "Bindings: HTTP(S)"; did:webvh 1.0, "Reading did:webvh DID
//!   URLs" (`versionId`, `versionTime`, `versionNumber`).

use crate::node::Node;
use crate::problem::{Kind, Problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::did::Did;
use countersign_protocol::did::log::resolution::{self, Query, Resolution};
use countersign_protocol::time::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;

/// Answers with a DID resolution result: found, not found, deactivated or invalid.
pub(super) async fn resolve(
    State(node): State<Node>,
    Path(did): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    // A person may leave off the end of a DID; a program that does asks for another one.
    let Some(did) = did.parse::<Did>().ok().filter(|did| !did.is_of_two()) else {
        return failed(StatusCode::BAD_REQUEST, "invalidDid", "this is no did:webvh");
    };
    let Some(query) = version(query.as_deref().unwrap_or_default()) else {
        let title = "the query names no version, or more than one";
        return failed(StatusCode::BAD_REQUEST, "invalidDidUrl", title);
    };
    match find(&node, &did, query).await {
        Ok(Some(found)) => {
            let status = if found.document.is_some() { StatusCode::OK } else { StatusCode::GONE };
            let body = json!({
                "didDocument": found.document,
                "didDocumentMetadata": found.metadata,
                "didResolutionMetadata": { "contentType": "application/did+ld+json" },
            });
            (status, [(header::CONTENT_TYPE, RESULT)], body.to_string()).into_response()
        }
        Ok(None) => failed(StatusCode::NOT_FOUND, "notFound", "it had no such version"),
        Err(problem) if problem.is(Kind::NotFound) => {
            failed(StatusCode::NOT_FOUND, "notFound", problem.title())
        }
        Err(problem) => problem.into_response(),
    }
}

async fn find(node: &Node, did: &Did, query: Query) -> Result<Option<Resolution>, Problem> {
    let known = node.known(did.scid(), false).await?;
    known.check_name(did.as_str())?;
    Ok(resolution::resolve(known.history(), query))
}

/// Reads which version is asked for: the newest, if the query names none.
fn version(query: &str) -> Option<Query> {
    let mut asked = Query::Newest;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let named = match name.as_ref() {
            "versionId" => Query::VersionId(value.parse().ok()?),
            "versionTime" => Query::VersionTime(Timestamp::parse(&value).ok()?),
            "versionNumber" => Query::VersionNumber(value.parse().ok()?),
            _ => continue,
        };
        if asked != Query::Newest {
            return None;
        }
        asked = named;
    }
    Some(asked)
}

fn failed(status: StatusCode, error: &str, detail: &str) -> Response {
    let body = json!({
        "didDocument": Value::Null,
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
