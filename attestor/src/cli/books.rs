//! `countersign-attestor overview`, `lists`, `duplicates`, `keys` and `audit`.

use super::Context;
use crate::ledger::Shared;
use crate::ledger::audit::{By, Link};
use crate::office::query::State;
use crate::office::{self, Audited, KeyUse, Log, Refused, Room, Rooms, Twice, Verb};
use countersign_node::Problem;
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
        let answer: office::Keys = context.perform(Verb::Keys).await?;
        let (mut lines, idle) = (Vec::new(), answer.idle());
        for KeyUse { key, signs, claims, until } in &answer.keys {
            let role = if *signs { "signs" } else { "replaced" };
            let until = until.map(|until| format!(", the last until {until}")).unwrap_or_default();
            lines.push(format!("{key}  {role:8}  {claims} claims stand{until}"));
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
        let answer: Twice = context.perform(Verb::Duplicates).await?;
        let refused = answer.refused.iter().map(|Refused { at, subject, holds }| {
            format!("refused  {at}  {subject}  because of {}", holds.join(" "))
        });
        let shared = answer.shared.iter().map(|Shared { subjects, claims }| {
            format!("shared   by {}: {}", subjects.join(" "), claims.join(" "))
        });
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
    let found: Log = context.perform(Verb::Log { before: None, limit }).await?;
    let line = |Link { number, at, deed, by, .. }: &Link| {
        let deed = serde_json::to_value(deed).unwrap_or_default();
        let by = match by {
            Some(By::Command) => "  by the command line",
            Some(By::Page) => "  by the operator's pages",
            Some(By::Schedule) => "  by the schedule",
            None => "",
        };
        format!("{number:>6}  {at}  {deed}{by}")
    };
    let lines: Vec<String> = found.links.iter().map(line).collect();
    context.answer(&found, &lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

async fn check(context: &Context) -> Result<ExitCode, Problem> {
    let answer: Audited = context.perform(Verb::Audit).await?;
    let Audited { holds, links, claims, revoked, .. } = &answer;
    let text = if *holds {
        format!(
            "{links} links, each follows the one before; {claims} claims signed, {revoked} revoked, no index \
             used twice."
        )
    } else {
        format!("The books do not hold:\n{:#}", serde_json::to_value(&answer).unwrap_or_default())
    };
    context.answer(&answer, &text)?;
    Ok(if *holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
