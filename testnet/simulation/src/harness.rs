//! Runs tests, each in a process of its own.
//!
//! libp2p numbers the connections of a whole process, and where two nodes have two connections to each
//! other, the numbers decide which is used. So what happens with a seed also follows from how many
//! connections the process had made before; in a fresh process, none.

use std::io::Write as _;
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// A test and its name.
pub type Test = (&'static str, fn());

/// Runs those of `tests` whose name contains one of the program's arguments, all where there is none,
/// and prints what came of it as `cargo test` does.
#[must_use]
pub fn run(tests: &[Test]) -> ExitCode {
    if let Ok(name) = std::env::var(ONE) {
        tests.iter().filter(|(it, _)| *it == name).for_each(|(_, test)| test());
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
    let failed = run_side_by_side(&chosen, aloud);
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
fn run_side_by_side(names: &[&str], aloud: bool) -> usize {
    println!("\nrunning {} tests", names.len());
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
                    said.write_all(&text).expect("standard output");
                }
            });
        }
    });
    failed.into_inner()
}

fn run_one(name: &str) -> Output {
    let myself = std::env::current_exe().expect("the path of this program");
    Command::new(myself).env(ONE, name).output().expect("a process")
}

/// The environment variable that names the one test this process runs.
const ONE: &str = "COUNTERSIGN_TEST";
