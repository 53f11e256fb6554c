//! Makes `docs/node.example.toml` from the default settings and what the code says of each.

use super::blessed;
use crate::tidy::root;
use countersign_node::Config;
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[test]
fn the_example_settings_are_the_defaults() {
    let source = |file| std::fs::read_to_string(root().join("node/src").join(file)).unwrap();
    let says = documented(&[source("config.rs"), source("config/trust.rs")].concat());
    let mut page = String::from(HEAD);
    let (mut section, mut left) = (String::from("config"), keys(&says, "config"));
    for line in Config::default().to_toml().lines() {
        let key = line.split(['=', ' ']).next().unwrap_or_default();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            unset(&mut page, &says, &section, &left);
            let path: Vec<_> = name.split('.').collect();
            let (owner, key) = if path.len() > 1 { (path[0], path[1]) } else { ("config", name) };
            section = path[0].to_owned();
            left = if path.len() > 1 { Vec::new() } else { keys(&says, name) };
            let _ = writeln!(page, "\n# {}\n{line}", says[&(owner.to_owned(), key.to_owned())]);
        } else if !key.is_empty() {
            let _ = writeln!(page, "# {}\n{line}", says[&(section.clone(), key.to_owned())]);
            left.retain(|other| other != key);
        }
    }
    unset(&mut page, &says, &section, &left);
    blessed("docs/node.example.toml", &page);
    let mut sets = page.lines().filter(|line| !line.starts_with('#'));
    let first: Vec<_> = sets.by_ref().take_while(|line| !line.starts_with('[')).collect();
    assert!(first.iter().any(|line| line.starts_with("role")), "the page was not made whole");
}

/// Names the settings that have no value unless somebody gives one, with the value they are explained by.
fn unset(page: &mut String, says: &Says, section: &str, left: &[String]) {
    for key in left.iter().filter(|key| !SECTIONS.contains(&key.as_str()) && *key != "attestors") {
        let text = &says[&(section.to_owned(), key.clone())];
        let example = text.split_once("such as `").and_then(|(_, rest)| rest.split_once('`'));
        let (example, _) = example.unwrap_or_else(|| panic!("{section}.{key} names no example"));
        let _ = writeln!(page, "# {text}\n# {key} = \"{example}\"");
    }
}

pub(super) type Says = BTreeMap<(String, String), String>;

fn keys(says: &Says, section: &str) -> Vec<String> {
    says.keys().filter(|(owner, _)| owner == section).map(|(_, key)| key.clone()).collect()
}

/// Reads what stands above each public member of each settings struct.
pub(super) fn documented(source: &str) -> Says {
    let (mut says, mut section, mut above) = (Says::new(), String::new(), String::new());
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            above = format!("{above} {text}").trim().to_owned();
        } else if let Some(name) = line.strip_prefix("pub struct ") {
            section = name.split(' ').next().unwrap_or_default().to_lowercase();
            above.clear();
        } else if line.starts_with("impl ") {
            section.clear();
        } else if section.is_empty() {
            above.clear();
        } else if let Some((name, _)) = line.strip_prefix("pub ").and_then(|l| l.split_once(':')) {
            says.insert((section.clone(), name.to_owned()), std::mem::take(&mut above));
        } else if !line.starts_with("#[") {
            above.clear();
        }
    }
    says
}

const SECTIONS: [&str; 4] = ["network", "doors", "trust", "limits"];

const HEAD: &str = "\
# node.toml in the data folder: every setting of a node with its default, made by a test from the code.
#
# A flag wins over the environment, the environment over this file, this file over the defaults:
# `--set doors.owner=127.0.0.1:7371`, or COUNTERSIGN_DOORS_OWNER=127.0.0.1:7371. A key nobody knows is an error.
# `countersign config show` prints what is in force.

";
