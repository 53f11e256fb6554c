//! A log, from its text to a verified history.

use super::claim::raw_verification;
use super::fixture::Person;
use super::report::micros;
use super::row::Measured;
use super::timing::{Effort, Work, alone, compare};
use super::{BenchError, fixture};
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::entry::Entry;
use std::hint::black_box;

pub(super) fn whole(effort: Effort) -> Result<Measured, BenchError> {
    let log = grown(ENTRIES)?.history.to_log();
    let read = || History::read(black_box(&log), fixture::NOW);
    if read()?.number() != ENTRIES {
        return Err(BenchError::Wrong { what: "the length of a log" });
    }
    let compared = compare(
        effort,
        Work { things: 1, run: read },
        Work { things: 1, run: hundred(raw_verification()) },
    );
    let detail =
        format!("{} bytes: {} against {}", log.len(), micros(compared.work), micros(compared.raw));
    Ok(Measured::new(compared.ratio, detail))
}

fn hundred(mut verify: impl FnMut() -> bool) -> impl FnMut() -> bool {
    move || (0..ENTRIES).all(|_| verify())
}

pub(super) fn one_more(effort: Effort) -> Result<Measured, BenchError> {
    let mut person = grown(ENTRIES)?;
    let before = person.history.clone();
    person.rotate()?;
    let line = person.history.entry().as_bytes().to_vec();
    let append = || {
        let entry = Entry::parse(black_box(&line)).ok()?;
        before.append(&entry, fixture::NOW).ok()
    };
    if append().is_none() {
        return Err(BenchError::Wrong { what: "an entry" });
    }
    let cost = alone(effort, Work { things: 1, run: append });
    let detail = format!("{} bytes: {}", line.len(), micros(cost));
    Ok(Measured::new(cost.as_secs_f64() * 1_000.0, detail))
}

/// Makes a log with an entry a day.
fn grown(entries: u64) -> Result<Person, BenchError> {
    let mut person = Person::new("ada", entries.saturating_add(2))?;
    for _ in 1..entries {
        person.rotate()?;
    }
    Ok(person)
}

const ENTRIES: u64 = 100;
