//! What everybody does while it is watched where their secrets go.

use super::disk;
use super::doors::{self, Pages};
use super::people::{CONTROL, Chosen, Found, PLANTED, words};
use super::phone;
use super::search::{Canary, Haystack};
use super::watch::Watch;
use crate::world::{PATIENCE, acquainted, ask_for_one_of, books, holds, read, show_until, unlike};
use countersign_attestor::http::owner;
use countersign_node::door::note::Note;
use countersign_node::passphrase::{Passphrase, Words};
use countersign_node::verb::presenting::Answer;
use countersign_node::verb::{backup, claims, contacts, identity};
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Member, Part};
use countersign_testnet::process::{self, Program};
use countersign_testnet::provider::browser::Browser;
use countersign_testnet::provider::people::PASSWORD;
use countersign_testnet::story::scenes;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use url::Url;

/// Tells the whole story, and gives everything that must be searched.
pub(super) async fn told(cluster: &mut Cluster, chosen: &Chosen) -> Result<Found, Failure> {
    let watch = Watch::begin();
    let mut found = Found { canaries: chosen.canaries(), ..Found::default() };
    let people = [("anna", Part::Customer), ("ben", Part::Customer)];
    let both = [("north", Part::Attestor), ("berlin", Part::Vendor)];
    cluster.add(both.into_iter().chain(people)).await?;
    // South signs for nobody whose account has another name than the one in its file.
    cluster.manners().claim.push_str("must_be = \"somebody else\"\n");
    cluster.add(core::iter::once(("south", Part::Attestor))).await?;
    ask_for_one_of(cluster.member("berlin")?, &[cluster.member("north")?])?;
    introduced(cluster, chosen).await?;
    let claims = signed_in(cluster, chosen, &mut found).await?;
    shown(cluster, &claims, &mut found).await?;
    keys(cluster, chosen, &mut found).await?;
    again(cluster, chosen, &claims, &mut found).await?;
    malformed(cluster, chosen, &mut found).await?;
    behind_doors(cluster, chosen, &mut found).await?;
    out_of_memory(cluster, chosen, &mut found).await?;
    found.haystacks.extend(watch.end().await);
    let given = cluster.provider().ok_or_else(|| unlike("the provider", "gone"))?.given().await?;
    holds("what the provider gave", given.len() >= 12, given.len())?;
    found.canaries.extend(given.iter().map(|one| Canary::new(&one.what, one.value.as_str())));
    for member in cluster.members() {
        found.canaries.extend(disk::tokens(&member.data)?);
        let door = Note::read(&member.data.join("door")).ok_or_else(|| unlike("a door", "none"))?;
        let what = format!("the secret of the door of {}", member.name);
        found.canaries.push(Canary::new(&what, door.secret()).belongs("/door"));
        if member.part != Part::Attestor {
            continue;
        }
        let door = owner::note(&member.data).ok_or_else(|| unlike("a door", "none"))?;
        let what = format!("the operator's token of {}", member.name);
        found.canaries.push(Canary::new(&what, door.secret()).belongs("/attestor.door"));
    }
    found.members.extend(cluster.members().map(|member| member.data.clone()));
    Ok(found)
}

/// Everybody is kept by others, knows the attestors, and anna has names for whom she knows.
async fn introduced(cluster: &Cluster, chosen: &Chosen) -> Result<(), Failure> {
    let (anna, ben) = (cluster.member("anna")?, cluster.member("ben")?);
    for attestor in ["north", "south"] {
        acquainted(anna, cluster.member(attestor)?).await?;
        acquainted(ben, cluster.member(attestor)?).await?;
    }
    let names = [(&chosen.contact, ben.did()), (&chosen.named, cluster.member("north")?.did())];
    for (name, did) in names {
        let add = contacts::Add { name: name.clone(), did: did.to_owned(), replace: false };
        anna.owner.ask(&add).await?;
    }
    for member in [anna, cluster.member("berlin")?] {
        doors::tokens(member).await?;
    }
    let provider = cluster.provider().ok_or_else(|| unlike("the provider", "gone"))?;
    provider.admit(&chosen.anna).await?;
    provider.admit(&chosen.ben).await
}

