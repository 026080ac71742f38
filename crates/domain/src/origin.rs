//! Origins of pages: scheme, host and port, as browsers compare them (checkout-ux 15).

use std::net::Ipv4Addr;

/// The origin of a shop's page, exactly as browsers write it: `https://shop.example`, `http://localhost:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads one. `None` for what a browser would write otherwise, for `null`, for an IPv6 address, which no frame policy
    /// can name, and for plain http to anything but this machine.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let usual_port = match scheme {
            "https" => "443",
            "http" if is_loopback(host) => "80",
            _ => return None,
        };
        let is_port = |port: &str| {
            port != usual_port && !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok_and(|port| port > 0)
        };
        (is_host(host) && port.is_none_or(is_port)).then(|| Self(text.to_owned()))
    }

    /// As browsers write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the page comes from the payer's own machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let authority = self.0.split_once("://").map_or("", |(_, authority)| authority);
        is_loopback(authority.split(':').next().unwrap_or_default())
    }
}

const HOST_LEN_MAX: usize = 253;

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    // What ends in a number is an address, and browsers write those in one way only.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    host.len() <= HOST_LEN_MAX && host.split('.').all(is_label) && (!is_number || host.parse::<Ipv4Addr>().is_ok())
}

fn is_loopback(host: &str) -> bool {
    let is_named = host == "localhost" || host.ends_with(".localhost");
    is_named || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for (text, loopback) in [
            ("https://shop.example", false),
            ("https://shop.example:8443", false),
            ("https://xn--mller-kva.example", false),
            ("https://203.0.113.9", false),
            ("https://localhost", true),
            ("http://localhost:3000", true),
            ("http://shop.localhost", true),
            ("http://127.0.0.1:8081", true),
        ] {
            let origin = Origin::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((text, loopback), (origin.as_str(), origin.is_loopback()));
        }
    }

    #[test]
    fn whatever_is_not_exactly_an_origin_is_none() {
        for text in [
            "",
            "null",
            "*",
            "shop.example",
            "https://",
            "https://*",
            "https://*.shop.example",
            "https://shop.example/",
            "https://shop.example/cart",
            "https://shop.example?a",
            "https://shop.example#a",
            "https://Shop.example",
            "HTTPS://shop.example",
            "https://shop.example:443",
            "https://shop.example:",
            "https://shop.example:0",
            "https://shop.example:08443",
            "https://shop.example:+8443",
            "https://shop.example:65536",
            "https://shop.example:*",
            "https://ada@shop.example",
            "https://shop..example",
            "https://-shop.example",
            "https://shop.example.",
            "https://müller.example",
            "https://203.0.113",
            "https://0x7f000001",
            "https://[::1]",
            "https://shop.example; script-src *",
            "https://shop.example https://other.example",
            "http://shop.example",
            "http://localhost:80",
            "http://localhost.shop.example",
            "http://127.0.0.1.shop.example",
            "http://192.168.1.2:3000",
            "javascript://shop.example",
            "file:///shop",
        ] {
            assert_eq!(None, Origin::parse(text), "{text}");
        }
    }
}
