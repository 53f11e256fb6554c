//! Makes `docs/cli.md` from the command lines and the verbs themselves.

use super::blessed;
use crate::tidy::root;
use clap::{Arg, Command};
use countersign_node::verb::{self, Verb};
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[test]
fn the_reference_is_what_the_programs_say() {
    let mut page = String::from(HEAD);
    let programs = [
        ("countersign", countersign_node::cli::command()),
        ("countersign-attestor", countersign_attestor::cli::command()),
        ("countersign-testnet", countersign_testnet::cli::command()),
        (
            "countersign-testnet simulated-provider",
            countersign_testnet::provider::program::command(),
        ),
    ];
    for (name, program) in programs {
        let mut program = program.flatten_help(false);
        program.build();
        describe(&mut page, &program, name, &[]);
    }
    page.push_str(VERBS);
    for Row { path, scope, command, .. } in verbs() {
        let _ = writeln!(page, "| `POST {path}` | `{scope}` | {command} |");
    }
    page.push_str(PAGES);
    for row in problems() {
        let _ = writeln!(page, "{row}");
    }
    blessed("docs/cli.md", &page);
}

/// A verb that is added to the door is added to the table below.
#[test]
fn every_verb_of_the_door_is_in_the_table() {
    let door = std::fs::read_to_string(root().join("node/src/http/mod.rs")).unwrap();
    assert_eq!(door.matches("verb::<verb::").count(), verbs().len());
}

/// Describes a command, and every one inside it. What it takes because the command around it does was said there.
fn describe(page: &mut String, command: &Command, name: &str, around: &[&str]) {
    let level = if name.contains(' ') { "###" } else { "##" };
    let _ = writeln!(page, "\n{level} `{name}`\n");
    let about = command.get_long_about().or(command.get_about());
    if let Some(about) = about {
        let _ = writeln!(page, "{}.\n", about.to_string().trim_end().trim_end_matches('.'));
    }
    let usage = command.clone().bin_name(name).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let _ = writeln!(page, "```text\n{usage}\n```");
    let arguments: Vec<_> = command.get_arguments().filter(|one| shown(one, around)).collect();
    if !arguments.is_empty() {
        page.push('\n');
    }
    for argument in arguments {
        let _ = writeln!(page, "- {}", say(argument));
    }
    let everywhere = command.get_arguments().filter(|one| one.is_global_set());
    let everywhere: Vec<&str> = everywhere.map(|one| one.get_id().as_str()).collect();
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        describe(page, inner, &format!("{name} {}", inner.get_name()), &everywhere);
    }
}

fn shown(argument: &Arg, around: &[&str]) -> bool {
    let id = argument.get_id().as_str();
    !argument.is_hide_set() && !around.contains(&id) && !["help", "version"].contains(&id)
}

