//! `countersign join` and `countersign invite`.

use super::Context;
use crate::config::Role;
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
    /// Offer this witness to newcomers, besides those your node knows; may be given several times
    #[arg(long, value_name = "DID")]
    witness: Vec<String>,
}

impl Invite {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let question = network::Invite { witnesses: self.witness };
        let invitation = context.connect().await?.ask(question).await?;
        context.out.answer(&invitation)?;
        context.out.say(&match invitation.witnesses.len() {
            0 => "It offers no witness: nobody will cosign a newcomer's changes (--witness DID).".to_owned(),
            1 => "It offers one witness, who cosigns each change of a newcomer's identity.".to_owned(),
            count => format!(
                "It offers {count} witnesses; {} of them cosign each change of a newcomer's identity.",
                (count / 2).saturating_add(1)
            ),
        });
        if context.config.role == Role::Home {
            context.out.say(
                "A home takes another name at each start: newcomers find it by this while it runs, and the other \
                 first peers in it after that.",
            );
        }
        if self.qr
            && let Ok(code) = qrcode::QrCode::new(invitation.invite.as_bytes())
        {
            let picture = code.render::<qrcode::render::unicode::Dense1x2>().build();
            context.out.say(&picture);
        }
        Ok(ExitCode::SUCCESS)
    }
}
