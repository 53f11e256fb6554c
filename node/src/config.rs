//! A node's settings: flag over environment over file over default; an unknown key is an error.
//!
//! | layer | example |
//! | --- | --- |
//! | flag | `--set doors.owner=127.0.0.1:7371` |
//! | environment | `COUNTERSIGN_DOORS_OWNER=127.0.0.1:7371` |
//! | file | `node.toml` in the data folder: `[doors]`, `owner = "127.0.0.1:7371"` |
//! | default | [`Config::default`] |

mod caps;
mod keep;
pub mod size;
mod trust;

pub(crate) use caps::Caps;
pub(crate) use keep::{Setting, keep, keep_phone, kept_phone};
pub use trust::Trust;

use crate::problem::{Kind, Problem};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The settings of a node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What this node does for itself and for others.
    pub role: Role,
    /// How it meets other nodes.
    pub network: Network,
    /// Where it listens for its owner and for strangers.
    pub doors: Doors,
    /// Whom it trusts to vouch for others.
    pub trust: Trust,
    /// What it may use of this computer.
    pub limits: Limits,
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Belongs to a person: holds her own records, a random part of everybody's, and deposits
    /// what is new of hers with keepers.
    #[default]
    Home,
    /// Holds every head and keeps what homes deposit: vendors, attestors, volunteers.
    Full,
}

/// How a node meets other nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Multiaddresses to listen on.
    pub listen: Vec<String>,
    /// Multiaddresses where others reach this node, if you know them: makes it serve the DHT.
    pub external: Vec<String>,
    /// Whether to look for nodes in the local network.
    pub mdns: bool,
    /// Whether nodes on this very computer are others: only for networks on one machine.
    pub loopback: bool,
    /// Whether to cosign other people's logs and sign freshness.
    pub witness: bool,
    /// The most peers at once.
    pub max_peers: u32,
    /// Whether to find out if others reach this node, and to be reached through relays where they do
    /// not: other nodes that carry a little for it, until the two meet directly.
    pub reach: bool,
    /// Whether to be such a relay for others: `auto` (a full node that others reach directly),
    /// `always` or `never`. At most 16 of its connections at a time are carried, each for two minutes
    /// and 512 KiB.
    pub relay: Relay,
}

/// Whether a node relays for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Relay {
    /// If it is a full node that others reach directly.
    #[default]
    Auto,
    /// From the start.
    Always,
    /// Not at all.
    Never,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            listen: everywhere(0),
            external: Vec::new(),
            mdns: false,
            loopback: false,
            witness: false,
            max_peers: 32,
            reach: true,
            relay: Relay::Auto,
        }
    }
}

/// Where a node listens with HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Doors {
    /// The owner's door: on loopback, with bearer tokens.
    pub owner: SocketAddr,
    /// The public door: resolves DIDs for anybody, nothing else; at an address such as `0.0.0.0:8080`. Shut
    /// unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<SocketAddr>,
    /// The door for the owner's phone: over TLS in the home network, such as `0.0.0.0:7372`. Shut
    /// unless given; `countersign device open` gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<SocketAddr>,
}

impl Default for Doors {
    fn default() -> Self {
        Self { owner: SocketAddr::from(([127, 0, 0, 1], 7370)), public: None, phone: None }
    }
}

/// What a node may use of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of other people's heads to hold; the logs and showcases these name may take 16 times as much on
    /// the disk.
    pub heads: u64,
    /// Bytes of memory for the cache on disk.
    pub cache: u64,
    /// Bytes to peers and from them, both together, that a day may cost; 0 for as many as it takes. Beyond
    /// them this node does nothing for others until the next day (UTC), while all you do goes on.
    pub traffic: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // A million heads of 250 bytes; what a small always-on box can spare; and half of the terabyte a
        // month that the smallest rented machines include, which is far above what a busy day costs and
        // yet an end to what somebody could make this node pay for.
        Self { heads: 256 * 1024 * 1024, cache: 16 * 1024 * 1024, traffic: 16 * 1024 * 1024 * 1024 }
    }
}

impl Config {
    /// Gives the settings for a network on one computer: other nodes on it count as others, and nobody
    /// from elsewhere can come, unless the settings say where to listen.
    #[must_use]
    pub fn on_this_computer(mut self) -> Self {
        self.network.loopback = true;
        if self.network.listen == Network::default().listen {
            self.network.listen = vec!["/ip4/127.0.0.1/tcp/0".to_owned()];
        }
        self
    }

