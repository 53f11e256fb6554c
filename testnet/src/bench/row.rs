//! The table of what must be reached.

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// The word for it on the command line and in JSON.
    pub name: &'static str,
    /// What is measured.
    pub what: &'static str,
    /// How it is measured, and against what.
    pub how: &'static str,
    /// What the figure counts.
    pub unit: &'static str,
    /// What must be reached.
    pub gate: Limit,
    /// What is aimed at.
    pub goal: Limit,
}

/// A figure that must not be passed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Less is better.
    AtMost(f64),
    /// More is better.
    AtLeast(f64),
}

impl Limit {
    /// Tells whether a figure keeps to it.
    #[must_use]
    pub fn is_kept_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    /// Writes it with its unit.
    #[must_use]
    pub fn in_words(self, unit: &str) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", figure(most, unit)),
            Self::AtLeast(least) => format!("≥ {}", figure(least, unit)),
        }
    }
}

/// What was found for one row.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Measured {
    /// The figure that is held against gate and goal.
    pub value: f64,
    /// What stands behind it: the raw figures, sizes, counts.
    pub detail: String,
    /// Whether everything beside the figure was as it must be, such as full coverage.
    pub complete: bool,
}

impl Measured {
    /// Takes a figure and what stands behind it.
    #[must_use]
    pub const fn new(value: f64, detail: String) -> Self {
        Self { value, detail, complete: true }
    }

    /// Says that nothing could be measured, and why: a gate that was tried for and is missed.
    #[must_use]
    pub fn failed(because: &dyn core::fmt::Display) -> Self {
        let detail = format!("it could not be measured: {because}");
        Self { value: f64::NAN, detail, complete: false }
    }
}

/// How a figure stands to its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// The goal is reached.
    Goal,
    /// The gate is passed.
    Gate,
    /// The gate is missed.
    Missed,
    /// Nobody measured it in this run.
    NotMeasured,
}

impl Grade {
    /// Gives the words for it.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Gate => "gate",
            Self::Missed => "MISSED",
            Self::NotMeasured => "not measured in this run",
        }
    }
}

impl Row {
    /// Says how a figure stands to this row.
    #[must_use]
    pub fn grade(&self, measured: Option<&Measured>) -> Grade {
        match measured {
            None => Grade::NotMeasured,
            Some(Measured { complete: false, .. }) => Grade::Missed,
            Some(found) if self.goal.is_kept_by(found.value) => Grade::Goal,
            Some(found) if self.gate.is_kept_by(found.value) => Grade::Gate,
            Some(_) => Grade::Missed,
        }
    }
}

/// Finds a row by its name.
pub(super) fn named(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

/// Lists the names of all rows.
pub(super) fn names() -> String {
    ROWS.map(|row| row.name).join(", ")
}

/// Writes a figure as people read it: a ratio to two places, thousands apart.
pub(super) fn figure(value: f64, unit: &str) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let number = if value >= 1_000.0 {
        thousands(value)
    } else if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    };
    format!("{number} {unit}")
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(super) const SERVED_P99: &str = "resolve-held-p99";
pub(super) const COLD_P50: &str = "resolve-cold-p50";
pub(super) const COLD_P99: &str = "resolve-cold-p99";
pub(super) const CHECK_HTTP: &str = "check-http";
pub(super) const ANNOUNCE: &str = "announce-loopback";
pub(super) const SIMULATED: &str = "announce-simulated";
pub(super) const REVOCATION: &str = "revocation";
pub(super) const IDLE: &str = "idle-home";
pub(super) const STALLED: &str = "half-sent";
pub(super) const PAGE_TIME: &str = "page-time";
pub(super) const PAGE_WEIGHT: &str = "page-weight";
pub(super) const CLAIM: &str = "claim";
pub(super) const LOG: &str = "log-100";
pub(super) const ENTRY: &str = "log-one-more";
pub(super) const RESOLVE: &str = "resolve-held";
pub(super) const CHECK: &str = "check-warm";
pub(super) const INGEST: &str = "ingest";

