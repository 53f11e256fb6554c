//! `countersign-attestor init`.

use super::Context;
use crate::config::{About, Certificate, Config, FILE, write_new};
use crate::evidence::oidc::callback;
use crate::evidence::settings::Settings;
use crate::ledger::Second;
use countersign_node::config::Role;
use countersign_node::joined::Joined;
use countersign_node::problem::Kind;
use countersign_node::start::{self, NewNode};
use countersign_node::{Config as NodeConfig, Problem, private, terminal};
use serde_json::json;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use url::{Host, Url};
use zeroize::Zeroizing;

/// Make an attestor: its node, its identity, and the settings of its first source of evidence
///
/// Without more than --from it is one for a first try, on this computer alone. A node that is there
/// already, made by `countersign init --attests`, is kept.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The source of evidence: paypal, sandbox, simulated, or a file that describes another one
    #[arg(long, value_name = "SOURCE")]
    from: String,
    /// What the attestor calls itself (default: the host of --public-url)
    #[arg(long)]
    name: Option<String>,
    /// Where people and nodes reach it, such as https://north.example
    #[arg(long, value_name = "URL", default_value = "https://127.0.0.1:7443")]
    public_url: Url,
    /// Where the listener listens (default: where the public address says)
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    tls: Tls,
    /// What happens when an account signs in for a second identity: reject, move or allow
    #[arg(long, default_value = "reject", value_parser = second)]
    second: Second,
    /// Seconds an account that moves waits between its old claims and a new one
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    move_wait: u64,
    #[command(flatten)]
    client: Client,
    #[command(flatten)]
    node: Node,
}

/// Where the certificate comes from.
#[derive(Debug, clap::Args)]
struct Tls {
    /// Make a certificate nobody vouches for: nodes know it by the profile (default on loopback)
    #[arg(long, conflicts_with_all = ["tls_certificate", "tls_key", "behind_proxy"])]
    tls_self_signed: bool,
    /// The certificate chain, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The certificate's key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// A reverse proxy on this computer has the certificate; listen on loopback without TLS
    #[arg(long, conflicts_with = "tls_certificate")]
    behind_proxy: bool,
    /// The proxy's certificate, PEM, where no authority vouches for it
    #[arg(long, value_name = "FILE", requires = "behind_proxy")]
    proxy_certificate: Option<PathBuf>,
}

/// How the provider knows the attestor.
#[derive(Debug, clap::Args)]
struct Client {
    /// The client id the provider gave
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// A file with the client secret the provider gave; it is copied
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
}

/// The node underneath, where there is none yet.
#[derive(Debug, clap::Args)]
struct Node {
    /// Join this network, so that its witnesses cosign the identity
    #[arg(long, value_name = "INVITE")]
    join: Option<String>,
    /// Found a network of this name on this computer, for a first try
    #[arg(long, value_name = "NAME", conflicts_with = "join")]
    found: Option<String>,
    /// Write the 24 words into a new file instead of showing them; move it to paper and delete it
    #[arg(long, value_name = "FILE")]
    words_to: Option<PathBuf>,
    /// Derive the key from the passphrase fast and weakly: for testnets, and refused in any other network
    #[arg(long, hide = true)]
    weak_passphrase: bool,
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
    pub(super) async fn run(self, context: &Context) -> Result<ExitCode, Problem> {
        let text = self.client.named(source(&self.from)?);
        let settings = Settings::parse(&text).map_err(|cause| {
            Problem::new(Kind::Invalid, format!("`{}` describes no source", self.from))
                .because(cause)
                .hint("correct the file of the source; attestor/examples has three")
        })?;
        let file = PathBuf::from(format!("{}.toml", settings.slug));
        let config = self.settings(file.clone())?;
        if context.data().join(FILE).exists() {
            return Err(Problem::new(Kind::Conflict, "there is an attestor here already")
                .because(format!("its settings are {}", context.data().join(FILE).display()))
                .hint("change them there, or make another one with --data FOLDER"));
        }
        // Whatever is not there, or cannot be used, is found before anything is made.
        let source = context.data().join(&file);
        let is_written = is_written(&source, &text)?;
        let given = self.client.secret()?;
        if !matches!(config.tls, Certificate::SelfSigned) {
            let _usable = config.certificate(context.data())?;
        }
        let identity = self.node.make(context).await?;
        let secret = context.data().join(&settings.oidc.client_secret_file);
        keep_secret(given, &self.from, &secret)?;
        if !is_written {
            write_new(&source, &text)?;
        }
        // The settings come last: as long as they are not there, the same command goes on.
        let written = config.write(context.data())?;
        let callback = callback(&config.public_url, &settings.slug);
        let callback = callback.map(String::from).unwrap_or_default();
        let next = next(context, &secret, &source, &settings);
        let answer = json!({
            "identity": identity, "settings": written, "source": source, "clientSecret": secret,
            "callback": callback, "next": next,
        });
        let made = identity.map(|did| format!("Made the identity {did}.\n")).unwrap_or_default();
        let text = format!(
            "{made}Wrote {} and {}.\nThe provider must know the return address {callback}\nNext: {}",
            written.display(),
            source.display(),
            next.join("\n      ")
        );
        context.answer(&answer, &text)?;
        Ok(ExitCode::SUCCESS)
    }

