//! An attestor's settings: `attestor.toml` in its data folder; an unknown key is an error.

mod problem;

use crate::evidence::oidc::Oidc;
use crate::evidence::outbound::Limits;
use crate::evidence::settings::{Settings, SettingsError, duration};
use crate::evidence::{Evidence, EvidenceError, rule};
use crate::ledger::Second;
use crate::office::Rules;
use countersign_node::private;
use countersign_node::tls::{self, TlsError};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use url::Url;

/// The settings of an attestor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the attestor calls itself.
    pub name: String,
    /// Where people and nodes reach it: an `https` origin.
    pub public_url: Url,
    /// Where the listener listens.
    pub listen: SocketAddr,
    /// What happens when an account signs in for a second identity: reject, move or allow.
    #[serde(default)]
    pub second: Second,
    /// How long an account that moves waits between its old claims and a new one.
    #[serde(default = "an_hour", with = "duration")]
    pub move_wait: Duration,
    /// How often providers are asked again, where they allow it.
    #[serde(default = "a_day", with = "duration")]
    pub ask_again: Duration,
    /// The files of the sources, beside this one unless absolute.
    pub sources: Vec<PathBuf>,
    /// The certificate.
    pub tls: Certificate,
    /// Where the owner's door and the operator's pages are: on loopback; port 0 takes a free one.
    #[serde(default = "anywhere")]
    pub operator: SocketAddr,
    /// What people read about the attestor on its page.
    #[serde(default)]
    pub about: About,
}

/// What an attestor says of itself to people, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct About {
    /// Who runs it: a name, a place, and who answers for it.
    pub who: String,
    /// How long what is kept is kept.
    pub keeps: String,
    /// Where to complain, and to whom if that does not help.
    pub complain: String,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each variant says what its fields are")]
pub enum Certificate {
    /// PEM files: the chain, and its key.
    Files { chain: PathBuf, key: PathBuf },
    /// Made here; nodes know it by the hash of its key, which the profile names.
    SelfSigned,
    /// A reverse proxy on this computer has it, and the listener is on loopback without TLS. Where
    /// no authority vouches for the proxy's certificate, nodes know it by this file.
    Proxy {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<PathBuf>,
    },
}

impl Config {
    /// Reads the settings in the folder `data`.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if they are not there or not understood.
    pub fn read(data: &Path) -> Result<Self, ConfigError> {
        let path = data.join(FILE);
        let text = std::fs::read_to_string(&path)
            .map_err(|cause| ConfigError::Unreadable { path: path.clone(), cause })?;
        let config: Self = toml::from_str(&text)
            .map_err(|cause| ConfigError::Malformed { path: path.clone(), cause })?;
        config.check()?;
        Ok(config)
    }

