//! Paths are put in order before they are routed, never by a redirect, which loses a POST's body.

use axum::Router;
use axum::routing::MethodRouter;
use hyper::Uri;
use hyper::http::uri::PathAndQuery;

/// The address as it came, on a request whose path was put in order: for those who show it back.
#[derive(Debug, Clone)]
pub struct AsSent(pub Uri);

/// The path as it is routed, when it is not as it came. Repeated slashes are read as one (a client library puts a slash
/// before every path), and below the prefixes given the form without the slash at the end is that with it. A path
/// with `..` or an encoded slash is left alone, and so not found.
pub(crate) fn in_order(uri: &Uri, slash_prefixes: &[&str]) -> Option<Uri> {
    let path = uri.path();
    if path.contains("..") || has_encoded_slash(path) {
        return None;
    }
    let repeats = path.contains("//");
    let mut ordered = if repeats { collapsed(path) } else { String::new() };
    let current = if repeats { ordered.as_str() } else { path };
    let lacks_slash = !current.ends_with('/') && slash_prefixes.iter().any(|prefix| current.starts_with(prefix));
    if !repeats && !lacks_slash {
        return None;
    }
    if !repeats {
        ordered.push_str(path);
    }
    if lacks_slash {
        ordered.push('/');
    }
    if let Some(query) = uri.query() {
        ordered.push('?');
        ordered.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(ordered).ok()?);
    Uri::from_parts(parts).ok()
}

/// Routes, each with and without a slash at its end.
pub fn behind<S, const N: usize>(routes: [(&str, MethodRouter<S>); N]) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let mut router = Router::new();
    for (path, handler) in routes {
        router = router.route(path, handler.clone()).route(&format!("{path}/"), handler);
    }
    router
}

/// Whether a path is one of these prefixes, or below one.
#[must_use]
pub fn is_below(path: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

fn collapsed(path: &str) -> String {
    let mut collapsed = String::with_capacity(path.len() + 1);
    for char in path.chars() {
        if char != '/' || !collapsed.ends_with('/') {
            collapsed.push(char);
        }
    }
    collapsed
}

fn has_encoded_slash(path: &str) -> bool {
    path.contains('%')
        && path
            .as_bytes()
            .windows(3)
            .any(|three| three.eq_ignore_ascii_case(b"%2f") || three.eq_ignore_ascii_case(b"%5c"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, expected: &str) {
        let uri: Uri = uri.parse().unwrap();
        let ordered = in_order(&uri, &["/api/v1/"]);
        assert_eq!(expected, ordered.as_ref().unwrap_or(&uri).to_string());
        assert_eq!(ordered.is_none(), uri == *expected, "nothing is rebuilt that is in order");
    }

    #[test]
    fn slashes() {
        check("/api/v1/purchases/", "/api/v1/purchases/");
        check("/api/v1/purchases", "/api/v1/purchases/");
        check("/api/v1/purchases?a=b//c", "/api/v1/purchases/?a=b//c");
        check("/api/v1//purchases/", "/api/v1/purchases/");
        check("//api///v1//purchases?q", "/api/v1/purchases/?q");
        check("/api/v2/payments", "/api/v2/payments");
        check("/api/v2//payments/", "/api/v2/payments/");
        check("/api/v1", "/api/v1");
        check("/", "/");
        check("*", "*");
        check("http://a.example/api/v1//b", "http://a.example/api/v1/b/");
    }

    #[test]
    fn below() {
        for (path, expected) in [
            ("/v2", true),
            ("/v2/", true),
            ("/v2/payments", true),
            ("/oauth/token", true),
            ("/v22", false),
            ("/v", false),
            ("/api/v2", false),
            ("", false),
        ] {
            assert_eq!(expected, is_below(path, &["/v2", "/oauth"]), "{path}");
        }
    }

    #[test]
    fn what_is_left_alone() {
        check("/api/v1//../secret", "/api/v1//../secret");
        check("/api/v1//a%2Fb", "/api/v1//a%2Fb");
        check("/api/v1//a%5cb", "/api/v1//a%5cb");
        check("/api/v1//a%20b/", "/api/v1/a%20b/");
    }
}
