//! The pages a customer sees: who this is, and the way to a claim. They need no script.

use super::english as words;
use crate::evidence::settings::Settings;
use crate::ledger::Second;
use crate::office::{Front, Question, Rules};
use axum::http::StatusCode;
use countersign_node::page::parts::{self, Field, Line, Tone};
use countersign_node::page::{Markup, Page, Site, html};
use serde_json::{Map, Value};

/// Makes the frame of the public pages.
pub(super) fn site(rules: &Rules) -> Site {
    Site {
        name: rules.name.clone(),
        home: "/".to_owned(),
        skip: words::SKIP.to_owned(),
        language: words::LANGUAGE.to_owned(),
        ..Site::default()
    }
}

/// Says who this is, what is checked, what is kept, and where to complain.
pub(super) fn front(site: &Site, front: &Front<'_>) -> String {
    let about = &front.rules.about;
    Page::new(site, words::FRONT)
        .lead(words::FRONT_LEAD)
        .with(parts::card(words::WHO, who(front)))
        .with(html! { @for source in &front.sources { (offer(source, front.rules)) } })
        .with(parts::card(words::KEEP, keep(front)))
        .with(parts::card(words::SECOND, html! { p { (second(front.rules.second)) } }))
        .with(html! { div #complain {
            (parts::card(words::COMPLAIN, said(&about.complain, words::COMPLAIN_UNSAID)))
        } })
        .with(parts::card(words::ASK, ask(front)))
        .with(parts::more(words::FOR_MACHINES, machines()))
        .render()
}

fn who(front: &Front<'_>) -> Markup {
    html! {
        (said(&front.rules.about.who, words::WHO_UNSAID))
        @if let Some((did, fingerprint)) = &front.identity {
            (parts::facts(&[
                (words::FINGERPRINT, html! { strong { (fingerprint) } }),
                (words::IDENTITY, parts::code(did)),
            ]))
            p.hint { (words::FINGERPRINT_HINT) }
        }
    }
}

/// What the operator wrote, or that nothing is written.
fn said(text: &str, otherwise: &str) -> Markup {
    if text.is_empty() {
        return parts::notice(Tone::Warning, otherwise, "");
    }
    html! { @for line in text.lines() { p { (line) } } }
}

fn offer(settings: &Settings, rules: &Rules) -> Markup {
    let claim = &settings.claim;
    let again = if settings.oidc.refresh {
        words::again_every(rules.ask_again.as_secs())
    } else {
        words::AGAIN_NO.to_owned()
    };
    parts::card(
        words::WHAT,
        html! {
            p { strong { (claim.says) } }
            (parts::facts(&[
                (words::CLAIM, html! { (claim.kind) }),
                (words::EVIDENCE, html! { (words::sign_in_at(&settings.name)) }),
                (words::RULE, html! { (claim.rule.name) "/" (claim.rule.version) }),
                (words::VALID, html! { (words::days(claim.valid_for.as_secs())) }),
                (words::AGAIN, html! { (again) }),
            ]))
        },
    )
}

fn keep(front: &Front<'_>) -> Markup {
    html! {
        ul { @for line in &front.kept { li { (line) } } }
        p { (words::NOT_KEPT) }
        (said(&front.rules.about.keeps, words::KEEP_UNSAID))
    }
}

const fn second(second: Second) -> &'static str {
    match second {
        Second::Reject => words::SECOND_REJECT,
        Second::Move => words::SECOND_MOVE,
        Second::Allow => words::SECOND_ALLOW,
    }
}

fn ask(front: &Front<'_>) -> Markup {
    let from = front.identity.as_ref().map(|(did, _)| did.as_str()).unwrap_or_default();
    html! {
        p { (words::ASK_TEXT) }
        pre { "countersign claim request --from " (from) }
    }
}

fn machines() -> Markup {
    html! {
        p { a href="/v1/profile" { (words::PROFILE) } }
        p { (words::STATUS) }
    }
}

