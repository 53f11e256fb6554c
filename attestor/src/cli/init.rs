//! `countersign-attestor init`.

use super::{Context, config_problem};
use crate::config::{Certificate, Config, write_new};
use crate::evidence::settings::Settings;
use crate::ledger::Second;
use countersign_node::Problem;
use countersign_node::problem::Kind;
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use url::Url;

/// Write the settings of an attestor into the data folder of a node
///
/// The node itself is made by `countersign init --attests`.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The source of evidence: paypal, sandbox, simulated, or a file that describes another one
    #[arg(long, value_name = "SOURCE")]
    from: String,
    /// What the attestor calls itself
    #[arg(long)]
    name: String,
    /// Where people and nodes reach it, such as https://north.example
    #[arg(long, value_name = "URL")]
    public_url: Url,
    /// Where the listener listens
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:443")]
    listen: SocketAddr,
    /// Make a certificate nobody vouches for: nodes know it by the profile. For testnets
    #[arg(long, conflicts_with_all = ["tls_certificate", "tls_key"])]
    tls_self_signed: bool,
    /// The certificate chain, PEM
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_key",
        required_unless_present = "tls_self_signed"
    )]
    tls_certificate: Option<PathBuf>,
    /// The certificate's key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// What happens when an account signs in for a second identity: reject, move or allow
    #[arg(long, default_value = "reject", value_parser = second)]
    second: Second,
    /// Seconds an account that moves waits between its old claims and a new one
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    move_wait: u64,
}

fn second(word: &str) -> Result<Second, &'static str> {
    match word {
        "reject" => Ok(Second::Reject),
        "move" => Ok(Second::Move),
        "allow" => Ok(Second::Allow),
        _ => Err("one of reject, move, allow"),
    }
}

impl Init {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let text = match self.from.as_str() {
            "paypal" => include_str!("../../examples/paypal.toml").to_owned(),
            "sandbox" => include_str!("../../examples/sandbox.toml").to_owned(),
            "simulated" => include_str!("../../examples/simulated.toml").to_owned(),
            file => std::fs::read_to_string(file).map_err(|cause| {
                Problem::new(Kind::Invalid, format!("{file} cannot be read"))
                    .because(cause)
                    .hint("--from takes paypal, sandbox, simulated or a file")
            })?,
        };
        let settings = Settings::parse(&text).map_err(|cause| {
            Problem::new(Kind::Invalid, format!("`{}` describes no source", self.from))
                .because(cause)
        })?;
        let file = PathBuf::from(format!("{}.toml", settings.slug));
        let tls = match (self.tls_certificate, self.tls_key) {
            (Some(chain), Some(key)) => {
                Certificate::Files { chain: absolute(chain)?, key: absolute(key)? }
            }
            _ => Certificate::SelfSigned,
        };
        let config = Config {
            name: self.name,
            public_url: self.public_url,
            listen: self.listen,
            second: self.second,
            move_wait: Duration::from_secs(self.move_wait),
            ask_again: Duration::from_secs(86_400),
            sources: vec![file.clone()],
            tls,
        };
        let source = context.data().join(&file);
        write_new(&source, &text).map_err(|error| config_problem(&error))?;
        let written = config.write(context.data()).map_err(|error| config_problem(&error))?;
        let secret = context.data().join(&settings.oidc.client_secret_file);
        let answer = json!({ "settings": written, "source": source, "clientSecret": secret });
        context.answer(
            &answer,
            &format!(
                "Wrote {} and {}.\nPut the client secret into {} (mode 0600), the client id into \
                 the source's file, then run `countersign-attestor doctor`.",
                written.display(),
                source.display(),
                secret.display()
            ),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

fn absolute(path: PathBuf) -> Result<PathBuf, Problem> {
    std::path::absolute(&path).map_err(|cause| {
        Problem::new(Kind::Invalid, format!("{} is no path", path.display())).because(cause)
    })
}
