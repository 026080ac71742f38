//! The headers of each kind of answer (security B3): a route sends exactly its set, beside `Content-Type`.

/// Names in lower case, and values.
pub(crate) type Headers = &'static [(&'static str, &'static str)];

/// The page with the card form. `https` is whether the public address is: only then may a browser be told to insist.
#[must_use]
pub(crate) fn card_page(https: bool) -> Headers {
    with_hsts(&CARD_PAGE, https)
}

/// The page that leads to the bank: no card fields, and any bank may be next.
#[must_use]
pub(crate) fn challenge_page(https: bool) -> Headers {
    with_hsts(&CHALLENGE_PAGE, https)
}

/// The test bank's own pages, which our page draws inside itself. What they post to is of this origin, and so is what
/// follows.
#[must_use]
pub(crate) fn acs_page(https: bool) -> Headers {
    with_hsts(&ACS_PAGE, https)
}

/// Where the bank sends the payer back to, also inside the frame that our page has drawn.
#[must_use]
pub(crate) fn return_page(https: bool) -> Headers {
    with_hsts(&RETURN_PAGE, https)
}

/// Every page without a form: results, invoice, receipt, errors. Its script waits.
#[must_use]
pub(crate) fn status_page(https: bool) -> Headers {
    with_hsts(&STATUS_PAGE, https)
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
const PERMISSIONS: (&str, &str) = ("permissions-policy", "payment=(self), camera=(), microphone=(), geolocation=()");
/// Last in every set, so that it can be left out.
const HSTS: (&str, &str) = ("strict-transport-security", "max-age=63072000; includeSubDomains");

type Set = [(&'static str, &'static str); 9];

static CARD_PAGE: Set = page(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     frame-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
     require-trusted-types-for 'script'; report-to csp",
);

static CHALLENGE_PAGE: Set = page(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     frame-src 'self' https:; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'; \
     require-trusted-types-for 'script'; report-to csp",
);

static ACS_PAGE: Set = page(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
     frame-ancestors 'self'; base-uri 'none'; require-trusted-types-for 'script'; report-to csp",
);

static RETURN_PAGE: Set = page(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'none'; \
     frame-ancestors 'self'; base-uri 'none'; require-trusted-types-for 'script'; report-to csp",
);

static STATUS_PAGE: Set = page(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'none'; \
     frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; report-to csp",
);

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

/// A page is never kept and belongs to nobody else's page.
const fn page(policy: &'static str) -> Set {
    [(CSP, policy), REPORTS, (CACHE, "no-store"), (CORP, "same-origin"), COOP, NOSNIFF, REFERRER, PERMISSIONS, HSTS]
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

    #[test]
    fn each_kind_of_answer_has_exactly_its_headers() {
        let all = [
            ("card page", card_page(true)),
            ("status page", status_page(true)),
            ("asset", asset(true)),
            ("challenge page", challenge_page(true)),
            ("test bank", acs_page(true)),
            ("return page", return_page(true)),
        ]
        .map(|(kind, headers)| format!("# {kind}\n{}", lines(headers)));
        insta::assert_snapshot!(all.join("\n"), @r#"
        # card page
        content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; report-to csp
        reporting-endpoints: csp="/p/reports"
        cache-control: no-store
        cross-origin-resource-policy: same-origin
        cross-origin-opener-policy: same-origin
        x-content-type-options: nosniff
        referrer-policy: strict-origin-when-cross-origin
        permissions-policy: payment=(self), camera=(), microphone=(), geolocation=()
        strict-transport-security: max-age=63072000; includeSubDomains

        # status page
        content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; report-to csp
        reporting-endpoints: csp="/p/reports"
        cache-control: no-store
        cross-origin-resource-policy: same-origin
        cross-origin-opener-policy: same-origin
        x-content-type-options: nosniff
        referrer-policy: strict-origin-when-cross-origin
        permissions-policy: payment=(self), camera=(), microphone=(), geolocation=()
        strict-transport-security: max-age=63072000; includeSubDomains

        # asset
        content-security-policy: default-src 'none'
        cache-control: public, max-age=31536000, immutable
        cross-origin-resource-policy: cross-origin
        cross-origin-opener-policy: same-origin
        x-content-type-options: nosniff
        referrer-policy: strict-origin-when-cross-origin
        permissions-policy: payment=(self), camera=(), microphone=(), geolocation=()
        strict-transport-security: max-age=63072000; includeSubDomains

        # challenge page
        content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self' https:; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; report-to csp
        reporting-endpoints: csp="/p/reports"
        cache-control: no-store
        cross-origin-resource-policy: same-origin
        cross-origin-opener-policy: same-origin
        x-content-type-options: nosniff
        referrer-policy: strict-origin-when-cross-origin
        permissions-policy: payment=(self), camera=(), microphone=(), geolocation=()
        strict-transport-security: max-age=63072000; includeSubDomains

        # test bank
        content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'self'; base-uri 'none'; require-trusted-types-for 'script'; report-to csp
        reporting-endpoints: csp="/p/reports"
        cache-control: no-store
        cross-origin-resource-policy: same-origin
        cross-origin-opener-policy: same-origin
        x-content-type-options: nosniff
        referrer-policy: strict-origin-when-cross-origin
        permissions-policy: payment=(self), camera=(), microphone=(), geolocation=()
        strict-transport-security: max-age=63072000; includeSubDomains

        # return page
        content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; require-trusted-types-for 'script'; report-to csp
        reporting-endpoints: csp="/p/reports"
        cache-control: no-store
        cross-origin-resource-policy: same-origin
        cross-origin-opener-policy: same-origin
        x-content-type-options: nosniff
        referrer-policy: strict-origin-when-cross-origin
        permissions-policy: payment=(self), camera=(), microphone=(), geolocation=()
        strict-transport-security: max-age=63072000; includeSubDomains
        "#);
    }

    #[test]
    fn plain_http_is_not_told_to_insist_on_https_and_loses_nothing_else() {
        for set in [card_page, status_page, asset, challenge_page, acs_page, return_page] {
            let (plain, secure) = (set(false), set(true));
            assert_eq!(
                lines(secure),
                lines(plain) + "strict-transport-security: max-age=63072000; includeSubDomains\n"
            );
        }
    }

    #[test]
    fn names_are_ready_for_use() {
        for (name, _) in
            [card_page(true), status_page(true), asset(true), challenge_page(true), acs_page(true), return_page(true)]
                .concat()
        {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
        }
    }
}
