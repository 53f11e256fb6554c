//! A node installed as a service, run as its unit says.
//!
//! The unit is the file that `service install` wrote. What systemd does with its lines is done here by hand
//! (systemd.syntax, "Quoting"; systemd.unit, "Specifiers"; systemd.exec, "Credentials"), for systemd itself
//! is rarely there where tests run: the credential is put into a folder only the service reads, `%d` is that
//! folder, the environment says nothing else, and the service counts as started once it says so.

use crate::world::{PATIENCE, holds, read, unlike};
use countersign_testnet::Failure;
use countersign_testnet::process::{self, PASSPHRASE, Process};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use tokio::net::UnixDatagram;
use tokio::process::Command;

/// An installed service, and the place its program and its credential lie in.
pub(crate) struct Service {
    place: PathBuf,
    data: PathBuf,
    name: &'static str,
    /// The file with the unit.
    pub(crate) path: PathBuf,
    text: String,
}

impl Service {
    /// Puts the program `name` in place and has it install itself as a service over the folder `data`.
    pub(crate) async fn install(name: &'static str, data: &Path) -> Result<Self, Failure> {
        let (place, data) = (data.with_extension("service"), data.to_owned());
        // A name that a unit has to write in another way.
        let passphrase = place.join("100% hers").join(PASSPHRASE);
        copy(&data.join(PASSPHRASE), &passphrase, 0o600)?;
        let mut service = Self { place, data, name, path: PathBuf::new(), text: String::new() };
        service.put_program()?;
        let passphrase = passphrase.to_string_lossy();
        let install = ["--json", "--passphrase-file", &passphrase, "service", "install"];
        let said = read(&service.types(&install).await?)?;
        let path = said.get("unit").and_then(Value::as_str).unwrap_or_default();
        service.path = PathBuf::from(path);
        service.text = std::fs::read_to_string(path).map_err(|cause| file(&service.path, cause))?;
        Ok(service)
    }

    /// Puts a program where the unit names it, as whoever upgrades or goes back does.
    pub(crate) fn put_program(&self) -> Result<(), Failure> {
        copy(Path::new(env!("CARGO_BIN_EXE_countersign-testnet")), &self.program(), 0o755)
    }

    /// Types a command of that program over the service's folder, and gives what it answered.
    pub(crate) async fn types(&self, arguments: &[&str]) -> Result<String, Failure> {
        let mut command = process::foreign(&self.program(), &self.place).map_err(started)?;
        command.env("XDG_CONFIG_HOME", self.place.join("config"));
        command.arg("--data").arg(&self.data).args(arguments);
        let output = command.output().await.map_err(started)?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        holds(&arguments.join(" "), output.status.success(), &why).map(|()| said)
    }

    /// Starts the service, and waits until it says that it is ready.
    pub(crate) async fn start(&self) -> Result<Process, Failure> {
        let (command, manager) = self.command()?;
        let process = Process::spawn("service", command, &self.place)?;
        let mut said = [0; 64];
        let heard = tokio::time::timeout(PATIENCE, manager.recv(&mut said)).await;
        let silent = || Failure::Silent {
            name: "service".to_owned(),
            said: "nothing to its manager".to_owned(),
            log: process.log().into(),
        };
        let length = heard.map_err(|_| silent())?.map_err(|_| silent())?;
        holds("what the manager hears", &said[..length] == b"READY=1", &said[..length])?;
        Ok(process)
    }

