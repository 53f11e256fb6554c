//! Makes `docs/attestor.example.toml` from settings with every key and what the code says of each.

use super::blessed;
use super::settings::documented;
use crate::tidy::root;
use countersign_attestor::config::{About, Certificate, Config, FILE};
use countersign_attestor::ledger::Second;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

#[test]
fn the_example_of_an_attestors_settings_has_every_key() {
    let says = documented(&std::fs::read_to_string(root().join("attestor/src/config.rs")).unwrap());
    let (mut page, mut section) = (String::from(HEAD), "config");
    for line in written().lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let key = line.split(['=', ' ', '.']).next().unwrap_or_default();
        let table = key.strip_prefix('[').map(|name| name.trim_end_matches(']'));
        let name = table.unwrap_or(key);
        let owner = if table.is_some() { "config" } else { section };
        // Which certificate there is, no struct says.
        let text = match (owner, name) {
            ("tls", _) => TLS,
            (owner, name) => says[&(owner.to_owned(), name.to_owned())].as_str(),
        };
        let above = if table.is_some() { "\n" } else { "" };
        let _ = writeln!(page, "{above}# {text}\n{line}");
        section = table.map_or(section, |name| if name == "about" { "about" } else { "tls" });
    }
    for (owner, key) in says.keys().filter(|(owner, _)| ["config", "about"].contains(&&**owner)) {
        let (value, table) = (format!("\n{key} = "), format!("\n[{key}"));
        assert!(page.contains(&value) || page.contains(&table), "{owner}.{key} is missing");
    }
    blessed("docs/attestor.example.toml", &page);
    let folder = folder("read");
    std::fs::write(folder.join(FILE), &page).unwrap();
    let read = Config::read(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(read.unwrap(), example());
}

/// Gives settings in which nothing is left out.
fn example() -> Config {
    Config {
        name: "North".to_owned(),
        public_url: "https://north.example".parse().unwrap(),
        listen: "127.0.0.1:7443".parse().unwrap(),
        second: Second::Reject,
        move_wait: Duration::from_secs(3600),
        ask_again: Duration::from_secs(86_400),
        sources: vec![PathBuf::from("paypal.toml")],
        tls: Certificate::Proxy { certificate: Some(PathBuf::from("proxy.crt")) },
        operator: "127.0.0.1:7380".parse().unwrap(),
        about: About {
            who: "North Cooperative, Harbour Street 1, Kiel".to_owned(),
            keeps: "Claims and the keyed hash of the account: for ten years".to_owned(),
            complain: "complaints@north.example".to_owned(),
        },
    }
}

/// Gives the example as `init` would write it.
fn written() -> String {
    let folder = folder("written");
    let text = std::fs::read_to_string(example().write(&folder).unwrap()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    text
}

fn folder(name: &str) -> PathBuf {
    let name = format!("countersign-example-{}-{name}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder).unwrap();
    folder
}

const TLS: &str = "The proxy's certificate, where no authority vouches for it; without a proxy `tls = \"self-signed\"`, \
                   or `chain` and `key`, PEM files, under [tls.files].";

const HEAD: &str = "\
# attestor.toml in the data folder: every setting of an attestor with an example, made by a test from the code.
#
# `second`, `move_wait`, `ask_again`, `operator` and [about] may be left out: they are reject, an hour, a day, a free port and
# nothing then. A key nobody knows is an error. What a source may say stands in attestor/examples.

";
