//! That the table says what was measured, and nothing else.

use super::row::{self, Grade, Limit, Measured, ROWS};
use super::{BenchError, Options, Report, run_alone};

#[test]
fn a_figure_reaches_goal_or_gate_or_neither() {
    let row = row::named(row::CLAIM).unwrap();
    let grade = |value| row.grade(Some(&Measured::new(value, String::new())));
    assert_eq!([grade(1.4), grade(1.5), grade(1.7)], [Grade::Goal, Grade::Gate, Grade::Missed]);
    assert_eq!(row.grade(None), Grade::NotMeasured);
    let incomplete = Measured { complete: false, ..Measured::new(1.0, String::new()) };
    assert_eq!(row.grade(Some(&incomplete)), Grade::Missed);
    let row = row::named(row::INGEST).unwrap();
    let grade = |value| row.grade(Some(&Measured::new(value, String::new())));
    assert_eq!([grade(4_999.0), grade(5_000.0)], [Grade::Missed, Grade::Gate]);
}

#[test]
fn every_goal_is_at_least_as_hard_as_its_gate() {
    for row in ROWS {
        let harder = match (row.gate, row.goal) {
            (Limit::AtMost(gate), Limit::AtMost(goal)) => goal <= gate,
            (Limit::AtLeast(gate), Limit::AtLeast(goal)) => goal >= gate,
            _ => false,
        };
        assert!(harder, "{}", row.name);
        assert_eq!(row::named(row.name), Some(&row), "one row has each name");
    }
}

#[test]
fn the_table_shows_every_row_whatever_was_measured() {
    let mut report = Report::new();
    report.put(row::INGEST, Measured::new(7_654.3, "some".to_owned()));
    report.put("no such row", Measured::new(1.0, String::new()));
    let (text, markdown, json) = (report.to_text(), report.to_markdown(), report.to_json());
    for row in ROWS {
        assert!(text.contains(row.what) && markdown.contains(&format!("| `{}` |", row.name)));
    }
    assert!(text.contains("7,654 /s a core") && markdown.contains("| 7,654 /s a core | gate |"));
    assert!(text.contains("not measured in this run"));
    assert_eq!(json["rows"].as_array().map(Vec::len), Some(ROWS.len()));
    assert!(report.passes());
    report.put(row::INGEST, Measured::new(1.0, String::new()));
    assert!(!report.passes() && report.to_text().contains("MISSED"));
}

#[test]
fn a_row_that_is_not_there_is_refused_by_name() {
    let options = Options { only: vec!["speed".to_owned()], rounds: 1 };
    let refused = run_alone(&options).unwrap_err();
    assert!(matches!(&refused, BenchError::NoSuchRow { name } if name == "speed"));
    assert!(refused.to_string().contains("log-one-more"));
}

/// Without optimisation the figures mean nothing; that there are any means that everything was verified.
#[test]
fn what_needs_no_network_is_measured() {
    let report = run_alone(&Options { only: Vec::new(), rounds: 1 }).unwrap();
    for name in [row::CLAIM, row::LOG, row::ENTRY, row::RESOLVE, row::CHECK, row::INGEST] {
        assert!(report.get(name).is_some_and(|found| found.value > 0.0), "{name}");
    }
}

#[test]
fn a_row_that_could_not_be_measured_is_missed_and_says_why() {
    let mut report = Report::new();
    report.put(row::ANNOUNCE, Measured::new(1.0, "some".to_owned()));
    report.fail(&[row::ANNOUNCE, row::COLD_P50], &"nobody answered");
    assert_eq!(report.get(row::ANNOUNCE).map(|found| found.value), Some(1.0), "it was measured");
    assert!(!report.passes());
    assert!(report.to_text().contains("nobody answered") && !report.to_text().contains("NaN"));
}
