//! The pages a simulated provider shows: each says that it is simulated.

use super::people::{PASSWORD, UNVERIFIED, VERIFIED, VERIFIED_TOO};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};

/// `GET /`: says what this is.
pub(super) async fn front() -> Html<String> {
    page("Payment provider", "<p>It has made-up customers and no money.</p>")
}

/// Shows the sign-in form.
pub(super) fn sign_in(client: &str, ticket: &str, wrong: bool) -> Html<String> {
    let wrong =
        if wrong { "<p><b>That is not a customer's address and password.</b></p>" } else { "" };
    page(
        "Sign in",
        &format!(
            "{wrong}<p>{client} asks who you are and whether your account is verified.</p>\
             <form method=\"post\" action=\"/signin/login\">\
             <input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\
             <p><label>Address <input name=\"email\" value=\"{VERIFIED}\"></label></p>\
             <p><label>Password <input name=\"password\" type=\"password\"></label></p>\
             <p><button name=\"answer\" value=\"allow\">Sign in and allow</button> \
             <button name=\"answer\" value=\"deny\">Refuse</button></p></form>\
             <p>Made-up customers: {VERIFIED}, {VERIFIED_TOO} and {UNVERIFIED}; the password is {PASSWORD}.</p>",
            client = escape(client),
        ),
    )
}

/// Says why there is nothing to sign in to.
pub(super) fn refused(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, page("Not possible", &format!("<p>{}</p>", escape(why))))
        .into_response()
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>SIMULATED provider: {title}</title><style>{STYLE}</style>\
         <body><p><b>SIMULATED</b>: nothing here is real.</p><h1>SIMULATED provider: {title}</h1>\
         {body}</body></html>"
    ))
}

/// Plain, and like nobody's: it is not one of our pages.
const STYLE: &str = "body { max-width: 34rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.55 sans-serif } \
                     label, input { display: block } \
                     input, button { min-height: 2.8rem; font: inherit; padding: .3rem .7rem } \
                     input { box-sizing: border-box; width: 100% }";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
