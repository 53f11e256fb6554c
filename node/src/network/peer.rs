//! Whom a connection leads to, where to, and from which corner of the internet.
//!
//! The rest of the node sees these three words and no type of the library below.

use super::direct::is_circuit;
use core::fmt;
use core::str::FromStr;
use libp2p::identity::{PublicKey, ed25519};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use std::net::{IpAddr, Ipv6Addr};

/// Names a peer. Holding one that is connected proves that it owns the key behind the name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer(pub(super) PeerId);

impl Peer {
    /// Reads the bytes of a name.
    ///
    /// # Errors
    ///
    /// Returns [`AddressError::Peer`] if they are not the name of a peer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AddressError> {
        PeerId::from_bytes(bytes).map(Self).map_err(|_| AddressError::Peer)
    }

    /// Names the peer whose key these 32 bytes are.
    ///
    /// # Errors
    ///
    /// Returns [`AddressError::Peer`] if they are no Ed25519 key.
    pub fn from_key(key: &[u8; 32]) -> Result<Self, AddressError> {
        let key = ed25519::PublicKey::try_from_bytes(key).map_err(|_| AddressError::Peer)?;
        Ok(Self(PublicKey::from(key).to_peer_id()))
    }

    /// Gives the bytes of the name.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// Gives the Ed25519 key the name contains; whoever is connected has one, for no other kind of
    /// key is let in.
    #[must_use]
    pub fn key(self) -> Option<[u8; 32]> {
        // The libp2p specification "Peer Ids and Keys": a short key is its own name, as an identity
        // multihash of its protobuf encoding.
        self.0.to_bytes().strip_prefix(&ED25519_NAME)?.try_into().ok()
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Peer({})", self.0)
    }
}

impl FromStr for Peer {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        text.parse().map(Self).map_err(|_| AddressError::Peer)
    }
}

/// Says where a peer can be reached: a multiaddr such as `/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub(super) Multiaddr);

impl Address {
    /// Gives the peer the address leads to, if it names one: behind a relay that is the last.
    #[must_use]
    pub fn peer(&self) -> Option<Peer> {
        self.0.iter().fold(None, |peer, part| match part {
            Protocol::P2p(peer) => Some(Peer(peer)),
            // Who was named so far is the relay.
            Protocol::P2pCircuit => None,
            _ => peer,
        })
    }

    /// Tells whether the address leads through a relay.
    #[must_use]
    pub fn is_relayed(&self) -> bool {
        is_circuit(&self.0)
    }

    /// Gives the same address with `peer` as the one expected there.
    #[must_use]
    pub fn of(&self, peer: Peer) -> Self {
        Self(self.0.clone().with_p2p(peer.0).unwrap_or_else(|named| named))
    }

    /// Gives the corner of the internet the address lies in. Where the far end of a relay is, nobody
    /// knows.
    #[must_use]
    pub fn prefix(&self) -> Prefix {
        if self.is_relayed() {
            return Prefix::RELAYED;
        }
        let mut prefix = [0_u8; 7];
        match ip(&self.0) {
            Some(IpAddr::V4(ip)) => {
                let [first, second, third, _] = ip.octets();
                prefix = [4, first, second, third, 0, 0, 0];
            }
            Some(IpAddr::V6(ip)) => {
                let (to, from) = (prefix.iter_mut().skip(1), ip.octets());
                to.zip(from).for_each(|(to, from)| *to = from);
                if let Some(version) = prefix.first_mut() {
                    *version = 6;
                }
            }
            None => {}
        }
        Prefix(prefix)
    }

    /// Tells whether the address leads to this very computer.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        ip(&self.0).is_some_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({})", self.0)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        text.parse().map(Self).map_err(|_| AddressError::Multiaddr)
    }
}

/// Names what somebody gets with one rented network: an IPv4 /24 or an IPv6 /48. Peers in one of
/// them may well be one person, so independent opinions come from different ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Prefix([u8; 7]);

impl Prefix {
    /// The one corner all relayed peers are in, whatever their relays. Each of them costs nobody an
    /// address, so together they count as one opinion; and none of them takes the place of a relay.
    pub const RELAYED: Self = Self([1, 0, 0, 0, 0, 0, 0]);

    /// The one corner of those of whom it is not known.
    pub const UNKNOWN: Self = Self([0; 7]);

