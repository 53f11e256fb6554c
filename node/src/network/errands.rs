//! Which places this node goes to, whoever names them.
//!
//! Peers name addresses of others in answers of the DHT and of identify, and those behaviours dial what they
//! were told: a false answer would send this node to the doors of its own computer, or have it try those of a
//! network at home or at work. So it goes to its own computer only if its owner wrote that down, and to an
//! address that means something in one private network alone only if this computer is in that network: in the
//! one of another card, behind a router or at the far end of a tunnel it has no business of a peer's. Names are
//! resolved above, so what a name leads to is looked at here too.

use super::peer::{ip, is_private};
use if_addrs::IfAddr;
use libp2p::core::multiaddr::Protocol;
use libp2p::core::transport::{DialOpts, ListenerId, TransportError, TransportEvent};
use libp2p::{Multiaddr, Transport};
use std::collections::BTreeSet;
use std::net::IpAddr;
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
    /// Tells in which networks this computer is now.
    networks: fn() -> Vec<Local>,
}

/// A network this computer is in: its own address there, and how many bits of it all in there share.
#[derive(Debug, Clone, Copy)]
struct Local {
    here: IpAddr,
    shared: u8,
}

impl Local {
    fn has(self, there: IpAddr) -> bool {
        let apart = match (self.here, there) {
            (IpAddr::V4(here), IpAddr::V4(there)) => {
                (here.to_bits() ^ there.to_bits()).leading_zeros()
            }
            (IpAddr::V6(here), IpAddr::V6(there)) => {
                (here.to_bits() ^ there.to_bits()).leading_zeros()
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        self.shared > 0 && apart >= u32::from(self.shared)
    }
}

/// Asks the computer in which networks it is; in none if it does not say.
fn networks() -> Vec<Local> {
    let cards = if_addrs::get_if_addrs().unwrap_or_default();
    let local = |card: if_addrs::Interface| Local {
        here: card.ip(),
        shared: match card.addr {
            IfAddr::V4(card) => card.prefixlen,
            IfAddr::V6(card) => card.prefixlen,
        },
    };
    cards.into_iter().map(local).collect()
}

impl<T> Errands<T> {
    pub(super) fn new<'a>(
        inner: T,
        named: impl Iterator<Item = &'a Multiaddr>,
        loopback: bool,
    ) -> Self {
        Self { inner, named: named.map(place).collect(), loopback, networks }
    }

    fn goes_to(&self, address: &Multiaddr) -> bool {
        let elsewhere = match ip(address) {
            Some(ip) if ip.is_loopback() => self.loopback,
            Some(ip) if is_private(ip) => (self.networks)().into_iter().any(|it| it.has(ip)),
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

    #[test]
    fn nobody_sends_this_node_into_a_private_network_it_is_not_in() {
        let at = |text: &str| text.parse::<Multiaddr>().unwrap();
        let invited = at("/ip4/10.9.8.7/tcp/4001");
        let errands = |networks| {
            let named = core::iter::once(&invited);
            Errands { networks, ..Errands::new((), named, false) }
        };
        let public = errands(|| vec![Local { here: [203, 0, 113, 9].into(), shared: 24 }]);
        let home = errands(|| {
            let six = "fd12:3456:789a:1::7".parse().unwrap();
            let four = [192, 168, 1, 7].into();
            vec![Local { here: four, shared: 24 }, Local { here: six, shared: 64 }]
        });
        for next_door in ["/ip4/192.168.1.9/tcp/1", "/ip6/fd12:3456:789a:1::9/udp/1/quic-v1"] {
            assert!(home.goes_to(&at(next_door)), "two homes in one network: {next_door}");
            assert!(!public.goes_to(&at(next_door)), "{next_door}");
        }
        for elsewhere in [
            "/ip4/192.168.2.1/tcp/80",
            "/ip4/10.0.0.1/tcp/80",
            "/ip4/172.16.0.1/udp/80/quic-v1",
            "/ip4/100.64.0.1/tcp/80",
            "/ip4/169.254.169.254/tcp/80",
            "/ip4/255.255.255.255/udp/80/quic-v1",
            "/ip6/fd12:3456:789a:2::1/tcp/80",
            "/ip6/fe80::1/tcp/80",
            "/ip6/::ffff:192.168.2.1/tcp/80",
        ] {
            assert!(!home.goes_to(&at(elsewhere)), "{elsewhere}");
            assert!(!public.goes_to(&at(elsewhere)), "{elsewhere}");
        }
        for node in [&home, &public] {
            assert!(node.goes_to(&at("/ip4/198.51.100.7/tcp/1")));
            assert!(node.goes_to(&invited), "its owner was invited there");
        }
        // A card that says nothing of its network is in none.
        let nothing = errands(|| vec![Local { here: [10, 0, 0, 1].into(), shared: 0 }]);
        assert!(!nothing.goes_to(&at("/ip4/10.0.0.2/tcp/1")));
    }
}
