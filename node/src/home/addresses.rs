//! Where this computer is in the home network.

use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Gives the addresses under which whoever is in the home network reaches a listener at `bound`, the
/// one to use first. Addresses the whole world may reach are none of them.
pub(super) fn own(bound: IpAddr) -> Vec<IpAddr> {
    if !bound.is_unspecified() {
        return vec![bound];
    }
    let here = if_addrs::get_if_addrs().unwrap_or_default();
    let here = here.iter().map(if_addrs::Interface::ip).collect();
    of_a_home(here, bound.is_ipv6(), toward_others())
}

/// Gives those of `here` that are in a home network, `first` first.
fn of_a_home(here: Vec<IpAddr>, with_six: bool, first: Option<IpAddr>) -> Vec<IpAddr> {
    let mut found = here;
    found.retain(|ip| is_of_a_home(*ip) && (with_six || ip.is_ipv4()));
    found.sort_by_key(|ip| (Some(*ip) != first, ip.is_ipv6(), *ip));
    found.dedup();
    found
}

/// Writes an address and a port of HTTPS as `Host` has them.
pub(super) fn authority(ip: IpAddr, port: u16) -> String {
    match (ip, port) {
        (IpAddr::V4(ip), HTTPS) => ip.to_string(),
        (IpAddr::V6(ip), HTTPS) => format!("[{ip}]"),
        _ => SocketAddr::new(ip, port).to_string(),
    }
}

fn is_of_a_home(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

/// Gives the address that the way to everybody else begins at: of several networks, the one with the
/// router in it. Nothing is sent.
fn toward_others() -> Option<IpAddr> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    // RFC 5737: an address for documentation.
    socket.connect(("192.0.2.1", 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

const HTTPS: u16 = 443;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_world_or_only_this_computer_reaches_is_not_in_the_home_network() {
        for (ip, home) in [
            ("192.168.1.5", true),
            ("10.0.0.5", true),
            ("172.16.3.4", true),
            ("169.254.1.1", true),
            ("fd12::1", true),
            ("172.32.0.1", false),
            ("127.0.0.1", false),
            ("93.184.216.34", false),
            ("2001:db8::1", false),
            ("::1", false),
        ] {
            assert_eq!(is_of_a_home(ip.parse().unwrap()), home, "{ip}");
        }
    }

    #[test]
    fn a_door_at_one_address_is_known_by_that_one() {
        let one: IpAddr = "192.168.1.5".parse().unwrap();
        assert_eq!(own(one), [one]);
    }

    #[test]
    fn a_door_at_every_address_is_known_by_those_of_the_home_the_one_toward_others_first() {
        let ips = |texts: &[&str]| -> Vec<IpAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let here = ips(&[
            "fd12::1",
            "127.0.0.1",
            "192.168.1.5",
            "93.184.216.34",
            "10.0.0.5",
            "2001:db8::1",
            "192.168.1.5",
        ]);
        let first = Some(ips(&["192.168.1.5"])[0]);
        let found = |six, first| of_a_home(here.clone(), six, first);
        assert_eq!(found(true, first), ips(&["192.168.1.5", "10.0.0.5", "fd12::1"]));
        assert_eq!(found(false, first), ips(&["192.168.1.5", "10.0.0.5"]));
        assert_eq!(found(false, None), ips(&["10.0.0.5", "192.168.1.5"]));
        // One that is the world's is none, though the way to others begins there.
        let worlds = Some(ips(&["93.184.216.34"])[0]);
        assert_eq!(found(false, worlds), ips(&["10.0.0.5", "192.168.1.5"]));
    }

    #[test]
    fn an_address_is_written_as_browsers_write_it() {
        let (four, six) = ("10.0.0.5".parse().unwrap(), "fd12::1".parse().unwrap());
        assert_eq!(authority(four, 7372), "10.0.0.5:7372");
        assert_eq!(authority(four, 443), "10.0.0.5");
        assert_eq!(authority(six, 7372), "[fd12::1]:7372");
        assert_eq!(authority(six, 443), "[fd12::1]");
    }
}
