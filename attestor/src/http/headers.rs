//! Headers every answer has, and the cookie that tells one browser from another.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;
use countersign_protocol::encoding::base64url;

/// Adds what keeps a page from being framed, scripted, cached or told about elsewhere.
pub(super) async fn strict(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: browsers would then say `Origin: null` with our own forms, and be refused.
    set(REFERRER_POLICY, "same-origin");
    set(CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    response
}

/// The policy of a page whose form leads to `origin` after it was answered here.
pub(super) fn policy_with_form(origin: Option<&str>) -> String {
    // Browsers hold a form's redirects to `form-action`, too.
    let origin = origin.unwrap_or_default();
    POLICY.replace("form-action 'self'", format!("form-action 'self' {origin}").trim_end())
}

/// Gives the value of this browser's cookie, if it has one.
pub(super) fn cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.find(|(name, _)| *name == NAME)?.1;
    (value.len() == VALUE_LENGTH).then(|| value.to_owned())
}

/// Makes a cookie for a browser that has none, and the header that sets it.
pub(super) fn new_cookie() -> (String, String) {
    let value = base64url::encode(&rand::random::<[u8; 32]>());
    // `__Host-`: only this host, only over TLS, for all paths. Lax: it comes along when the provider
    // sends the browser back, and not with another site's forms.
    let header = format!("{NAME}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600");
    (value, header)
}

const NAME: &str = "__Host-countersign";

/// 32 bytes in base64url.
const VALUE_LENGTH: usize = 43;

const POLICY: &str = "default-src 'none'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
