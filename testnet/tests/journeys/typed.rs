//! What people type at a home, a shop and an attestor that run: exit statuses, and answers for programs.

use crate::world::{BETWEEN, PATIENCE, books, holds, read, unlike};
use countersign_node::verb::claims;
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Member, WORDS};
use countersign_testnet::process::{self, Program};
use countersign_testnet::provider::browser::Browser;
use countersign_testnet::provider::people::PASSWORD;
use countersign_testnet::story::scenes;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use url::Url;

/// Every question that changes nothing, and taking a claim back: each answers in one line of JSON that has
/// what it is asked for.
pub(crate) async fn every_question(
    home: &Member,
    shop: &Member,
    attestor: &Member,
    claim: &str,
) -> Result<(), Failure> {
    let words = home.data.join(WORDS);
    let words = words.to_string_lossy();
    home.owner.ask(&claims::Publish { claims: vec![claim.to_owned()] }).await?;
    let at_home: [(&[&str], &str); 14] = [
        (&["config", "show"], "/doors/owner"),
        (&["contact", "add", "vouches", attestor.did()], "/fingerprint"),
        (&["contact", "list"], "/0/name"),
        (&["attestors"], "/0/did"),
        (&["attestors", "show", "vouches"], "/0/details/offers/0/claim"),
        (&["claim", "list"], "/0/name"),
        (&["claim", "show", claim], "/credentialSubject/id"),
        (&["id", "show"], "/did"),
        (&["id", "rehearse", "--words", &words], "/right"),
        (&["doctor"], "/findings/0/says"),
        (&["resolve", "vouches"], "/metadata/versionId"),
        (&["claim", "withdraw", claim], "/version"),
        (&["claim", "forget", claim], "/name"),
        (&["policy", "new", "guests"], "/file"),
    ];
    let at_the_shop: [(&[&str], &str); 2] =
        [(&["policy", "show"], "/0/name"), (&["policy", "show", scenes::POLICY], "/0/claim")];
    let at_home = at_home.map(|(typed, member)| (home, typed, member));
    let at_the_shop = at_the_shop.map(|(typed, member)| (shop, typed, member));
    for (whose, typed, member) in at_home.into_iter().chain(at_the_shop) {
        let arguments = [&["--json"], typed].concat();
        let said = process::run(Program::Node, &whose.data, &arguments, &[0]).await?;
        let answer = read(&said)?.pointer(member).cloned().unwrap_or_default();
        holds(&format!("{typed:?} has {member}"), !answer.is_null(), &said)?;
    }
    let held = home.owner.ask(&claims::List {}).await?.claims;
    holds("forgotten", held.iter().all(|one| one.name != claim), &held)?;
    let completions = ["completions", "bash"];
    let script = process::run(Program::Node, &home.data, &completions, &[0]).await?;
    holds("a script", script.contains("countersign") && script.contains("resolve"), &script)?;
    for (path, says) in [("live", "live\n"), ("ready", "ready\n")] {
        let url = format!("http://{}/{path}", home.ready.owner);
        let failed = |cause| Failure::Unreachable { name: home.name.clone(), cause };
        let answer = reqwest::get(&url).await.map_err(failed)?;
        let answer = answer.error_for_status().map_err(failed)?.text().await.map_err(failed)?;
        holds(&url, answer == says, &answer)?;
    }
    Ok(())
}

/// `check` gives each of the three answers a policy has, says why, and ends as that.
pub(crate) async fn three_answers(
    shop: &Member,
    customer: &Member,
    attestor: &Member,
    claim: &str,
) -> Result<(), Failure> {
    let path = shop.data.join("policies").join("shop.toml");
    let policy = std::fs::read_to_string(&path);
    let policy = policy.map_err(|cause| Failure::File { path: path.clone(), cause })?;
    // A word on a claim's status is older than a second after a second.
    let strict = policy.replace("status_max_age = \"24h\"", "status_max_age = \"1s\"");
    let another = policy.replace("equals = true", "equals = false");
    let explained = format!("from {}", attestor.name);
    for (policy, more, code, says) in [
        (&policy, "--explain", 0, "ACCEPTED"),
        (&policy, "--offline", 0, "ACCEPTED"),
        (&another, "--explain", 1, "REFUSED"),
        (&strict, "--explain", 2, "UNKNOWN"),
    ] {
        let policy = write(&shop.data, "typed.toml", policy)?;
        let began = Instant::now();
        let answer = loop {
            let shown = scenes::present_only(shop, customer, &[claim.to_owned()]).await?;
            let shown = write(&shop.data, "shown.json", &shown.to_string())?;
            let check = ["check", &shown, "--policy", &policy, more];
            match process::run(Program::Node, &shop.data, &check, &[code]).await {
                Err(Failure::Refused { .. }) if began.elapsed() < PATIENCE => {
                    tokio::time::sleep(BETWEEN).await;
                }
                answer => break answer?,
            }
        };
        holds(says, answer.starts_with(says), &answer)?;
        let why = answer.lines().count() > 1 && answer.contains(&explained);
        holds("why", why == (more == "--explain"), &answer)?;
    }
    Ok(())
}

