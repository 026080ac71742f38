//! The stylesheet and the scripts. Their names carry a hash of their bytes, so that a browser may keep them for ever, and
//! a page says the whole hash of a script, so that a browser runs no other (security B3, P7).

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA384, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::{Colour, Palette};

/// A file a page asks for.
#[derive(Debug)]
pub(crate) struct Asset {
    /// From the root of the site, with the hash.
    pub path: String,
    /// For the `integrity` attribute.
    pub integrity: String,
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// The file.
    pub body: &'static [u8],
}

/// Of stylesheets.
pub(crate) const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// How every page looks.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("checkout", "css", CSS, include_bytes!("../assets/checkout.css")));

/// How an invoice and a receipt look besides, on the page and printed.
pub(crate) static DOCUMENT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("document", "css", CSS, include_bytes!("../assets/document.css")));

/// Helps with the card form.
pub(crate) static FORM: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("checkout", "js", JS, include_bytes!("../assets/checkout.js")));

/// Sends a form on by itself.
pub(crate) static ONWARD: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("onward", "js", JS, include_bytes!("../assets/onward.js")));

/// Looks again, or goes on, after a while.
pub(crate) static WAIT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("wait", "js", JS, include_bytes!("../assets/wait.js")));

/// Draws the bank's page inside ours.
pub(crate) static CHALLENGE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("challenge", "js", JS, include_bytes!("../assets/challenge.js")));

/// Brings the payer back from the bank's page.
pub(crate) static RETURNED: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("returned", "js", JS, include_bytes!("../assets/returned.js")));

/// The card widget's pages: waits as well, and tells the page around them what became of the payment.
pub(crate) static WIDGET: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("widget", "js", JS, include_bytes!("../assets/widget.js")));

/// The file at this path; `None` for any other path and any other hash.
#[must_use]
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    let all = [&*STYLE, &*DOCUMENT, &*FORM, &*ONWARD, &*WAIT, &*CHALLENGE, &*RETURNED, &*WIDGET];
    all.into_iter().find(|asset| asset.path == path)
}

/// Where the stylesheet of a shop's colours is. They are in its name, so it never changes.
#[must_use]
pub(crate) fn theme_path(palette: Palette) -> String {
    let digits = |colour: Colour| colour.to_string().trim_start_matches('#').to_owned();
    format!("/p/assets/theme.{}.{}.css", digits(palette.accent()), digits(palette.ground()))
}

/// The stylesheet of the colours in this name; `None` for colours on which text could not be read.
#[must_use]
pub(crate) fn theme(name: &str) -> Option<String> {
    let (accent, ground) = name.strip_prefix("theme.")?.strip_suffix(".css")?.split_once('.')?;
    let palette = Palette::new(Colour::parse(accent)?, Colour::parse(ground)?).ok()?;
    // One address for each pair of colours.
    let same = theme_path(palette).ends_with(&format!("/{name}"));
    same.then(|| format!(":root {{ --accent: {}; --ground: {}; }}\n", palette.accent(), palette.ground()))
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, body: &'static [u8]) -> Self {
        let hash = digest(&SHA384, body);
        let version: String = hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            path: format!("/p/assets/{name}.{version}.{extension}"),
            integrity: format!("sha384-{}", BASE64_STANDARD.encode(hash)),
            content_type,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_hashed_name_only() {
        let style = find(&STYLE.path).expect("the stylesheet");
        assert_eq!("text/css; charset=utf-8", style.content_type);
        assert!(style.path.starts_with("/p/assets/checkout.") && style.path.ends_with(".css"), "{}", style.path);
        assert_eq!(style.content_type, find(&DOCUMENT.path).expect("a stylesheet").content_type);
        for script in [&FORM, &ONWARD, &WAIT, &CHALLENGE, &RETURNED, &WIDGET] {
            assert!(find(&script.path).expect("a script").path.ends_with(".js"));
        }
        for path in ["/p/assets/checkout.css", "/p/assets/checkout.0000000000000000.css", "/p/assets/../x", ""] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn other_bytes_have_another_name() {
        let [one, other] = ["abc", "abd"].map(|body| Asset::new("x", "js", JS, body.as_bytes()));
        assert_eq!("/p/assets/x.cb00753f45a35e8b.js", one.path);
        let published = "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn";
        assert_eq!(published, one.integrity);
        assert_ne!((one.path, one.integrity), (other.path, other.integrity));
    }

    #[test]
    fn colours_of_a_shop_are_a_stylesheet_of_their_own() {
        let colour = |text| Colour::parse(text).expect("a colour");
        let path = theme_path(Palette::new(colour("#0b6e4f"), colour("#ffffff")).expect("readable"));
        assert_eq!("/p/assets/theme.0b6e4f.ffffff.css", path);
        let style = theme("theme.0b6e4f.ffffff.css").expect("a stylesheet");
        assert_eq!(":root { --accent: #0b6e4f; --ground: #ffffff; }\n", style);
        for name in [
            "theme.css",
            "theme.0B6E4F.ffffff.css",
            "theme.ffcc00.ffffff.css",
            "theme.0b6e4f.ffffff.css.css",
            "theme.}.{.css",
        ] {
            assert_eq!(None, theme(name), "{name}");
        }
    }

    #[test]
    fn files_are_small_and_ask_for_nothing_else() {
        let scripts = [FORM.body, ONWARD.body, WAIT.body, CHALLENGE.body, RETURNED.body, WIDGET.body].concat();
        assert!(scripts.len() <= 16 * 1024, "{} bytes of script", scripts.len());
        assert!(STYLE.body.len() <= 24 * 1024, "{} bytes of style", STYLE.body.len());
        let style = [STYLE.body, DOCUMENT.body].concat();
        let style = std::str::from_utf8(&style).expect("text");
        for forbidden in ["http:", "https:", "@import", "url("] {
            assert!(!style.contains(forbidden), "{forbidden}");
        }
        // Only logical properties, so that a page in Arabic mirrors by itself.
        for physical in ["-left", "-right", " left:", " right:", "text-align: left", "text-align: right"] {
            assert!(!style.contains(physical), "{physical}");
        }
        let script = std::str::from_utf8(&scripts).expect("text");
        for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval", "fetch", "http"] {
            assert!(!script.contains(forbidden), "{forbidden}");
        }
    }
}
