//! `countersign device`.

use super::Context;
use crate::problem::Problem;
use crate::verb::devices;
use std::net::SocketAddr;
use std::process::ExitCode;

/// Let a phone answer requests in your home network, and put it out again
#[derive(Debug, clap::Subcommand)]
pub(super) enum Device {
    /// Open the door for devices, now and at each start
    Open {
        /// Where (default: where it was open last, or port 7372 of every address in the home network)
        #[arg(long, value_name = "ADDRESS")]
        at: Option<SocketAddr>,
    },
    /// Shut the door for devices, now and at each start
    Shut,
    /// Print a link and a QR code that let one device in, once, within ten minutes
    Add {
        /// A name to tell devices apart
        name: String,
    },
    /// Print the devices that may come in, since when, and when each was there last
    List,
    /// Put a device out, at once
    Remove {
        /// Its name
        name: String,
    },
}

impl Device {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let connection = context.connect().await?;
        match self {
            Self::Open { at } => {
                context.out.answer(&connection.ask(devices::Open { at }).await?)?;
            }
            Self::Shut => context.out.answer(&connection.ask(devices::Shut {}).await?)?,
            Self::Add { name } => {
                let added = connection.ask(devices::Add { name }).await?;
                context.out.answer(&added)?;
                say(context, &added);
            }
            Self::List => context.out.answer(&connection.ask(devices::List {}).await?)?,
            Self::Remove { name } => {
                context.out.answer(&connection.ask(devices::Remove { name }).await?)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn say(context: &Context, added: &devices::Added) {
    if let Ok(code) = qrcode::QrCode::new(added.url.as_bytes()) {
        context.out.say(&code.render::<qrcode::render::unicode::Dense1x2>().build());
    }
    context.out.say(
        "Scan it with the phone's camera, in the same home network. The phone warns once that nobody \
         vouches for this computer: let it show the certificate, and go on only if its SHA-256 \
         fingerprint is",
    );
    context.out.say(&added.fingerprint);
}
