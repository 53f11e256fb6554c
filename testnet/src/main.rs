//! The binary `countersign-testnet`: every program of the network in one, and the commands over them.

use countersign_testnet::{bench, cli, process, thief};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    countersign_node::unit::is_several();
    // A copy of it under the name of another program is that program.
    if let Some(code) = named() {
        return code;
    }
    // The network's processes are this very binary under the name of another program.
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == process::TIED).is_some() {
        process::end_with_parent();
    }
    let first = arguments.next();
    let rest = |name: &str| -> Vec<OsString> {
        std::iter::once(OsString::from(name)).chain(arguments).collect()
    };
    match first.as_deref().and_then(|name| name.to_str()) {
        Some("countersign") => countersign_node::cli::main(rest("countersign").into_iter()),
        Some("countersign-attestor") => {
            countersign_attestor::cli::main(rest("countersign-attestor").into_iter())
        }
        Some("simulated-provider") => {
            countersign_testnet::provider::program::main(rest("simulated-provider").into_iter())
        }
        Some(bench::live::load::PROGRAM) => bench::live::load::main(),
        Some(bench::live::mesh::PROGRAM) => {
            let first = std::env::args().nth(2);
            bench::live::mesh::main(first.as_deref())
        }
        Some(thief::line::PROGRAM) => {
            let mut named = std::env::args().skip(2);
            thief::line::main(named.next().as_deref(), named.next().as_deref())
        }
        _ => cli::main(),
    }
}

/// Runs the program this binary is called by, if that is another one.
fn named() -> Option<ExitCode> {
    let called = std::env::args_os().next()?;
    match Path::new(&called).file_name()?.to_str()? {
        "countersign" => Some(countersign_node::cli::main(std::env::args_os())),
        "countersign-attestor" => Some(countersign_attestor::cli::main(std::env::args_os())),
        _ => None,
    }
}
