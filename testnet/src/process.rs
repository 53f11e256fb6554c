//! One program of the network as a process of its own, begun and ended by this one.
//!
//! Every program is one binary under another name, so one build is enough: this very one, or for tests
//! the one that [`programs_at`] names. A process says in one line of JSON on standard output when it is
//! ready; nothing here sleeps and hopes. It holds the end of a pipe whose other end is ours, and stops in order
//! when that closes: nobody outlives whoever began it, however that one ended.

use crate::Failure;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: PathBuf,
}

/// Which program a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `countersign`.
    Node,
    /// `countersign-attestor`.
    Attestor,
    /// The simulated payment provider.
    Provider,
}

impl Program {
    /// Gives the name this binary answers to as that program.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Node => "countersign",
            Self::Attestor => "countersign-attestor",
            Self::Provider => "simulated-provider",
        }
    }
}

impl Process {
    /// Starts `program` with `arguments`; what it logs goes to `<data>/log`.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if the process or its log cannot be made.
    pub fn start(
        name: &str,
        program: Program,
        data: &Path,
        arguments: &[String],
    ) -> Result<Self, Failure> {
        let failed = |cause: std::io::Error| Failure::Start { name: name.to_owned(), cause };
        let mut command = ours(data).map_err(failed)?;
        command.args([TIED, program.name()]).args(arguments);
        Self::spawn(name, command, data)
    }

    /// Starts `command`, this program or another one; what it logs goes to `<data>/log`. Its standard input
    /// ends with this process.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if the process or its log cannot be made.
    pub fn spawn(name: &str, mut command: Command, data: &Path) -> Result<Self, Failure> {
        let failed = |cause: std::io::Error| Failure::Start { name: name.to_owned(), cause };
        std::fs::create_dir_all(data).map_err(failed)?;
        let log = data.join("log");
        let file =
            std::fs::OpenOptions::new().create(true).append(true).open(&log).map_err(failed)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let Some(stdout) = child.stdout.take() else {
            return Err(Failure::Silent { name: name.to_owned(), said: String::new(), log });
        };
        Ok(Self { name: name.to_owned(), child, stdout: BufReader::new(stdout), log })
    }

    /// Waits for the line that says it is ready, and reads it.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Silent`] if the process ends, says something else or nothing in time; its
    /// log tells why.
    pub async fn ready<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let line = self.line().await?;
        serde_json::from_str(&line).map_err(|_| self.silent(&line))
    }

    /// Waits for the next line it says.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Silent`] if the process ends or says nothing in time; its log tells why.
    pub async fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        let read = tokio::time::timeout(START_TIMEOUT, self.stdout.read_line(&mut line)).await;
        match read {
            Ok(Ok(length)) if length > 0 => Ok(line),
            _ => Err(self.silent(&line)),
        }
    }

    /// Says that it did not get ready, but said this.
    pub(crate) fn silent(&self, said: &str) -> Failure {
        let (name, said) = (self.name.clone(), said.trim().to_owned());
        Failure::Silent { name, said, log: self.log.clone() }
    }

    /// Ends the process at once, as a power cut would.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Start`] if the system does not let us.
    pub async fn kill(mut self) -> Result<(), Failure> {
        let name = self.name.clone();
        self.child.kill().await.map_err(|cause| Failure::Start { name, cause })
    }

    /// Asks the process to stop and waits until it has.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Stubborn`] if it does not stop in time; it is killed then.
    pub async fn stop(mut self) -> Result<(), Failure> {
        if let Some(id) = self.child.id() {
            terminate(id).await;
        }
        match tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::Stubborn { name: self.name.clone() }),
        }
    }

    /// Gives the process's id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Gives the file it logs to.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }
}

