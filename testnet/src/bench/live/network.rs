//! Many nodes on one machine: what an announcement takes to reach all, and a look-up to find one.

use super::super::row;
use super::super::{BenchError, Options, Report};
use super::{announce, cold};
use crate::cluster::{Cluster, Part};

/// The rows that are measured here.
pub(super) const ROWS: [&str; 3] = [row::COLD_P50, row::COLD_P99, row::ANNOUNCE];

/// Starts the nodes and measures what is wanted of them.
pub(super) async fn measure(options: &Options, report: &mut Report) -> Result<(), BenchError> {
    let folder = tempfile::Builder::new().prefix("countersign-bench-").tempdir()?;
    let network = "bench".parse()?;
    let mut cluster = Cluster::begin(folder.path(), &network, &[BOOTSTRAP], &[]).await?;
    let measured = measure_in(&mut cluster, options, report).await;
    cluster.stop().await?;
    measured
}

async fn measure_in(
    cluster: &mut Cluster,
    options: &Options,
    report: &mut Report,
) -> Result<(), BenchError> {
    // The one who looks is added by the measurement itself.
    add_up_to(cluster, COLD - 1).await?;
    if options.wants(row::COLD_P50) || options.wants(row::COLD_P99) {
        match cold::lookups(cluster).await {
            Ok([p50, p99]) => {
                report.put(row::COLD_P50, p50);
                report.put(row::COLD_P99, p99);
            }
            // The nodes are there all the same.
            Err(error) => report.fail(&[row::COLD_P50, row::COLD_P99], &error),
        }
    }
    if options.wants(row::ANNOUNCE) {
        add_up_to(cluster, ANNOUNCE).await?;
        report.put(row::ANNOUNCE, announce::compared(cluster).await?);
    }
    Ok(())
}

/// Adds full nodes until there are `count`.
async fn add_up_to(cluster: &mut Cluster, count: usize) -> Result<(), BenchError> {
    let full = cluster.members().filter(|member| member.part != Part::Customer).count();
    let names: Vec<String> = (full..count).map(|number| format!("node-{number:02}")).collect();
    // A few at a time: each derives keys when it starts.
    for some in names.chunks(5) {
        cluster.add(some.iter().map(|name| (name.as_str(), Part::Vendor))).await?;
    }
    Ok(())
}

/// The node the others join by.
pub(super) const BOOTSTRAP: &str = "first";
/// Nodes of the row about look-ups.
const COLD: usize = 20;
/// Nodes of the row about announcements.
const ANNOUNCE: usize = 25;