fn say(argument: &Arg) -> String {
    let values: Vec<String> =
        argument
            .get_value_names()
            .unwrap_or_default()
            .iter()
            .map(|value| {
                if argument.is_positional() { format!("<{value}>") } else { format!(" <{value}>") }
            })
            .collect();
    let takes = argument.get_action().takes_values();
    let values = if takes { values.concat() } else { String::new() };
    let short = argument.get_short().map(|short| format!("-{short}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let name: Vec<String> = short.into_iter().chain(long).collect();
    let name = name.join(", ");
    let help = argument.get_long_help().or(argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let mut text = format!("`{name}{values}`: {}", help.replace('\n', " "));
    let choices: Vec<_> =
        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if takes && !choices.is_empty() {
        let _ = write!(text, "; one of {}", choices.join(", "));
    }
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes && !defaults.is_empty() {
        let _ = write!(text, "; default `{}`", defaults.join(" "));
    }
    text
}

/// Gives each word a problem may be called by, with its status and what the code says of it.
fn problems() -> Vec<String> {
    let source = std::fs::read_to_string(root().join("node/src/problem.rs")).unwrap();
    let (mut says, mut above, mut rows) = (BTreeMap::new(), String::new(), Vec::new());
    for line in source.lines().map(str::trim) {
        let named = line.strip_prefix("Self::").and_then(|rest| rest.split_once(" => (\""));
        if let Some(text) = line.strip_prefix("/// ") {
            above = format!("{above} {text}").trim().to_owned();
        } else if let Some((kind, words)) = named {
            let (word, status) = words.split_once("\", ").unwrap();
            let status = status.trim_end_matches("),");
            let says: &String = &says[kind];
            rows.push(format!("| `{word}` | {status} | {} |", says.trim_end_matches('.')));
        } else {
            says.insert(line.trim_end_matches(',').to_owned(), std::mem::take(&mut above));
        }
    }
    assert!(rows.len() > 10, "the words of problems were not found");
    rows
}

/// One verb of the door.
pub(super) struct Row {
    pub(super) path: &'static str,
    pub(super) scope: &'static str,
    /// The command that asks it.
    pub(super) command: &'static str,
    /// The path of the type that is asked with, and of the one that is answered with.
    pub(super) question: &'static str,
    pub(super) answer: &'static str,
}

fn row<V: Verb>(command: &'static str) -> Row {
    use std::any::type_name;
    let (question, answer) = (type_name::<V>(), type_name::<V::Answer>());
    Row { path: V::PATH, scope: V::SCOPE.word(), command, question, answer }
}

pub(super) fn verbs() -> Vec<Row> {
    use verb::{
        asking, backup, claims, contacts, desk, devices, home, identity, limits, network, overview,
        passphrase, presenting, resolve, statement,
    };
    vec![
        row::<resolve::Resolve>("`resolve`"),
        row::<contacts::Add>("`contact add`"),
        row::<contacts::List>("`contact list`"),
        row::<claims::Request>("`claim request`, its beginning"),
        row::<claims::Collect>("`claim request`, its end"),
        row::<claims::List>("`claim list`"),
        row::<claims::Show>("`claim show`"),
        row::<claims::Publish>("`claim publish`"),
        row::<claims::Withdraw>("`claim withdraw`"),
        row::<claims::Add>("`claim add`"),
        row::<claims::Forget>("`claim forget`"),
        row::<claims::Renew>("`claim renew`"),
        row::<claims::Staple>("`claim show --staple`, `present --staple`"),
        row::<presenting::NewChallenge>("`challenge`"),
        row::<presenting::Present>("`present`"),
        row::<presenting::Check>("`check`"),
        row::<identity::Show>("`id show`"),
        row::<identity::Rotate>("`id rotate`"),
        row::<identity::Retire>("`id retire`"),
        row::<identity::Recover>("`id recover`"),
        row::<identity::Rehearse>("`id rehearse`"),
        row::<identity::Export>("`id export`"),
        row::<identity::Move>("`id move`"),
        row::<identity::Deactivate>("`id deactivate`"),
        row::<network::Invite>("`invite`"),
        row::<network::Attestors>("`attestors`"),
        row::<network::Watch>("`watch`"),
        row::<network::Unwatch>("`watch --stop`"),
        row::<network::Block>("`block`"),
        row::<network::Doctor>("`doctor`"),
        row::<network::Settings>("`config show`"),
        row::<limits::Limit>("`config limit`"),
        row::<backup::Backup>("`backup`"),
        row::<passphrase::ChangePassphrase>("`passphrase`"),
        row::<asking::Preview>("`request`"),
        row::<asking::Refuse>("`request --refuse`"),
        row::<overview::Overview>("`overview`"),
        row::<statement::Statement>("`statement`"),
        row::<home::Enter>("`home`, `open`"),
        row::<desk::Desk>("`desk`"),
        row::<devices::Open>("`device open`"),
        row::<devices::Shut>("`device shut`"),
        row::<devices::Add>("`device add`"),
        row::<devices::List>("`device list`"),
        row::<devices::Remove>("`device remove`"),
    ]
}

const HEAD: &str = "\
# Every command, and every address of the owner's door

A test makes this page from the programs; nobody writes it by hand. An answer goes to standard output, everything else
to standard error. The exit status is 0 for yes, 1 for no, 2 where there is no answer, and 64 where the question makes no sense: a
mistyped command line, a DID that is none, a file that is not what is asked for. Asking again helps after 2, and not after 64.

A command asks the running node through its owner's door, and opens the data folder itself where none runs. Wherever an
identity is asked for, a name you gave, a DID, a SCID, a fingerprint, or the beginning of one of the last two will do if only
one identity fits.
";

const VERBS: &str = "
## The owner's door

`run` listens on loopback (setting `doors.owner`, default `127.0.0.1:7370`; the first line of the file `door` of the data
folder says which address is in use). Every request needs `Authorization: Bearer TOKEN`, but for the rows below that say otherwise
and the owner's pages, which go by a session of their own. `countersign token new --scope SCOPE` makes a token, and the scope `owner`
opens everything. [openapi.json](openapi.json) describes all of it for programs. The body is the question as JSON, the response is what
`--json` prints for the command, and an error is a problem (RFC 9457) with `type`, `status`, `title`, `detail` and `hint`. A request for
another host name or from a web page of another origin is refused.

| address | scope | the command that asks it |
| --- | --- | --- |
";

const PAGES: &str = "\
| `GET /v1/events` | `watch` | `watch`; server-sent events, continued after `Last-Event-ID` |
| `GET /metrics` | `metrics` | none; what a Prometheus server reads |
| `GET /live`, `GET /ready` | no token | none; whether the process answers, and whether it has peers |
| `GET /door?CHALLENGE` | no token | none; proves to the command line that the file `door` is this node's, before it sends its token |

## The public door

Shut unless `doors.public` is set. `GET /1.0/identifiers/{did}` alone: 200 found, 404 not found, 410 deactivated, 400 no
did:webvh; the body is a DID resolution result. `?versionId=`, `?versionTime=` or `?versionNumber=` asks for what it was.

## What a problem is called

`type` of a problem is one of these words, at the doors and in what `--json` prints. An attestor's own listener has others besides.

| `type` | `status` | what failed |
| --- | --- | --- |
";
