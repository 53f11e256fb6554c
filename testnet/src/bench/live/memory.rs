//! What a home that nobody asks anything weighs.

use super::super::{BenchError, Measured};
use crate::cluster::{Cluster, Part};
use std::time::Duration;

/// Starts one more home, leaves it alone and looks at its memory.
pub(super) async fn idle(cluster: &mut Cluster) -> Result<Measured, BenchError> {
    cluster.add(std::iter::once((HOME, Part::Customer))).await?;
    tokio::time::sleep(QUIET).await;
    let id = cluster.member(HOME)?.process_id().unwrap_or_default();
    let told = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup"))?;
    let of = |name: &str| mebibytes(&told, name).ok_or(BenchError::Wrong { what: "smaps_rollup" });
    let (resident, share, own) = (of("Rss:")?, of("Pss:")?, of("Anonymous:")?);
    let detail = format!(
        "{resident:.1} MiB resident after {} s, of which {own:.1} MiB are its own data and the rest is \
         the program; {share:.1} MiB with what is shared divided among the processes that share it",
        QUIET.as_secs()
    );
    Ok(Measured::new(resident, detail))
}

/// Reads a line such as `Rss:    1024 kB`.
fn mebibytes(told: &str, name: &str) -> Option<f64> {
    let line = told.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

const HOME: &str = "carla";

/// Long enough that what a start needs was given back.
const QUIET: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_counts_in_kibibytes() {
        let told =
            "5592-7ffc ---p 00000000 00:00 0  [rollup]\nRss:               39936 kB\nPss: 5 kB\n";
        assert_eq!(mebibytes(told, "Rss:"), Some(39.0));
        assert_eq!(mebibytes(told, "Swap:"), None);
    }
}
