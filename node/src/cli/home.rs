//! `countersign home`.

use super::Context;
use crate::door::client::Client;
use crate::home::{self, Home as Pages};
use crate::http;
use crate::link::Link;
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
    /// Derive the key from the passphrase fast and weakly: for testnets, and refused in any other network
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
    /// What `countersign open` does.
    pub(super) fn for_link(no_open: bool) -> Self {
        Self { no_open, log: "warn".to_owned(), weak_passphrase: false }
    }

    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        self.lead(context, None).await
    }

    /// Opens the pages, at `link` if there is one.
    pub(super) async fn lead(
        self,
        context: &Context,
        link: Option<Link>,
    ) -> Result<ExitCode, Problem> {
        let user = home::own_user();
        if let Some(door) = Client::find(&context.data).await? {
            let enter = Enter { link: link.map(|link| link.to_string()), user };
            let (opened, owner) = (door.ask(&enter).await?, door.address());
            self.show(context, Shown { opened, owner, ran: true })?;
            return Ok(ExitCode::SUCCESS);
        }
        telemetry::start(&self.log, false);
        let (listener, owner) = start::listen_for_owner(context.config.doors.owner).await?;
        let (data, sets) = (context.data.clone(), context.sets.clone());
        let pages = Pages::new(data, sets, owner, self.weak_passphrase);
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
        let opened = pages.entrance().open(user, link);
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
            let entrance = format!("http://{}/", shown.owner);
            open(&shown.opened.for_user.unwrap_or(entrance));
        }
        Ok(())
    }
}

/// Opens an address in a browser, if there is one. The code is not handed over: everybody on this
/// computer can read what a program was started with, and so it is an address that opens for this user
/// alone, or the entrance.
fn open(address: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let _started = Command::new(opener)
        .arg(address)
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
