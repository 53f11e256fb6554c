//! One binary that is several programs: what it has started again later names which of them it means.

use std::path::Path;
use std::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_countersign-testnet");

#[test]
fn what_starts_a_program_of_a_binary_that_is_several_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("countersign");
    std::os::unix::fs::symlink(BINARY, &named).unwrap();
    for (program, words) in [(Path::new(BINARY), &["countersign"][..]), (&named, &[])] {
        let unit = run(folder.path(), program, words, &["service", "install", "--print"]);
        let start = format!("\nExecStart=\"{BINARY}\" countersign --data \"");
        assert!(unit.contains(&start), "{unit}");
        run(folder.path(), program, words, &["open", "--install"]);
        let file = folder.path().join("share/applications/countersign-link.desktop");
        let entry = std::fs::read_to_string(file).unwrap();
        assert!(entry.contains(&format!("\nExec=\"{BINARY}\" countersign --data \"")), "{entry}");
    }
    // A copy is that one program, and needs no word.
    let copy = folder.path().join("copy").join("countersign");
    std::fs::create_dir(folder.path().join("copy")).unwrap();
    std::fs::copy(BINARY, &copy).unwrap();
    let unit = run(folder.path(), &copy, &[], &["service", "install", "--print"]);
    assert!(unit.contains(&format!("\nExecStart=\"{}\" --data \"", copy.display())), "{unit}");
}

#[test]
fn what_is_to_be_typed_next_names_the_program_as_it_was_called() {
    let place = tempfile::tempdir().unwrap();
    let named = place.path().join("countersign");
    std::os::unix::fs::symlink(BINARY, &named).unwrap();
    for (program, words, called) in [
        (Path::new(BINARY), &["countersign"][..], format!("{BINARY} countersign")),
        (&named, &[], named.display().to_string()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let init =
            ["init", "--without-identity", "--found", "alone", "--testnet", "--weak-passphrase"];
        let said = run(folder.path(), program, words, &init);
        let next = format!("Next: {called} --data {}/data run\n", folder.path().display());
        assert!(said.contains(&next), "{said}");
    }
}

/// Runs a command in a place where nobody's desktop or services are, and gives what it said.
fn run(place: &Path, program: &Path, words: &[&str], command: &[&str]) -> String {
    let passphrase = place.join("passphrase");
    std::fs::write(&passphrase, "nobody's passphrase").unwrap();
    let output = Command::new(program)
        .args(words)
        .arg("--data")
        .arg(place.join("data"))
        .arg("--passphrase-file")
        .arg(passphrase)
        .args(command)
        .env_clear()
        .env("HOME", place)
        .env("XDG_DATA_HOME", place.join("share"))
        .env("XDG_CONFIG_HOME", place.join("config"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program:?} {words:?} {command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
