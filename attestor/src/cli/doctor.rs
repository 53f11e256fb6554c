//! `countersign-attestor doctor`.

mod clock;

use super::Context;
use crate::config::{About, Certificate, Config};
use crate::evidence::settings::Settings;
use crate::evidence::{Answer, Evidence, EvidenceError, rule};
use crate::ground::node::InNode;
use crate::ground::{Ground as _, GroundError};
use crate::ledger::Ledger;
use crate::office::{Keys, OfficeError, RAISE, Verb};
use clock::Told;
use countersign_node::claims::{self, ClaimsError, Place};
use countersign_node::files::goes_into_a_backup;
use countersign_node::problem::Kind;
use countersign_node::verb::network::{Finding, Health};
use countersign_node::{Problem, start};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use url::Url;

/// Check that everything an attestor needs is there
///
/// Asks each provider what it says of itself, prints the return address it must know, and with
/// --dry-sign-in has you sign in and shows what would be signed. Nothing is signed.
///
/// Exit status: 0 if all is well, 1 if something is wrong.
#[derive(Debug, clap::Args)]
pub(super) struct Doctor {
    /// Sign in at the source of this name and show what would be signed
    #[arg(long, value_name = "SOURCE")]
    dry_sign_in: Option<String>,
}

impl Doctor {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let config = Config::read(context.data())?;
        let mut findings = match config.certificate(context.data()) {
            Ok(shown) => vec![
                well("certificate", "it can be used".to_owned()),
                from_outside(&config, shown.pin).await,
            ],
            Err(error) => vec![wrong("certificate", error.to_string(), error.hint())],
        };
        findings.extend(about(&config));
        findings.extend(not_in_a_backup(&config, context.data()));
        let sources = match config.open_sources(context.data()) {
            Ok(sources) => sources,
            Err(error) => {
                findings.push(wrong("sources", error.to_string(), error.hint()));
                Vec::new()
            }
        };
        let mut told = Vec::new();
        for source in &sources {
            findings.extend(asked(&**source).await);
            let (by, here) = (source.settings().name.clone(), wall_clock());
            told.extend(source.told_time().map(|there| Told { by, there, here }));
        }
        let mut examined = Examined::default();
        findings.push(node(underneath(context, &mut examined).await));
        findings.extend(examined.node.iter().map(of_the_node));
        if !examined.node.iter().any(|finding| finding.what == "clock") {
            findings.push(clock::compared(&told));
        }
        findings.extend(idle(&examined.idle, |rest| context.command("countersign", rest)));
        let rules = &examined.rules;
        findings.extend(sources.iter().filter_map(|source| meaning(source.settings(), rules)));
        if let Some(slug) = &self.dry_sign_in {
            findings.push(dry_sign_in(context, slug, &sources).await?);
        }
        let all = findings.iter().all(|one| one.ok);
        let lines: Vec<String> = findings.iter().map(line).collect();
        context.answer(&json!({ "ok": all, "findings": findings }), &lines.join("\n"))?;
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Asks a provider what it says of itself.
async fn asked(source: &dyn Evidence) -> Vec<Found> {
    let settings = source.settings();
    let name = format!("source {}", settings.slug);
    if settings.oidc.client_id.starts_with("PUT-") {
        let hint = "put the client id the provider gave into the file of the source";
        return vec![wrong(&name, "it has no client id".to_owned(), hint)];
    }
    let address = format!("the provider must know the return address {}", source.callback());
    let begun = match source.begin(wall_clock()).await {
        Ok(sign_in) => {
            let host = sign_in.url.host_str().unwrap_or_default().to_owned();
            well(&name, format!("a sign-in would begin at {host}"))
        }
        Err(error) => wrong(&name, error.to_string(), source_hint(&error)),
    };
    vec![well(&name, address), begun]
}

fn source_hint(error: &EvidenceError) -> &'static str {
    match error {
        EvidenceError::Outbound(_) => {
            "try the provider's address from this machine; a firewall or a proxy may be between"
        }
        EvidenceError::Discovery { .. } => {
            "compare `hosts`, `issuer` and `algorithms` in the file of the source with what the \
             provider publishes"
        }
        _ => "correct the file of the source; attestor/examples has three",
    }
}

