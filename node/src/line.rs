//! Reads the command line of a program, for people and for programs.

use crate::output::Output;
use crate::problem::{Kind, Problem};
use clap::Parser;
use std::ffi::OsString;
use std::process::ExitCode;

/// Reads a command line. What is no command is told on the terminal, or in JSON to a program that asked
/// for it.
///
/// # Errors
///
/// Returns the exit status where there is nothing to do: help was printed, or the line is not understood.
pub fn read<C: Parser>(arguments: impl Iterator<Item = OsString>) -> Result<C, ExitCode> {
    let arguments: Vec<_> = arguments.collect();
    let is_json = arguments.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    C::try_parse_from(arguments).map_err(|error| {
        if is_json && error.use_stderr() {
            return Output::new(true).fail(&misspelled(&error));
        }
        let _printed = error.print().is_ok();
        status(&error)
    })
}

/// Help is an answer; any other line was mistyped.
fn status(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        ExitCode::from(misspelled(error).exit_status())
    } else {
        ExitCode::SUCCESS
    }
}

/// Makes a problem of what the library says in several lines: error, and tips.
fn misspelled(error: &clap::Error) -> Problem {
    let said = error.to_string();
    let said = said.split_once("\n\nUsage").map_or(said.as_str(), |(said, _)| said);
    let said = said.split_once("\n\nFor more").map_or(said, |(said, _)| said);
    let words: Vec<&str> = said.trim_start_matches("error: ").split_whitespace().collect();
    Problem::new(Kind::Invalid, "the command line is not understood")
        .because(words.join(" "))
        .hint("--help behind a command prints what it takes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(line: &str) -> Problem {
        misspelled(&crate::cli::command().try_get_matches_from(line.split(' ')).unwrap_err())
    }

    #[test]
    fn only_who_asked_for_help_ends_well() {
        for (line, wanted) in [
            ("countersign --help", 0),
            ("countersign --version", 0),
            ("countersign claim list --help", 0),
            ("countersign", 64),
            ("countersign claim", 64),
            ("countersign frobnicate", 64),
            ("countersign present", 64),
        ] {
            let error = crate::cli::command().try_get_matches_from(line.split(' ')).unwrap_err();
            let found = format!("{:?}", status(&error));
            assert_eq!(found, format!("{:?}", ExitCode::from(wanted)), "{line}");
        }
    }

    #[test]
    fn a_program_reads_in_one_line_what_it_mistyped() {
        for (line, why) in [
            ("countersign frobnicate", "unrecognized subcommand 'frobnicate'"),
            (
                "countersign token new --scope nope",
                "the scopes are owner, check, watch and metrics",
            ),
            ("countersign present", "required arguments were not provided: --to <CHALLENGE>"),
        ] {
            let (_, detail, hint) = problem(line).into_parts();
            let detail = detail.unwrap();
            assert!(detail.contains(why), "{detail}");
            assert!(!detail.contains('\n') && !detail.contains("Usage"), "{detail}");
            assert!(hint.unwrap().contains("--help"));
        }
    }
}
