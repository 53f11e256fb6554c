//! Writes the owner's statement, and tells whether it is whole.
//!
//! Lines lie sealed in the vault, each under its number, each with the hash of the one before. The
//! count and the last hash are sealed beside them in the same step. A line is written before what it
//! tells of happens: what a crash cuts off is told once too often, and never too seldom.

use super::claims::kind_of;
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::store::{Change as Write, Expect};
use crate::vault::{Kind, Vault};
use crate::verb::statement::{Line, Lines, What};
use countersign_protocol::credential::Credential;
use countersign_protocol::encoding::{json, multihash};
use countersign_protocol::wire::challenge::Challenge;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

/// What a line says before it has a number.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) what: What,
    pub(crate) whom: String,
    pub(crate) kinds: Vec<String>,
    pub(crate) request: Option<String>,
}

impl Entry {
    /// Makes a line about a vendor's challenge.
    pub(crate) fn about(challenge: &Challenge, what: What, kinds: Vec<String>) -> Self {
        // Enough of the nonce to tell two requests apart.
        let nonce: String = challenge.nonce.chars().take(8).collect();
        let request = Some(format!("{} {nonce}", challenge.policy));
        Self { what, whom: challenge.domain.clone(), kinds, request }
    }

    /// Makes a line about a claim and its attestor.
    pub(crate) fn claim(what: What, attestor: String, kind: &str) -> Self {
        Self { what, whom: attestor, kinds: vec![kind.to_owned()], request: None }
    }

    /// Makes a line about a sign-in at an attestor, for the challenge it gave.
    pub(super) fn sign_in(attestor: String, kind: &str, challenge: &str) -> Self {
        // The attestor chose it: enough to tell two sign-ins apart, and nothing that is no letter.
        let request: String = challenge.chars().filter(char::is_ascii_graphic).take(8).collect();
        let request = Some(request).filter(|request| !request.is_empty());
        Self { request, ..Self::claim(What::SignIn, attestor, kind) }
    }

    /// Makes a line about a version of what the world sees.
    pub(super) fn showcase(version: u64, claims: &[Credential]) -> Self {
        let kinds = claims.iter().map(|claim| kind_of(claim).to_owned()).collect();
        let request = Some(format!("showcase {version}"));
        Self { what: What::Published, whom: EVERYBODY.to_owned(), kinds, request }
    }
}

/// A line as it lies in the vault.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    /// The hash of the line before, in base64url; empty for the first.
    before: String,
    line: Line,
}

/// Where the statement ends.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct End {
    count: u64,
    hash: String,
}

impl Node {
    /// Writes a line; it is on the disk when this returns.
    pub(crate) async fn note(&self, entry: Entry) -> Result<(), Problem> {
        self.note_with(entry, Vec::new()).await
    }

    /// Writes a line, and in the same step what is to be on the disk if and only if the line is.
    pub(super) async fn note_with(&self, entry: Entry, with: Vec<Write>) -> Result<(), Problem> {
        let _writing = self.inner().stating.lock().await;
        let vault = self.vault_handle()?;
        let when = self.now().to_string();
        let device = self.device().map(str::to_owned);
        let mut changes = tokio::task::spawn_blocking(move || next(&vault, entry, when, device))
            .await
            .map_err(|_| crate::node::stopping())??;
        changes.extend(with);
        self.write(changes).await
    }

    /// Gives the statement, and whether it is whole.
    pub(crate) async fn statement(&self) -> Result<Lines, Problem> {
        let _writing = self.inner().stating.lock().await;
        let vault = self.vault_handle()?;
        let mut lines = tokio::task::spawn_blocking(move || read(&vault))
            .await
            .map_err(|_| crate::node::stopping())??;
        for line in &mut lines.lines {
            line.name = self.given_name(&line.whom);
        }
        Ok(lines)
    }
}

/// Makes the changes that add a line.
fn next(
    vault: &Vault,
    entry: Entry,
    when: String,
    device: Option<String>,
) -> Result<Vec<Write>, Problem> {
    let end = end(vault)?;
    let Entry { what, whom, kinds, request } = entry;
    let number = end.count.saturating_add(1);
    let line = Line { number, when, what, whom, name: None, kinds, request, device };
    let stored = written(&Stored { before: end.hash, line })?;
    let next = End { count: number, hash: hash(&stored) };
    let seal =
        |id: &[u8], bytes: &[u8]| vault.seal(Kind::Presentation, id, bytes).map_err(Problem::from);
    let mut line = seal(&number.to_be_bytes(), &stored)?;
    if let Write::Secret { expect, .. } = &mut line {
        *expect = Expect::Nothing;
    }
    Ok(vec![line, seal(END, &written(&next)?)?])
}

