//! What pages load: one stylesheet and one icon, under addresses that change with their content.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use countersign_protocol::encoding::base64url;
use sha2::{Digest as _, Sha256};
use std::sync::OnceLock;

/// Gives the address of the stylesheet.
#[must_use]
pub fn style() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| address(STYLE, "css"))
}

/// Gives the address of the icon.
#[must_use]
pub fn icon() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| address(ICON, "svg"))
}

/// Makes the routes that answer with them. They say nothing about anybody and need no session.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(style(), get(|| async { forever(STYLE, "text/css; charset=utf-8") }))
        .route(icon(), get(|| async { forever(ICON, "image/svg+xml") }))
}

/// Gives a page with its style in it, and the policy that lets it be there: for where nothing more can be
/// asked for once the page is there.
#[must_use]
pub fn alone(page: &str) -> (String, String) {
    let link = |rest: &str| format!("<link {rest}\">");
    let style_link = link(&format!("rel=\"stylesheet\" href=\"{}", style()));
    let icon_link = link(&format!("rel=\"icon\" type=\"image/svg+xml\" href=\"{}", icon()));
    let page =
        page.replace(&style_link, &format!("<style>{STYLE}</style>")).replace(&icon_link, "");
    let hash = base64url::encode(&Sha256::digest(STYLE.as_bytes()));
    (page, format!("default-src 'none'; style-src 'sha256-{hash}='"))
}

fn forever(text: &'static str, kind: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")], text)
}

fn address(text: &str, ending: &str) -> String {
    let name = base64url::encode(&Sha256::digest(text.as_bytes()));
    let short: String = name.chars().take(16).collect();
    format!("/assets/{short}.{ending}")
}

/// The one stylesheet.
pub const STYLE: &str = include_str!("style.css");
/// The icon of the browser's tab.
const ICON: &str = include_str!("icon.svg");
/// The mark beside the name: a seal that is signed twice.
pub(super) const MARK: &str = include_str!("mark.svg");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_alone_asks_for_nothing() {
        let page = super::super::Page::new(&super::super::Site::default(), "Done").render();
        let (alone, policy) = alone(&page);
        assert!(page.contains("<link") && !alone.contains("<link"), "{alone}");
        assert!(alone.contains(STYLE) && policy.ends_with("='"), "{policy}");
    }

    #[test]
    fn the_stylesheet_is_small_and_loads_nothing() {
        assert!(STYLE.len() < 24 * 1024, "{} bytes", STYLE.len());
        for word in ["@import", "url(", "http:", "https:"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}