    /// Tells whether what the settings say fits together.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] with what does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        let origin = self.public_url.origin();
        let bare = self.public_url.as_str().trim_end_matches('/') == origin.ascii_serialization();
        if self.public_url.scheme() != "https" || !bare {
            return Err(ConfigError::PublicUrl);
        }
        if matches!(self.tls, Certificate::Proxy { .. }) && !self.listen.ip().is_loopback() {
            return Err(ConfigError::Exposed { listen: self.listen });
        }
        Ok(())
    }

    /// Writes the settings into the folder `data`.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if they are there already, or cannot be written.
    pub fn write(&self, data: &Path) -> Result<PathBuf, ConfigError> {
        let path = data.join(FILE);
        let text = toml::to_string(self).map_err(|cause| ConfigError::Unwritable {
            path: path.clone(),
            cause: std::io::Error::other(cause),
        })?;
        write_new(&path, &format!("# {FILE}: the settings of this attestor\n{text}"))?;
        Ok(path)
    }

    /// Opens the certificate the listener shows.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Tls`] if it cannot be read or made.
    pub fn certificate(&self, data: &Path) -> Result<Shown, ConfigError> {
        let identity = match &self.tls {
            Certificate::Proxy { .. } => {
                return Ok(Shown { acceptor: None, pin: self.proxy_key(data)? });
            }
            Certificate::Files { chain, key } => {
                tls::from_files(&data.join(chain), &data.join(key))?
            }
            Certificate::SelfSigned => {
                let host = self.public_url.host_str().unwrap_or("localhost");
                tls::self_signed(data, vec![host.trim_matches(['[', ']']).to_owned()])?
            }
        };
        let pin = matches!(self.tls, Certificate::SelfSigned).then_some(identity.spki_sha256);
        Ok(Shown { acceptor: Some(identity.acceptor), pin })
    }

    /// Gives the SHA-256 of the key of the proxy's certificate as its file has it now; nothing where nodes
    /// do not know the proxy by a file.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Tls`] if the file cannot be read.
    pub fn proxy_key(&self, data: &Path) -> Result<Option<[u8; 32]>, ConfigError> {
        match &self.tls {
            Certificate::Proxy { certificate: Some(path) } => {
                Ok(Some(tls::key_of(&data.join(path))?))
            }
            Certificate::Proxy { certificate: None }
            | Certificate::Files { .. }
            | Certificate::SelfSigned => Ok(None),
        }
    }

    /// Opens the sources.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] if a file or a client secret cannot be used.
    pub fn open_sources(&self, data: &Path) -> Result<Vec<Arc<dyn Evidence>>, ConfigError> {
        let mut sources: Vec<Arc<dyn Evidence>> = Vec::new();
        for path in &self.sources {
            let (settings, secret) = Settings::load(&data.join(path))?;
            let taken = sources.iter().any(|one| one.settings().slug == settings.slug);
            if taken {
                return Err(ConfigError::SameSlug { slug: settings.slug });
            }
            let same = sources.iter().map(|one| one.settings()).find(|one| {
                rule::name(one) == rule::name(&settings)
                    && rule::digest(one) != rule::digest(&settings)
            });
            if let Some(other) = same {
                let (rule, files) = (rule::name(&settings), (other.file.clone(), settings.file));
                return Err(ConfigError::SameRule { rule, one: files.0, other: files.1 });
            }
            let source = Oidc::new(settings, secret, &self.public_url, Limits::default())
                .map_err(|cause| ConfigError::Source { cause })?;
            sources.push(Arc::new(source));
        }
        Ok(sources)
    }

    /// Gives the files of the sources, each with that of its client secret if it can be read.
    #[must_use]
    pub fn files(&self, data: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for source in self.sources.iter().map(|source| data.join(source)) {
            let beside = source.parent().unwrap_or(data).to_owned();
            let text = std::fs::read_to_string(&source).unwrap_or_default();
            let secret = Settings::parse(&text).map(|settings| settings.oidc.client_secret_file);
            files.push(source);
            files.extend(secret.map(|secret| beside.join(secret)));
        }
        files
    }

    /// Gives what the office needs to know.
    #[must_use]
    pub fn rules(&self, pin: Option<[u8; 32]>) -> Rules {
        Rules {
            name: self.name.clone(),
            public_url: self.public_url.clone(),
            pin,
            second: self.second,
            wait: self.move_wait.as_secs(),
            ask_again: self.ask_again,
            about: self.about.clone(),
        }
    }
}

/// What a browser or a node sees of the certificate.
#[derive(Clone)]
pub struct Shown {
    /// Accepts connections with it; nothing where a proxy does.
    pub acceptor: Option<TlsAcceptor>,
    /// The SHA-256 of its key, where no authority vouches for it.
    pub pin: Option<[u8; 32]>,
}

