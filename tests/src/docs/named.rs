//! What the documentation names is there: files it links to, tests it points at.

use crate::tidy::{File, none, repository};
use std::collections::BTreeSet;

#[test]
fn every_link_leads_to_a_file() {
    let files = repository();
    let known: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut faults = Vec::new();
    for page in pages(&files) {
        for target in links(&page.text) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = joined(&page.path, target);
            let folder = format!("{}/", path.trim_end_matches('/'));
            if !known.contains(path.as_str()) && !known.iter().any(|one| one.starts_with(&folder)) {
                faults.push(format!("{}: {target}", page.path));
            }
        }
    }
    none(&faults, "these links lead nowhere");
}

/// The last column of the threat model names the tests that show the defence.
#[test]
fn every_test_the_threat_model_names_exists() {
    let files = repository();
    let tests: BTreeSet<&str> =
        files.iter().filter(|file| file.is_rust()).flat_map(tests_in).collect();
    let model = files.iter().find(|file| file.path == "docs/threat-model.md").unwrap();
    let mut named = 0;
    let mut faults = Vec::new();
    for row in model.text.lines().filter(|line| line.starts_with("| ")) {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        for test in last.split('`').skip(1).step_by(2).filter(|word| word.contains('_')) {
            named += 1;
            if !tests.contains(test) {
                faults.push(test.to_owned());
            }
        }
    }
    none(&faults, "no test is called so");
    assert!(named > 20, "the table was not found");
}

fn pages(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.path.ends_with(".md"))
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

fn joined(page: &str, target: &str) -> String {
    let mut path: Vec<&str> = page.split('/').collect();
    path.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path.join("/")
}

fn tests_in(file: &File) -> impl Iterator<Item = &str> {
    file.text.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("pub ").unwrap_or(line);
        let rest = line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn "))?;
        rest.split(['(', '<']).next()
    })
}
