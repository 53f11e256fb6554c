//! The binary `countersign-attestor`: start and exit status, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    countersign_attestor::cli::main(std::env::args_os())
}
