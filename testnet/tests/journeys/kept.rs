//! A network that `up` keeps running, and the commands over it.

use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A running `up`. Dropping it asks it to stop, and with it everybody it started.
pub(crate) struct Up {
    child: Child,
    folder: tempfile::TempDir,
    /// What it said of who is where.
    pub(crate) said: Value,
}

impl Up {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As a person names it, from where she stands.
        let mut child = program(folder.path())
            .args(["up", "--json", "--folder", "network"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut up = Self { child, folder, said: Value::Null };
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        up.said = read(&line.unwrap().unwrap().unwrap());
        // Programs that run elsewhere are told of it.
        assert!(Path::new(up.said["folder"].as_str().unwrap()).is_absolute(), "{}", up.said);
        // Where nothing runs the example shop, there is none.
        assert_eq!(up.nodes().count(), 12, "{}", up.said);
        let provider = up.said["members"].as_array().unwrap().iter();
        let provider = provider.filter(|member| member["role"] == "provider");
        let urls: Vec<&Value> = provider.map(|member| &member["url"]).collect();
        assert_eq!(urls, [&up.said["provider"]], "it is a process too");
        up
    }

    /// Gives what was said of each member but the shop and the provider, which are no nodes.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Value> {
        let members = self.said["members"].as_array().unwrap().iter();
        members.filter(|member| member["role"] != "shop" && member["role"] != "provider")
    }

    /// Runs a command that has to be carried out.
    pub(crate) async fn ctl(&self, arguments: &[&str]) -> Value {
        self.try_ctl(arguments).await.unwrap()
    }

    /// Runs a command over the newest network, which is this one: nobody else leaves word there.
    pub(crate) async fn try_ctl(&self, arguments: &[&str]) -> Result<Value, Value> {
        let ran = program(self.folder.path()).args(["ctl", "--json"]).args(arguments).output();
        let ran = ran.await.unwrap();
        let said = read(&String::from_utf8_lossy(&ran.stdout));
        if ran.status.success() { Ok(said) } else { Err(said) }
    }

    pub(crate) async fn stop(mut self) {
        self.end();
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(ended.unwrap().unwrap().success());
    }

    /// Kills it, and nobody else.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    fn end(&self) {
        if let Some(id) = self.child.id() {
            signal("-TERM", id);
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.end();
    }
}

/// Prepares the program for a person of whom nothing else runs on this computer.
pub(crate) fn program(place: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env("XDG_RUNTIME_DIR", place);
    command
}

/// Sends a process a signal.
pub(crate) fn signal(name: &str, id: u32) {
    let _asked = std::process::Command::new("kill").args([name, &id.to_string()]).status().is_ok();
}

fn read(line: &str) -> Value {
    countersign_protocol::encoding::json::parse(line.trim().as_bytes(), MOST).unwrap()
}

/// Where the program is.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_countersign-testnet");
/// Longer than anything takes, on a computer that is busy with other things too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);
/// More than a status is large.
const MOST: usize = 1024 * 1024;