/// Looks at the public address as customers' nodes do: at what the profile says of its certificate.
async fn from_outside(config: &Config, pin: Option<[u8; 32]>) -> Found {
    let (about, url) = ("public address", config.rules(pin).base().to_owned());
    let place = Place { url: url.clone(), spki_sha256: pin };
    let Err(error) = claims::look(&place).await else {
        return well(about, format!("{url} shows the certificate that nodes expect"));
    };
    let says = error.to_string();
    match (error, &config.tls) {
        (ClaimsError::OtherCertificate { .. }, Certificate::Proxy { .. }) => {
            let hint = "put the certificate that the proxy shows into the file that `certificate` under \
                        [tls.proxy] names: a running attestor announces its key within a minute";
            wrong(about, says, hint)
        }
        (
            ClaimsError::OtherCertificate { .. },
            Certificate::Files { .. } | Certificate::SelfSigned,
        ) => {
            let hint = "something else than this attestor answers there: look at `public_url`, `listen` \
                        and [tls] in attestor.toml";
            wrong(about, says, hint)
        }
        (ClaimsError::BadCertificate { .. }, _) => {
            let hint = "renew it, and start an attestor again that has it from files; where no authority is \
                        to vouch for a proxy's, name it as `certificate` under [tls.proxy]";
            wrong(about, says, hint)
        }
        // Before the first `run` nobody answers, and many networks lead nobody from inside to their outside.
        (_, _) => {
            let hint =
                "all is well if customers reach it: let the attestor run, and look from elsewhere";
            note(about, says, hint)
        }
    }
}

/// Looks whether people will find out who this is.
fn about(config: &Config) -> Option<Found> {
    let About { who, keeps, complain } = &config.about;
    let missing = [("who", who), ("keeps", keeps), ("complain", complain)];
    let missing: Vec<&str> =
        missing.iter().filter(|(_, text)| text.is_empty()).map(|(key, _)| *key).collect();
    (!missing.is_empty()).then(|| {
        let says = format!("the public page does not say: {}", missing.join(", "));
        let hint = "write it under [about] in attestor.toml before anybody real signs in";
        note("public page", says, hint)
    })
}

/// Looks whether a backup of the data folder would bring every source back.
fn not_in_a_backup(config: &Config, data: &Path) -> Option<Found> {
    let missed: Vec<String> = config
        .files(data)
        .into_iter()
        .filter(|file| !goes_into_a_backup(data, file))
        .map(|file| file.display().to_string())
        .collect();
    (!missed.is_empty()).then(|| {
        let says = format!("it would not bring back {}", missed.join(", "));
        let hint = "put sources (.toml) and client secrets (.secret) into the data folder itself, or keep a \
                    copy elsewhere";
        note("backup", says, hint)
    })
}

/// Says whether the node can sign. One that only waits for its witnesses has nothing wrong with it.
fn node(found: Result<String, Problem>) -> Found {
    let problem = match found {
        Ok(said) => return well("node", said),
        Err(problem) => problem,
    };
    let waits = problem.is(Kind::Unavailable);
    let (title, because, hint) = problem.into_parts();
    let says = because.map_or_else(|| title.clone(), |because| format!("{title}: {because}"));
    Found { about: "node".to_owned(), ok: waits, says, hint: Some(hint.unwrap_or_default()) }
}

/// Looks whether a rule that signed demands what it did then. One that never signed may change.
fn meaning(settings: &Settings, signed: &BTreeMap<String, String>) -> Option<Found> {
    let rule = rule::name(settings);
    let digest = signed.get(&rule)?;
    if *digest == rule::digest(settings) {
        let says = "it demands what it did when it signed first".to_owned();
        return Some(well(&format!("rule {rule}"), says));
    }
    let changed = OfficeError::RuleChanged { rule: rule.clone(), file: settings.file.clone() };
    Some(wrong(&format!("rule {rule}"), changed.to_string(), RAISE))
}

/// Reminds of replaced keys that are still listed.
fn idle(keys: &[String], command: impl Fn(&str) -> String) -> Option<Found> {
    let keys = keys.join(" ");
    (!keys.is_empty()).then(|| {
        let hint = format!("take it out with `{}`", command(&format!("id retire {keys}")));
        note("keys", format!("no claim needs the replaced {keys} any more"), &hint)
    })
}

