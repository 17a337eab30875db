//! The address of a client behind reverse proxies: only what trusted proxies say is believed.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;

use crate::config::Network;

/// Hops that are looked at; a longer chain is not a real one.
const MOST_HOPS: usize = 50;

/// Walks `X-Forwarded-For` from the right as long as the hops are trusted proxies.
///
/// Several header lines count as one list. What cannot be read ends the walk at the last trusted hop.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = lines
        .iter()
        .rev()
        .flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    for hop in hops.take(MOST_HOPS) {
        if !is_trusted(client) {
            break;
        }
        match parse_hop(hop.trim()) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// An address, with a port or brackets as some proxies write it.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim_matches('"');
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = hop
        .parse::<IpAddr>()
        .ok()
        .or_else(|| bare?.parse().ok())
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    /// NET-01 to NET-04: spoofed, one and two proxies, attackers in the list, odd notations.
    #[test]
    fn only_trusted_hops_are_believed() {
        let proxies = ["10.0.0.0/8"].as_slice();
        let many = vec!["203.0.113.9"; 1_000].join(",");
        let cases: [(&str, &[&str], &[&str], &str); 13] = [
            ("198.51.100.1", &["203.0.113.9"], &[], "198.51.100.1"),
            ("198.51.100.1", &["203.0.113.9"], proxies, "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.9"], proxies, "203.0.113.9"),
            (
                "10.0.0.1",
                &["203.0.113.9, 10.0.0.2"],
                proxies,
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                &["192.0.2.1, 203.0.113.9"],
                proxies,
                "203.0.113.9",
            ),
            (
                "10.0.0.1",
                &["192.0.2.1", "203.0.113.9"],
                proxies,
                "203.0.113.9",
            ),
            (
                "::ffff:10.0.0.1",
                &["::ffff:203.0.113.9"],
                proxies,
                "203.0.113.9",
            ),
            ("10.0.0.1", &["[2001:db8::1]:443"], proxies, "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], proxies, "2001:db8::1"),
            ("10.0.0.1", &["\"203.0.113.9:80\""], proxies, "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9, garbage"], proxies, "10.0.0.1"),
            ("10.0.0.1", &[], proxies, "10.0.0.1"),
            ("10.0.0.1", &[&many], proxies, "203.0.113.9"),
        ];
        for (peer, lines, trusted, expected) in cases {
            assert_eq!(client(peer, lines, trusted), expected, "{peer} {trusted:?}");
        }
    }
}