/// The attestor's owner signs in to see what would be signed; nothing is. Where the provider is not there,
/// that is what is wrong.
pub(crate) async fn dry_sign_in(attestor: &Member, account: &str) -> Result<(), Failure> {
    let failed = |cause| Failure::Start { name: "countersign-attestor doctor".to_owned(), cause };
    let mut child = process::command(Program::Attestor, &attestor.data)
        .map_err(failed)?
        .args(["doctor", "--dry-sign-in", "simulated"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let nothing = || unlike("countersign-attestor doctor", "it says nothing");
    let (Some(mut typing), Some(mut out), Some(err)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(nothing());
    };
    let mut lines = BufReader::new(err).lines();
    let url = loop {
        let line = lines.next_line().await.map_err(failed)?.ok_or_else(nothing)?;
        if line.trim().starts_with("http") {
            break line.trim().to_owned();
        }
    };
    let sent_to = signed_in(&url, account).await?;
    typing.write_all(format!("{sent_to}\n").as_bytes()).await.map_err(failed)?;
    let mut answer = String::new();
    out.read_to_string(&mut answer).await.map_err(failed)?;
    let code = child.wait().await.map_err(failed)?.code();
    let would = answer.contains("ok     dry sign-in: this would be signed: ");
    holds("what would be signed", would && answer.contains("\"verified\":true"), &answer)?;
    holds("the exit status of all well", code == Some(0), &answer)?;
    let signed = books(attestor).await?;
    holds("nothing was signed", signed.is_empty(), &signed)?;
    provider_gone(attestor).await
}

/// Signs in at the provider; where the browser is sent then.
async fn signed_in(url: &str, account: &str) -> Result<Url, Failure> {
    let failed = |found: &dyn core::fmt::Display| unlike(url, &found.to_string());
    let start = Url::parse(url).map_err(|error| failed(&error))?;
    let mut browser = Browser::new().map_err(|error| failed(&error))?;
    let page = browser.visit(&start).await.map_err(|error| failed(&error))?;
    let filled = [("email", account), ("password", PASSWORD), ("answer", "allow")];
    let sent = browser.submit_only(&page, &filled).await.map_err(|error| failed(&error))?;
    sent.redirect.ok_or_else(|| failed(&"nowhere"))
}

async fn provider_gone(attestor: &Member) -> Result<(), Failure> {
    let (path, source) = source_file(&attestor.data)?;
    let hosts = source.lines().find(|line| line.starts_with("hosts")).unwrap_or_default();
    let host = hosts.split('"').nth(1).unwrap_or_default();
    // Nobody listens at the first of all ports.
    let put = |text: &str| {
        std::fs::write(&path, text).map_err(|cause| Failure::File { path: path.clone(), cause })
    };
    put(&source.replace(host, "127.0.0.1:1"))?;
    let said = process::run(Program::Attestor, &attestor.data, &["doctor"], &[1]).await?;
    let line = said.lines().find(|line| line.starts_with("WRONG")).unwrap_or_default();
    holds("what is wrong", line.contains("source simulated"), &said)?;
    put(&source)
}

/// Finds the file that describes the provider.
fn source_file(data: &Path) -> Result<(PathBuf, String), Failure> {
    let path = data.join("simulated.toml");
    let text = std::fs::read_to_string(&path);
    text.map(|text| (path.clone(), text)).map_err(|cause| Failure::File { path, cause })
}

fn write(data: &Path, name: &str, text: &str) -> Result<String, Failure> {
    let path = data.join(name);
    std::fs::write(&path, text)
        .map(|()| path.to_string_lossy().into_owned())
        .map_err(|cause| Failure::File { path: path.clone(), cause })
}
