//! The cookie that tells one customer's browser from another.

use axum::http::header::{COOKIE, HeaderMap};
use countersign_protocol::encoding::base64url;

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
