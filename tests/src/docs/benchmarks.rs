//! The table of benchmarks in the documentation is the one the program prints.

use crate::tidy::root;
use countersign_testnet::bench::ROWS;

#[test]
fn the_documentation_shows_every_row_that_is_measured() {
    let text = std::fs::read_to_string(root().join("docs/benchmarks.md")).unwrap();
    for row in ROWS {
        let begins = format!("| `{}` | {} |", row.name, row.what);
        let limits =
            format!("| {} | {} |", row.gate.in_words(row.unit), row.goal.in_words(row.unit));
        let line = text.lines().find(|line| line.starts_with(&begins));
        assert!(line.is_some_and(|line| line.contains(&limits)), "write it anew: {}", row.name);
    }
    let shown = text.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(shown, ROWS.len(), "a row is shown that is no longer measured");
}
