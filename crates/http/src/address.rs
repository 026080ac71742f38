//! Addresses that merchants give us.

/// Whether this is an absolute http or https address with a host and without a user name, spaces, control characters and
/// backslashes. Judged on the raw text first: parsers strip tabs, turn backslashes and invent slashes (security B4).
#[must_use]
pub fn is_web(text: &str) -> bool {
    let has_scheme = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let Some(rest) = ["https://", "http://"].into_iter().find(|s| has_scheme(s)).and_then(|s| text.get(s.len()..))
    else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_bad = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    !authority.is_empty()
        && !authority.contains('@')
        && !text.contains(is_bad)
        && url::Url::parse(text).is_ok_and(|url| url.has_host())
}

/// Whether an address may be called in live mode: https, port 443, and a name instead of an IP address (security S1).
#[must_use]
pub fn is_live(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        let is_named = matches!(url.host(), Some(url::Host::Domain(_)));
        url.scheme() == "https" && url.port_or_known_default() == Some(443) && is_named
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_addresses_are_names_behind_tls() {
        for good in ["https://shop.example/hook?a=b", "https://shop.example:443/"] {
            assert!(is_web(good) && is_live(good), "{good}");
        }
        for bad in [
            "http://shop.example/",
            "https://shop.example:8443/",
            "https://203.0.113.7/",
            "https://[2001:db8::1]/",
            "https://2130706433/",
        ] {
            assert!(is_web(bad) && !is_live(bad), "{bad}");
        }
    }
}
