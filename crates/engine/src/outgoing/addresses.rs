//! Which addresses we call, and what a name leads to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::Host;

use super::SendError;

/// Which addresses a process may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Public addresses and this machine: a sandbox.
    PublicAndLoopback,
}

impl Reach {
    pub(super) fn may_call(self, ip: IpAddr) -> bool {
        is_public(ip) || (self == Self::PublicAndLoopback && is_loopback(ip))
    }
}

/// Who knows what a name leads to.
pub(super) enum Names {
    /// The machine's own resolver.
    System,
    /// A test, which may lie.
    #[cfg(test)]
    Scripted(super::tests::Script),
}

impl Names {
    /// The address to connect to: the first of a host's addresses, of which every one must be one we may call.
    pub(super) async fn resolve(&self, host: &Host, port: u16, reach: Reach) -> Result<SocketAddr, SendError> {
        let addresses = match host {
            Host::Ipv4(ip) => vec![SocketAddr::from((*ip, port))],
            Host::Ipv6(ip) => vec![SocketAddr::from((*ip, port))],
            Host::Domain(name) => self.look_up(name, port).await?,
        };
        if !addresses.iter().all(|address| reach.may_call(address.ip())) {
            return Err(SendError::NotPublic);
        }
        addresses.first().copied().ok_or(SendError::Resolve)
    }

    async fn look_up(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, SendError> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((name, port)).await;
                found.map(Iterator::collect).map_err(|_| SendError::Resolve)
            }
            #[cfg(test)]
            Self::Scripted(script) => Ok(script.look_up(name, port)),
        }
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
    }
}

/// Whether an address is one of the public internet (the lists of security S2).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let s = ip.segments();
    let is_global = s[0] & 0xe000 == 0x2000; // 2000::/3, all that was ever given out
    let is_special = (s[0] == 0x2001 && (s[1] < 0x200 || s[1] == 0xdb8)) // 2001::/23, documentation
        || s[0] == 0x2002                                                // 6to4
        || (s[0] == 0x3fff && s[1] < 0x1000); // documentation
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_addresses_are_not_public() {
        let inner = "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 \
                     192.88.99.1 192.168.1.1 198.18.0.1 198.19.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 \
                     255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 100::1 \
                     2001::1 2001:1ff::1 2001:db8::1 ::ffff:0:10.0.0.1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fdff::1 fe80::1 fec0::1 ff02::1";
        for ip in inner.split_whitespace() {
            assert!(!is_public(ip.parse().expect(ip)), "{ip}");
        }
        for ip in
            ["1.1.1.1", "100.63.0.1", "172.32.0.1", "192.0.1.1", "2606:4700::1111", "2001:4860::8888", "::ffff:1.1.1.1"]
        {
            assert!(is_public(ip.parse().expect(ip)), "{ip}");
        }
    }
}
