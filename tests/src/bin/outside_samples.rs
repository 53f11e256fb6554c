//! `outside-samples FOLDER`: writes the documents that the judges in `tests/outside` look at.

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("error: no folder\nhint: outside-samples FOLDER");
        return ExitCode::from(2);
    };
    match countersign_tests::samples::write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}
