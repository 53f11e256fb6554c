//! Whether the documentation is true: what can be made from the code is made from it, what it names is there.
//!
//! `COUNTERSIGN_BLESS=1 cargo test -p countersign-tests docs::` writes anew what is made.

mod attestor;
mod benchmarks;
mod cli;
mod decision;
mod named;
mod openapi;
mod protocol;
mod settings;
mod shapes;

use crate::tidy::root;

/// Compares a file of the repository with what it should be, or writes it if asked to.
fn blessed(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
        std::fs::write(file, expected).unwrap();
        return;
    }
    let found = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is not what the code says; write it anew with\n  \
         COUNTERSIGN_BLESS=1 cargo test -p countersign-tests docs::"
    );
}
