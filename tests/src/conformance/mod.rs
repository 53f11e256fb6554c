//! The vectors others published, read in place from the folder `COUNTERSIGN_VECTORS` names.

mod data_integrity;
mod did_key;
mod ed25519;
mod rfc8785;

use std::path::PathBuf;

/// Gives the folder of published vectors named `name`, or says that the test does not run.
fn vectors(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("COUNTERSIGN_VECTORS") else {
        println!("not run: COUNTERSIGN_VECTORS is not set");
        return None;
    };
    let folder = PathBuf::from(folder).join(name);
    assert!(folder.is_dir(), "COUNTERSIGN_VECTORS has no {}", folder.display());
    Some(folder)
}

fn read(path: PathBuf) -> Vec<u8> {
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: PathBuf) -> serde_json::Value {
    let bytes = read(path);
    countersign_protocol::encoding::json::parse(&bytes, bytes.len()).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}
