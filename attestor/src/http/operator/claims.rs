//! Lists of claims: searched, filtered, page by page; and those that end soon.

use super::{Desk, claim_link, fingerprint, parts, state, time, ways, words};
use crate::office::query::{Query, State as Kind};
use crate::office::{Claims, DUE, OfficeError, Summary};
use axum::extract::{Query as InAddress, State};
use axum::response::{IntoResponse as _, Response};
use countersign_node::page::part::{Begin, Part, ROWS};
use countersign_node::page::parts::{Field, Line, Tone};
use countersign_node::page::{Markup, Page, Visit, html};
use countersign_protocol::time::Timestamp;
use serde::Deserialize;

/// A query as a form writes it into an address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) rule: String,
    pub(super) state: String,
    pub(super) since: String,
    pub(super) before: String,
    pub(super) from: usize,
}

impl Asked {
    /// Gives what is meant.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::NoDay`] for a day nobody can read: to leave it out would mean more claims.
    pub(super) fn query(&self) -> Result<Query, OfficeError> {
        let said = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        Ok(Query {
            text: said(&self.text),
            rule: said(&self.rule),
            state: Kind::parse(&self.state),
            since: day(&self.since)?,
            before: day(&self.before)?,
            ..Query::default()
        })
    }

    /// Writes it into an address, from claim number `from` on.
    pub(super) fn address(&self, path: &str, from: usize) -> String {
        let fields = [
            ("text", self.text.as_str()),
            ("rule", self.rule.as_str()),
            ("state", self.state.as_str()),
            ("since", self.since.as_str()),
            ("before", self.before.as_str()),
        ];
        let start = format!("{path}?");
        let length = start.len();
        let mut written = url::form_urlencoded::Serializer::for_suffix(start, length);
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            written.append_pair(name, value);
        }
        if from > 0 {
            written.append_pair("from", &from.to_string());
        }
        written.finish()
    }
}

/// Reads a day, or a time, as the beginning of it; an empty line says none.
pub(super) fn day(text: &str) -> Result<Option<Timestamp>, OfficeError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let no_day = || OfficeError::NoDay { text: text.chars().take(40).collect() };
    Timestamp::parse(&whole).map(Some).map_err(|_| no_day())
}

/// `GET …/claims`: what was signed.
pub(super) async fn claims(
    State(desk): State<Desk>,
    visit: Visit,
    InAddress(asked): InAddress<Asked>,
) -> Response {
    let query = match asked.query() {
        Ok(query) => query,
        Err(error) => return desk.failed(&visit, &error),
    };
    let says_nothing = query.is_everything();
    let (offset, limit) = (number_of(asked.from), Some(number_of(ROWS)));
    let found = match desk.office.found(query, offset, limit).await {
        Ok(found) => found,
        Err(error) => return desk.failed(&visit, &error),
    };
    let site = desk.site(&visit);
    let path = desk.at("/claims");
    let Claims { claims: rows, total } = found;
    let part = Part::of(total, asked.from, ROWS);
    let body = if rows.is_empty() {
        let none = if says_nothing { words::NO_CLAIMS_YET } else { words::NO_CLAIMS };
        parts::empty(none, "")
    } else {
        table(&desk, words::CLAIMS, &rows)
    };
    Page::new(&site, words::CLAIMS)
        .at(path.clone())
        .with(search(&path, &asked, true))
        .with(body)
        .with(html! { @if total > 0 { (ways(&part, words::CLAIMS, |from| asked.address(&path, from))) } })
        .with(revoke_these(&desk, &asked, rows.is_empty() || says_nothing))
        .into_response()
}

