//! A vendor's policies: files in its data folder that it can read aloud.

use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::verb::presenting::PolicyRef;
use countersign_protocol::policy::{File, Policy, PolicyError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Node {
    /// Gives the policy a question names or brings along.
    pub(crate) fn policy(&self, wanted: &PolicyRef) -> Result<Arc<Policy>, Problem> {
        match wanted {
            PolicyRef::File { text, name } => pick(text, name.as_deref(), "the policy file"),
            PolicyRef::Name(name) => named(self.data(), name),
        }
    }
}

/// Finds the policy `name` in the policies folder: in whichever of the files it stands.
fn named(data: &Path, name: &str) -> Result<Arc<Policy>, Problem> {
    let (path, text) = file_with(data, name)?;
    pick(&text, Some(name), &path.display().to_string())
}

/// Finds the file in the policies folder that has the policy `name`.
pub(crate) fn file_with(data: &Path, name: &str) -> Result<(PathBuf, String), Problem> {
    let (mut known, mut broken) = (Vec::new(), None);
    for Kept { path, text, file } in files(data)? {
        match file {
            Ok(file) if file.names().any(|policy| policy == name) => return Ok((path, text)),
            Ok(file) => known.extend(file.names().map(str::to_owned)),
            // What stands in another file can be used all the same.
            Err(problem) => broken = broken.or(Some(problem)),
        }
    }
    if let Some(problem) = broken {
        return Err(problem);
    }
    let problem = Problem::new(Kind::NotFound, format!("there is no policy `{name}`"));
    let problem = if can_name(name) {
        problem.hint(format!("`countersign policy new {name}` writes one to begin with"))
    } else {
        problem.hint(
            "there is no such file either; `countersign policy show` prints the policies here",
        )
    };
    Err(if known.is_empty() {
        problem
    } else {
        problem.because(format!("the policies here are {}", known.join(", ")))
    })
}

/// Tells whether a policy may be called so, and the file it is written into.
pub(crate) fn can_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !name.is_empty() && name.chars().all(plain)
}

/// A file in the policies folder.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// The policies in it, or why it has none that can be used.
    pub(crate) file: Result<File, Problem>,
}

/// Reads every file in the policies folder, in the order of their names.
pub(crate) fn files(data: &Path) -> Result<Vec<Kept>, Problem> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(data.join(POLICIES)).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text =
            std::fs::read_to_string(&path).map_err(|error| Problem::unreadable(&path, error))?;
        let file = read(&text, &path.display().to_string());
        files.push(Kept { path, text, file });
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// Reads a policy file.
pub(crate) fn read(text: &str, whence: &str) -> Result<File, Problem> {
    toml::from_str(text).map_err(|error| {
        Problem::new(Kind::Invalid, format!("{whence} is no policy file"))
            .because(error)
            .hint("`countersign policy new NAME` writes one in which every line is explained")
    })
}

/// Takes one policy out of a file; a file with only one needs no name.
pub(crate) fn pick(text: &str, name: Option<&str>, whence: &str) -> Result<Arc<Policy>, Problem> {
    let file = read(text, whence)?;
    let names: Vec<&str> = file.names().collect();
    let name = match (name, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, []) => {
            return Err(Problem::new(Kind::Invalid, format!("{whence} has no [policy.NAME]"))
                .hint(
                    "`countersign policy new NAME` writes one in which every line is explained",
                ));
        }
        (None, several) => {
            return Err(Problem::new(Kind::Invalid, format!("{whence} has several policies"))
                .because(several.join(", "))
                .hint("say which one with --named NAME"));
        }
    };
    file.policy(name).map(Arc::new).map_err(|error| {
        let hint = match &error {
            PolicyError::NoSuchPolicy { .. } => format!("its policies are {}", names.join(", ")),
            PolicyError::NoSuchAttestor { name } => format!(
                "write {name} = \"did:webvh:…\" below [attestors] in {whence}; `countersign attestors` lists attestors"
            ),
            PolicyError::FromWhom => format!("in {whence}, name the attestors in `from`"),
            PolicyError::AtLeast { .. } => format!("change `at_least` or `from` in {whence}"),
            PolicyError::Peers { .. } => format!("change `freshness_peers` in {whence}"),
            PolicyError::NotAPointer { .. } => format!("change `path` in {whence}"),
        };
        Problem::new(Kind::Invalid, format!("the policy `{name}` cannot be used"))
            .because(error)
            .hint(hint)
    })
}

/// The folder of policies in the data folder.
pub(crate) const POLICIES: &str = "policies";
