//! The binary `countersign`: start and exit status, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    countersign_node::cli::main(std::env::args_os())
}
