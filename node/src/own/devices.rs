//! Opens the door for the owner's devices, lets one in, puts one out.

use crate::config;
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::verb::devices::{Added, Devices, Removed};
use std::net::{Ipv4Addr, SocketAddr};

impl Node {
    /// Opens the door where it is wished, where it was open last, or at the usual port; if another
    /// program has that, at any. Where it is then open is remembered.
    pub(crate) async fn open_for_devices(
        &self,
        at: Option<SocketAddr>,
    ) -> Result<Devices, Problem> {
        let wanted = at.or(config::kept_phone(self.data())).unwrap_or(USUAL);
        let Some(phone) = self.inner().phone.get() else {
            config::keep_phone(self.data(), Some(wanted))?;
            return self.devices();
        };
        if at.is_none() && phone.is_open() {
            return self.devices();
        }
        let mut opened = phone.open(wanted).await;
        // Another program has the port, or this computer is in another network now.
        let elsewhere = [SocketAddr::new(wanted.ip(), 0), USUAL, SocketAddr::new(USUAL.ip(), 0)];
        for other in elsewhere.into_iter().filter(|_| at.is_none()) {
            if opened.as_ref().is_err_and(|problem| problem.is(Wrong::Conflict)) {
                opened = phone.open(other).await;
            }
        }
        let opened = opened?;
        config::keep_phone(self.data(), Some(opened))?;
        phone.leave(Some(opened));
        self.devices()
    }

    /// Shuts the door for devices, for good.
    pub(crate) async fn shut_for_devices(&self) -> Result<Devices, Problem> {
        config::keep_phone(self.data(), None)?;
        if let Some(phone) = self.inner().phone.get() {
            phone.shut().await;
            phone.leave(None);
        }
        self.devices()
    }

    /// Gives the door for devices, and who may come in.
    pub(crate) fn devices(&self) -> Result<Devices, Problem> {
        let open = self.inner().phone.get().and_then(|phone| phone.seen());
        let devices = self.inner().devices.list();
        Ok(match open {
            Some(open) => Devices {
                at: Some(open.at),
                addresses: open.origins(),
                fingerprint: Some(open.fingerprint()),
                devices,
            },
            None => Devices {
                at: config::kept_phone(self.data()),
                addresses: Vec::new(),
                fingerprint: None,
                devices,
            },
        })
    }

    /// Makes a code that lets a device in.
    pub(crate) fn add_device(&self, name: &str) -> Result<Added, Problem> {
        let name = name.trim();
        self.inner().devices.check_name(name)?;
        let phone = self.inner().phone.get().ok_or_else(|| {
            Problem::new(Wrong::Unavailable, "no node is running that could let a device in")
                .hint("start it with `countersign run` or `countersign home`")
        })?;
        phone.invite(name)
    }

    /// Puts a device out.
    pub(crate) fn remove_device(&self, name: String) -> Result<Removed, Problem> {
        self.inner().devices.remove(&name)?;
        Ok(Removed { name })
    }
}

/// Every address in the home network; beside the owner's door and the public one.
const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 7372);