/// Writes a file only its owner may read, if there is none of this name, so that a crash leaves all of it or
/// none.
///
/// # Errors
///
/// Returns [`ConfigError::Unwritable`] if there is one, or the disk does not let us.
pub fn write_new(path: &Path, text: &str) -> Result<(), ConfigError> {
    let written = match path.try_exists() {
        Ok(true) => Err(std::io::ErrorKind::AlreadyExists.into()),
        Ok(false) => private::write(path, text.as_bytes()),
        Err(cause) => Err(cause),
    };
    written.map_err(|cause| ConfigError::Unwritable { path: path.to_owned(), cause })
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

const fn an_hour() -> Duration {
    Duration::from_secs(3600)
}

const fn a_day() -> Duration {
    Duration::from_secs(86_400)
}

/// The settings cannot be used. Fault of whoever wrote them.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum ConfigError {
    /// Not there, or not to be read.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    /// A full disk, or a file of this name.
    #[error("{} cannot be written: {cause}", path.display())]
    Unwritable { path: PathBuf, cause: std::io::Error },
    /// Not TOML, or a key nobody knows.
    #[error("{} is not understood: {cause}", path.display())]
    Malformed { path: PathBuf, cause: toml::de::Error },
    /// Addresses are built from it.
    #[error("`public_url` is not an https address without a path")]
    PublicUrl,
    /// Without TLS it must not be reached from elsewhere.
    #[error("without TLS an address must be on loopback, and {listen} is not")]
    Exposed { listen: SocketAddr },
    /// Whoever reads the owner's token could use it from elsewhere.
    #[error("the operator's pages are for this computer alone, and {listen} is not on loopback")]
    OperatorExposed { listen: SocketAddr },
    /// Another program listens there.
    #[error("nothing can listen on {listen}: {cause}")]
    Taken { listen: SocketAddr, cause: std::io::Error },
    /// Two sources would share an address.
    #[error("two sources are called `{slug}`")]
    SameSlug { slug: String },
    /// A name and version must mean one thing.
    #[error("{} and {} demand different things by the same rule {rule}", one.display(), other.display())]
    SameRule { rule: String, one: PathBuf, other: PathBuf },
    /// The file of a source.
    #[error("a source cannot be used: {0}")]
    Settings(#[from] SettingsError),
    /// A source.
    #[error("a source cannot be used: {cause}")]
    Source { cause: EvidenceError },
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The file of settings in the data folder.
pub const FILE: &str = "attestor.toml";

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            name: "North".to_owned(),
            public_url: Url::parse("https://north.example").unwrap(),
            listen: "127.0.0.1:7443".parse().unwrap(),
            second: Second::Move,
            move_wait: Duration::from_secs(60),
            ask_again: a_day(),
            sources: vec![PathBuf::from("paypal.toml")],
            tls: Certificate::SelfSigned,
            operator: anywhere(),
            about: About::default(),
        }
    }

    #[test]
    fn what_is_written_reads_back_and_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        config().write(folder.path()).unwrap();
        assert_eq!(Config::read(folder.path()).unwrap(), config());
        assert!(matches!(config().write(folder.path()), Err(ConfigError::Unwritable { .. })));
    }

    #[test]
    fn an_unknown_key_or_a_plain_address_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let text = toml::to_string(&config()).unwrap();
        std::fs::write(&path, format!("sekond = \"move\"\n{text}")).unwrap();
        assert!(matches!(Config::read(folder.path()), Err(ConfigError::Malformed { .. })));
        for wrong in ["http://north.example", "https://north.example/attestor"] {
            std::fs::write(&path, text.replace("https://north.example/", wrong)).unwrap();
            assert!(matches!(Config::read(folder.path()), Err(ConfigError::PublicUrl)), "{wrong}");
        }
    }

    #[test]
    fn a_source_or_a_secret_that_no_backup_takes_along_is_found() {
        use countersign_node::files::goes_into_a_backup;
        let folder = tempfile::tempdir().unwrap();
        let text = include_str!("../examples/simulated.toml");
        std::fs::write(folder.path().join("paypal.toml"), text).unwrap();
        let taken = |config: &Config| -> Vec<bool> {
            let files = config.files(folder.path());
            files.iter().map(|file| goes_into_a_backup(folder.path(), file)).collect()
        };
        assert_eq!(taken(&config()), [true, true]);
        let text = text.replace("simulated.secret", "/etc/simulated");
        std::fs::write(folder.path().join("paypal.toml"), text).unwrap();
        assert_eq!(taken(&config()), [true, false]);
        let sources = vec![PathBuf::from("/etc/attestor/paypal.toml")];
        assert_eq!(taken(&Config { sources, ..config() }), [false]);
    }

    #[test]
    fn two_sources_do_not_mean_two_things_by_one_rule() {
        let folder = tempfile::tempdir().unwrap();
        let text = include_str!("../examples/simulated.toml");
        write_new(&folder.path().join("simulated.secret"), "secret").unwrap();
        std::fs::write(folder.path().join("one.toml"), text).unwrap();
        let other = text.replace("slug = \"simulated\"", "slug = \"other\"");
        let sources = ["one.toml", "other.toml"].map(PathBuf::from).to_vec();
        let config = Config { sources, ..config() };
        std::fs::write(folder.path().join("other.toml"), &other).unwrap();
        assert_eq!(config.open_sources(folder.path()).unwrap().len(), 2);
        let other = other.replace("must_be = true", "must_be = false");
        std::fs::write(folder.path().join("other.toml"), other).unwrap();
        let refused = config.open_sources(folder.path()).map(drop);
        assert!(matches!(refused, Err(ConfigError::SameRule { .. })), "{refused:?}");
    }

    #[test]
    fn a_self_signed_certificate_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let first = config().certificate(folder.path()).unwrap().pin;
        assert!(first.is_some());
        assert_eq!(config().certificate(folder.path()).unwrap().pin, first);
    }

    #[test]
    fn behind_a_proxy_the_listener_is_on_loopback_and_the_proxys_key_is_the_one_nodes_know() {
        let folder = tempfile::tempdir().unwrap();
        let own = config().certificate(folder.path()).unwrap();
        let tls = Certificate::Proxy { certificate: Some(PathBuf::from("tls.crt")) };
        let proxied = Config { tls, ..config() };
        proxied.write(folder.path()).unwrap();
        let shown = Config::read(folder.path()).unwrap().certificate(folder.path()).unwrap();
        assert!(shown.acceptor.is_none());
        assert_eq!(shown.pin, own.pin);
        std::fs::remove_file(folder.path().join(FILE)).unwrap();
        let exposed = Config { listen: "0.0.0.0:80".parse().unwrap(), ..proxied };
        exposed.write(folder.path()).unwrap();
        assert!(matches!(Config::read(folder.path()), Err(ConfigError::Exposed { .. })));
    }
}
