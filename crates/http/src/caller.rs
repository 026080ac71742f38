//! Who calls.

use std::net::IpAddr;

use hyper::header::HeaderMap;
use ipnet::IpNet;

/// The caller's address, as an extension of every request: the peer's, or what a trusted proxy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(pub IpAddr);

/// Whether `ip` is one of our proxies.
pub(crate) fn is_trusted(ip: IpAddr, trusted_proxies: &[IpNet]) -> bool {
    trusted_proxies.iter().any(|network| network.contains(&ip))
}

/// The first address, going from the peer back through `X-Forwarded-For`, that is not one of our proxies. Only what
/// our proxies wrote is believed: everything further left may be made up by the caller.
pub(crate) fn ip(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> IpAddr {
    let mut nearest = peer;
    let mut hops = headers
        .get_all("x-forwarded-for")
        .iter()
        .rev()
        .flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
    while is_trusted(nearest, trusted_proxies) {
        // What cannot be read ends the trail: the last proxy that can be named is taken for the caller.
        let Some(hop) = hops.next().and_then(parse) else { break };
        nearest = hop;
    }
    nearest
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let ip: IpAddr = hop
        .parse()
        .or_else(|_| hop.parse().map(|with_port: std::net::SocketAddr| with_port.ip()))
        .or_else(|_| hop.trim_start_matches('[').trim_end_matches(']').parse())
        .ok()?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn check(peer: &str, forwarded: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        assert_eq!(expected, ip(peer.parse().unwrap(), &headers, &trusted).to_string(), "{peer} {forwarded:?}");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        check("203.0.113.1", &[], "203.0.113.1");
        check("203.0.113.1", &["198.51.100.7"], "203.0.113.1");
        check("10.0.0.1", &["198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.2"], "198.51.100.7");
        check("10.0.0.1", &["1.1.1.1", "198.51.100.7,fd00::2"], "198.51.100.7");
        check("fd00::1", &["1.1.1.1, 2001:db8::7"], "2001:db8::7");
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
    }

    #[test]
    fn odd_ways_to_write_an_address() {
        check("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7");
        check("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7");
        check("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7");
        check("10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["1.1.1.1, unknown"], "10.0.0.1");
        check("10.0.0.1", &["1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2");
        check("10.0.0.1", &[""], "10.0.0.1");
    }
}