    fn settings(&self, source: PathBuf) -> Result<Config, Problem> {
        let loopback = match self.public_url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let host = self.public_url.host_str().unwrap_or_default();
        let name = if loopback { "Test attestor" } else { host };
        let port = self.public_url.port_or_known_default().unwrap_or(443);
        let listen = match (loopback, self.tls.behind_proxy) {
            (_, true) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), BEHIND),
            (true, false) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
            (false, false) => SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port),
        };
        let config = Config {
            name: self.name.clone().unwrap_or_else(|| name.to_owned()),
            public_url: self.public_url.clone(),
            listen: self.listen.unwrap_or(listen),
            second: self.second,
            move_wait: Duration::from_secs(self.move_wait),
            ask_again: Duration::from_secs(86_400),
            sources: vec![source],
            tls: self.tls.certificate(loopback)?,
            operator: SocketAddr::from(([127, 0, 0, 1], 0)),
            about: About::default(),
        };
        config.check()?;
        Ok(config)
    }
}

/// Gives the text that describes a source.
fn source(from: &str) -> Result<String, Problem> {
    Ok(match from {
        "paypal" => include_str!("../../examples/paypal.toml").to_owned(),
        "sandbox" => include_str!("../../examples/sandbox.toml").to_owned(),
        SIMULATED => include_str!("../../examples/simulated.toml").to_owned(),
        file => std::fs::read_to_string(file).map_err(|cause| {
            Problem::new(Kind::Invalid, format!("{file} cannot be read"))
                .because(cause)
                .hint("--from takes paypal, sandbox, simulated or a file")
        })?,
    })
}

/// Says what is left to do, in order.
fn next(context: &Context, secret: &Path, source: &Path, settings: &Settings) -> Vec<String> {
    let mut next = Vec::new();
    if settings.oidc.client_id.starts_with("PUT-") {
        next.push(format!("put the client id the provider gave into {}", source.display()));
    }
    if !secret.exists() {
        next.push(format!("put the client secret into {} (mode 0600)", secret.display()));
    }
    if !start::has_joined(context.data()) {
        next.push(context.command("countersign", "join INVITATION"));
    }
    next.push(context.command("countersign-attestor", "doctor"));
    next.push(context.command("countersign-attestor", "run"));
    next
}

impl Tls {
    fn certificate(&self, loopback: bool) -> Result<Certificate, Problem> {
        match (&self.tls_certificate, &self.tls_key) {
            (Some(chain), Some(key)) => Ok(Certificate::Files {
                chain: terminal::whole(chain)?,
                key: terminal::whole(key)?,
            }),
            _ if self.behind_proxy => {
                let certificate =
                    self.proxy_certificate.as_deref().map(terminal::whole).transpose()?;
                Ok(Certificate::Proxy { certificate })
            }
            _ if self.tls_self_signed || loopback => Ok(Certificate::SelfSigned),
            _ => Err(Problem::new(Kind::Invalid, "the attestor needs a certificate").hint(
                "--tls-certificate FILE --tls-key FILE, --behind-proxy where a reverse proxy has \
                 it, or --tls-self-signed in a testnet",
            )),
        }
    }
}

