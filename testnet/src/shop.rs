//! The example shop as a process of its own, over a vendor's node.
//!
//! It is a program like anybody's: a script of `examples/shop`, run by what this computer has for it, with
//! a token that allows checking and nothing else. The scripts are part of this program, so that there is a
//! shop wherever it runs.

use crate::Failure;
use crate::cluster::Member;
use crate::ports;
use crate::process::{self, Process, Program};
use crate::story::POLICY;
use serde_json::Value;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// The shop, which may be shut for a while.
#[derive(Debug)]
pub struct Shop {
    vendor: String,
    data: PathBuf,
    address: SocketAddr,
    script: &'static Script,
    process: Option<Process>,
}

/// The example in one language.
#[derive(Debug)]
struct Script {
    program: &'static str,
    /// What has it end when its standard input does.
    tied: &'static [&'static str],
    file: &'static str,
    text: &'static str,
}

impl Shop {
    /// Opens the shop over `vendor`'s node, with all it needs in `folder`.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Unequipped`] if nothing here runs it, and [`Failure`] if it does not get ready.
    pub async fn open(folder: &Path, vendor: &Member) -> Result<Self, Failure> {
        let data = folder.join(NAME);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::lasting()?));
        let mut why = Failure::Unequipped { what: NAME, needs: NEEDS };
        for script in &SCRIPTS {
            let process = None;
            let vendor_name = vendor.name.clone();
            let mut shop =
                Self { vendor: vendor_name, data: data.clone(), address, script, process };
            match shop.reopen(vendor).await {
                Ok(()) => return Ok(shop),
                Err(Failure::Start { cause, .. }) if cause.kind() == ErrorKind::NotFound => {}
                // Another language may do better: this one may be too old.
                Err(failure) => why = failure,
            }
        }
        Err(why)
    }

    /// Opens the shop again, where it was, over its vendor's node as that runs now. Whoever stands at the
    /// till has to begin again.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if it does not get ready.
    pub async fn reopen(&mut self, vendor: &Member) -> Result<(), Failure> {
        self.kill().await?;
        let file = self.data.join(self.script.file);
        countersign_node::private::write(&file, self.script.text.as_bytes())
            .map_err(|cause| Failure::File { path: file.clone(), cause })?;
        let failed = |cause: std::io::Error| Failure::Start { name: NAME.to_owned(), cause };
        let mut command =
            process::foreign(Path::new(self.script.program), &self.data).map_err(failed)?;
        command.args(self.script.tied).arg(file);
        command.arg("--token-file").arg(token(vendor).await?);
        command.args(["--node", &format!("http://{}", vendor.ready.owner), "--policy", POLICY]);
        command.args(["--port", &self.address.port().to_string()]);
        let mut process = Process::spawn(NAME, command, &self.data)?;
        let said = process.line().await?;
        let address = said.split("http://").nth(1).map(|url| url.trim().trim_end_matches('/'));
        self.address =
            address.and_then(|it| it.parse().ok()).ok_or_else(|| process.silent(&said))?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends the shop's program at once; nothing happens if it does not run.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Start`] if the system does not let us.
    pub async fn kill(&mut self) -> Result<(), Failure> {
        match self.process.take() {
            Some(process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Stops the shop in order.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Stubborn`] if it does not stop in time.
    pub async fn stop(self) -> Result<(), Failure> {
        match self.process {
            Some(process) => process.stop().await,
            None => Ok(()),
        }
    }

    /// Gives the name of the vendor over whose node it sells.
    #[must_use]
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// Gives where it is, also while it is shut.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives its address for a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Gives the folder it keeps its script and its log in.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Tells whether its program was started and not ended.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.process.is_some()
    }
}

/// Has the vendor make a token that allows checking, and gives the file it stands in.
async fn token(vendor: &Member) -> Result<String, Failure> {
    let new = ["--json", "token", "new", "--scope", "check", "--name", TOKEN];
    let said = process::run(Program::Node, &vendor.data, &new, &[0]).await?;
    let made: Value = serde_json::from_str(&said).unwrap_or_default();
    let file = made.get("file").and_then(Value::as_str).map(str::to_owned);
    file.ok_or_else(|| Failure::Page { url: "token new".to_owned(), found: said })
}

/// What the shop is called among the processes of a network.
pub const NAME: &str = "shop";
/// The name of its token, apart from those of shops that others open over the same node.
const TOKEN: &str = "example";
const NEEDS: &str = "python3, or node 22.18 or later";

/// The example in both languages; the first that runs is taken.
static SCRIPTS: [Script; 2] = [
    Script {
        program: "python3",
        tied: &["-c", TIED_PYTHON],
        file: "shop.py",
        text: include_str!("../../examples/shop/shop.py"),
    },
    Script {
        program: "node",
        tied: &["--import", TIED_NODE],
        file: "shop.ts",
        text: include_str!("../../examples/shop/shop.ts"),
    },
];

/// Runs the script that is named next, and ends with its standard input.
const TIED_PYTHON: &str = "\
import os, runpy, sys, threading
def tied():
    while os.read(0, 1): pass
    os._exit(0)
threading.Thread(target=tied, daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')";
/// Does so beside the script.
const TIED_NODE: &str = "data:text/javascript,process.stdin.on('end',()=>process.exit()).resume()";

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shop_whose_port_is_taken_says_so_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port().to_string();
        for Script { program, file, text, .. } in &SCRIPTS {
            let script = folder.path().join(file);
            std::fs::write(&script, text).unwrap();
            let mut command = Command::new(program);
            command.arg(script).args(["--token-file", "token", "--port", &port]);
            // What is not here, or too old for it, says nothing of the shop.
            let Ok(ended) = command.output() else { continue };
            let said = String::from_utf8(ended.stderr).unwrap();
            if said.contains("ERR_UNKNOWN_FILE_EXTENSION") {
                continue;
            }
            let wanted = format!("error: the shop cannot open at 127.0.0.1:{port}: ");
            assert!(said.starts_with(&wanted) && said.contains("\n hint: "), "{program}: {said}");
            assert_eq!((ended.status.code(), said.lines().count()), (Some(1), 2), "{said}");
        }
    }
}
