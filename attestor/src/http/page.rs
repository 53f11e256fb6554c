//! The few pages a person sees: plain HTML that needs no script.

use crate::office::Question;

/// Wraps `body` in a page.
fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</html>\n"
    )
}

/// Says what this is.
pub(super) fn front(name: &str, offers: &[String]) -> String {
    let offers: String =
        offers.iter().map(|offer| format!("<li>{}</li>\n", escape(offer))).collect();
    page(
        &escape(name),
        &format!(
            "<p>This attestor signs:</p>\n<ul>\n{offers}</ul>\n\
             <p>To get a claim, ask for it with your own node: \
             <code>countersign claim request</code>.</p>"
        ),
    )
}

/// Asks whether this account is to back this identity.
pub(super) fn confirm(id: &str, question: &Question, wrong: bool) -> String {
    let wrong =
        if wrong { "<p role=\"alert\"><strong>That is not the code.</strong></p>\n" } else { "" };
    let code = if question.typed {
        "<p><label>Type the code your own node shows: \
         <input name=\"code\" autocomplete=\"off\" required></label></p>\n\
         <p>Nobody else may give you this code. If somebody sent you here, leave.</p>\n"
    } else {
        ""
    };
    page(
        "Is this you?",
        &format!(
            "{wrong}<dl>\n<dt>The account at {provider}</dt><dd>{account}</dd>\n\
             <dt>will back the identity</dt><dd><strong>{fingerprint}</strong><br>\
             <small>{did}</small></dd>\n<dt>The claim</dt><dd>{says}</dd>\n</dl>\n\
             <p>Compare the eight characters with those your own node shows. If you did not ask for \
             this on your own node, do not confirm it.</p>\n\
             <form method=\"post\" action=\"/confirm/{id}\">\n\
             <input type=\"hidden\" name=\"form\" value=\"{form}\">\n{code}\
             <p><button name=\"answer\" value=\"yes\">Yes, sign it</button> \
             <button name=\"answer\" value=\"no\" formnovalidate>No</button></p>\n</form>",
            provider = escape(&question.provider),
            account = escape(&question.account),
            fingerprint = escape(&question.fingerprint),
            did = escape(&question.did),
            says = escape(&question.says),
            form = escape(&question.form),
        ),
    )
}

/// Says that the node has it now.
pub(super) fn done() -> String {
    page("Done", "<p>Your node is collecting the claim. You can close this page.</p>")
}

/// Says why there is no claim.
pub(super) fn refused(title: &str, why: &str, back: Option<&str>) -> String {
    let back = back.map_or_else(String::new, |url| {
        format!("\n<p><a href=\"{}\">Tell your node</a></p>", escape(url))
    });
    page(
        title,
        &format!(
            "<p>{}.</p>\n<p>Nothing was signed. To try again, ask with your own node.</p>{back}",
            escape(&capital(why))
        ),
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

/// Everything that is not ours is escaped, in text and in attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_never_becomes_markup() {
        let question = Question {
            account: "<script>alert(1)</script>\"'".to_owned(),
            provider: "P".to_owned(),
            fingerprint: "abcdefgh".to_owned(),
            did: "did:webvh:x".to_owned(),
            says: "s".to_owned(),
            form: "f".to_owned(),
            typed: true,
            leads_to: None,
        };
        let text = confirm("id", &question, false);
        assert!(!text.contains("<script"), "{text}");
        assert!(text.contains("&lt;script&gt;"));
        assert!(!refused("Refused", "<b>", None).contains("<b>"));
    }
}
