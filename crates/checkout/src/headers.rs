//! The headers of each kind of answer (security B3): a route sends exactly its set, beside `Content-Type`.

use axum::http::HeaderValue;
use axum::response::Response;

/// Names in lower case, and values.
pub(crate) type Headers = &'static [(&'static str, &'static str)];

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The page with the card form.
    Card,
    /// The page that leads to the bank: no card fields, and any bank may be next.
    Challenge,
    /// The test bank's own pages, which our page draws inside itself. What they post to is of this origin, and so is what
    /// follows.
    Bank,
    /// Where the bank sends the payer back to, also inside the frame that our page has drawn.
    Return,
    /// Every page without a form: results, invoice, receipt, errors. Its script waits.
    Status,
    /// An invoice or a receipt as PDF.
    Print,
}

/// Who may draw our pages inside theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Nobody; only the bank's pages are drawn inside ours.
    Ours,
    /// Anybody: the card widget (card-payments-api 4.1), and what a session's payer is shown (orchestration-api 9.2).
    Anybody,
}

/// The policy of a kind of page: what it may load and post, and who may frame it.
macro_rules! policy {
    (card, $ancestors:literal) => {
        policy!(
            "script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'none'; \
             form-action 'self'",
            $ancestors
        )
    };
    (challenge, $ancestors:literal) => {
        policy!(
            "script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self' https:; \
             form-action 'self' https:",
            $ancestors
        )
    };
    (bank, $ancestors:literal) => {
        policy!("script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'", $ancestors)
    };
    (script, $ancestors:literal) => {
        policy!("script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'none'", $ancestors)
    };
    ($may:literal, $ancestors:literal) => {
        concat!(
            "default-src 'none'; ",
            $may,
            "; frame-ancestors ",
            $ancestors,
            "; base-uri 'none'; require-trusted-types-for 'script'; report-to csp"
        )
    };
}

/// The headers of a page. `https` is whether the public address is: only then may a browser be told to insist.
#[must_use]
pub(crate) fn page(kind: Kind, framing: Framing, https: bool) -> Headers {
    let set = match (framing, kind) {
        (Framing::Ours, Kind::Card) => const { &alone(policy!(card, "'none'")) },
        (Framing::Ours, Kind::Challenge) => const { &alone(policy!(challenge, "'none'")) },
        (Framing::Ours, Kind::Bank) => const { &alone(policy!(bank, "'self'")) },
        (Framing::Ours, Kind::Return) => const { &alone(policy!(script, "'self'")) },
        (Framing::Ours, Kind::Status) => const { &alone(policy!(script, "'none'")) },
        (Framing::Anybody, Kind::Card) => const { &framed(policy!(card, "*")) },
        (Framing::Anybody, Kind::Challenge) => const { &framed(policy!(challenge, "*")) },
        (Framing::Anybody, Kind::Bank) => const { &framed(policy!(bank, "*")) },
        (Framing::Anybody, Kind::Return) => const { &framed(policy!(script, "*")) },
        (Framing::Ours, Kind::Print) => &PRINT_ALONE,
        (Framing::Anybody, Kind::Print) => &PRINT_FRAMED,
        (Framing::Anybody, Kind::Status) => const { &framed(policy!(script, "*")) },
    };
    with_hsts(set, https)
}

/// Lets pages of these sources, as a frame policy names them, draw this one inside themselves; nobody when there are none.
pub(crate) fn let_in(response: &mut Response, sources: &str) {
    let policy = response.headers().get(CSP).and_then(|policy| policy.to_str().ok());
    let directive = |directive: &str| match directive.strip_prefix("frame-ancestors ") {
        Some(_) => format!("frame-ancestors {sources}"),
        None => directive.to_owned(),
    };
    let policy = policy.map(|policy| policy.split("; ").map(directive).collect::<Vec<_>>().join("; "));
    let Some(policy) = policy.and_then(|policy| HeaderValue::try_from(policy).ok()).filter(|_| !sources.is_empty())
    else {
        return;
    };
    response.headers_mut().insert(CSP, policy);
    response.headers_mut().insert(CORP, HeaderValue::from_static("cross-origin"));
}

/// Stylesheet and script: the name changes with the bytes.
#[must_use]
pub(crate) fn asset(https: bool) -> Headers {
    with_hsts(&ASSET, https)
}

