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
    /// The file, without what is for its readers.
    pub body: Vec<u8>,
}

/// Of stylesheets.
pub(crate) const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// How every page looks.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let all = concat!(include_str!("../assets/fields.css"), include_str!("../assets/checkout.css"));
    Asset::new("checkout", "css", CSS, &style(all))
});

/// How an invoice and a receipt look besides, on the page and printed.
pub(crate) static DOCUMENT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("document", "css", CSS, &style(include_str!("../assets/document.css"))));

/// Helps with the card form.
pub(crate) static FORM: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("checkout", "js", JS, &script(include_str!("../assets/checkout.js"))));

/// Sends a form on by itself.
pub(crate) static ONWARD: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("onward", "js", JS, &script(include_str!("../assets/onward.js"))));

/// Looks again, or goes on, after a while.
pub(crate) static WAIT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("wait", "js", JS, &script(include_str!("../assets/wait.js"))));

/// Draws the bank's page inside ours.
pub(crate) static CHALLENGE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("challenge", "js", JS, &script(include_str!("../assets/challenge.js"))));

/// Brings the payer back from the bank's page.
pub(crate) static RETURNED: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("returned", "js", JS, &script(include_str!("../assets/returned.js"))));

/// The card widget's pages: waits as well, and tells the page around them what became of the payment.
pub(crate) static WIDGET: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("widget", "js", JS, &script(include_str!("../assets/widget.js"))));

/// The card fields inside a page of a shop's: the form's own script, and what speaks with that page.
pub(crate) static EMBED: LazyLock<Asset> = LazyLock::new(|| {
    let both = concat!(include_str!("../assets/checkout.js"), include_str!("../assets/embed.js"));
    Asset::new("embed", "js", JS, &script(both))
});

/// How they look.
pub(crate) static EMBED_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("embed", "css", CSS, &style(include_str!("../assets/fields.css"))));

/// Takes a page that was drawn for a frame, and stands alone, to where it would have led.
pub(crate) static ALONE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("alone", "js", JS, &script(include_str!("../assets/alone.js"))));

/// What a shop's page loads to have the card fields drawn inside itself.
pub(crate) static LOADER: LazyLock<Asset> =
    LazyLock::new(|| Asset::below("/embed/v1", "tollgate", "js", JS, include_str!("../assets/tollgate.js")));

/// What the loader offers, for editors and compilers.
pub(crate) const LOADER_TYPES: &str = include_str!("../assets/tollgate.d.ts");

/// The file at this path; `None` for any other path and any other hash.
#[must_use]
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    let styles = [&*STYLE, &*DOCUMENT, &*EMBED_STYLE];
    let scripts = [&*FORM, &*ONWARD, &*WAIT, &*CHALLENGE, &*RETURNED, &*WIDGET, &*EMBED, &*ALONE];
    styles.into_iter().chain(scripts).find(|asset| asset.path == path)
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
    fn new(name: &str, extension: &str, content_type: &'static str, body: &str) -> Self {
        Self::below("/p/assets", name, extension, content_type, body)
    }

    fn below(folder: &str, name: &str, extension: &str, content_type: &'static str, body: &str) -> Self {
        let hash = digest(&SHA384, body.as_bytes());
        let version: String = hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            path: format!("{folder}/{name}.{version}.{extension}"),
            integrity: format!("sha384-{}", BASE64_STANDARD.encode(hash)),
            content_type,
            body: body.as_bytes().to_vec(),
        }
    }
}

/// A script as it is sent: without indents and without lines that are remarks.
fn script(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A stylesheet as it is sent: without indents, remarks, and spaces that only readers need.
fn style(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let lines = plain.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut style = lines.collect::<Vec<_>>().join("\n");
    let tightened = [
        (": ", ":"),
        ("; ", ";"),
        (", ", ","),
        (" {", "{"),
        ("{ ", "{"),
        (" }", "}"),
        (";\n", ";"),
        (",\n", ","),
        ("{\n", "{"),
        ("}\n", "}"),
        (";}", "}"),
    ];
    for (spaced, tight) in tightened {
        style = style.replace(spaced, tight);
    }
    style
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
        for script in [&FORM, &ONWARD, &WAIT, &CHALLENGE, &RETURNED, &WIDGET, &EMBED, &ALONE] {
            assert!(find(&script.path).expect("a script").path.ends_with(".js"));
        }
        for path in ["/p/assets/checkout.css", "/p/assets/checkout.0000000000000000.css", "/p/assets/../x", ""] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn what_is_for_readers_is_not_sent() {
        let written = "/* Of a\n   list. */\n.list,\n.more {\n  color: red;\n  margin: 1px 2px;\n}\n.a > .b:not(.c) { top: 0; }\n";
        assert_eq!(".list,.more{color:red;margin:1px 2px}.a > .b:not(.c){top:0}", style(written));
        assert_eq!("a('//');\nb();", script("// Says.\n  a('//');\n\n    // And.\n  b();\n"));
    }

    #[test]
    fn other_bytes_have_another_name() {
        let [one, other] = ["abc", "abd"].map(|body| Asset::new("x", "js", JS, body));
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
        let scripts =
            [&FORM, &ONWARD, &WAIT, &CHALLENGE, &RETURNED, &WIDGET, &ALONE].map(|asset| asset.body.as_slice()).concat();
        assert!(scripts.len() <= 16 * 1024, "{} bytes of script", scripts.len());
        assert!(STYLE.body.len() <= 24 * 1024, "{} bytes of style", STYLE.body.len());
        let style = [&STYLE, &DOCUMENT].map(|asset| asset.body.as_slice()).concat();
        let style = std::str::from_utf8(&style).expect("text");
        for forbidden in ["http:", "https:", "@import", "url("] {
            assert!(!style.contains(forbidden), "{forbidden}");
        }
        // Only logical properties, so that a page in Arabic mirrors by itself.
        for physical in
            ["-left", "-right", ";left:", "{left:", ";right:", "{right:", "text-align:left", "text-align:right"]
        {
            assert!(!style.contains(physical), "{physical}");
        }
        let script = std::str::from_utf8(&scripts).expect("text");
        for forbidden in MARKUP.into_iter().chain(["fetch", "http"]) {
            assert!(!script.contains(forbidden), "{forbidden}");
        }
    }

    /// What could make markup or code of a text.
    const MARKUP: [&str; 5] = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval"];

    #[test]
    fn a_shops_page_fetches_little_and_the_frame_asks_its_own_server_only() {
        assert!(EMBED.body.len() + 512 <= 15 * 1024, "{} bytes of script in the frame", EMBED.body.len());
        assert!(EMBED_STYLE.body.len() <= 6 * 1024, "{} bytes of style in the frame", EMBED_STYLE.body.len());
        assert!(LOADER.body.len() <= 10 * 1024, "{} bytes of loader", LOADER.body.len());
        for script in [&EMBED.body, &LOADER.body] {
            let script = std::str::from_utf8(script).expect("text");
            assert_eq!(1, script.matches("fetch(").count());
            for forbidden in MARKUP.into_iter().chain(["http:", "https:", "localStorage", "cookie"]) {
                assert!(!script.contains(forbidden), "{forbidden}");
            }
        }
        let frame = std::str::from_utf8(&EMBED.body).expect("text");
        assert!(!frame.lines().any(|line| line.starts_with("//") || line.starts_with(' ')), "without comments");
        assert!(!frame.contains("'*'"), "a message is for somebody");
    }
}