/// Anna signs in with a browser beside her node, ben types a code, and south signs nothing.
async fn signed_in(
    cluster: &Cluster,
    chosen: &Chosen,
    found: &mut Found,
) -> Result<[String; 2], Failure> {
    let (anna, ben) = (cluster.member("anna")?, cluster.member("ben")?);
    let (north, south) = (cluster.member("north")?, cluster.member("south")?);
    let account = chosen.anna.email.as_str();
    let hers = sign_in(anna, &chosen.named, true, account, found).await?;
    let hers = hers.map_err(|why| unlike("anna's sign-in", &why))?;
    let his = sign_in(ben, north.did(), false, &chosen.ben.email, found).await?;
    let his = his.map_err(|why| unlike("ben's sign-in", &why))?;
    holds("the claim says a name", hers.says.values().any(|it| it == &chosen.anna.name), &hers)?;
    let none = sign_in(anna, south.did(), true, account, found).await?;
    holds("south signs nothing", none.is_err(), &none)?;
    found.canaries.extend(words("anna", scenes::words(anna)?.reveal()));
    found.canaries.extend(words("ben", scenes::words(ben)?.reveal()));
    Ok([hers.name, his.name])
}

/// Asks for a claim and plays the person in front of the browser; every code of it is a secret.
async fn sign_in(
    customer: &Member,
    attestor: &str,
    browser: bool,
    account: &str,
    found: &mut Found,
) -> Result<Result<claims::Summary, String>, Failure> {
    let claim = Some("PaymentAccountVerified".to_owned());
    let request = claims::Request { attestor: attestor.to_owned(), claim, browser };
    let asked = customer.owner.ask(&request).await?;
    let (typed, url) = (asked.code.clone().unwrap_or_default(), asked.url.clone());
    let collect = claims::Collect { request: asked.request };
    let collecting = async {
        let collected = customer.owner.try_ask(&collect).await?;
        Ok(collected.map_err(|problem| problem.to_string()))
    };
    let (collected, seen) = tokio::try_join!(collecting, browsed(&url, account, &typed))?;
    // A typed code is read by the person and shown to her; its hyphen may be left out.
    let codes = [typed.replace('-', ""), typed].into_iter().chain(seen);
    let codes = codes.filter(|code| !code.is_empty());
    found.canaries.extend(codes.map(|code| Canary::new("a code or a cookie of a sign-in", code)));
    Ok(collected)
}

/// Goes through the pages of a sign-in; gives the codes and cookies that came up.
async fn browsed(url: &str, account: &str, typed: &str) -> Result<Vec<String>, Failure> {
    let bad = |cause: &dyn std::fmt::Display| unlike(url, &cause.to_string());
    let start = Url::parse(url).map_err(|error| bad(&error))?;
    let mut browser = Browser::new().map_err(|error| bad(&error))?;
    let page = browser.visit(&start).await.map_err(|error| bad(&error))?;
    let filled = [("email", account), ("password", PASSWORD), ("answer", "allow")];
    let mut page = browser.submit(&page, &filled).await.map_err(|error| bad(&error))?;
    let mut back = page.way_back();
    if page.text.contains("Is this you?") {
        if !typed.is_empty() {
            let wrong = [("answer", "yes"), ("code", "WRON-GONE")];
            page = browser.submit(&page, &wrong).await.map_err(|error| bad(&error))?;
        }
        let right = [("answer", "yes"), ("code", typed)];
        page = browser.submit_only(&page, &right).await.map_err(|error| bad(&error))?;
        back = page.redirect.clone();
    }
    let mut seen: Vec<String> = browser.cookies().map(str::to_owned).collect();
    if let Some(back) = back {
        browser.visit(&back).await.map_err(|error| bad(&error))?;
        let codes = back.query_pairs().filter(|(name, _)| name == "code");
        seen.extend(codes.map(|(_, code)| code.into_owned()));
    }
    Ok(seen)
}

/// Anna shows her claim, the same is shown twice, and ben shows what is none; she looks at her statement.
async fn shown(cluster: &Cluster, claims: &[String; 2], found: &mut Found) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    show_until(berlin, anna, &claims[0], Answer::Accepted).await?;
    let shown = scenes::present_only(berlin, anna, &claims[..1]).await?;
    scenes::check(berlin, shown.clone()).await?;
    scenes::check(berlin, shown.clone()).await?;
    let mut changed = shown;
    if let Some(proof) = changed.pointer_mut("/proof/proofValue") {
        *proof = json!("z3broken");
    }
    let said = format!("{:?}", scenes::check(berlin, changed).await.map(|it| it.explained));
    found.haystacks.push(Haystack::new("said by a command", said));
    for form in [&["statement", "--csv"][..], &["--json", "statement"]] {
        let said = process::run(Program::Node, &anna.data, form, &[0]).await?;
        holds("a line for the presentation", said.contains("shown"), &said)?;
        // Names she gave are hers to read; what a claim says stands in no line.
        let without = said.lines().map(|line| line.split("kanarien").next().unwrap_or_default());
        let without: String = without.collect();
        found.haystacks.push(Haystack::new("a statement", without));
    }
    Ok(())
}