/// What a running attestor is asked, and a folder without one is looked through for.
#[derive(Default, Deserialize)]
struct Examined {
    /// The digest of what each rule demands that signed.
    rules: BTreeMap<String, String>,
    /// What the node finds.
    node: Vec<Finding>,
    /// Replaced keys that no claim needs; one of before says nothing of them.
    #[serde(default)]
    idle: Vec<String>,
}

/// Says what the node finds in the words of this doctor.
fn of_the_node(finding: &Finding) -> Found {
    let well = finding.health != Health::Bad;
    Found {
        about: finding.what.clone(),
        ok: well,
        says: finding.says.clone(),
        hint: Some(finding.hint.clone().unwrap_or_default()),
    }
}

/// Looks whether the node has an identity that may sign, and a clock to trust; what else was found is put
/// into `examined`.
async fn underneath(context: &Context, examined: &mut Examined) -> Result<String, Problem> {
    if let Some(found) = context.ask(&Verb::Examine).await? {
        *examined = found;
        return Ok("an attestor runs in this folder".to_owned());
    }
    let passphrase = context.passphrase.ask(context.out)?;
    let alone = start::alone(context.data(), context.node_config()?, Some(&passphrase));
    let (node, running) = alone.await?;
    let ground = InNode::new(node);
    let ledger = Ledger::new(ground.books());
    let (rules, found) = (ledger.rules(), ground.findings().await);
    // Without an identity of its own it has no keys.
    let own = ground.own().await.ok();
    let keys = own.map(|own| Keys::of(&ledger, &own, ground.now())).transpose();
    let checked = async {
        let own = ground.own().await?;
        ground.assertion_key(ground.now()).await?;
        Ok(format!("{} may sign claims", own.did()))
    };
    let checked: Result<String, GroundError> = checked.await;
    running.stop().await?;
    examined.node = found.unwrap_or_default();
    let unreadable = |cause| {
        Problem::new(Kind::Unusable, "the books cannot be read")
            .because(cause)
            .hint("restore a backup: `countersign --data NEWFOLDER restore BACKUP`")
    };
    examined.rules = rules.map_err(unreadable)?;
    examined.idle = keys.map_err(unreadable)?.map(|keys| keys.idle()).unwrap_or_default();
    checked.map_err(|cause| {
        cause.problem().cloned().unwrap_or_else(|| {
            Problem::new(Kind::Locked, "the node cannot sign")
                .because(cause)
                .hint("an attestor's node is made by `countersign-attestor init`")
        })
    })
}

/// Has the owner sign in, and shows what would be signed.
async fn dry_sign_in(
    context: &Context,
    slug: &str,
    sources: &[Arc<dyn Evidence>],
) -> Result<Found, Problem> {
    let source = sources.iter().find(|one| one.settings().slug == slug);
    let source = source.ok_or_else(|| {
        let names: Vec<&str> = sources.iter().map(|one| &*one.settings().slug).collect();
        Problem::new(Kind::Invalid, format!("no source is called `{slug}`"))
            .hint(format!("the sources here are called {}", names.join(", ")))
    })?;
    let failed = |cause| {
        Problem::new(Kind::Refused, "the sign-in gave no evidence")
            .because(cause)
            .hint("sign in once more, and paste the whole address")
    };
    let sign_in = source.begin(wall_clock()).await.map_err(failed)?;
    context.out.say(&format!(
        "Open this address and sign in:\n\n  {}\n\nThen paste here the address the browser was sent \
         to. It shows an error, because nothing asked for this sign-in; that is as it should be.",
        sign_in.url
    ));
    let mut pasted = String::new();
    std::io::stdin().lock().read_line(&mut pasted).map_err(|cause| {
        Problem::new(Kind::Invalid, "nothing was pasted")
            .because(cause)
            .hint("paste the whole address the browser was sent to")
    })?;
    let answer = answer_in(pasted.trim());
    let seen = source.finish(sign_in.pending, &answer, wall_clock()).await.map_err(failed)?;
    let claim = json!({
        "type": source.settings().claim.kind, "says": seen.properties,
        "rule": { "name": source.settings().claim.rule.name,
                  "version": source.settings().claim.rule.version },
    });
    Ok(well("dry sign-in", format!("this would be signed: {claim}")))
}

