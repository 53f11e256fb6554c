//! Headers that every answer of a page has.
//!
//! Nothing on a page comes from anywhere else, no script runs, nobody can put the page into a frame,
//! nothing stays in a cache, and where a person came from is told to nobody.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

/// Adds them, where the answer does not say something of its own.
pub async fn strict(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add(response.headers_mut());
    response
}

/// Adds them to the headers of one answer.
pub fn add(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    set(REFERRER_POLICY, "no-referrer");
    set(CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), NOTHING);
}

/// Gives the policy of a page whose form leads to `origin` after it was answered here: browsers hold a
/// form's redirects to `form-action`, too.
#[must_use]
pub fn policy_with_form(origin: &str) -> String {
    POLICY.replace("form-action 'self'", format!("form-action 'self' {origin}").trim_end())
}

/// Gives the policy of a page that runs the script whose SHA-256 in base64 is `hash` and listens to
/// its own origin's events.
#[must_use]
pub fn policy_with_script(hash: &str) -> String {
    format!("{POLICY}; script-src 'sha256-{hash}'; connect-src 'self'")
}

/// What a page may load and do.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
                          form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// What a page may use of the computer.
const NOTHING: &str = "camera=(), microphone=(), geolocation=(), clipboard-read=()";