const CACHE: &str = "cache-control";
const CSP: &str = "content-security-policy";
const CORP: &str = "cross-origin-resource-policy";
const COOP: (&str, &str) = ("cross-origin-opener-policy", "same-origin");
const NOSNIFF: (&str, &str) = ("x-content-type-options", "nosniff");
/// Not `no-referrer`: with that, a form posted to its own origin says `Origin: null`.
const REFERRER: (&str, &str) = ("referrer-policy", "strict-origin-when-cross-origin");
/// Where browsers tell what a page tried that its policy does not allow (security P7).
const REPORTS: (&str, &str) = ("reporting-endpoints", "csp=\"/p/reports\"");
/// Such an address is its own secret (card-payments-api 4.1), and none of the forms looks at `Origin`.
const NO_REFERRER: (&str, &str) = ("referrer-policy", "no-referrer");
const PERMISSIONS: (&str, &str) = ("permissions-policy", "payment=(self), camera=(), microphone=(), geolocation=()");
/// Last in every set, so that it can be left out.
const HSTS: (&str, &str) = ("strict-transport-security", "max-age=63072000; includeSubDomains");

type Set = [(&'static str, &'static str); 9];

static ASSET: [(&str, &str); 8] = [
    (CSP, "default-src 'none'"),
    (CACHE, "public, max-age=31536000, immutable"),
    (CORP, "cross-origin"),
    COOP,
    NOSNIFF,
    REFERRER,
    PERMISSIONS,
    HSTS,
];

/// What a browser's viewer of PDF needs: it is a page of the browser's with the file in it.
macro_rules! print_policy {
    ($ancestors:literal) => {
        concat!(
            "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors ",
            $ancestors,
            "; base-uri 'none'"
        )
    };
}

static PRINT_ALONE: [(&str, &str); 9] = print(print_policy!("'none'"), "same-origin", REFERRER);
static PRINT_FRAMED: [(&str, &str); 9] = print(print_policy!("*"), "cross-origin", NO_REFERRER);

/// A page says itself that it is not to be found; a file cannot.
const fn print(policy: &'static str, for_whom: &'static str, referrer: (&'static str, &'static str)) -> Set {
    let robots = ("x-robots-tag", "noindex, nofollow");
    [(CSP, policy), robots, (CACHE, "no-store"), (CORP, for_whom), COOP, NOSNIFF, referrer, PERMISSIONS, HSTS]
}

/// A page is never kept and belongs to nobody else's page.
const fn alone(policy: &'static str) -> Set {
    page_of(policy, "same-origin", REFERRER)
}

/// A page is never kept and may be in anybody's.
const fn framed(policy: &'static str) -> Set {
    page_of(policy, "cross-origin", NO_REFERRER)
}

const fn page_of(policy: &'static str, for_whom: &'static str, referrer: (&'static str, &'static str)) -> Set {
    [(CSP, policy), REPORTS, (CACHE, "no-store"), (CORP, for_whom), COOP, NOSNIFF, referrer, PERMISSIONS, HSTS]
}

fn with_hsts(set: Headers, https: bool) -> Headers {
    match set.split_last() {
        Some((_, rest)) if !https => rest,
        Some(_) | None => set,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(headers: Headers) -> String {
        headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }

    const KINDS: [(&str, Kind); 6] = [
        ("card page", Kind::Card),
        ("status page", Kind::Status),
        ("challenge page", Kind::Challenge),
        ("test bank", Kind::Bank),
        ("return page", Kind::Return),
        ("print", Kind::Print),
    ];

    fn every(https: bool) -> Vec<(String, Headers)> {
        let ours = KINDS.map(|(name, kind)| (name.to_owned(), page(kind, Framing::Ours, https)));
        let framed = KINDS.map(|(name, kind)| (format!("{name} of the widget"), page(kind, Framing::Anybody, https)));
        ours.into_iter().chain(framed).chain([("asset".to_owned(), asset(https))]).collect()
    }

    #[test]
    fn each_kind_of_answer_has_exactly_its_headers() {
        let all: Vec<String> =
            every(true).into_iter().map(|(kind, headers)| format!("# {kind}\n{}", lines(headers))).collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn plain_http_is_not_told_to_insist_on_https_and_loses_nothing_else() {
        for ((_, plain), (_, secure)) in every(false).into_iter().zip(every(true)) {
            assert_eq!(
                lines(secure),
                lines(plain) + "strict-transport-security: max-age=63072000; includeSubDomains\n"
            );
        }
    }

    #[test]
    fn names_are_ready_for_use() {
        for (name, _) in every(true).into_iter().flat_map(|(_, headers)| headers) {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
        }
    }
}
