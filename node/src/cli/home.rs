//! `countersign home`.

use super::Context;
use super::connection::Door;
use crate::home::{self, Home as Pages};
use crate::http;
use crate::output::Text;
use crate::problem::Problem;
use crate::signal::interrupted;
use crate::verb::home::{Enter, Opened};
use crate::{serve, start, telemetry};
use serde::Serialize;
use std::io;
use std::net::SocketAddr;
use std::process::{Command, ExitCode, Stdio};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Open your home in a browser, until Ctrl-C
///
/// If a node runs already, its pages are opened. Otherwise this starts one; where there is none yet,
/// the first page makes it. The address holds a code that counts once and for ten minutes.
#[derive(Debug, clap::Args)]
pub(super) struct Home {
    /// Only print the address
    #[arg(long)]
    no_open: bool,
    /// How much to log: error, warn, info, debug or trace
    #[arg(long, default_value = "warn")]
    log: String,
    /// Derive the key from the passphrase fast and weakly: for networks on one machine only
    #[arg(long, hide = true)]
    weak_passphrase: bool,
}

/// What is printed once the pages are there; with `--json` it is one line.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    opened: Opened,
    /// Where the owner's door is.
    owner: SocketAddr,
    /// Whether the node ran before.
    ran: bool,
}

impl Home {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        if let Some(door) = Door::find(context).await? {
            let (opened, owner) = (door.ask(&Enter {}).await?, door.address());
            self.show(context, Shown { opened, owner, ran: true })?;
            return Ok(ExitCode::SUCCESS);
        }
        telemetry::start(&self.log, false);
        let (listener, owner) = start::listen(context.config.doors.owner, "doors.owner").await?;
        let (data, config) = (context.data.clone(), context.config.clone());
        let pages = Pages::new(data, config, owner, self.weak_passphrase);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(serve::serve(
            listener,
            None,
            home::router(pages.clone()),
            http::OWNER_LIMITS,
            stop.clone(),
        ));
        if let Some(passphrase) = context.passphrase.known()?
            && start::check_empty(&context.data).is_err()
        {
            pages.unlock(&passphrase).await?;
        }
        let opened = pages.entrance().open();
        self.show(context, Shown { opened, owner, ran: false })?;
        interrupted().await;
        context.out.say("stopping ...");
        stop.cancel();
        tasks.close();
        pages.close().await?;
        tasks.wait().await;
        Ok(ExitCode::SUCCESS)
    }

    fn show(&self, context: &Context, shown: Shown) -> Result<(), Problem> {
        context.out.answer(&shown)?;
        if !self.no_open && !context.out.is_json() {
            open(shown.owner);
        }
        Ok(())
    }
}

/// Opens the entrance in a browser, if there is one. The code is not handed over: everybody on this
/// computer can read what a program was started with.
fn open(owner: SocketAddr) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let _started = Command::new(opener)
        .arg(format!("http://{owner}/"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .is_ok();
}

impl Text for Shown {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "Your home is open here, once, for ten minutes:\n\n  {}\n", self.opened.url)?;
        writeln!(to, "On http://{}/ this code opens it too: {}", self.owner, self.opened.code)?;
        if self.ran {
            writeln!(to, "Your node was running already; it goes on.")
        } else {
            writeln!(to, "Ctrl-C closes it and stops your node.")
        }
    }
}