    /// Gives it as a number of seven bytes: 4 or 6, then those of the network. Zero where there is no IP
    /// address, and a 1 in front for who is relayed.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Gives `peer` a prefix of its own, for where addresses say nothing.
    #[must_use]
    pub fn own(peer: Peer) -> Self {
        let mut prefix = [0; 7];
        let name = peer.to_bytes().into_iter().rev();
        prefix.iter_mut().skip(1).zip(name).for_each(|(to, from)| *to = from);
        Self(prefix)
    }
}

/// The text or bytes name nobody and nowhere. Fault of whoever wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not the name of a peer.
    #[error("not the name of a peer, such as 12D3Koo…")]
    Peer,
    /// Not a multiaddr.
    #[error("not an address such as /ip4/192.0.2.1/tcp/4001")]
    Multiaddr,
}

/// Finds the IP address; one of IPv4 in the clothes of IPv6 is one of IPv4.
pub(super) fn ip(address: &Multiaddr) -> Option<IpAddr> {
    address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(canonical(ip)),
        _ => None,
    })
}

/// Tells whether an address means something in one network at home, at work or at a provider alone.
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // RFC 6598: addresses that a provider shares among its customers.
            let shared = matches!(ip.octets(), [100, 64..=127, _, _]);
            ip.is_private() || ip.is_link_local() || ip.is_broadcast() || shared
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

fn canonical(ip: Ipv6Addr) -> IpAddr {
    ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
}

/// Identity multihash of 36 bytes; protobuf: key type Ed25519, then 32 bytes of key.
const ED25519_NAME: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse::<Address>().unwrap().prefix()
    }

    #[test]
    fn neighbours_share_a_prefix() {
        assert_eq!(prefix("/ip4/192.0.2.1/tcp/1"), prefix("/ip4/192.0.2.9/udp/2/quic-v1"));
        assert_eq!(prefix("/ip6/2001:db8:1::1/tcp/1"), prefix("/ip6/2001:db8:1:ffff::2/tcp/1"));
        assert_eq!(prefix("/ip6/::ffff:192.0.2.1/tcp/1"), prefix("/ip4/192.0.2.1/tcp/1"));
    }

    #[test]
    fn strangers_do_not() {
        assert_ne!(prefix("/ip4/192.0.2.1/tcp/1"), prefix("/ip4/192.0.3.1/tcp/1"));
        assert_ne!(prefix("/ip6/2001:db8:1::1/tcp/1"), prefix("/ip6/2001:db8:2::1/tcp/1"));
        assert_eq!(prefix("/ip4/1.2.3.4/tcp/1").number(), 0x0004_0102_0300_0000);
    }

    #[test]
    fn whoever_is_relayed_is_in_one_corner_and_not_in_that_of_the_relay() {
        let [relay, peer] = [3, 4].map(|seed| {
            let key = libp2p::identity::Keypair::ed25519_from_bytes([seed; 32]).unwrap();
            Peer(key.public().to_peer_id())
        });
        for relay_at in ["/ip4/192.0.2.1/tcp/1", "/ip6/2001:db8:1::1/udp/1/quic-v1"] {
            let circuit = format!("{relay_at}/p2p/{relay}/p2p-circuit");
            assert_eq!(prefix(&circuit), Prefix::RELAYED);
            assert_ne!(prefix(&circuit), prefix(relay_at));
            let circuit = circuit.parse::<Address>().unwrap();
            assert_eq!(circuit.peer(), None);
            assert_eq!(circuit.of(peer).peer(), Some(peer));
            assert!(circuit.is_relayed() && !relay_at.parse::<Address>().unwrap().is_relayed());
        }
    }

    #[test]
    fn a_peer_is_named_by_its_key() {
        let key = libp2p::identity::Keypair::ed25519_from_bytes([7; 32]).unwrap().public();
        let peer = Peer(key.to_peer_id());
        assert_eq!(peer.key(), Some(key.try_into_ed25519().unwrap().to_bytes()));
        assert_eq!(Peer::from_bytes(&peer.to_bytes()), Ok(peer));
        assert_eq!(Peer::from_key(&peer.key().unwrap()), Ok(peer));
        assert_eq!(peer.to_string().parse(), Ok(peer));
        let address = "/ip4/192.0.2.1/tcp/1".parse::<Address>().unwrap();
        assert_eq!(address.peer(), None);
        assert_eq!(address.of(peer).peer(), Some(peer));
        assert_eq!(address.of(peer).of(peer), address.of(peer));
    }
}
