//! The credential of a request: `Authorization: Bearer <token>`. Never from the query, which ends up in logs.

use hyper::header::{AUTHORIZATION, HeaderMap};

/// The longest token read, in bytes: room for a signed one, none for a flood.
const TOKEN_BYTES_MAX: usize = 4_096;

/// The token of the one `Authorization` header. `None` when there is no such header or more than one, when the scheme
/// (in any case) is another, or when the token is not of RFC 6750's characters.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && is_token68(token)).then_some(token)
}

/// RFC 9110 11.2: letters, digits and `-._~+/`, at least one, then any number of `=`.
fn is_token68(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    token.len() <= TOKEN_BYTES_MAX
        && !body.is_empty()
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn check(values: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(expected, bearer(&headers), "{values:?}");
    }

    #[test]
    fn one_header_one_scheme_one_token() {
        check(&["Bearer sk_test_aZ09-._~+/=="], Some("sk_test_aZ09-._~+/=="));
        check(&["bEARER  abc"], Some("abc"));
        check(&[], None);
        check(&["Bearer"], None);
        check(&["Bearer "], None);
        check(&["Bearer =="], None);
        check(&["Basic abc"], None);
        check(&["Bearer a b"], None);
        check(&["Bearer a=b"], None);
        check(&["Bearer a,Bearer b"], None);
        check(&["Bearer a", "Bearer a"], None);
        check(&["Bearer\ta"], None);
    }

    #[test]
    fn the_longest_token_is_read_and_no_longer_one() {
        let longest = "a".repeat(TOKEN_BYTES_MAX);
        check(&[&format!("Bearer {longest}")], Some(&longest));
        check(&[&format!("Bearer {longest}a")], None);
    }
}
