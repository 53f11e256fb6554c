//! What every file owes its reader: what it is in the first line, a room that means something, an end in sight.

use super::{File, none, repository};

#[test]
fn the_first_line_says_what_a_file_is() {
    let mut faults = Vec::new();
    for file in repository() {
        let mut lines = file.text.lines();
        let first = lines.next().unwrap_or_default();
        let says = match file.path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("rs") => first.starts_with("//! "),
            Some("toml") => first.starts_with("# "),
            Some("md") => first.starts_with("# "),
            Some("py") => first.starts_with("\"\"\""),
            Some("js" | "mjs") => first.starts_with("// "),
            _ if first.starts_with("#!") => lines.next().is_some_and(|line| line.starts_with("# ")),
            _ => true,
        };
        if !says {
            faults.push(format!("{}: {first}", file.path));
        }
    }
    none(&faults, "the first line of a file says what it is");
}

#[test]
fn a_thing_lives_with_its_owner() {
    let faults: Vec<_> = repository()
        .into_iter()
        .map(|file| file.path)
        .filter(|path| {
            path.split('/').any(|part| {
                let name = part.trim_end_matches(".rs");
                [
                    "util", "utils", "common", "helper", "helpers", "types", "models", "prelude",
                    "misc",
                ]
                .contains(&name)
            })
        })
        .collect();
    none(&faults, "a name that says nothing about what is inside");
}

#[test]
fn every_file_has_an_end_in_sight() {
    let faults: Vec<_> = repository()
        .iter()
        .filter(|file| file.is_rust() && file.text.lines().count() > most_lines(file))
        .map(|file| format!("{}: {} lines", file.path, file.text.lines().count()))
        .collect();
    none(&faults, "look for the second room inside and give it a name");
}

/// The style asks for about 150 and a second look past 400; this is where looking is no longer enough.
/// A file of tests is a list, which a reader searches and does not read.
fn most_lines(file: &File) -> usize {
    if file.is_tests() { 900 } else { 600 }
}

#[test]
fn nothing_is_left_for_later_in_a_comment() {
    let mut faults = Vec::new();
    for file in repository().iter().filter(|file| file.is_rust() && !file.path.contains("/tidy/")) {
        for (number, line) in file.text.lines().enumerate() {
            if ["TODO", "FIXME", "XXX", "HACK"].iter().any(|word| line.contains(word)) {
                faults.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    none(&faults, "an open end belongs into an issue");
}

#[test]
fn no_test_waits_for_a_clock() {
    let mut faults = Vec::new();
    for file in repository().iter().filter(|file| file.is_rust() && !file.path.contains("/tidy/")) {
        for (number, line) in file.text.lines().enumerate() {
            if line.contains("thread::sleep") {
                faults.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    none(&faults, "wait for what happens, not for a time");
}

/// The repository speaks of the project alone, and gets packages by name from wherever its reader does.
#[test]
fn the_repository_speaks_of_the_project_alone() {
    let mut faults = Vec::new();
    for file in repository().iter().filter(|file| !file.path.contains("/tidy/")) {
        // Cargo writes the index of its registry into every lock file, the same for everybody.
        if file.path.ends_with("Cargo.lock") {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            let lower = line.to_lowercase();
            if ELSEWHERE.iter().any(|word| lower.contains(word)) {
                faults.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    none(&faults, "this is no part of the project");
}

const ELSEWHERE: &[&str] = &[
    "/work/",
    "/tmp/bin",
    "worktree",
    "subagent",
    "claude",
    "anthropic",
    "language model",
    "this session's",
    "brief.md",
    "npmjs.",
    "pypi.org",
    "pythonhosted",
    "static.crates",
    "index.crates",
    "deb.debian",
];

/// Judges are other people's code: what they bring may never reach what ships.
#[test]
fn the_outside_stays_outside() {
    let mut faults = Vec::new();
    for file in repository() {
        if file.path == "Cargo.lock" {
            for name in ["did-key", "didwebvh-rs", "ssi"] {
                if file.text.contains(&format!("name = \"{name}\"\n")) {
                    faults.push(format!("{}: {name}", file.path));
                }
            }
        }
        if !file.path.ends_with("Cargo.toml") {
            continue;
        }
        if file.path.starts_with("tests/outside/") {
            if !file.text.contains("\n[workspace]\n") {
                faults.push(format!("{}: is no workspace of its own", file.path));
            }
        } else if file
            .text
            .lines()
            .any(|line| line.contains("path = ") && line.contains("outside/"))
        {
            faults.push(format!("{}: depends on a judge", file.path));
        }
    }
    none(&faults, "judges stand outside the workspace");
}
