//! The end of a program, as a person or the system asks for it.

/// Waits for Ctrl-C, for the system asking this process to end, or for its terminal being closed.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                () = hung_up() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits for the terminal being closed; for ever where whoever began this process had it outlive that, as
/// `nohup` does, or where the kernel does not say.
#[cfg(unix)]
async fn hung_up() {
    use tokio::signal::unix::{SignalKind, signal};
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if hears_hangup(&status)
        && let Ok(mut hangup) = signal(SignalKind::hangup())
    {
        hangup.recv().await;
        return;
    }
    std::future::pending().await
}

/// Reads from the kernel's words on a process whether it is not deaf to SIGHUP, which has the lowest bit of
/// the ignored signals.
#[cfg(unix)]
fn hears_hangup(status: &str) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.is_some_and(|bits| bits & 1 == 0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_begun_to_outlive_its_terminal_is_deaf_to_its_end() {
        for (status, hears) in [
            ("Name:\tcountersign\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n", true),
            ("Name:\tcountersign\nSigIgn:\t0000000000001001\n", false),
            ("Name:\tcountersign\n", false),
            ("", false),
        ] {
            assert_eq!(hears_hangup(status), hears, "{status}");
        }
    }
}