    /// Gives the settings for the first node of a network, unless they say where to listen: what stands in its
    /// invitations has to be there after the next start, too.
    #[must_use]
    pub fn founding(mut self) -> Self {
        if self.network.listen == Network::default().listen {
            self.network.listen = everywhere(FOUNDER);
        }
        self
    }

    /// Reads the settings for the node whose data folder is `data`.
    ///
    /// # Errors
    ///
    /// Returns a problem that names the layer and the key that is wrong.
    pub fn read(data: &Path, sets: &[String]) -> Result<Self, Problem> {
        let mut table = match std::fs::read_to_string(data.join(FILE)) {
            Ok(text) => parse_file(&data.join(FILE), &text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Table::new(),
            Err(error) => return Err(Problem::unreadable(&data.join(FILE), error)),
        };
        for (name, value) in std::env::vars_os() {
            // What is not UTF-8 is somebody else's: no setting is.
            let Some(name) = name.to_str() else { continue };
            if let Some(path) = environment_key(name) {
                let value = value.to_str().ok_or_else(|| invalid(format!("{name} is no text")))?;
                overlay(&mut table, &path, value)
                    .map_err(|problem| problem.because(format!("it comes from {name}")))?;
            }
        }
        for set in sets {
            let (path, value) = set.split_once('=').ok_or_else(|| {
                invalid(format!("`--set {set}` is not KEY=VALUE"))
                    .hint("write it like --set doors.owner=127.0.0.1:7371")
            })?;
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            overlay(&mut table, &path, value)?;
        }
        let config: Self = table.try_into().map_err(|error| {
            invalid("a setting is not understood")
                .because(error)
                .hint("`countersign config show` prints every key with its value")
        })?;
        Caps::of(&config).check()?;
        Ok(config)
    }

    /// Writes the settings into the data folder, for a person to change.
    ///
    /// # Errors
    ///
    /// Returns a problem if the file cannot be written.
    pub fn write(&self, data: &Path) -> Result<PathBuf, Problem> {
        let path = data.join(FILE);
        crate::private::write(&path, self.to_text().as_bytes())
            .map_err(|error| Problem::unwritable(&path, error))?;
        Ok(path)
    }

    /// Gives what [`Config::write`] writes.
    pub(crate) fn to_text(&self) -> String {
        format!("# {FILE}: the settings of this node\n{}", self.to_toml())
    }

    /// Gives the settings as a file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }
}

/// Gives where a node listens at a port of every network this computer is in; 0 is for the system to choose.
fn everywhere(port: u16) -> Vec<String> {
    vec![format!("/ip4/0.0.0.0/udp/{port}/quic-v1"), format!("/ip4/0.0.0.0/tcp/{port}")]
}

/// Gives the data folder: the flag, `COUNTERSIGN_DATA`, or the place this system keeps such things.
#[must_use]
pub fn data_folder(flag: Option<PathBuf>) -> PathBuf {
    flag.or_else(|| std::env::var_os("COUNTERSIGN_DATA").map(PathBuf::from)).unwrap_or_else(|| {
        let home = |name: &str| std::env::var_os(name).map(PathBuf::from);
        home("XDG_DATA_HOME")
            .or_else(|| home("HOME").map(|home| home.join(".local/share")))
            .unwrap_or_else(|| PathBuf::from("."))
            .join("countersign")
    })
}

fn parse_file(path: &Path, text: &str) -> Result<Table, Problem> {
    text.parse::<Table>().map_err(|error| {
        invalid(format!("{} is not TOML", path.display()))
            .because(error)
            .hint("a section such as [network], and a key in it, stands once: change the line that is there")
    })
}

/// `COUNTERSIGN_DOORS_OWNER` names `doors.owner`; other variables of the prefix name no setting.
fn environment_key(name: &str) -> Option<Vec<String>> {
    let rest = name.strip_prefix("COUNTERSIGN_")?.to_ascii_lowercase();
    if rest == "role" {
        return Some(vec![rest]);
    }
    let (section, key) = rest.split_once('_')?;
    let known = matches!(section, "network" | "doors" | "trust" | "limits");
    known.then(|| vec![section.to_owned(), key.to_owned()])
}

/// Puts `value` at `path`: as TOML where it is TOML, otherwise as text.
fn overlay(table: &mut Table, path: &[String], value: &str) -> Result<(), Problem> {
    let value = format!("v = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let (key, sections) = path.split_last().ok_or_else(|| invalid("a setting has no name"))?;
    let mut at = table;
    for section in sections {
        at = at
            .entry(section.clone())
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .ok_or_else(|| invalid(format!("`{section}` is no section")))?;
    }
    at.insert(key.clone(), value);
    Ok(())
}

fn invalid(title: impl Into<String>) -> Problem {
    Problem::new(Kind::Invalid, title)
}

/// The port of the first node of a network, which firewalls have to let through.
const FOUNDER: u16 = 4001;

/// The file of settings in the data folder.
pub const FILE: &str = "node.toml";

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_protocol::did::Did;
    use countersign_protocol::key::SecretKey;

    #[test]
    fn a_section_written_twice_is_told_to_stand_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "[network]\nmdns = true\n[network]\n").unwrap();
        let problem = Config::read(folder.path(), &[]).unwrap_err();
        assert!(problem.to_string().contains("stands once"));
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "role = \"full\"\n[network]\nmdns = true\n")
            .unwrap();
        let config = Config::read(folder.path(), &["network.mdns=false".to_owned()]).unwrap();
        assert_eq!(config.role, Role::Full);
        assert!(!config.network.mdns);
        assert_eq!(config.doors, Doors::default());
    }

    #[test]
    fn whoever_founds_a_network_listens_where_it_does_at_the_next_start() {
        let founding = Config::default().founding().network.listen;
        assert_eq!(founding, ["/ip4/0.0.0.0/udp/4001/quic-v1", "/ip4/0.0.0.0/tcp/4001"]);
        let listen = vec!["/ip4/192.0.2.1/tcp/4002".to_owned()];
        let network = Network { listen: listen.clone(), ..Network::default() };
        let chosen = Config { network, ..Config::default() }.founding();
        assert_eq!(chosen.network.listen, listen, "what its owner chose stays");
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Config::read(folder.path(), &["doors.onwer=1".to_owned()]).is_err());
        assert!(Config::read(folder.path(), &["doors".to_owned()]).is_err());
    }

    #[test]
    fn whom_a_mistyped_name_means_is_not_left_out_of_those_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let did = "did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG:home.arpa";
        for (file, key, value) in [
            (format!("attestors.north = \"{did}/x\""), "trust.attestors.north", "home.arpa/x"),
            ("witnesses = [\"did:key:z6MkX\"]".to_owned(), "trust.witnesses", "did:key:z6MkX"),
        ] {
            std::fs::write(folder.path().join(FILE), format!("[trust]\n{file}\n")).unwrap();
            let text = Config::read(folder.path(), &[]).unwrap_err().to_string();
            assert!(text.contains(key) && text.contains(value), "{text}");
        }
    }

    #[test]
    fn limits_nobody_can_live_with_are_refused_in_the_file_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "[limits]\nheads = 1000\n").unwrap();
        let text = Config::read(folder.path(), &[]).unwrap_err().to_string();
        assert!(text.contains("limits.heads") && text.contains("1 kB"), "{text}");
        assert!(Config::read(folder.path(), &["limits.heads=2000000".to_owned()]).is_ok());
    }

    #[test]
    fn what_is_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let witness = SecretKey::from_seed([1; 32]).public();
        let did = "did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG:home.arpa";
        let attestors = [("north".to_owned(), did.parse::<Did>().unwrap())].into();
        let trust = Trust { attestors, witnesses: vec![witness] };
        let config = Config { role: Role::Full, trust, ..Config::default() };
        config.write(folder.path()).unwrap();
        assert_eq!(Config::read(folder.path(), &[]).unwrap(), config);
    }

    #[test]
    fn the_environment_names_sections() {
        assert_eq!(environment_key("COUNTERSIGN_DATA"), None);
        assert_eq!(environment_key("COUNTERSIGN_LOG"), None);
        let key = environment_key("COUNTERSIGN_NETWORK_MAX_PEERS").unwrap();
        assert_eq!(key, ["network", "max_peers"]);
    }
}
