//! `countersign join` and `countersign invite`.

use super::Context;
use crate::problem::Problem;
use crate::verb::network;
use crate::{output, start};
use serde::Serialize;
use std::io;
use std::process::ExitCode;

/// Join a network
#[derive(Debug, clap::Args)]
pub(super) struct Join {
    /// The invitation: countersign:invite:… as text or from a QR code
    invite: String,
}

impl Join {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let joined = start::join(&context.data, &self.invite)?;
        let joined =
            Joined { network: joined.parameters.id().to_string(), first_peers: joined.peers.len() };
        context.out.answer(&joined)?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Serialize)]
struct Joined {
    network: String,
    first_peers: usize,
}

impl output::Text for Joined {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(
            to,
            "joined the network `{}` with {} first peers; `countersign run` enters it",
            self.network, self.first_peers
        )
    }
}

/// Print an invitation to your network, with your node as first peer
#[derive(Debug, clap::Args)]
pub(super) struct Invite {
    /// Print it as a QR code too
    #[arg(long)]
    qr: bool,
}

impl Invite {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let invitation = context.connect().await?.ask(network::Invite {}).await?;
        context.out.answer(&invitation)?;
        if self.qr
            && let Ok(code) = qrcode::QrCode::new(invitation.invite.as_bytes())
        {
            let picture = code.render::<qrcode::render::unicode::Dense1x2>().build();
            context.out.say(&picture);
        }
        Ok(ExitCode::SUCCESS)
    }
}