/// Says what is about to happen, before anything does.
pub(super) fn start(site: &Site, settings: &Settings, kept: &[String], ticket: &str) -> String {
    let claim = &settings.claim;
    Page::new(site, words::START)
        .with(parts::steps(&words::STEPS, 1))
        .with(parts::notice(Tone::Warning, words::START_WARNING, words::START_WARNING_TEXT))
        .with(html! {
            section.card {
                (parts::facts(&[
                    (words::START_CHECKS, html! { strong { (settings.name) } }),
                    (words::START_SAYS, html! { (claim.says) }),
                    (words::START_VALID, html! { (words::days(claim.valid_for.as_secs())) }),
                    (words::START_KEEPS, html! { ul { @for line in kept { li { (line) } } } }),
                ]))
                (parts::actions(&[parts::button_link(
                    &format!("/begin/{ticket}"),
                    html! { (words::START_GO) " " (settings.name) },
                )]))
            }
        })
        .render()
}

/// Asks whether this account is to back this identity.
pub(super) fn confirm(site: &Site, id: &str, question: &Question, wrong: bool) -> String {
    let code = Field::new("code", words::CODE, Line::Text).hint(words::CODE_HINT);
    let answers = html! {
        button.main name="answer" value="yes" { (words::YES) }
        button.quiet name="answer" value="no" formnovalidate { (words::NO) }
    };
    Page::new(site, words::CONFIRM)
        .lead(words::CONFIRM_LEAD)
        .with(parts::steps(&words::STEPS, 3))
        .with(html! {
            @if wrong {
                (parts::notice(Tone::Bad, words::WRONG_CODE, words::WRONG_CODE_TEXT))
            }
            section.card {
                dl.facts {
                    div {
                        dt { (words::ACCOUNT_AT) " " (question.provider) }
                        dd { strong { (question.account) } }
                    }
                    div {
                        dt { (words::BACKS) }
                        dd { strong { (question.fingerprint) } " " (parts::code(&question.did)) }
                    }
                    div { dt { (words::CLAIM) } dd { (question.says) " (" (question.claim) ")" } }
                    div {
                        dt { (words::WORD_FOR_WORD) }
                        dd { (values(&question.properties)) }
                    }
                }
            }
            (parts::notice(Tone::Warning, words::COMPARE, words::COMPARE_TEXT))
            form method="post" action=(format!("/confirm/{id}")) autocomplete="off" {
                input type="hidden" name="form" value=(question.form);
                @if question.typed { (code) }
                div.actions { (answers) }
            }
        })
        .render()
}

/// Gives what a claim says about its subject, each value with its name.
pub(super) fn values(properties: &Map<String, Value>) -> Markup {
    html! { @for (name, value) in properties { div { (name) ": " (in_line(value)) } } }
}

/// Writes a value as a person reads it: words without quotes, several with commas between.
fn in_line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(in_line).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Says that the node has it now.
pub(super) fn done(site: &Site) -> String {
    Page::new(site, words::DONE)
        .with(parts::steps(&words::STEPS, 4))
        .with(parts::light(Tone::Good, words::DONE, words::DONE_TEXT))
        .render()
}

/// Why there is no claim.
pub(super) struct Refused<'a> {
    /// How it is answered.
    pub(super) status: StatusCode,
    /// The heading.
    pub(super) title: &'a str,
    /// Why.
    pub(super) why: &'a str,
    /// What to do about it, where that is more than trying again.
    pub(super) more: Option<&'a str>,
    /// Where the node that asked is told.
    pub(super) back: Option<&'a str>,
}