impl Client {
    /// Puts the client id into the text of a source.
    fn named(&self, text: String) -> String {
        let Some(id) = &self.client_id else { return text };
        let id = toml::Value::String(id.clone());
        let line = |line: &str| match line.split_once('=') {
            Some((key, _)) if key.trim() == "client_id" => format!("client_id = {id}\n"),
            _ => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }

    /// Reads the secret that was given.
    fn secret(&self) -> Result<Option<Zeroizing<String>>, Problem> {
        let Some(file) = &self.client_secret_file else { return Ok(None) };
        let unusable = |cause: &dyn core::fmt::Display| {
            Problem::new(Kind::Invalid, format!("{} cannot be used", file.display()))
                .because(cause)
                .hint("--client-secret-file names a file with the secret the provider gave")
        };
        let text = Zeroizing::new(std::fs::read_to_string(file).map_err(|cause| unusable(&cause))?);
        if text.trim().is_empty() {
            return Err(unusable(&"it is empty"));
        }
        Ok(Some(text))
    }
}

/// Tells whether a try before, which was cut off, wrote this source.
fn is_written(source: &Path, text: &str) -> Result<bool, Problem> {
    match std::fs::read_to_string(source) {
        Ok(there) if there == text => Ok(true),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Ok(_) | Err(_) => {
            let title = format!("{} is there already", source.display());
            Err(Problem::new(Kind::Conflict, title)
                .because("it is not what this command writes there")
                .hint("give it another name, or delete it if a try that was cut off wrote it"))
        }
    }
}

fn keep_secret(given: Option<Zeroizing<String>>, from: &str, to: &Path) -> Result<(), Problem> {
    let text = match given {
        Some(text) => text,
        // Everybody knows the secret of the SIMULATED provider's first client.
        None if from == SIMULATED && !to.exists() => Zeroizing::new(SIMULATED.to_owned()),
        None => return Ok(()),
    };
    private::write(to, text.trim().as_bytes()).map_err(|cause| Problem::unwritable(to, cause))
}

impl Node {
    /// Makes the node and its identity, where there is none yet, and gives the identity.
    async fn make(&self, context: &Context) -> Result<Option<String>, Problem> {
        let data = context.data();
        if start::check_empty(data).is_err() {
            self.check_network(context)?;
            return Ok(None);
        }
        if start::was_cut_off(data) {
            context.out.say(start::BEGINS_ANEW);
        }
        terminal::can_hand_over(self.words_to.as_deref(), context.out)?;
        let mut config = context.node_config()?;
        if let Some(invite) = &self.join {
            start::join(data, invite)?;
        }
        if let Some(name) = &self.found {
            start::found(data, name, true)?;
            stay_here(&mut config);
        }
        let passphrase = context.passphrase.choose(context.out)?;
        let words = start::new_words()?;
        // Nothing is made before its owner can recover it.
        terminal::hand_over(&words, self.words_to.as_deref(), context.out)?;
        context.out.say("Making your keys ...");
        let new = NewNode {
            role: Role::Full,
            words: Some(words),
            attests: true,
            weak_passphrase: self.weak_passphrase,
        };
        let created = start::create(data, &config, new, &passphrase).await?;
        Ok(created.identity.map(|did| did.to_string()))
    }
}

impl Node {
    /// Sees to it that the node that is there is in the network that is asked for.
    fn check_network(&self, context: &Context) -> Result<(), Problem> {
        let data = context.data();
        if let Some(invite) = &self.join {
            start::join(data, invite)?;
        }
        let Some(name) = &self.found else { return Ok(()) };
        match Joined::read(data)? {
            None if context.node_config()?.role == Role::Home => Err(start::no_founder()),
            None => start::found(data, name, true).map(drop),
            Some(joined) if joined.parameters.id().to_string() == *name => Ok(()),
            Some(joined) => {
                let title = "the node that is here is in another network already";
                Err(Problem::new(Kind::Conflict, title)
                    .because(format!("it is in `{}`", joined.parameters.id()))
                    .hint("leave out --found to keep that; a node is in one network, another needs --data FOLDER"))
            }
        }
    }
}

/// Keeps a node's network on this computer, at a port that is free now: invitations name it, and nobody else
/// chooses there.
fn stay_here(config: &mut NodeConfig) {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|one| one.local_addr());
    let port = free.map_or(0, |address| address.port());
    config.network.loopback = true;
    config.network.listen =
        vec![format!("/ip4/127.0.0.1/udp/{port}/quic-v1"), format!("/ip4/127.0.0.1/tcp/{port}")];
}

