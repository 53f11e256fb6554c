//! Which places this node goes to, whoever names them.
//!
//! Peers name addresses of others in answers of the DHT and of identify, and those behaviours dial what they
//! were told: a false answer would send this node to the doors of its own computer. So it goes there only if
//! its owner wrote that down. Names are resolved above, so what a name leads to is looked at here too.

use super::peer::ip;
use libp2p::core::multiaddr::Protocol;
use libp2p::core::transport::{DialOpts, ListenerId, TransportError, TransportEvent};
use libp2p::{Multiaddr, Transport};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Gives an address without whom it leads to.
fn place(address: &Multiaddr) -> Multiaddr {
    address.iter().take_while(|part| !matches!(part, Protocol::P2p(_))).collect()
}

/// A transport that runs no errands.
pub(super) struct Errands<T> {
    inner: T,
    /// What its owner wrote down: the first peers.
    named: BTreeSet<Multiaddr>,
    /// Peers on this very computer are real peers.
    loopback: bool,
}

impl<T> Errands<T> {
    pub(super) fn new<'a>(
        inner: T,
        named: impl Iterator<Item = &'a Multiaddr>,
        loopback: bool,
    ) -> Self {
        Self { inner, named: named.map(place).collect(), loopback }
    }

    fn goes_to(&self, address: &Multiaddr) -> bool {
        let elsewhere = match ip(address) {
            Some(ip) if ip.is_loopback() => self.loopback,
            Some(ip) => !ip.is_unspecified() && !ip.is_multicast(),
            // The transports below know nothing but addresses.
            None => false,
        };
        elsewhere || self.named.contains(&place(address))
    }
}

impl<T: Transport + Unpin> Transport for Errands<T> {
    type Output = T::Output;
    type Error = T::Error;
    type ListenerUpgrade = T::ListenerUpgrade;
    type Dial = T::Dial;

    fn listen_on(
        &mut self,
        id: ListenerId,
        address: Multiaddr,
    ) -> Result<(), TransportError<T::Error>> {
        self.inner.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<T::Dial, TransportError<T::Error>> {
        if self.goes_to(&address) {
            self.inner.dial(address, options)
        } else {
            Err(TransportError::MultiaddrNotSupported(address))
        }
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<T::ListenerUpgrade, T::Error>> {
        Pin::new(&mut self.inner).poll(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_sends_this_node_to_its_own_computer() {
        let at = |text: &str| text.parse::<Multiaddr>().unwrap();
        let peer = "/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";
        let first = "/ip4/127.0.0.1/tcp/4001";
        let named = [at(&format!("{first}{peer}"))];
        let errands = |loopback| Errands::new((), named.iter(), loopback);
        for door in
            ["/ip4/127.0.0.1/tcp/7370", "/ip6/::1/udp/7370/quic-v1", "/ip6/::ffff:127.0.0.1/tcp/1"]
        {
            assert!(!errands(false).goes_to(&at(door)), "{door}");
            assert!(errands(true).goes_to(&at(door)), "a network on one computer");
        }
        for place in ["/ip4/0.0.0.0/tcp/1", "/ip4/224.0.0.1/tcp/1", "/dns4/intranet/tcp/80"] {
            assert!(!errands(true).goes_to(&at(place)), "{place}");
        }
        assert!(errands(false).goes_to(&at("/ip4/192.0.2.7/tcp/1")));
        // What its owner wrote down, with or without whom it leads to.
        assert!(errands(false).goes_to(&at(first)));
        assert!(errands(false).goes_to(&at(&format!("{first}{peer}"))));
    }
}
