//! Somebody at the owner's own computer, with her passphrase: takes one line out of her statement.
//!
//! Her node does not run meanwhile. It is for journeys, which look at what she is told then.

use super::bad;
use crate::Failure;
use countersign_node::store::Store;
use countersign_node::store::disk::Disk;
use countersign_node::vault::passphrase::Passphrase;
use countersign_node::vault::{Kind, Vault};
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// The name this is run by: `thief-of-a-line DATA NUMBER`, with the passphrase on standard input.
pub const PROGRAM: &str = "thief-of-a-line";

/// Does it, and gives the exit status.
#[must_use]
pub fn main(data: Option<&str>, number: Option<&str>) -> ExitCode {
    let mut passphrase = String::new();
    let read = std::io::stdin().read_to_string(&mut passphrase);
    match (data, number.and_then(|number| number.parse().ok()), read) {
        (Some(data), Some(number), Ok(_)) => match take(Path::new(data), number, &passphrase) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        _ => ExitCode::from(2),
    }
}

/// Removes line `number`, which nothing but the end and the next line remember.
fn take(data: &Path, number: u64, passphrase: &str) -> Result<(), Failure> {
    let store: Arc<dyn Store> =
        Arc::new(Disk::open(&data.join("store"), 1024 * 1024).map_err(|error| bad(&error))?);
    let passphrase = Passphrase::new(passphrase).map_err(|error| bad(&error))?;
    let vault = Vault::open(store, &passphrase).map_err(|error| bad(&error))?;
    vault.remove(Kind::Presentation, &number.to_be_bytes()).map_err(|error| bad(&error))
}