/// `GET …/renewals`: standing claims that end soon, the next one first.
pub(super) async fn renewals(
    State(desk): State<Desk>,
    visit: Visit,
    InAddress(begin): InAddress<Begin>,
) -> Response {
    let soon = desk.office.time().plus(DUE);
    let query = Query { state: Some(Kind::Standing), ends_before: Some(soon), ..Query::default() };
    let found = match desk.office.found(query, 0, None).await {
        Ok(found) => found,
        Err(error) => return desk.failed(&visit, &error),
    };
    let mut rows = found.claims;
    rows.sort_by_key(|row| row.valid_until);
    let part = Part::of(rows.len(), begin.from, ROWS);
    let body = if rows.is_empty() {
        parts::empty(words::NONE_DUE, "")
    } else {
        let address = |from| desk.at(&format!("/renewals?from={from}"));
        let rows = table(&desk, words::RENEWALS, part.rows(&rows));
        html! { (rows) (ways(&part, words::RENEWALS, address)) }
    };
    let site = desk.site(&visit);
    Page::new(&site, words::RENEWALS)
        .at(desk.at("/renewals"))
        .lead(words::RENEWALS_LEAD)
        .with(body)
        .into_response()
}

/// Lists claims, one a line.
pub(super) fn table(desk: &Desk, caption: &str, rows: &[Summary]) -> Markup {
    let heads = [
        words::HEAD_CLAIM,
        words::HEAD_SUBJECT,
        words::HEAD_RULE,
        words::HEAD_SIGNED,
        words::HEAD_UNTIL,
        words::HEAD_STATE,
    ];
    let row = |row: &Summary| {
        let subject = row.subject.as_str();
        vec![
            claim_link(desk, &row.id),
            html! { code title=(subject) { (fingerprint(subject)) } },
            html! { (row.rule) },
            time(&row.issued.to_string()),
            time(&row.valid_until.to_string()),
            state(row.state),
        ]
    };
    let rows: Vec<Vec<Markup>> = rows.iter().map(row).collect();
    parts::table(caption, &heads, &rows)
}

/// The form that says which claims are meant.
pub(super) fn search(action: &str, asked: &Asked, with_state: bool) -> Markup {
    html! {
        section.card {
            form method="get" action=(action) role="search" {
                (line("text", words::SEARCH_TEXT, Line::Text, &asked.text)
                    .hint(words::SEARCH_TEXT_HINT))
                (line("rule", words::SEARCH_RULE, Line::Text, &asked.rule)
                    .hint(words::SEARCH_RULE_HINT))
                div.inline {
                    (line("since", words::SINCE, Line::Date, &asked.since))
                    (line("before", words::BEFORE, Line::Date, &asked.before))
                    @if with_state { (states(&asked.state)) }
                }
                (parts::submit(if with_state { words::SHOW } else { words::COUNT }))
            }
        }
    }
}

fn line<'a>(name: &'a str, label: &'a str, kind: Line, value: &'a str) -> Field<'a> {
    Field::new(name, label, kind).value(value).optional()
}

fn states(chosen: &str) -> Markup {
    html! {
        div.field {
            label for="state" { (words::SEARCH_STATE) }
            select id="state" name="state" {
                option value="" { (words::ANY) }
                @for kind in Kind::ALL {
                    option value=(kind.word()) selected[kind.word() == chosen] { (words::state(kind.word())) }
                }
            }
        }
    }
}

pub(super) fn number_of(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

fn revoke_these(desk: &Desk, asked: &Asked, none: bool) -> Markup {
    let way = asked.address(&desk.at("/revoke"), 0);
    html! {
        @if !none {
            (parts::actions(&[parts::quiet_link(&way, words::REVOKE_THESE)]))
        }
    }
}

/// Says that something was done.
pub(super) fn done(text: &str) -> Markup {
    parts::notice(Tone::Good, text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_nobody_can_read_is_refused_and_not_left_out() {
        assert_eq!(day(" ").unwrap(), None);
        assert!(day("2026-03-01").unwrap() == day("2026-03-01T00:00:00Z").unwrap());
        for text in ["01.03.2026", "2026-02-30", "2026-3-1", "yesterday"] {
            let error = day(text).unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("like 2026-11-22"), "{error}");
            let asked = Asked { since: text.to_owned(), ..Asked::default() };
            assert!(asked.query().is_err());
            let asked = Asked { before: text.to_owned(), ..Asked::default() };
            assert!(asked.query().is_err());
        }
    }
}