/// What must be reached, gate and goal, on two cores.
pub const ROWS: [Row; 17] = [
    Row {
        name: CLAIM,
        what: "verify a 1 KiB claim from text",
        how: "1,024 bytes of JSON whose issuer is known, parsed, written canonically, hashed and its signature checked, against one raw `verify_strict` of 64 bytes",
        unit: "× raw",
        gate: Limit::AtMost(1.6),
        goal: Limit::AtMost(1.4),
    },
    Row {
        name: LOG,
        what: "verify a 100-entry pre-rotated log",
        how: "`History::read` of JSON Lines, against 100 raw `verify_strict`",
        unit: "× raw",
        gate: Limit::AtMost(1.9),
        goal: Limit::AtMost(1.7),
    },
    Row {
        name: ENTRY,
        what: "one more entry of that log",
        how: "parse and append entry 101",
        unit: "ms",
        gate: Limit::AtMost(0.2),
        goal: Limit::AtMost(0.2),
    },
    Row {
        name: RESOLVE,
        what: "resolve an identity held, verified",
        how: "in process, one core: its log from the disk store, its hash to the verified history, document and metadata as JSON",
        unit: "/s a core",
        gate: Limit::AtLeast(8_000.0),
        goal: Limit::AtLeast(15_000.0),
    },
    Row {
        name: SERVED_P99,
        what: "the same over HTTP, p99 in the server",
        how: "a running shop's public door, asked again and again by a second process on two connections; the time is taken by the one who asks, which is more than the server takes",
        unit: "ms",
        gate: Limit::AtMost(1.0),
        goal: Limit::AtMost(1.0),
    },
    Row {
        name: COLD_P50,
        what: "resolve an identity not held, 20 nodes on loopback, p50",
        how: "a home among 20 nodes of their own process asks for identities it does not hold, one after the other, at its owner's door",
        unit: "ms",
        gate: Limit::AtMost(50.0),
        goal: Limit::AtMost(50.0),
    },
    Row {
        name: COLD_P99,
        what: "the same, p99",
        how: "the same look-ups",
        unit: "ms",
        gate: Limit::AtMost(500.0),
        goal: Limit::AtMost(100.0),
    },
    Row {
        name: CHECK,
        what: "warm check under a 2-of-3 policy",
        how: "in process, one core: a new check of an identity whose showcase, log, freshness, status and claims are held and were verified, decided anew",
        unit: "/s a core",
        gate: Limit::AtLeast(50_000.0),
        goal: Limit::AtLeast(200_000.0),
    },
    Row {
        name: CHECK_HTTP,
        what: "the same over HTTP, with the load beside it",
        how: "a running shop's owner's door, asked again and again by a second process on connections that are kept alive: a new check each time, nothing of the decision kept",
        unit: "/s",
        gate: Limit::AtLeast(3_000.0),
        goal: Limit::AtLeast(8_000.0),
    },
    Row {
        name: ANNOUNCE,
        what: "announcement to all of 25 nodes on loopback",
        how: "the next head of one node until the last of 25 processes says that it has it, in turns with 25 processes that run the same network with nothing behind it and believe whatever they hear; coverage must be whole",
        unit: "× bare mesh",
        gate: Limit::AtMost(1.5),
        goal: Limit::AtMost(1.15),
    },
    Row {
        name: SIMULATED,
        what: "announcement to all of 50 nodes at 50 ms",
        how: "the next head of an identity that all hold, in the simulation of the real stack, against a bare mesh in the same run; the slowest of three seeds counts, and coverage must be whole; what has to be pulled first takes longer and stands beside it",
        unit: "× bare mesh",
        gate: Limit::AtMost(1.5),
        goal: Limit::AtMost(1.15),
    },
    Row {
        name: INGEST,
        what: "durable verified ingest of heads",
        how: "one core: stamp and signature of each head, then head and highest seen into the disk store, a group a commit; the fastest of several runs, the disk waited for",
        unit: "/s a core",
        gate: Limit::AtLeast(5_000.0),
        goal: Limit::AtLeast(10_000.0),
    },
    Row {
        name: REVOCATION,
        what: "revocation → refused at a vendor, p99",
        how: "a running shop, attestor and customer, many rounds: from the attestor's being told to take a claim back to the shop's refusal of a presentation made since",
        unit: "ms",
        gate: Limit::AtMost(2_000.0),
        goal: Limit::AtMost(500.0),
    },
    Row {
        name: IDLE,
        what: "idle home node",
        how: "resident memory of a running home, the program's own pages among it, after a quiet minute",
        unit: "MiB",
        gate: Limit::AtMost(60.0),
        goal: Limit::AtMost(40.0),
    },
    Row {
        name: STALLED,
        what: "900 half-sent requests, until all are closed",
        how: "at a shop's public door, at its owner's door and at an attestor's TLS listener, the longest of the three; somebody else must be served within a second all the while",
        unit: "s",
        gate: Limit::AtMost(15.0),
        goal: Limit::AtMost(15.0),
    },
    Row {
        name: PAGE_TIME,
        what: "a page on loopback, the slowest, p99",
        how: "every page of a customer's home, a shop, an attestor, its operator and the map of a running network, asked one after the other",
        unit: "ms",
        gate: Limit::AtMost(50.0),
        goal: Limit::AtMost(20.0),
    },
    Row {
        name: PAGE_WEIGHT,
        what: "a page with everything it loads, the heaviest",
        how: "the same pages: bytes of the page itself, its stylesheets and its icon, as they are sent",
        unit: "KiB",
        gate: Limit::AtMost(100.0),
        goal: Limit::AtMost(64.0),
    },
];
