//! What only running processes show: each row starts a network of its own, or shares the shop's.
//!
//! Everything here waits for events, is bounded in count and in time, and ends the processes it began.

mod announce;
mod cold;
pub mod load;
mod memory;
pub mod mesh;
mod network;
mod pages;
mod revocation;
mod shop;
mod simulated;
mod stalled;

use super::{Options, Report, row};
use std::time::Duration;

/// Measures the rows that need a running network. A network that fails takes its own rows with it and
/// no others: each says why.
pub(super) async fn measure(options: &Options, report: &mut Report) {
    let wanted = |names: &[&'static str]| -> Vec<&str> {
        names.iter().copied().filter(|name| options.wants(name)).collect()
    };
    let (shop, network) = (wanted(&shop::ROWS), wanted(&network::ROWS));
    if !shop.is_empty()
        && let Err(error) = shop::measure(options, report).await
    {
        report.fail(&shop, &error);
    }
    if !network.is_empty()
        && let Err(error) = network::measure(options, report).await
    {
        report.fail(&network, &error);
    }
    if options.wants(row::SIMULATED)
        && let Some(measured) = simulated::measure().await
    {
        report.put(row::SIMULATED, measured);
    }
}

/// Gives the time that `of_hundred` of a hundred do not exceed.
fn percentile(times: &mut [Duration], of_hundred: usize) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get((times.len() * of_hundred / 100).min(last)).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let mut times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut times, 50), Duration::from_millis(101));
        assert_eq!(percentile(&mut times, 99), Duration::from_millis(199));
        assert_eq!(percentile(&mut times, 100), Duration::from_millis(200));
        assert_eq!(percentile(&mut [], 99), Duration::ZERO);
    }
}
