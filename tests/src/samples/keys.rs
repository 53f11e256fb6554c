//! A thousand keys: `keys.txt`, on each line a seed, the did:key, and that key's signature over the name.

use countersign_protocol::encoding::multihash;
use countersign_protocol::key::{SecretKey, did_key};
use std::fmt::Write as _;
use std::{io, path::Path};

pub(super) fn write(folder: &Path) -> io::Result<()> {
    let mut lines = String::new();
    for number in 0..COUNT {
        let seed = multihash::sha256(&number.to_be_bytes());
        let key = SecretKey::from_seed(seed);
        let name = did_key::to_did(&key.public());
        let signature = key.sign(name.as_bytes());
        writeln!(lines, "{} {name} {}", hex(&seed), hex(signature.as_bytes()))
            .map_err(io::Error::other)?;
    }
    std::fs::write(folder.join("keys.txt"), lines)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const COUNT: u32 = 1000;
