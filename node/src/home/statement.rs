//! The statement: a line for whatever was shown, published, refused, asked for or taken back.

use super::Home;
use super::frame::{Asked, ways};
use super::texts::{T, fill};
use super::words::{self, moment};
use crate::page::part::{Begin, Part, ROWS};
use crate::page::parts::{self, Tone, empty, notice, quiet_link, table};
use crate::page::{Markup, html};
use crate::verb::statement::{Line, Lines, Statement, What};
use axum::Router;
use axum::extract::Query;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/statement", get(page))
        .route("/statement.csv", get(csv))
        .route("/statement.json", get(json))
}

/// `GET statement`, the newest line first.
pub(super) async fn page(asked: Asked, Query(begin): Query<Begin>) -> Response {
    let Lines { intact, damage, mut lines } = match asked.ask(Statement {}).await {
        Ok(lines) => lines,
        Err(problem) => return asked.failed(&problem, "").await,
    };
    lines.reverse();
    let part = Part::of(lines.len(), begin.from, ROWS);
    let rows: Vec<Vec<Markup>> = part.rows(&lines).iter().map(row).collect();
    let heads = [T.line_when, T.line_what, T.line_whom, T.line_kinds, T.line_request];
    let whole = if intact {
        notice(Tone::Good, T.statement_whole, T.statement_whole_text)
    } else {
        let why = parts::sentence(&damage.unwrap_or_default());
        notice(Tone::Bad, T.statement_broken, html! { p { (why) } p { (T.statement_broken_text) } })
    };
    let frame = asked.frame().await;
    let page = frame.page(T.statement_title).lead(T.statement_lead).at(asked.at("statement"));
    if rows.is_empty() && intact {
        return page.with(empty(T.statement_none, html! {})).into_response();
    }
    let address = |from| asked.at(&format!("statement?from={from}"));
    let page = page.with(whole).with(table(T.statement_table, &heads, &rows));
    let page = page.with(ways(&part, T.statement_table, address));
    if asked.is_phone() {
        return page.into_response();
    }
    page.with(parts::actions(&[
        quiet_link(&asked.at("statement.csv"), T.statement_csv),
        quiet_link(&asked.at("statement.json"), T.statement_json),
    ]))
    .into_response()
}

fn row(line: &Line) -> Vec<Markup> {
    let kinds = counted(&line.kinds);
    let whom = match (&line.name, line.what) {
        (_, What::Published) => html! { (T.everybody) },
        (Some(name), _) => html! { strong { (name) } },
        (None, _) => html! { code { (words::short(&line.whom)) } },
    };
    let nothing = matches!(line.what, What::Published) && kinds.is_empty();
    vec![
        moment(&line.when),
        html! {
            (said(line.what))
            @if let Some(device) = &line.device { p.small { (fill(T.line_device, &[("device", device)])) } }
        },
        whom,
        html! { @if nothing { (T.line_nothing) } @else { (kinds.join(", ")) } },
        html! { (line.request.as_deref().unwrap_or("–")) },
    ]
}

/// Says what several of a kind are once, with their count.
fn counted(kinds: &[String]) -> Vec<String> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for kind in kinds {
        match counted.iter_mut().find(|(known, _)| known == kind) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => counted.push((kind, 1)),
        }
    }
    let said = |(kind, count): (&str, usize)| match (words::kind(kind), count) {
        (kind, 1) => kind,
        (kind, count) => fill(T.several, &[("count", &count.to_string()), ("kind", &kind)]),
    };
    counted.into_iter().map(said).collect()
}

fn said(what: What) -> Markup {
    match what {
        What::Shown => parts::state(Tone::Good, T.what_shown),
        What::NotDelivered => parts::state(Tone::Warning, T.what_not_delivered),
        What::PerhapsDelivered => parts::state(Tone::Warning, T.what_perhaps_delivered),
        What::Refused => parts::state(Tone::Plain, T.what_refused),
        What::Published => parts::state(Tone::Plain, T.what_published),
        What::SignIn => parts::state(Tone::Plain, T.what_sign_in),
        What::Received => parts::state(Tone::Good, T.what_received),
        What::TakenBack => parts::state(Tone::Bad, T.what_taken_back),
    }
}

/// `GET statement.csv`.
async fn csv(asked: Asked) -> Response {
    match asked.ask(Statement {}).await {
        Ok(lines) => file("text/csv; charset=utf-8", "statement.csv", lines.to_csv()),
        Err(problem) => asked.failed(&problem, "statement").await,
    }
}

/// `GET statement.json`: what the verb answers.
async fn json(asked: Asked) -> Response {
    match asked.ask(Statement {}).await {
        Ok(lines) => {
            let text = serde_json::to_string_pretty(&lines).unwrap_or_default();
            file("application/json", "statement.json", text)
        }
        Err(problem) => asked.failed(&problem, "statement").await,
    }
}

fn file(kind: &'static str, name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"countersign-{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_twice_is_said_once() {
        let kinds = ["EmailVerified", "AgeOver18", "EmailVerified"].map(str::to_owned);
        assert_eq!(counted(&kinds), ["2 × Email verified", "Age over18"]);
    }
}