/// Backup, a wrong passphrase, wrong words, a rotation, a restored copy.
async fn keys(cluster: &Cluster, chosen: &Chosen, found: &mut Found) -> Result<(), Failure> {
    let anna = cluster.member("anna")?;
    let to = anna.data.with_extension("backup");
    anna.owner.ask(&backup::Backup { to: to.clone(), force: false }).await?;
    let wrong = identity::Rotate {
        key: identity::Key::Authentication,
        stolen: false,
        passphrase: Passphrase::new(&chosen.mistyped),
    };
    holds("a wrong passphrase", anna.owner.try_ask(&wrong).await?.is_err(), "it rotated")?;
    scenes::rotate(anna).await?;
    let typed = scenes::words(anna)?;
    let rehearse = identity::Rehearse { words: Words::new(typed.reveal()) };
    holds("the right words", anna.owner.ask(&rehearse).await?.right, "wrong")?;
    let mixed: Vec<&str> = typed.reveal().split_whitespace().rev().collect();
    found.canaries.extend(words("nobody", &mixed.join(" ")));
    let rehearse = identity::Rehearse { words: Words::new(&mixed.join(" ")) };
    let mixed = anna.owner.try_ask(&rehearse).await?;
    holds("mixed words", !mixed.is_ok_and(|rehearsed| rehearsed.right), "right")?;
    restored(cluster, chosen, &to, found).await
}

/// The backup is opened elsewhere: with the wrong passphrase, with the right one, and cut in half.
async fn restored(
    cluster: &Cluster,
    chosen: &Chosen,
    backup: &Path,
    found: &mut Found,
) -> Result<(), Failure> {
    let anna = cluster.member("anna")?;
    let copy = anna.data.with_extension("restored");
    std::fs::create_dir_all(&copy).map_err(|cause| file(&copy, cause))?;
    let mistyped = copy.join("mistyped");
    private(&mistyped, &chosen.mistyped)?;
    private(&copy.join(process::PASSPHRASE), &chosen.passphrase)?;
    let half = copy.join("half");
    let bytes = disk::read(backup)?;
    let first = bytes.get(..bytes.len() / 2).unwrap_or_default();
    std::fs::write(&half, first).map_err(|cause| file(&half, cause))?;
    let (mistyped, half) = (mistyped.to_string_lossy(), half.to_string_lossy());
    let backup = backup.to_string_lossy();
    for tried in [
        vec!["restore", &half],
        vec!["restore", &backup, "--passphrase-file", &mistyped],
        vec!["restore", &backup],
        vec!["claim", "show", "nothing", "--passphrase-file", &mistyped],
    ] {
        found.haystacks.push(command(Program::Node, &copy, &tried).await?);
    }
    found.members.push(copy);
    Ok(())
}

/// Claims are asked for again, a provider is asked again, a claim is taken back with a note.
async fn again(
    cluster: &Cluster,
    chosen: &Chosen,
    claims: &[String; 2],
    found: &mut Found,
) -> Result<(), Failure> {
    let (anna, ben) = (cluster.member("anna")?, cluster.member("ben")?);
    let (north, berlin) = (cluster.member("north")?, cluster.member("berlin")?);
    let signed = books(north).await?;
    let of = |whose: &Member| {
        let seat = signed.iter().find(|seat| seat.subject == whose.did());
        seat.map(|seat| seat.id.clone()).ok_or_else(|| unlike("the books", "nothing"))
    };
    let renew = ["--json", "renew", &of(anna)?];
    process::run(Program::Attestor, &north.data, &renew, &[0]).await?;
    anna.owner.ask(&claims::Renew { claims: Vec::new() }).await?;
    let revoke = ["--json", "revoke", &of(ben)?, "--reason", "account-closed"];
    found.haystacks.push(command(Program::Attestor, &north.data, &revoke).await?);
    // A note goes to the operator's door, as her page sends it: on a command line all could read it.
    let door = owner::note(&north.data).ok_or_else(|| unlike("a door", "none"))?;
    let issued = books(north).await?.into_iter().find(|seat| seat.subject == anna.did());
    let id = issued.map(|seat| seat.id).unwrap_or_default();
    let verb = json!({
        "verb": "revoke", "id": id, "reason": "account-closed", "note": chosen.note,
        "effective": null,
    });
    let request = doors::client()?.post(format!("http://{}/owner", door.address()));
    let answer = doors::sent(request.bearer_auth(door.secret()).json(&verb)).await?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    holds("a claim taken back with a note", answer.contains("revoked"), &answer)?;
    show_until(berlin, ben, &claims[1], Answer::Refused).await?;
    Ok(())
}

