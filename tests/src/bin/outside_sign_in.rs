//! `outside-sign-in ISSUER`: signs people in at somebody else's OpenID provider, with a small browser, and
//! says what the attestor's code made of each sign-in. `tests/outside/oidc-provider` starts the provider.

use countersign_attestor::evidence::oidc::Oidc;
use countersign_attestor::evidence::oidc::id_token::IdTokenError;
use countersign_attestor::evidence::oidc::userinfo::UserinfoError;
use countersign_attestor::evidence::outbound::Limits;
use countersign_attestor::evidence::settings::{ClientSecret, Settings};
use countersign_attestor::evidence::{Answer, Evidence as _, EvidenceError, Seen};
use countersign_protocol::time::Timestamp;
use reqwest::{Client, Url, redirect};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let issuer = std::env::args().nth(1).expect("the provider's issuer");
    let mut disagreed = 0;
    let mut say = |what: &str, agreed: bool, result: &Result<Seen, EvidenceError>| {
        let found = match result {
            Ok(seen) => format!("{:?}", seen.properties),
            Err(error) => error.to_string(),
        };
        println!("  {what}: {}{found}", if agreed { "" } else { "DISAGREES: " });
        disagreed += u32::from(!agreed);
    };

    for algorithm in ["EdDSA", "ES256", "RS256"] {
        let seen = sign_in(&source(&issuer, algorithm, algorithm), "verified-ada").await;
        let agreed = seen.as_ref().is_ok_and(|seen| {
            seen.account.id.as_str() == "payer-verified-ada" && seen.properties["verified"] == true
        });
        say(&format!("a verified account, {algorithm}"), agreed, &seen);
        let again = match seen.ok().and_then(|seen| seen.refresh) {
            Some(refresh) => {
                let again = source(&issuer, algorithm, algorithm).again(&refresh, now()).await;
                again.and_then(|again| again.seen)
            }
            None => Err(EvidenceError::NotRefreshable),
        };
        let agreed =
            again.as_ref().is_ok_and(|seen| seen.account.id.as_str() == "payer-verified-ada");
        say("the same account, asked again without the person", agreed, &again);
    }

    let oidc = source(&issuer, "EdDSA", "EdDSA");
    let seen = sign_in(&oidc, "new-bob").await;
    let no = matches!(seen, Err(EvidenceError::Userinfo(UserinfoError::NotMet { .. })));
    say("an account that is not verified", no, &seen);

    let seen = attempt(&oidc, None, |answer| answer).await;
    say("a person who refuses", matches!(seen, Err(EvidenceError::Refused)), &seen);

    for algorithm in ["HS256", "RS256"] {
        let seen = sign_in(&source(&issuer, algorithm, "EdDSA"), "verified-ada").await;
        let refused = matches!(seen, Err(EvidenceError::IdToken(_)));
        say(
            &format!("an id_token signed with {algorithm}, which the file does not allow"),
            refused,
            &seen,
        );
    }

    let seen = sign_in(&source(&issuer, "no-id-token", "EdDSA"), "verified-ada").await;
    let missing = matches!(seen, Err(EvidenceError::IdToken(IdTokenError::Missing)));
    say("a provider that gives no id_token", missing, &seen);

    let seen = sign_in(&source(&issuer, "no-sub", "EdDSA"), "verified-ada").await;
    let nobody = matches!(seen, Err(EvidenceError::Userinfo(UserinfoError::NoSubject)));
    say("userinfo that does not say whom it is about", nobody, &seen);

    let seen = sign_in(&source(&issuer, "other-sub", "EdDSA"), "verified-ada").await;
    let other = matches!(seen, Err(EvidenceError::Userinfo(UserinfoError::OtherSubject)));
    say("userinfo about somebody else than the id_token", other, &seen);

    let other = |answer| Answer { state: Some("another browser's".to_owned()), ..answer };
    let seen = attempt(&oidc, Some("verified-ada"), other).await;
    say("the state of another browser", matches!(seen, Err(EvidenceError::WrongState)), &seen);

    let other = |answer| Answer { iss: Some("https://elsewhere.example".to_owned()), ..answer };
    let seen = attempt(&oidc, Some("verified-ada"), other).await;
    say("the answer of another provider", matches!(seen, Err(EvidenceError::WrongIssuer)), &seen);

    let other = |answer| Answer { iss: None, ..answer };
    let seen = attempt(&oidc, Some("verified-ada"), other).await;
    say("an answer of nobody in particular", matches!(seen, Err(EvidenceError::NoIssuer)), &seen);

    let first = oidc.begin(now()).await.expect("a sign-in");
    let used = browse(first.url, Some("verified-ada"), oidc.callback()).await;
    oidc.finish(first.pending, &used, now()).await.expect("the first use of a code");
    let replay = move |answer| Answer { code: used.code.clone(), ..answer };
    let seen = attempt(&oidc, Some("verified-ada"), replay).await;
    say("a code that was used", declined(&seen), &seen);

    println!(
        "oidc-provider 9.13.3 and our attestor {}",
        if disagreed == 0 { "agree" } else { "DISAGREE" }
    );
    if disagreed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Makes a source for the provider's client of one algorithm, that allows another one.
