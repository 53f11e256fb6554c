//! Resolves every sample log with the crate didwebvh-rs and compares what it says with what we say.

use didwebvh_rs::DIDWebVHState;
use didwebvh_rs::log_entry::LogEntryMethods as _;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder of samples")).join("logs");
    let mut samples: Vec<_> =
        std::fs::read_dir(folder).expect("logs").map(|entry| entry.expect("entry").path()).collect();
    samples.sort();
    let mut disagreed = 0;
    for sample in &samples {
        let name = sample.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match judge(sample).await {
            Ok(()) => println!("  {name}: accepted, and refused when changed"),
            Err(why) => {
                disagreed += 1;
                println!("  {name}: DISAGREES: {why}");
            }
        }
    }
    println!("didwebvh-rs 0.8.2 agrees on {} of {} logs", samples.len() - disagreed, samples.len());
    if disagreed == 0 && !samples.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn judge(sample: &Path) -> Result<(), String> {
    let text = |name: &str| std::fs::read_to_string(sample.join(name)).ok();
    let log = text("did.jsonl").ok_or("no log")?;
    let witnesses = text("did-witness.json");
    let expected: Value =
        serde_json::from_str(&text("expected.json").ok_or("no expectation")?).map_err(|e| e.to_string())?;
    let did = expected["did"].as_str().unwrap_or_default();

    let mut state = DIDWebVHState::default();
    let (entry, about) =
        state.resolve_log(did, &log, witnesses.as_deref()).await.map_err(|error| error.to_string())?;
    same("versionId", &Value::from(about.version_id.clone()), &expected["versionId"])?;
    same("deactivated", &Value::from(about.deactivated), &expected["deactivated"])?;
    same("document", entry.get_state(), &expected["document"])?;

    let changed = text("changed.jsonl").ok_or("no changed log")?;
    let mut state = DIDWebVHState::default();
    match state.resolve_log(did, &changed, witnesses.as_deref()).await {
        // It stands at the last entry it believes; that must not be the changed one.
        Ok((entry, _)) if entry.get_state() == &expected["document"] => {
            return Err("the log with one character changed was accepted too".to_owned());
        }
        Err(_) | Ok(_) => {}
    }

    for damage in witnesses.iter().flat_map(|_| ["short", "forged"]) {
        let too_little = text(&format!("{damage}-witness.json")).ok_or("no damaged witness file")?;
        let mut state = DIDWebVHState::default();
        if let Ok((_, about)) = state.resolve_log(did, &log, Some(&too_little)).await
            && expected["versionId"] == *about.version_id
        {
            return Err(format!("a {damage} witness file was accepted too"));
        }
    }
    Ok(())
}

fn same(what: &str, theirs: &Value, ours: &Value) -> Result<(), String> {
    if theirs == ours { Ok(()) } else { Err(format!("{what}: theirs {theirs}, ours {ours}")) }
}
