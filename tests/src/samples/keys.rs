//! A thousand keys and what we call them: `keys.txt`, one `<seed in hex> <did:key>` a line.

use countersign_protocol::encoding::multihash;
use countersign_protocol::key::{SecretKey, did_key};
use std::fmt::Write as _;
use std::{io, path::Path};

pub(super) fn write(folder: &Path) -> io::Result<()> {
    let mut lines = String::new();
    for number in 0..COUNT {
        let seed = multihash::sha256(&number.to_be_bytes());
        let name = did_key::to_did(&SecretKey::from_seed(seed).public());
        let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(lines, "{hex} {name}").map_err(io::Error::other)?;
    }
    std::fs::write(folder.join("keys.txt"), lines)
}

const COUNT: u32 = 1000;