/// Reads what the provider answered out of the address it sent the browser to.
fn answer_in(text: &str) -> Answer {
    let Ok(url) = Url::parse(text) else { return Answer::default() };
    let value = |wanted: &str| {
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    Answer { state: value("state"), code: value("code"), iss: value("iss"), error: value("error") }
}

fn wall_clock() -> countersign_protocol::time::Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    countersign_protocol::time::Timestamp::from_seconds(seconds)
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Found {
    about: String,
    ok: bool,
    says: String,
    /// What to do; nothing where nothing ever is.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

fn well(about: &str, says: String) -> Found {
    Found { about: about.to_owned(), ok: true, says, hint: None }
}

/// Says what is as it should be, and may be meant otherwise.
fn note(about: &str, says: String, hint: &str) -> Found {
    Found { hint: Some(hint.to_owned()), ..well(about, says) }
}

fn wrong(about: &str, says: String, hint: &str) -> Found {
    Found { ok: false, ..note(about, says, hint) }
}

fn line(found: &Found) -> String {
    let Found { about, ok, says, hint } = found;
    let hint = hint.as_deref().unwrap_or_default();
    let mark = match (ok, hint) {
        (true, "") => "ok   ",
        (true, _) => "note ",
        (false, _) => "WRONG",
    };
    let hint = if hint.is_empty() { String::new() } else { format!("\n       hint: {hint}") };
    format!("{mark}  {about}: {says}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_signed_and_demands_something_else_is_wrong_and_one_that_never_signed_is_not() {
        let text = include_str!("../../examples/simulated.toml");
        let read = |text: &str| {
            let file = "simulated.toml".into();
            Settings { file, ..Settings::parse(text).unwrap() }
        };
        let first = read(text);
        let changed = read(&text.replace("must_be = true", "must_be = false"));
        assert_eq!(meaning(&changed, &BTreeMap::new()), None);
        let signed = BTreeMap::from([(rule::name(&first), rule::digest(&first))]);
        assert!(meaning(&first, &signed).unwrap().ok);
        let found = meaning(&changed, &signed).unwrap();
        assert!(!found.ok);
        let line = line(&found);
        assert!(line.contains("simulated-verified-account/1") && line.contains("simulated.toml"));
        assert!(line.contains("raise `version`"), "{line}");
        let raised = text.replace("version = 1", "version = 2");
        assert_eq!(meaning(&read(&raised), &signed), None);
    }

    #[test]
    fn a_replaced_key_that_no_claim_needs_is_reminded_of() {
        let command = |rest: &str| format!("countersign {rest}");
        assert_eq!(idle(&[], command), None);
        let found = idle(&["z6Mkold".to_owned()], command).unwrap();
        assert!(found.ok);
        let hint = "\n       hint: take it out with `countersign id retire z6Mkold`";
        assert_eq!(
            line(&found),
            format!("note   keys: no claim needs the replaced z6Mkold any more{hint}")
        );
    }

    #[test]
    fn what_the_node_finds_bad_is_wrong_here_too() {
        let found = |health| {
            let (what, says) = ("clock".to_owned(), "a day off".to_owned());
            of_the_node(&Finding { what, health, says, hint: Some("set it".to_owned()) })
        };
        assert_eq!(line(&found(Health::Bad)), "WRONG  clock: a day off\n       hint: set it");
        assert!(found(Health::Warning).ok);
    }

    #[test]
    fn a_new_attestor_that_waits_for_its_witnesses_has_nothing_wrong() {
        let waits = Problem::new(Kind::Unavailable, "not cosigned yet").hint("let it run");
        let error = GroundError::Failed { cause: waits.into() };
        let found = node(Err(error.problem().cloned().unwrap()));
        assert!(found.ok);
        assert_eq!(line(&found), "note   node: not cosigned yet\n       hint: let it run");
        let broken = node(Err(Problem::new(Kind::Internal, "the disk is full")));
        assert!(!broken.ok);
    }
}