/// What makes no sense, with secrets in it, at every listener.
async fn malformed(cluster: &Cluster, chosen: &Chosen, found: &mut Found) -> Result<(), Failure> {
    let (anna, north) = (cluster.member("anna")?, cluster.member("north")?);
    let secret = chosen.passphrase.as_str();
    for body in [
        json!({ "key": secret, "passphrase": secret }).to_string(),
        json!({ "passphrase": [secret] }).to_string(),
        json!({ secret: secret }).to_string(),
        format!("{{\"passphrase\": \"{secret}"),
    ] {
        // Her own node answers her: only what it writes down is searched.
        rotate(anna, body).await?;
    }
    let public = north.tls.map(|tls| format!("https://{tls}"));
    let public = public.ok_or_else(|| unlike("north", "no listener"))?;
    let stray = form(&chosen.stray);
    for path in [
        format!("/callback/simulated?code={stray}&state={stray}"),
        format!("/start/{stray}"),
        format!("/begin/{stray}"),
        format!("/nothing/{stray}?code={stray}"),
    ] {
        let request = doors::client()?.get(format!("{public}{path}"));
        doors::sent(request.header("cookie", format!("__Host-countersign={stray}"))).await?;
    }
    for (path, body) in [
        ("/v1/requests", json!({ "claim": "PaymentAccountVerified", "verifier": chosen.stray })),
        ("/v1/requests/none/claim", json!({ "code": chosen.stray, "verifier": chosen.stray })),
        ("/v1/requests/none/presentation", json!({ "presentation": { "holder": chosen.stray } })),
    ] {
        doors::sent(doors::client()?.post(format!("{public}{path}")).json(&body)).await?;
    }
    let strangers = ["/v1/profile", "/status/0", "/owner", "/metrics", "/nothing"];
    for path in strangers {
        let answer = doors::sent(doors::client()?.get(format!("{public}{path}"))).await?;
        found.haystacks.push(Haystack::new(format!("answer of {path} to the world"), answer));
    }
    Ok(())
}

/// Every verb and every page, asked by whoever may not.
async fn behind_doors(
    cluster: &Cluster,
    chosen: &Chosen,
    found: &mut Found,
) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    // The beginning of a name: an answer that repeats it tells nothing, and one that completes it does.
    let begun = chosen.contact.split('.').next();
    let asked = json!({
        "name": begun, "identity": begun, "claim": "", "claims": [],
        "attestor": begun, "policy": scenes::POLICY, "to": "", "browser": true,
    });
    for member in [anna, berlin] {
        found.haystacks.extend(doors::verbs(member, &asked).await?);
    }
    let (hers, theirs) = (home(anna, found).await?, home(berlin, found).await?);
    let names = anna.owner.ask(&contacts::List {}).await?.contacts;
    holds("her node knows her names", names.iter().any(|it| it.name == chosen.contact), &names)?;
    let said = hers.text.contains(&chosen.named);
    holds("her pages say what is hers", said, &hers.urls)?;
    let north = cluster.member("north")?;
    let said = process::run(Program::Attestor, &north.data, &["--json", "operate"], &[0]).await?;
    let entrance = read(&said)?.get("url").and_then(Value::as_str).unwrap_or_default().to_owned();
    let desk = doors::pages(&entrance).await?;
    holds("the operator sees the note", desk.text.contains("a note of the operator"), ())?;
    for (pages, other) in [(&hers, &theirs), (&theirs, &hers), (&desk, &hers)] {
        holds("the number of pages", pages.urls.len() > 5, &pages.urls)?;
        found.haystacks.extend(doors::shut(pages, other, anna).await?);
        found.canaries.push(Canary::new("a code that lets a browser in", pages.code.as_str()));
        let cookies = pages.cookies.iter().map(|cookie| Canary::new("a cookie", cookie.as_str()));
        found.canaries.extend(cookies);
    }
    phone::added(anna, &theirs, found).await
}

