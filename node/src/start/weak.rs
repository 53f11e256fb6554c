//! Keeps keys that open fast and weakly out of networks that are meant to last.

use crate::joined::Joined;
use crate::problem::{Kind, Problem};
use crate::vault::Vault;

/// Checks, before anything is made, that the keys of a node may be weak in its network; where it is in none, that is
/// checked when it enters one.
pub(super) fn check(joined: Option<&Joined>) -> Result<(), Problem> {
    match joined {
        Some(joined) if !joined.parameters.is_testnet() => Err(refused(joined)),
        Some(_) | None => Ok(()),
    }
}

/// Checks that a node enters no network that lasts with keys that everybody can try passphrases for.
pub(super) fn check_entering(vault: Option<&Vault>, joined: &Joined) -> Result<(), Problem> {
    let is_weak = vault.map_or(Ok(false), Vault::is_weak)?;
    if is_weak { check(Some(joined)) } else { Ok(()) }
}

fn refused(joined: &Joined) -> Problem {
    Problem::new(Kind::Invalid, "keys under a weak passphrase are for testnets only")
        .because(format!("the network `{}` is meant to last", joined.parameters.id()))
        .hint("make the node in a new folder (--data FOLDER) without --weak-passphrase")
}