/// The source that is made up, and the secret by which it knows its first client.
const SIMULATED: &str = "simulated";
/// Where the listener is behind a reverse proxy.
const BEHIND: u16 = 7443;

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::*;
    use clap::Parser as _;
    use countersign_node::Output;
    use countersign_node::passphrase::Passphrase;

    /// Types `init` with `more` behind it.
    async fn init(folder: &Path, more: &[&str]) -> Result<ExitCode, Problem> {
        let path = |name: &str| folder.join(name).display().to_string();
        std::fs::write(folder.join("passphrase"), "north by north").unwrap();
        let (data, passphrase, words) = (path("data"), path("passphrase"), path("words"));
        let typed =
            ["countersign-attestor", "--json", "--data", &data, "--passphrase-file", &passphrase];
        let init = ["init", "--from", "simulated", "--weak-passphrase", "--words-to", &words];
        let typed = typed.iter().chain(&init).chain(more);
        let Cli { shared, command } = Cli::try_parse_from(typed).unwrap();
        command.run(shared, Output::new(true)).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn files_that_are_not_there_are_found_before_anything_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let none = folder.path().join("none").display().to_string();
        for more in [
            &["--client-secret-file", &none][..],
            &["--behind-proxy", "--proxy-certificate", &none],
            &["--tls-certificate", &none, "--tls-key", &none],
        ] {
            let more = [&["--found", "village"], more].concat();
            let refused = init(folder.path(), &more).await.unwrap_err();
            assert!(refused.is(Kind::Invalid), "{refused}");
            assert!(!folder.path().join("data").exists(), "{more:?}");
            assert!(!folder.path().join("words").exists(), "{more:?}");
        }
    }

    /// Each file comes whole, and in this order.
    #[tokio::test(flavor = "multi_thread")]
    async fn wherever_it_is_cut_off_the_same_command_finishes_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        init(folder.path(), &["--found", "village"]).await.unwrap();
        let read = |name: &str| std::fs::read(data.join(name)).unwrap();
        let files = ["simulated.secret", "simulated.toml", FILE];
        let whole = files.map(read);
        for first in 0..files.len() {
            for file in files.iter().skip(first) {
                std::fs::remove_file(data.join(file)).unwrap();
            }
            init(folder.path(), &["--found", "village"]).await.unwrap();
            assert_eq!(files.map(read), whole, "without {}", files[first]);
        }
        // What somebody wrote there is kept.
        std::fs::remove_file(data.join(FILE)).unwrap();
        std::fs::write(data.join("simulated.toml"), "hers").unwrap();
        let refused = init(folder.path(), &["--found", "village"]).await.unwrap_err();
        assert!(refused.is(Kind::Conflict), "{refused}");
        assert_eq!(read("simulated.toml"), b"hers");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_node_that_is_in_a_network_is_not_said_to_be_in_another() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        start::found(&data, "village", true).unwrap();
        let words = Some(start::new_words().unwrap());
        let new = NewNode { role: Role::Full, words, attests: true, weak_passphrase: true };
        let passphrase = Passphrase::new("north by north");
        start::create(&data, &NodeConfig::default(), new, &passphrase).await.unwrap();
        let refused = init(folder.path(), &["--found", "town"]).await.unwrap_err();
        assert!(refused.is(Kind::Conflict), "{refused}");
        assert!(!data.join(FILE).exists());
        init(folder.path(), &["--found", "village"]).await.unwrap();
    }
}