/// Runs `program` to its end and gives what it answered on standard output.
///
/// # Errors
///
/// Returns [`Failure::Start`] if it cannot be run and [`Failure::Refused`] with what it said on
/// standard error if its exit status is not in `allowed`.
pub async fn run(
    program: Program,
    data: &Path,
    arguments: &[&str],
    allowed: &[i32],
) -> Result<String, Failure> {
    let failed = |cause: std::io::Error| Failure::Start { name: program.name().to_owned(), cause };
    let output = command(program, data)
        .map_err(failed)?
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.code().is_some_and(|code| allowed.contains(&code)) {
        return Ok(said);
    }
    Err(Failure::Refused {
        command: format!("{} {}", program.name(), arguments.join(" ")),
        said: format!("{said}{}", String::from_utf8_lossy(&output.stderr)),
    })
}

/// Says where the binary lies that answers to every program's name, if it is not this very one. Only
/// the first word on it counts.
pub fn programs_at(binary: &Path) {
    let _first = PROGRAMS.set(binary.to_owned()).is_ok();
}

/// Where the programs are.
static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();

/// Prepares a command that runs as `program` over the data folder `data`.
///
/// # Errors
///
/// Returns an error of the system if this program does not know where it lies.
pub fn command(program: Program, data: &Path) -> std::io::Result<Command> {
    let mut command = ours(data)?;
    command.arg(program.name());
    Ok(command)
}

/// Prepares a command of the binary that is every program, over the data folder `data`.
fn ours(data: &Path) -> std::io::Result<Command> {
    let mut command = match PROGRAMS.get() {
        Some(binary) => foreign(binary, data)?,
        None => foreign(&std::env::current_exe()?, data)?,
    };
    command.env("COUNTERSIGN_DATA", data);
    command.env("COUNTERSIGN_PASSPHRASE_FILE", data.join(PASSPHRASE));
    if let Some(level) = std::env::var_os("COUNTERSIGN_TESTNET_LOG") {
        command.env("COUNTERSIGN_LOG", level);
    }
    Ok(command)
}

/// Prepares a command of any program, whose environment says nothing of ours, beside the folder `data`.
///
/// # Errors
///
/// Returns an error of the system if there is no place for what is temporary.
pub fn foreign(program: &Path, data: &Path) -> std::io::Result<Command> {
    let mut command = Command::new(program);
    // What the environment says to a real node is not meant for these.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COUNTERSIGN_") {
            command.env_remove(name);
        }
    }
    // Each has a place of its own for what is temporary, so that what is left there is seen.
    let temporary = data.join(TEMPORARY);
    std::fs::create_dir_all(&temporary)?;
    command.env("TMPDIR", temporary);
    Ok(command)
}

/// Has this process stop in order when its standard input ends: whoever began it is gone then.
pub fn end_with_parent() {
    std::thread::spawn(|| {
        let _ended = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).is_ok();
        let mut kill = std::process::Command::new("kill");
        kill.args(["-TERM", &std::process::id().to_string()]);
        if !kill.status().is_ok_and(|asked| asked.success()) {
            std::process::exit(1);
        }
    });
}

/// Sends SIGTERM. The standard library only knows how to kill.
async fn terminate(id: u32) {
    if signal("-TERM", id).await.is_err() {
        tracing::warn!(id, "could not ask a process to stop");
    }
}

/// Kills the process `id` while whoever began it still has it in hand.
///
/// # Errors
///
/// Returns [`Failure::Start`] if the system does not let us.
pub async fn end_at_once(id: u32) -> Result<(), Failure> {
    let failed = |cause| Failure::Start { name: "kill".to_owned(), cause };
    signal("-KILL", id).await.map_err(failed)
}

async fn signal(name: &str, id: u32) -> std::io::Result<()> {
    Command::new("kill").args([name, &id.to_string()]).status().await.map(drop)
}

/// The word before a program's name that has it end when its standard input does.
pub const TIED: &str = "tied";
/// The file in a data folder of a testnet that holds its passphrase.
pub const PASSPHRASE: &str = "passphrase";
/// The folder in a data folder of a testnet that temporary files lie in.
pub const TEMPORARY: &str = "temporary";
/// How long a process may take until it is ready: key derivation included, on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(180);
/// How long a process may take to stop in order: four times what it gives its requests and tasks, as all of a
/// network stop at one time.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
