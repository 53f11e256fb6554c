//! How time is taken: warm, in turns, many rounds, and the median.

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How patient a measurement is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    pub(super) rounds: usize,
}

/// Something to repeat, and how many things one repetition does.
pub(super) struct Work<F> {
    pub(super) things: u32,
    pub(super) run: F,
}

/// What two pieces of work cost that took turns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    /// The median over the rounds of the work's cost for one thing over the raw cost for one.
    pub(super) ratio: f64,
    /// The median cost of one thing of the work.
    pub(super) work: Duration,
    /// The median cost of one raw thing.
    pub(super) raw: Duration,
}

/// Lets `work` and `raw` take turns.
pub(super) fn compare<T, U>(
    effort: Effort,
    mut work: Work<impl FnMut() -> T>,
    mut raw: Work<impl FnMut() -> U>,
) -> Compared {
    let repeat_work = repetitions(&mut work);
    let repeat_raw = repetitions(&mut raw);
    let (mut ratios, mut works, mut raws) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..effort.rounds.max(1) {
        // Whoever comes second finds a warmer or a hotter machine: they change places.
        let (one, other) = if round % 2 == 0 {
            let one = cost(&mut work, repeat_work);
            (one, cost(&mut raw, repeat_raw))
        } else {
            let other = cost(&mut raw, repeat_raw);
            (cost(&mut work, repeat_work), other)
        };
        ratios.push(one / other);
        works.push(one);
        raws.push(other);
    }
    Compared {
        ratio: median(&mut ratios),
        work: Duration::from_secs_f64(median(&mut works)),
        raw: Duration::from_secs_f64(median(&mut raws)),
    }
}

/// Gives the median cost of one thing.
pub(super) fn alone<T>(effort: Effort, mut work: Work<impl FnMut() -> T>) -> Duration {
    let repeat = repetitions(&mut work);
    let mut costs: Vec<f64> = (0..effort.rounds.max(1)).map(|_| cost(&mut work, repeat)).collect();
    Duration::from_secs_f64(median(&mut costs))
}

/// Gives the cost that 99 of 100 single runs do not exceed.
pub(super) fn p99<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    let mut costs: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed()
        })
        .collect();
    costs.sort_unstable();
    costs.get(costs.len() * 99 / 100).copied().unwrap_or_default()
}

/// Runs the work until it is warm and finds out how often it fits into a round.
fn repetitions<T>(work: &mut Work<impl FnMut() -> T>) -> u32 {
    let start = Instant::now();
    let mut count = 0_u32;
    while start.elapsed() < WARM_UP || count == 0 {
        black_box((work.run)());
        count = count.saturating_add(1);
    }
    let one = start.elapsed().as_secs_f64() / f64::from(count);
    let fitting = (ROUND.as_secs_f64() / one).ceil().clamp(1.0, 1_000_000.0);
    // A float within the bounds of the line before.
    format!("{fitting:.0}").parse().unwrap_or(1)
}

/// Gives the seconds of a processor that one thing takes.
fn cost<T>(work: &mut Work<impl FnMut() -> T>, repeat: u32) -> f64 {
    let start = spent();
    for _ in 0..repeat {
        black_box((work.run)());
    }
    (spent() - start) / f64::from(repeat) / f64::from(work.things)
}

/// Gives the seconds that processors have spent on this thread.
pub(super) fn spent() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let time = Duration::try_from(time).unwrap_or_default();
    time.as_secs_f64()
}

/// Gives the middle one.
pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How often a thing of this cost happens in a second.
pub(super) fn rate(cost: Duration) -> f64 {
    1.0 / cost.as_secs_f64()
}

const WARM_UP: Duration = Duration::from_millis(200);

/// Long enough that reading the clock costs nothing, short enough that a disturbance spoils one round.
const ROUND: Duration = Duration::from_millis(20);
