//! Where a running network leaves word of itself, for commands on the same computer.

use crate::Failure;
use countersign_node::home::local;
use countersign_node::private;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where the door of a running network is, and the token that opens it.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) door: SocketAddr,
    pub(super) token: String,
}

/// A note that was left; dropping it takes it back.
#[derive(Debug)]
pub(super) struct Left(Vec<PathBuf>);

impl Drop for Left {
    fn drop(&mut self) {
        for path in &self.0 {
            let _removed = std::fs::remove_file(path).is_ok();
        }
    }
}

/// Leaves a note in the network's own folder, and one that names this folder where commands look.
pub(super) fn leave(folder: &Path, door: SocketAddr) -> Result<Left, Failure> {
    let inside = folder.join(FOLDER).join(DOOR);
    private::write(&inside, door.to_string().as_bytes())
        .map_err(|cause| Failure::File { path: inside.clone(), cause })?;
    let mut left = Left(vec![inside]);
    if let Some(place) = place() {
        let path = place.join(std::process::id().to_string());
        // Where there is no such place, commands name the folder.
        if private::write(&path, folder.to_string_lossy().as_bytes()).is_ok() {
            left.0.push(path);
        }
    }
    Ok(left)
}

/// Finds the network that runs in `folder`.
pub(super) fn at(folder: &Path) -> Option<Address> {
    let inside = folder.join(FOLDER);
    let door = std::fs::read_to_string(inside.join(DOOR)).ok()?.trim().parse().ok()?;
    let token = std::fs::read_to_string(inside.join(format!("owner-{TOKEN}"))).ok()?;
    Some(Address { door, token: token.trim().to_owned() })
}

/// Gives the folders of networks that left a note, the newest first.
pub(super) fn folders() -> Vec<PathBuf> {
    let Some(notes) = place().and_then(|place| std::fs::read_dir(place).ok()) else {
        return Vec::new();
    };
    let mut found: Vec<(SystemTime, PathBuf)> = notes
        .filter_map(|note| {
            let note = note.ok()?;
            let when = note.metadata().ok()?.modified().ok()?;
            let folder = std::fs::read_to_string(note.path()).ok()?;
            Some((when, PathBuf::from(folder.trim())))
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn place() -> Option<PathBuf> {
    Some(local::place()?.join("up"))
}

/// The folder in the network's folder.
pub(super) const FOLDER: &str = "ctl";
/// The name of the token.
pub(super) const TOKEN: &str = "ctl";
/// The file that says where the door is.
const DOOR: &str = "door";