/// Reads all lines, and compares each with the one before it and the last with the end.
fn read(vault: &Vault) -> Result<Lines, Problem> {
    let end = end(vault)?;
    let mut lines = Vec::new();
    let (mut before, mut damage) = (String::new(), None);
    for number in 1..=end.count {
        let bytes = match vault.get(Kind::Presentation, &number.to_be_bytes()) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                damage.get_or_insert(format!("line {number} is missing"));
                continue;
            }
            Err(_) => {
                damage.get_or_insert(format!("line {number} was changed"));
                continue;
            }
        };
        let stored: Stored = understood(bytes.expose_secret())?;
        if stored.before != before || stored.line.number != number {
            damage.get_or_insert(format!("line {number} does not follow the one before it"));
        }
        before = hash(bytes.expose_secret());
        lines.push(stored.line);
    }
    if damage.is_none() && before != end.hash {
        damage = Some("the last line is not the one that was written last".to_owned());
    }
    // Lines behind the end, or without one: the end was taken back.
    let held = vault.list(Kind::Presentation)?;
    let behind = held.iter().filter(|id| id.as_slice() != END).count();
    if damage.is_none() && u64::try_from(behind).is_ok_and(|behind| behind > end.count) {
        damage = Some("there are lines behind its end".to_owned());
    }
    Ok(Lines { intact: damage.is_none(), damage, lines })
}

fn end(vault: &Vault) -> Result<End, Problem> {
    match vault.get(Kind::Presentation, END)? {
        None => Ok(End::default()),
        Some(bytes) => understood(bytes.expose_secret()),
    }
}

fn understood<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value = json::parse(bytes, LONGEST).map_err(|error| damaged(&error))?;
    serde_json::from_value(value).map_err(|error| damaged(&error))
}

fn written<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| damaged(&error))
}

fn damaged(error: &dyn core::fmt::Display) -> Problem {
    Problem::new(Wrong::Internal, "the statement on this disk is damaged")
        .because(error)
        .hint(super::DAMAGED)
}

fn hash(bytes: &[u8]) -> String {
    countersign_protocol::encoding::base64url::encode(&multihash::sha256(bytes))
}

/// Whom a showcase is for: the domain it is signed for.
const EVERYBODY: &str = "countersign:public";
/// Under which id the end lies; lines lie under eight bytes.
const END: &[u8] = b"end of the statement";
/// A line names at most as many kinds as a presentation has claims.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::memory::Memory;
    use crate::vault::Cost;
    use crate::vault::passphrase::Passphrase;
    use std::sync::Arc;

    fn vault() -> (Arc<dyn Store>, Vault) {
        let store: Arc<dyn Store> = Arc::new(Memory::default());
        let passphrase = Passphrase::new("correct horse").unwrap();
        let vault = Vault::create(Arc::clone(&store), &passphrase, Cost::TESTNET).unwrap();
        (store, vault)
    }

    fn add(store: &Arc<dyn Store>, vault: &Vault, whom: &str) {
        let kinds = vec!["PaymentAccountVerified".to_owned()];
        let entry = Entry { what: What::Shown, whom: whom.to_owned(), kinds, request: None };
        store
            .commit(&next(vault, entry, "2026-01-02T03:04:05Z".to_owned(), None).unwrap())
            .unwrap();
    }

    fn three() -> (Arc<dyn Store>, Vault) {
        let (store, vault) = vault();
        for whom in ["a", "b", "c"] {
            add(&store, &vault, whom);
        }
        (store, vault)
    }

    #[test]
    fn lines_come_back_in_their_order_and_whole() {
        let (_, vault) = three();
        let lines = read(&vault).unwrap();
        assert!(lines.intact, "{:?}", lines.damage);
        let whom: Vec<&str> = lines.lines.iter().map(|line| line.whom.as_str()).collect();
        assert_eq!(whom, ["a", "b", "c"]);
    }

    #[test]
    fn a_sign_in_names_the_beginning_of_its_challenge_and_no_other_letters() {
        let request = |challenge| Entry::sign_in("a".to_owned(), "Kind", challenge).request;
        assert_eq!(request("VVVVVVVVUUUU").as_deref(), Some("VVVVVVVV"));
        assert_eq!(request("\u{1b}[2J \nabc").as_deref(), Some("[2Jabc"));
        assert_eq!(request(" \u{1b}"), None);
    }

    #[test]
    fn a_removed_line_is_noticed_wherever_it_stood() {
        for number in 1..=3_u64 {
            let (store, vault) = three();
            store.commit(&[vault.erase(Kind::Presentation, &number.to_be_bytes())]).unwrap();
            let lines = read(&vault).unwrap();
            assert!(!lines.intact, "{number}");
            assert_eq!(lines.lines.len(), 2);
        }
    }

    #[test]
    fn a_changed_line_and_a_swapped_one_are_noticed() {
        let (store, vault) = three();
        let copy = vault.get(Kind::Presentation, &1_u64.to_be_bytes()).unwrap().unwrap();
        let swap = vault.seal(Kind::Presentation, &3_u64.to_be_bytes(), copy.expose_secret());
        store.commit(&[swap.unwrap()]).unwrap();
        assert!(!read(&vault).unwrap().intact);
    }

    #[test]
    fn an_end_that_was_taken_back_is_noticed() {
        let (store, vault) = three();
        store.commit(&[vault.erase(Kind::Presentation, END)]).unwrap();
        assert!(!read(&vault).unwrap().intact);
    }

    #[test]
    fn nothing_of_it_lies_open_on_the_disk() {
        let (store, _) = three();
        for name in store.secrets(b"").unwrap() {
            let bytes = store.secret(&name).unwrap().unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("PaymentAccountVerified") && !text.contains("2026-01"));
        }
    }
}
