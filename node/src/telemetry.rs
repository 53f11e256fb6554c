//! Logs: fields, not prose, on standard error.

use tracing_subscriber::EnvFilter;

/// Starts logging at `level` unless `COUNTERSIGN_LOG` says otherwise; as JSON lines if asked.
///
/// A second call changes nothing.
pub fn start(level: &str, json: bool) {
    let filter =
        EnvFilter::try_from_env("COUNTERSIGN_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        builder.json().try_init()
    } else {
        builder.with_ansi(false).with_target(false).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