fn source(issuer: &str, client: &str, allowed: &str) -> Oidc {
    let host = issuer.strip_prefix("http://").expect("http on loopback");
    let known = [("ISSUER", issuer), ("HOST", host), ("CLIENT", client), ("ALGORITHM", allowed)];
    let file = known.iter().fold(EVIDENCE.to_owned(), |file, (name, is)| file.replace(name, is));
    let settings = Settings::parse(&file).expect("settings");
    let secret = ClientSecret::new("a secret of thirty-two characters");
    let public_url = "https://attestor.example/".parse().expect("a URL");
    // What is judged is what is said, not how soon on a busy computer.
    let limits = Limits { time: Duration::from_secs(120), ..Limits::default() };
    Oidc::new(settings, secret, &public_url, limits).expect("a source")
}

/// RFC 6749, section 5.2: what a provider says to a code that is used, or that another sign-in got.
fn declined(seen: &Result<Seen, EvidenceError>) -> bool {
    match seen {
        Err(EvidenceError::Declined { code }) => code == "invalid_grant",
        _ => false,
    }
}

async fn sign_in(oidc: &Oidc, account: &str) -> Result<Seen, EvidenceError> {
    attempt(oidc, Some(account), |answer| answer).await
}

/// Signs `account` in, or refuses if there is none, and lets `change` have the answer on its way back.
async fn attempt(
    oidc: &Oidc,
    account: Option<&str>,
    change: impl FnOnce(Answer) -> Answer,
) -> Result<Seen, EvidenceError> {
    let begun = oidc.begin(now()).await?;
    let answer = browse(begun.url, account, oidc.callback()).await;
    oidc.finish(begun.pending, &change(answer), now()).await
}

/// A browser: keeps cookies, follows redirects, and fills in the provider's two forms.
async fn browse(start: Url, account: Option<&str>, callback: &Url) -> Answer {
    let client =
        Client::builder().redirect(redirect::Policy::none()).no_proxy().build().expect("a client");
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut request = client.get(start.clone());
    let mut at = start;
    for _ in 0..20 {
        let jar: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header("cookie", jar.join("; ")).send().await.expect("an answer");
        for set in response.headers().get_all("set-cookie") {
            let pair = set.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        if let Some(location) = response.headers().get("location") {
            at = at.join(location.to_str().expect("text")).expect("a URL");
            if at.as_str().starts_with(callback.as_str()) {
                return answer(&at);
            }
            request = client.get(at.clone());
            continue;
        }
        let page = response.text().await.expect("a page");
        let attribute = |name: &str| {
            let rest = page.split_once(name).unwrap_or_else(|| panic!("no {name} in {page}")).1;
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        at = at.join(&attribute("action=\"")).expect("a URL");
        request = match account {
            None => client.get(format!("{at}/abort")),
            Some(account) => {
                let prompt = attribute("name=\"prompt\" value=\"");
                let form = [("prompt", prompt.as_str()), ("login", account), ("password", "any")];
                client.post(at.clone()).form(&form)
            }
        };
    }
    panic!("the provider never sent the browser back");
}

fn answer(callback: &Url) -> Answer {
    let query: BTreeMap<String, String> = callback.query_pairs().into_owned().collect();
    let member = |name: &str| query.get(name).cloned();
    Answer {
        state: member("state"),
        code: member("code"),
        iss: member("iss"),
        error: member("error"),
    }
}

fn now() -> Timestamp {
    let since =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    Timestamp::from_seconds(since.as_secs())
}

const EVIDENCE: &str = include_str!("../../outside/oidc-provider/evidence.toml");