    /// Starts the service, which has to end by itself, and gives what it said and whether it is started
    /// again.
    pub(crate) async fn fails(&self) -> Result<(String, bool), Failure> {
        let (mut command, manager) = self.command()?;
        let ended = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output()).await;
        let late = || Failure::Late { what: "its end".to_owned(), seconds: PATIENCE.as_secs() };
        let output = ended.map_err(|_| late())?.map_err(started)?;
        holds("it fails", !output.status.success(), output.status)?;
        holds("it was not ready", manager.try_recv(&mut [0; 64]).is_err(), &self.path)?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((said, self.is_restarted(output.status)?))
    }

    /// Tells whether the unit has a service that failed so started again: systemd.service(5), "Restart=".
    fn is_restarted(&self, status: ExitStatus) -> Result<bool, Failure> {
        let code = status.code().unwrap_or_default().to_string();
        let prevented = self
            .lines("RestartPreventExitStatus")
            .flat_map(str::split_whitespace)
            .any(|status| status == code);
        Ok(self.line("Restart")? == "on-failure" && !status.success() && !prevented)
    }

    /// Puts another passphrase where the unit has it from.
    pub(crate) fn set_passphrase(&self, text: &str) -> Result<(), Failure> {
        let from = self.line("LoadCredential")?.split_once(':').unwrap_or_default().1;
        let path = PathBuf::from(from.replace("%%", "%"));
        std::fs::write(&path, text).map_err(|cause| file(&path, cause))
    }

    /// Has systemd read the unit, where there is one.
    pub(crate) async fn verify(&self) -> Result<(), Failure> {
        let mut verify = Command::new("systemd-analyze");
        verify.args(["verify", "--user"]).arg(&self.path).env("XDG_RUNTIME_DIR", &self.place);
        let Ok(output) = verify.output().await else {
            eprintln!("skipped, needs systemd-analyze: that systemd understands the unit");
            return Ok(());
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        if !output.status.success() && !said.contains(&*name) {
            eprintln!("skipped, needs a systemd that reads units here: {said}");
            return Ok(());
        }
        holds("systemd understands the unit", !said.contains(&*name), &said)
    }

    /// Gives what follows a key, each time it stands in the unit.
    fn lines(&self, key: &str) -> impl Iterator<Item = &str> {
        self.text.lines().filter_map(move |line| line.strip_prefix(key)?.strip_prefix('='))
    }

    fn line(&self, key: &str) -> Result<&str, Failure> {
        self.lines(key).next().ok_or_else(|| unlike(key, &self.text))
    }

    /// Prepares what `ExecStart` says, with a socket that hears when it is ready.
    fn command(&self) -> Result<(Command, UnixDatagram), Failure> {
        let credentials = self.place.join("credentials");
        for credential in self.lines("LoadCredential") {
            let (name, from) = credential.split_once(':').unwrap_or_default();
            copy(Path::new(&from.replace("%%", "%")), &credentials.join(name), 0o400)?;
        }
        let words = words(self.line("ExecStart")?, &credentials.to_string_lossy());
        let socket = self.place.join("notify");
        let _before = std::fs::remove_file(&socket).is_ok();
        let manager = UnixDatagram::bind(&socket).map_err(|cause| file(&socket, cause))?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "umask \"$0\"; exec \"$@\"", self.line("UMask")?]).args(words);
        command.env_clear().env("CREDENTIALS_DIRECTORY", credentials);
        if self.line("Type")? == "notify" {
            command.env("NOTIFY_SOCKET", socket);
        }
        Ok((command, manager))
    }

    fn program(&self) -> PathBuf {
        self.place.join("bin").join(self.name)
    }
}

/// Takes a command line apart as systemd does.
fn words(line: &str, credentials: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            '\\' => word.extend(letters.next()),
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            '%' => match letters.next() {
                Some('d') => word.push_str(credentials),
                other => word.extend(other),
            },
            // Twice means once; otherwise it would name a variable.
            '$' => word.extend(letters.next()),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<(), Failure> {
    let failed = |cause| file(to, cause);
    std::fs::create_dir_all(to.parent().unwrap_or(to)).map_err(failed)?;
    let _before = std::fs::remove_file(to).is_ok();
    std::fs::copy(from, to).map_err(failed)?;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(mode)).map_err(failed)
}

fn file(path: &Path, cause: std::io::Error) -> Failure {
    Failure::File { path: path.to_owned(), cause }
}

fn started(cause: std::io::Error) -> Failure {
    Failure::Start { name: "service".to_owned(), cause }
}
