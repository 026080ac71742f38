//! The stylesheet and the script. Their names carry a hash of their bytes, so that a browser may keep them for ever.

use std::sync::LazyLock;

/// A file a page asks for.
#[derive(Debug)]
pub(crate) struct Asset {
    /// From the root of the site, with the hash.
    pub path: String,
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// The file.
    pub body: &'static [u8],
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("checkout", "css", "text/css; charset=utf-8", include_bytes!("../assets/checkout.css"))
});

static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("checkout", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/checkout.js"))
});

static ONWARD: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("onward", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/onward.js"))
});

/// The file at this path; `None` for any other path and any other hash.
#[must_use]
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    [&*STYLE, &*SCRIPT, &*ONWARD].into_iter().find(|asset| asset.path == path)
}

/// Where the stylesheet is.
pub(crate) fn style() -> &'static str {
    &STYLE.path
}

/// Where the script is.
pub(crate) fn script() -> &'static str {
    &SCRIPT.path
}

/// Where the script is that sends a form on by itself.
pub(crate) fn onward() -> &'static str {
    &ONWARD.path
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, body: &'static [u8]) -> Self {
        let hash = fnv(body);
        Self { path: format!("/p/assets/{name}.{hash:016x}.{extension}"), content_type, body }
    }
}

/// FNV-1a, 64 bits: tells versions of a file apart and nothing else.
const fn fnv(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_hashed_name_only() {
        let style = find(style()).expect("the stylesheet");
        assert_eq!("text/css; charset=utf-8", style.content_type);
        assert!(style.path.starts_with("/p/assets/checkout.") && style.path.ends_with(".css"), "{}", style.path);
        for script in [script(), onward()] {
            assert!(find(script).expect("a script").path.ends_with(".js"));
        }
        for path in ["/p/assets/checkout.css", "/p/assets/checkout.0000000000000000.css", "/p/assets/../x", ""] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn other_bytes_have_another_name() {
        assert_eq!(0xaf63_dc4c_8601_ec8c, fnv(b"a"), "the published value");
        assert_ne!(fnv(b"a"), fnv(b"b"));
    }

    #[test]
    fn files_are_small_and_ask_for_nothing_else() {
        assert!(SCRIPT.body.len() <= 4 * 1024, "{} bytes of script", SCRIPT.body.len());
        assert!(STYLE.body.len() <= 16 * 1024, "{} bytes of style", STYLE.body.len());
        let style = std::str::from_utf8(STYLE.body).expect("text");
        for forbidden in ["http:", "https:", "@import", "url("] {
            assert!(!style.contains(forbidden), "{forbidden}");
        }
        // Only logical properties, so that a page in Arabic mirrors by itself.
        for physical in ["-left", "-right", " left:", " right:", "text-align: left", "text-align: right"] {
            assert!(!style.contains(physical), "{physical}");
        }
        let scripts = [SCRIPT.body, ONWARD.body].concat();
        let script = std::str::from_utf8(&scripts).expect("text");
        for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval", "fetch", "http"] {
            assert!(!script.contains(forbidden), "{forbidden}");
        }
    }
}
