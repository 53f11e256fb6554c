//! The keys to the owner's door: bearer tokens, each in a file only the owner can read.
//!
//! A token is 32 random bytes in base64url. The node keeps only its hash in memory; the file
//! `tokens/<scope>-<name>` in the data folder is the only copy, with mode 0600. Where the door is, and how it
//! proves that it is the door, is in [`note`]; who asks there, in [`client`].

pub mod client;
pub mod note;

use crate::private::write;
use crate::problem::{Kind, Problem};
use countersign_protocol::encoding::base64url;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::RwLock;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Everything the owner can do.
    Owner,
    /// Make challenges, check claims, resolve: what a shop needs.
    Check,
    /// Read the event stream.
    Watch,
    /// Read metrics.
    Metrics,
}

impl Scope {
    /// Tells whether a token of this scope opens a door that asks for `needed`.
    #[must_use]
    pub fn allows(self, needed: Self) -> bool {
        self == Self::Owner || self == needed
    }
}

/// Says to whoever shows no token that is known what would be let in (RFC 9110, section 11.6.1).
pub const ASKED: &str = r#"Bearer realm="countersign""#;

/// A token a node knows: its hash, and the file that gives it its force.
#[derive(Debug, Clone)]
struct Known {
    hash: [u8; 32],
    scope: Scope,
    file: PathBuf,
}

impl Known {
    fn read(file: &Path, scope: Scope) -> io::Result<Option<Self>> {
        let token = Zeroizing::new(fs::read_to_string(file)?);
        let hash = Sha256::digest(token.trim().as_bytes()).into();
        Ok(is_token(&token).then(|| Self { hash, scope, file: file.to_owned() }))
    }

    /// Tells whether its file is there still, and holds what it held.
    fn stands(&self) -> bool {
        let now = Self::read(&self.file, self.scope).ok().flatten();
        now.is_some_and(|now| now.hash == self.hash)
    }
}

/// Finds a token. Every known one is compared, each in constant time.
fn find(known: &[Known], token: &str) -> Option<Known> {
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let mut found = None;
    for one in known {
        if bool::from(one.hash.ct_eq(&hash)) {
            found = Some(one);
        }
    }
    found.cloned()
}

impl Scope {
    /// Gives the word for this scope.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Check => "check",
            Self::Watch => "watch",
            Self::Metrics => "metrics",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(word: &str) -> Result<Self, UnknownScope> {
        [Self::Owner, Self::Check, Self::Watch, Self::Metrics]
            .into_iter()
            .find(|scope| scope.word() == word)
            .ok_or(UnknownScope)
    }
}

/// A word that is no scope. Fault of whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the scopes are owner, check, watch and metrics")]
pub struct UnknownScope;

/// Gives the file of a token in `folder`, and whether it was made just now: a program may live on the one
/// that is there.
///
/// # Errors
///
/// Returns a problem as [`make_token`] does.
pub(crate) fn token(folder: &Path, scope: Scope, name: &str) -> Result<(PathBuf, bool), Problem> {
    let path = folder.join(format!("{}-{name}", scope.word()));
    let there = can_name(name) && fs::read_to_string(&path).is_ok_and(|token| is_token(&token));
    if there { Ok((path, false)) } else { Ok((make_token(folder, scope, name)?, true)) }
}

fn can_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !name.is_empty() && name.len() <= 40 && name.chars().all(plain)
}

/// Tells a token from a file that was cut short: nothing at all would open the door.
fn is_token(text: &str) -> bool {
    text.trim().len() >= SHORTEST
}

/// Makes a token of `scope` and keeps it in `folder`, in place of one of that name; gives the file's path.
///
/// # Errors
///
/// Returns a problem if the name is not a plain word or the file cannot be written.
pub fn make_token(folder: &Path, scope: Scope, name: &str) -> Result<PathBuf, Problem> {
    if !can_name(name) {
        return Err(Problem::new(Kind::Invalid, "a token's name is letters, digits and dashes")
            .because(format!("`{name}` is empty, longer than 40 of them, or has others in it"))
            .hint("name it after the program that is to have it, such as shop"));
    }
    let path = folder.join(format!("{}-{name}", scope.word()));
    let token = base64url::encode(&rand::random::<[u8; 32]>());
    write(&path, token.as_bytes()).map_err(|error| Problem::unwritable(&path, error))?;
    Ok(path)
}