/// Types `countersign home`, which opens a browser: one of ours, that notes what it was started with.
async fn home(member: &Member, found: &mut Found) -> Result<Pages, Failure> {
    let folder = member.data.with_extension("browser");
    let opener = folder.join("xdg-open");
    std::fs::create_dir_all(&folder).map_err(|cause| file(&folder, cause))?;
    let script = "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$0.arguments.part\"\nenv >\"$0.environ\"\nmv \"$0.arguments.part\" \"$0.arguments\"\n";
    std::fs::write(&opener, script).map_err(|cause| file(&opener, cause))?;
    let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&opener, runs).map_err(|cause| file(&opener, cause))?;
    let failed = |cause| Failure::Start { name: "countersign home".to_owned(), cause };
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = process::command(Program::Node, &member.data).map_err(failed)?;
    command.arg("home").env("PATH", format!("{}:{path}", folder.display()));
    let output = command.stdin(Stdio::null()).output().await.map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let url = said.lines().map(str::trim).find(|line| line.starts_with("http://"));
    let pages = doors::pages(url.ok_or_else(|| unlike("countersign home", &said))?).await?;
    let arguments = opener.with_extension("arguments");
    crate::world::until("a browser that is opened", || arguments.exists()).await?;
    let opened = disk::read(&arguments)?;
    holds("what the browser opens", opened.starts_with(b"http://127.0.0.1:"), &opened)?;
    found.haystacks.push(Haystack::new("cmdline", opened));
    Ok(pages)
}

/// A node that gets no more memory fails in the middle of its work, and says so.
async fn out_of_memory(
    cluster: &mut Cluster,
    chosen: &Chosen,
    found: &mut Found,
) -> Result<(), Failure> {
    let anna = cluster.member("anna")?;
    let planted = anna.data.join(PLANTED);
    std::fs::write(&planted, CONTROL).map_err(|cause| file(&planted, cause))?;
    let id = anna.process_id().ok_or_else(|| unlike("anna", "does not run"))?;
    let status = disk::read(&PathBuf::from(format!("/proc/{id}/status")))?;
    let status = String::from_utf8_lossy(&status).into_owned();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let size = size.and_then(|size| size.trim().split(' ').next()?.parse::<u64>().ok());
    let limit = size.ok_or_else(|| unlike("/proc", &status))? * 1024;
    let limited = tokio::process::Command::new("prlimit")
        .args([format!("--pid={id}"), format!("--as={limit}:{limit}")])
        .status()
        .await
        .map_err(|cause| Failure::Start { name: "prlimit".to_owned(), cause })?;
    holds("prlimit", limited.success(), limited)?;
    let before = disk::read(&anna.data.join("log"))?.len();
    // A passphrase is in each of these questions, and no room for it.
    let asked = json!({ "passphrase": chosen.passphrase, "padding": "x".repeat(LARGE) });
    let busy = (0..MANY).map(|_| rotate(anna, asked.to_string()));
    // Some are answered, others find nobody who answers any more.
    let _answered = futures::future::join_all(busy).await;
    let log = disk::read(&anna.data.join("log"))?;
    let said = String::from_utf8_lossy(log.get(before..).unwrap_or_default()).into_owned();
    let failed = ["panicked at", "memory allocation of", "not allocate"];
    holds("a program that fails", failed.iter().any(|text| said.contains(text)), said.len())?;
    found.haystacks.push(Haystack::new("said in a panic", said));
    cluster.kill("anna").await?;
    cluster.restart("anna").await?;
    scenes::settled(cluster.member("anna")?, PATIENCE).await.map(drop)
}

/// Asks a node as its owner to rotate, in words it may not understand.
async fn rotate(member: &Member, body: String) -> Result<Vec<u8>, Failure> {
    let token = std::fs::read_to_string(&member.ready.token_file)
        .map_err(|cause| file(&member.ready.token_file, cause))?;
    let url = format!("http://{}/v1/identity/rotate", member.ready.owner);
    let request = doors::client()?.post(url).bearer_auth(token.trim()).body(body);
    doors::sent(request.header("content-type", "application/json")).await
}

/// Runs a command that may fail, and keeps what it says.
async fn command(program: Program, data: &Path, arguments: &[&str]) -> Result<Haystack, Failure> {
    let failed = |cause| Failure::Start { name: program.name().to_owned(), cause };
    let mut command = process::command(program, data).map_err(failed)?;
    let output = command.args(arguments).stdin(Stdio::null()).output().await.map_err(failed)?;
    Ok(Haystack::new("said by a command", [output.stdout, output.stderr].concat()))
}

fn private(path: &Path, text: &str) -> Result<(), Failure> {
    countersign_node::private::write(path, text.as_bytes()).map_err(|cause| file(path, cause))
}

fn file(path: &Path, cause: std::io::Error) -> Failure {
    Failure::File { path: path.to_owned(), cause }
}

fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// How many questions are asked at once.
const MANY: usize = 200;
/// Bytes of a question: what the owner's door takes at most, nearly.
const LARGE: usize = 1_900_000;
