//! `countersign-attestor overview`, `lists`, `duplicates`, `keys` and `audit`.

use super::Context;
use crate::office::query::State;
use crate::office::{self, Room, Rooms, Verb};
use countersign_node::Problem;
use serde_json::Value;
use std::process::ExitCode;

/// Say how much there is of everything
#[derive(Debug, clap::Args)]
pub(super) struct Overview {}

impl Overview {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self {} = self;
        let found: office::Overview = context.perform(Verb::Overview).await?;
        let text = format!(
            "claims     {} stand, {} renewed, {} ended, {} revoked\n\
             due        {} end within 30 days\n\
             today      {} signed, {} sign-ins under way\n\
             duplicates {} refused\n\
             audit log  {} links\n{}",
            found.count(State::Standing),
            found.count(State::Renewed),
            found.count(State::Ended),
            found.count(State::Revoked),
            found.due,
            found.signed_today,
            found.under_way,
            found.refused_twice,
            found.links,
            rooms(&found.lists)
        );
        context.answer(&found, &text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Say how much room the status lists have left
#[derive(Debug, clap::Args)]
pub(super) struct Lists {}

impl Lists {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self {} = self;
        let found: Rooms = context.perform(Verb::Lists).await?;
        context.answer(&found, &rooms(&found.lists))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn rooms(lists: &[Room]) -> String {
    let room = |Room { list, used, size, open, changes, said }: &Room| {
        let full = if *open { "" } else { "; no new claims" };
        format!(
            "list {list:<5} {used} of {size} places used, {changes} changes, said to stand at {said}{full}"
        )
    };
    lists.iter().map(room).collect::<Vec<_>>().join("\n")
}

/// Say of each key that signs claims how many stand that it signed
///
/// A key that was replaced stays in the identity until the last of its claims has ended; then it is taken
/// out, and a copy of it that turns up somewhere is worth nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Keys {}

impl Keys {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self {} = self;
        let answer: Value = context.perform(Verb::Keys).await?;
        let (mut lines, mut idle) = (Vec::new(), Vec::new());
        for row in rows(&answer, "keys") {
            let signs = row.get("signs").and_then(Value::as_bool).unwrap_or_default();
            let claims = number(row, "claims");
            let role = if signs { "signs" } else { "replaced" };
            let until = match text(row, "until") {
                "" => String::new(),
                until => format!(", the last until {until}"),
            };
            lines.push(format!("{}  {role:8}  {claims} claims stand{until}", text(row, "key")));
            if !signs && claims == 0 {
                idle.push(text(row, "key"));
            }
        }
        if !idle.is_empty() {
            let retire = context.command("countersign", &format!("id retire {}", idle.join(" ")));
            lines.push(format!("No claim needs what was replaced; take it out with\n  {retire}"));
        }
        context.answer(&answer, &lines.join("\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// List accounts that were seen with more than one identity
#[derive(Debug, clap::Args)]
pub(super) struct Duplicates {}

impl Duplicates {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let Self {} = self;
        let answer: Value = context.perform(Verb::Duplicates).await?;
        let names = |row: &Value, member: &str| {
            rows(row, member).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        };
        let refused = rows(&answer, "refused").iter().map(|row| {
            let holds = names(row, "holds");
            format!("refused  {}  {}  because of {holds}", text(row, "at"), text(row, "subject"))
        });
        let shared = rows(&answer, "shared")
            .iter()
            .map(|row| format!("shared   by {}: {}", names(row, "subjects"), names(row, "claims")));
        let lines: Vec<String> = refused.chain(shared).collect();
        let none = "No account was seen with more than one identity.".to_owned();
        let text = if lines.is_empty() { none } else { lines.join("\n") };
        context.answer(&answer, &text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Check that nothing in the books was changed or lost
///
/// Exit status: 0 if everything holds, 1 if not, 2 if the books could not be read.
#[derive(Debug, clap::Args)]
pub(super) struct Audit {
    /// Print the newest of what was done instead
    #[arg(long, value_name = "COUNT")]
    last: Option<u64>,
}

impl Audit {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        match self.last {
            Some(limit) => log(context, limit).await,
            None => check(context).await,
        }
    }
}

async fn log(context: &Context, limit: u64) -> Result<ExitCode, Problem> {
    let answer: Value = context.perform(Verb::Log { before: None, limit }).await?;
    let line = |link: &Value| {
        let at = link.get("at").and_then(Value::as_str).unwrap_or_default();
        let deed = link.get("deed").cloned().unwrap_or_default();
        let by = match text(link, "by") {
            "command" => "  by the command line",
            "page" => "  by the operator's pages",
            "schedule" => "  by the schedule",
            _ => "",
        };
        format!("{:>6}  {at}  {deed}{by}", number(link, "number"))
    };
    let lines: Vec<String> = rows(&answer, "links").iter().map(line).collect();
    context.answer(&answer, &lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

async fn check(context: &Context) -> Result<ExitCode, Problem> {
    let answer: Value = context.perform(Verb::Audit).await?;
    let holds = answer.get("holds").and_then(Value::as_bool).unwrap_or_default();
    let text = if holds {
        format!(
            "{} links, each follows the one before; {} claims signed, {} revoked, no index used twice.",
            number(&answer, "links"),
            number(&answer, "claims"),
            number(&answer, "revoked")
        )
    } else {
        format!("The books do not hold:\n{answer:#}")
    };
    context.answer(&answer, &text)?;
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn number(value: &Value, member: &str) -> u64 {
    value.get(member).and_then(Value::as_u64).unwrap_or_default()
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn rows<'v>(value: &'v Value, member: &str) -> &'v [Value] {
    value.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