/// The tokens in a folder. The files decide: a token made while the node runs opens its door at once, and
/// one whose file is gone opens it no more.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
    known: RwLock<Vec<Known>>,
}

impl Keys {
    /// Reads every token in `folder`.
    ///
    /// # Errors
    ///
    /// Returns a problem if a file cannot be read.
    pub fn read(folder: PathBuf) -> Result<Self, Problem> {
        let known = RwLock::new(read_tokens(&folder)?);
        Ok(Self { folder, known })
    }

    /// Gives the scope of `token`, if it is one of ours.
    #[must_use]
    pub fn scope(&self, token: &str) -> Option<Scope> {
        let known = find(&self.known.read().ok()?, token);
        if let Some(known) = known.filter(Known::stands) {
            return Some(known.scope);
        }
        let fresh = read_tokens(&self.folder).ok()?;
        let found = find(&fresh, token);
        *self.known.write().ok()? = fresh;
        found.map(|found| found.scope)
    }
}

fn read_tokens(folder: &Path) -> Result<Vec<Known>, Problem> {
    let failed = |error: io::Error| {
        Problem::new(Kind::Internal, format!("the tokens in {} cannot be read", folder.display()))
            .because(error)
            .hint("make them readable for the user the node runs as")
    };
    let mut known = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(Ok(scope)) = name.split_once('-').map(|(scope, _)| scope.parse()) else {
            continue;
        };
        if path.extension().is_some() {
            continue;
        }
        match Known::read(&path, scope) {
            Ok(token) => known.extend(token),
            // It was taken back just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(known)
}

/// Characters of a token that is whole.
const SHORTEST: usize = 43;
/// The folder of tokens in the data folder.
pub const TOKENS: &str = "tokens";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_not_another() {
        assert!(!Scope::Check.allows(Scope::Owner));
        assert!(!Scope::Watch.allows(Scope::Check));
        assert!(Scope::Owner.allows(Scope::Metrics));
    }

    #[test]
    fn a_token_is_found_by_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = make_token(folder.path(), Scope::Check, "shop").unwrap();
        let token = fs::read_to_string(&path).unwrap();
        let tokens = Keys::read(folder.path().to_owned()).unwrap();
        assert_eq!(tokens.scope(&token), Some(Scope::Check));
        assert_eq!(tokens.scope("another"), None);
        assert!(make_token(folder.path(), Scope::Check, "../x").is_err());
    }

    #[test]
    fn a_token_whose_file_is_gone_or_holds_another_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::read(folder.path().to_owned()).unwrap();
        let path = make_token(folder.path(), Scope::Owner, "lent").unwrap();
        let first = fs::read_to_string(&path).unwrap();
        assert_eq!(keys.scope(&first), Some(Scope::Owner), "it is known by now");
        let path = make_token(folder.path(), Scope::Owner, "lent").unwrap();
        let second = fs::read_to_string(&path).unwrap();
        assert_eq!((keys.scope(&first), keys.scope(&second)), (None, Some(Scope::Owner)));
        fs::remove_file(&path).unwrap();
        assert_eq!(keys.scope(&second), None);
    }

    #[test]
    fn a_token_that_is_asked_for_again_stays_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = token(folder.path(), Scope::Check, "shop").unwrap();
        let first = fs::read_to_string(&path).unwrap();
        let (again, newer) = token(folder.path(), Scope::Check, "shop").unwrap();
        assert!(new && !newer && again == path);
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        let (_, other) = token(folder.path(), Scope::Metrics, "shop").unwrap();
        assert!(other && token(folder.path(), Scope::Check, "../x").is_err());
    }

    #[test]
    fn a_file_without_a_token_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("owner-cut"), "").unwrap();
        fs::write(folder.path().join("owner-short"), "short").unwrap();
        let keys = Keys::read(folder.path().to_owned()).unwrap();
        assert_eq!((keys.scope(""), keys.scope("short")), (None, None));
        assert!(token(folder.path(), Scope::Owner, "cut").unwrap().1);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = make_token(folder.path(), Scope::Owner, "cli").unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
