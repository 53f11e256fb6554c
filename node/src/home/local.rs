//! The network that runs on this very computer, if there is one: whoever runs it leaves its invitation
//! in a file that only the same person can write.

use crate::private;
use crate::problem::{Kind, Problem};
use countersign_protocol::wire::invite::Invite;
use std::path::PathBuf;

/// An invitation to a network on this computer.
#[derive(Debug, Clone)]
pub struct Local {
    /// The invitation.
    pub invite: String,
    /// The network's id.
    pub network: String,
}

/// Gives the invitation that was left, if there is one.
#[must_use]
pub fn invite() -> Option<Local> {
    let text = std::fs::read_to_string(file()?).ok()?;
    let read: Invite = text.trim().parse().ok()?;
    let network = read.parameters().id().to_string();
    Some(Local { invite: text.trim().to_owned(), network })
}

/// Leaves an invitation, until [`Left`] is dropped.
///
/// # Errors
///
/// Returns a problem if the file cannot be written.
pub fn leave(invite: &str) -> Result<Left, Problem> {
    let failed = || {
        Problem::new(Kind::Internal, "the invitation cannot be left for this computer")
            .hint("hand it over yourself: `countersign invite` prints it")
    };
    let file = file().ok_or_else(failed)?;
    private::write(&file, invite.as_bytes()).map_err(|error| failed().because(error))?;
    Ok(Left { file, invite: invite.to_owned() })
}

/// An invitation that was left; dropping it takes it back.
#[derive(Debug)]
pub struct Left {
    file: PathBuf,
    invite: String,
}

impl Drop for Left {
    fn drop(&mut self) {
        // Another network may have left its own since.
        if std::fs::read_to_string(&self.file).is_ok_and(|text| text == self.invite) {
            let _removed = std::fs::remove_file(&self.file).is_ok();
        }
    }
}

/// Gives the folder in which programs of one person on this computer find each other.
#[must_use]
pub fn place() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let place = folder("XDG_RUNTIME_DIR").or_else(|| Some(folder("HOME")?.join(".cache")))?;
    Some(place.join("countersign"))
}

fn file() -> Option<PathBuf> {
    Some(place()?.join("local-invite"))
}
