//! Compares what the crate did-key makes of a thousand seeds with what Countersign made of them.

use did_key::{CoreSign as _, DIDCore as _, Ed25519KeyPair, Fingerprint as _, KeyMaterial as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = std::env::args().nth(1).expect("the folder of samples");
    let lines = std::fs::read_to_string(format!("{folder}/keys.txt")).expect("keys.txt");
    let disagreed: Vec<&str> = lines.lines().filter(|line| !agrees(line)).collect();
    for line in &disagreed {
        eprintln!("disagrees: {line}");
    }
    let all = lines.lines().count();
    println!("did-key 0.2.1 agrees on {} of {all} keys", all - disagreed.len());
    if disagreed.is_empty() && all == 1000 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One line: a seed, the name we gave its key, and our signature over that name.
fn agrees(line: &str) -> bool {
    let parts: Vec<&str> = line.split(' ').collect();
    let [seed, name, signature] = parts[..] else { return false };
    let signature = unhex(signature);
    let theirs = did_key::generate::<Ed25519KeyPair>(Some(&unhex(seed)));
    let Ok(resolved) = did_key::resolve(name) else { return false };
    let document = resolved.get_did_document(did_key::Config::default());
    let mut changed = signature.clone();
    changed[3] ^= 1;
    format!("did:key:{}", theirs.fingerprint()) == name
        && document.id == name
        && resolved.public_key_bytes() == theirs.public_key_bytes()
        && resolved.verify(name.as_bytes(), &signature).is_ok()
        && resolved.verify(name.as_bytes(), &changed).is_err()
        && theirs.sign(name.as_bytes()) == signature
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digit).collect()
}
