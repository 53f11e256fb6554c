//! Runs tests, each in a process of its own.
//!
//! libp2p numbers the connections of a whole process, and where two nodes have two connections to each
//! other, the numbers decide which is used. So what happens with a seed also follows from how many
//! connections the process had made before; in a fresh process, none.

use crate::{SEED, seed};
use std::io::Write as _;
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// A test, its name, and takes the seed everything in it follows from.
pub type Test = (&'static str, fn(u64));

/// Runs those of `tests` whose name contains one of the program's arguments, all where there is none,
/// and prints what came of it as `cargo test` does.
#[must_use]
pub fn run(tests: &[Test]) -> ExitCode {
    let seed = seed(1);
    if let Ok(name) = std::env::var(ONE) {
        tests.iter().filter(|(it, _)| *it == name).for_each(|(_, test)| test(seed));
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|it| it == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|it| name.contains(*it));
    let chosen: Vec<&str> =
        tests.iter().map(|(name, _)| *name).filter(|name| chosen(name)).collect();
    let aloud = arguments.iter().any(|it| it == "--nocapture");
    let began = Instant::now();
    let failed = run_side_by_side(&chosen, seed, aloud);
    let passed = chosen.len() - failed;
    println!(
        "\ntest result: {}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; \
         finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        tests.len() - chosen.len(),
        began.elapsed().as_secs_f32(),
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs as many at one time as there are processors; gives how many failed.
fn run_side_by_side(names: &[&str], seed: u64, aloud: bool) -> usize {
    println!("\nrunning {} tests with {SEED}={seed}", names.len());
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let said = Mutex::new(std::io::stdout());
    let side_by_side = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..side_by_side {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    let Output { status, stdout, stderr } = run_one(name);
                    let took = began.elapsed().as_secs_f32();
                    let word = if status.success() { "ok" } else { "FAILED" };
                    if !status.success() {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                    let mut text = format!("test {name} ... {word} ({took:.2}s)\n").into_bytes();
                    if aloud || !status.success() {
                        text.extend(stdout.into_iter().chain(stderr));
                    }
                    if !status.success() {
                        text.extend(
                            format!("repeat it with: {}\n", command(name, seed)).into_bytes(),
                        );
                    }
                    said.write_all(&text).expect("standard output");
                }
            });
        }
    });
    failed.into_inner()
}

/// If this process was started by [`in_another_process`], runs `history`, prints its hash and says how to
/// end.
#[must_use]
pub fn history(history: fn(u64) -> [u8; 32]) -> Option<ExitCode> {
    let seed = std::env::var(HISTORY).ok()?.parse().ok()?;
    print!("{}", hex(&history(seed)));
    Some(ExitCode::SUCCESS)
}

/// Runs the program's [`history`] in a process of its own and gives the hash of what happened there.
///
/// # Panics
///
/// Panics if it fails.
#[must_use]
pub fn in_another_process(seed: u64) -> String {
    let mut other = Command::new(std::env::current_exe().expect("a path"));
    let said = other.env(HISTORY, seed.to_string()).output().expect("a run");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).expect("a hash")
}

/// Writes a hash.
#[must_use]
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Says how to run one test again with this seed.
fn command(test: &str, seed: u64) -> String {
    let binary = std::env::current_exe().ok();
    let file = binary.as_deref().and_then(|path| path.file_stem()?.to_str()).unwrap_or_default();
    // Cargo names what it builds `network-0123456789abcdef`.
    let binary = file.rsplit_once('-').map_or(file, |(name, _)| name);
    format!(
        "{SEED}={seed} cargo test --locked --manifest-path testnet/simulation/Cargo.toml --test {binary} -- {test}"
    )
}

fn run_one(name: &str) -> Output {
    let myself = std::env::current_exe().expect("the path of this program");
    Command::new(myself).env(ONE, name).output().expect("a process")
}

/// The environment variable that makes a process run a history with the seed in it.
const HISTORY: &str = "COUNTERSIGN_HISTORY";
/// The environment variable that names the one test this process runs.
const ONE: &str = "COUNTERSIGN_TEST";