/// Says why there is no claim.
pub(super) fn refused<'s>(site: &'s Site, refused: &Refused<'_>) -> Page<'s> {
    let tone = if refused.status.is_success() { Tone::Plain } else { Tone::Bad };
    Page::new(site, refused.title)
        .status(refused.status)
        .with(parts::notice(
            tone,
            words::NOTHING_SIGNED,
            html! {
                p { (parts::sentence(refused.why)) }
                @if let Some(more) = refused.more { p { (more) } }
            },
        ))
        .with(html! {
            p { (words::TRY_AGAIN) }
            div.actions {
                @if let Some(back) = refused.back { (parts::button_link(back, words::TELL_NODE)) }
                @if refused.more.is_some() {
                    // Beside this page: it is shown once, and the node still waits for its word.
                    a.button.quiet href="/#complain" target="_blank" rel="noopener" { (words::COMPLAIN) }
                }
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::kept_of;
    use crate::office::tests::rules;
    use core::time::Duration;
    use serde_json::json;

    fn question(account: &str, properties: Value) -> Question {
        let Value::Object(properties) = properties else { panic!("{properties}") };
        Question {
            account: account.to_owned(),
            provider: "P".to_owned(),
            fingerprint: "abcdefgh".to_owned(),
            did: "did:webvh:x".to_owned(),
            claim: "EmailAddressConfirmed".to_owned(),
            says: "s".to_owned(),
            properties,
            form: "f".to_owned(),
            typed: true,
            leads_to: None,
        }
    }

    fn page(source: &Settings, rules: &Rules) -> String {
        let kept = kept_of(source);
        let front = Front { rules, identity: None, sources: vec![source], kept };
        super::front(&Site::default(), &front)
    }

    /// As the developer's guide makes it of the simulated one.
    #[test]
    fn the_public_page_says_that_an_address_is_kept_where_the_claim_has_it() {
        let text = include_str!("../../examples/simulated.toml");
        let (rules, plain) = (rules(), Settings::parse(text).unwrap());
        assert!(!page(&plain, &rules).contains("address"));
        let mail = text.replace("[claim.seen.verified]", "[claim.seen.address]");
        let mail = mail.replace("\"text-boolean\"\nmust_be = true", "\"text\"");
        let mail = Settings::parse(&mail).unwrap();
        assert!(mail.claim.seen["address"].must_be.is_none());
        let page = page(&mail, &rules);
        assert!(page.contains("repeats word for word: address"), "{page}");
        assert!(!page.contains("do not keep"), "{page}");
    }

    #[test]
    fn the_public_page_says_how_often_a_provider_is_asked_again() {
        let source = Settings::parse(include_str!("../../examples/simulated.toml")).unwrap();
        for (seconds, says) in [
            (86_400, "Every day, without you"),
            (7 * 86_400, "Every 7 days,"),
            (3_600, "Every hour,"),
            (5_400, "Every 90 minutes,"),
        ] {
            let rules = Rules { ask_again: Duration::from_secs(seconds), ..rules() };
            assert!(page(&source, &rules).contains(says), "{says}");
        }
    }

    #[test]
    fn whoever_confirms_reads_every_value_that_will_be_signed() {
        let properties = json!({
            "provider": "simulated.example", "address": "ada@simulated.example", "verified": true,
            "level": 2,
        });
        let text = confirm(&Site::default(), "id", &question("Ada", properties), false);
        for said in [
            "EmailAddressConfirmed",
            "provider: simulated.example",
            "address: ada@simulated.example",
            "verified: true",
            "level: 2",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
    }

    #[test]
    fn what_a_provider_says_never_becomes_markup() {
        let script = "<script>alert(1)</script>\"'";
        let question = question(script, json!({ "address": script }));
        let text = confirm(&Site::default(), "id", &question, false);
        assert!(!text.contains("<script"), "{text}");
        assert!(text.contains("&lt;script&gt;"));
        let no = Refused {
            status: StatusCode::OK,
            title: "Refused",
            why: "<b>",
            more: None,
            back: Some("http://127.0.0.1:1/?a=\"><b>"),
        };
        assert!(!refused(&Site::default(), &no).render().contains("<b>"));
    }
}
