//! The row that virtual time measures: run by the simulation's own program, where it was built.

use crate::bench::Measured;
use crate::bench::row;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// Runs the simulation and reads the one line of JSON it prints; nothing where it was not built.
pub(super) async fn measure() -> Option<Measured> {
    let program = program()?;
    let output = Command::new(program).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let output = output.await.ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().rev().find_map(read)
}

fn read(line: &str) -> Option<Measured> {
    let told: Value = serde_json::from_str(line).ok()?;
    if told.get("name")?.as_str()? != row::SIMULATED {
        return None;
    }
    let detail = told.get("detail")?.as_str()?.to_owned();
    let complete = told.get("complete")?.as_bool()?;
    Some(Measured { complete, ..Measured::new(told.get("value")?.as_f64()?, detail) })
}

/// Finds the program that `cargo build --bin announce` made in `testnet/simulation`.
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(PROGRAM) {
        return Some(PathBuf::from(named)).filter(|path| path.is_file());
    }
    let target = PathBuf::from("testnet/simulation/target");
    let built = ["release", "debug"].map(|profile| target.join(profile).join("announce"));
    built.into_iter().find(|path| path.is_file())
}

/// Names the program, where the benchmark is not run from the root of the repository.
const PROGRAM: &str = "COUNTERSIGN_SIMULATION";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_of_its_own_row_is_read() {
        let line = r#"{"name":"announce-simulated","value":1.25,"detail":"x","complete":false}"#;
        let told = read(line).unwrap();
        assert_eq!((told.value, told.complete), (1.25, false));
        assert_eq!(read("building ..."), None);
        assert_eq!(read(&line.replace("simulated", "loopback")), None);
    }
}
