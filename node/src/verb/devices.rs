//! The owner's other devices: a phone that answers requests in the home network.

use super::Verb;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;

/// Opens the door for devices, now and at each start.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// Where; without it where it was open last, or port 7372 of every address in the home network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<SocketAddr>,
}

/// Shuts the door for devices, now and at each start. Those that were added are still known.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shut {}

/// Makes a code that lets one device in, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// What it is to be called.
    pub name: String,
}

/// Lists the devices.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {}

/// Removes a device: it is out at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// What it is called.
    pub name: String,
}

/// The door for devices, and those that may come in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Devices {
    /// Where the settings say it is; without it the door is shut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<SocketAddr>,
    /// Where it is open now, the address to use first.
    pub addresses: Vec<String>,
    /// The SHA-256 of its certificate, as browsers show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The devices, the oldest first.
    pub devices: Vec<Device>,
}

/// A device that may come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The name it was given.
    pub name: String,
    /// Since when.
    pub since: String,
    /// When it was there last.
    pub seen: String,
}

/// What a device needs to come in, for ten minutes and once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Added {
    /// What it will be called.
    pub name: String,
    /// What it opens, with the code and, for programs, the hash of the key it must find there.
    pub url: String,
    /// The same under the other addresses of this computer.
    pub others: Vec<String>,
    /// The code alone.
    pub code: String,
    /// The SHA-256 of the certificate, to compare with what the device shows.
    pub fingerprint: String,
}

/// A device that was removed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Removed {
    /// What it was called.
    pub name: String,
}

impl Verb for Open {
    type Answer = Devices;
    const PATH: &'static str = "/v1/devices/open";

    async fn perform(self, node: &Node) -> Result<Devices, Problem> {
        node.open_for_devices(self.at).await
    }
}

impl Verb for Shut {
    type Answer = Devices;
    const PATH: &'static str = "/v1/devices/shut";

    async fn perform(self, node: &Node) -> Result<Devices, Problem> {
        node.shut_for_devices().await
    }
}

impl Verb for Add {
    type Answer = Added;
    const PATH: &'static str = "/v1/devices/add";

    async fn perform(self, node: &Node) -> Result<Added, Problem> {
        node.add_device(&self.name)
    }
}

impl Verb for List {
    type Answer = Devices;
    const PATH: &'static str = "/v1/devices";

    async fn perform(self, node: &Node) -> Result<Devices, Problem> {
        node.devices()
    }
}

impl Verb for Remove {
    type Answer = Removed;
    const PATH: &'static str = "/v1/devices/remove";

    async fn perform(self, node: &Node) -> Result<Removed, Problem> {
        node.remove_device(self.name)
    }
}

impl Text for Devices {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        match (&self.at, self.addresses.first()) {
            (None, _) => {
                writeln!(to, "the door for devices is shut: `countersign device open` opens it")?
            }
            (Some(at), None) if self.fingerprint.is_some() => writeln!(
                to,
                "the door for devices is open at {at}, and this computer is in no home network now"
            )?,
            (Some(at), None) => {
                writeln!(to, "the door for devices is to be at {at}, and is not open now")?
            }
            (Some(_), Some(address)) => writeln!(to, "the door for devices is open: {address}")?,
        }
        if let Some(fingerprint) = &self.fingerprint {
            writeln!(to, "its certificate has the SHA-256 fingerprint {fingerprint}")?;
        }
        if self.devices.is_empty() {
            return writeln!(to, "no device yet: `countersign device add NAME`");
        }
        let line = |device: &Device| {
            format!("{:<24} since {}, last seen {}", device.name, device.since, device.seen)
        };
        self.devices.iter().try_for_each(|device| writeln!(to, "{}", line(device)))
    }
}

impl Text for Added {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{}", self.url)
    }
}

impl Text for Removed {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "`{}` is out", self.name)
    }
}
