//! `countersign open`.

use super::{Context, home};
use crate::desktop;
use crate::link::Link;
use crate::problem::Problem;
use std::process::ExitCode;

/// Open a vendor's request or an invitation, given as a link, in your home
///
/// It is shown, and nothing is answered or joined before you say so. If no node runs, this starts one as
/// `countersign home` does.
#[derive(Debug, clap::Args)]
pub(super) struct Open {
    /// The link: countersign:challenge:… or countersign:invite:…
    #[arg(value_name = "LINK", required_unless_present_any = ["install", "uninstall"])]
    link: Option<String>,
    /// Have your desktop open such links with this program and this data folder (Linux)
    #[arg(long, conflicts_with_all = ["link", "uninstall"])]
    install: bool,
    /// Take that back
    #[arg(long, conflicts_with = "link")]
    uninstall: bool,
    /// Only print the address
    #[arg(long, conflicts_with_all = ["install", "uninstall"])]
    no_open: bool,
}

impl Open {
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        if self.install {
            return desktop::install(&context.data, context.out);
        }
        if self.uninstall {
            return desktop::uninstall(context.out);
        }
        let link: Link = self.link.unwrap_or_default().parse()?;
        home::Home::for_link(self.no_open).lead(context, Some(link)).await
    }
}
