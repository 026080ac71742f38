//! The `Idempotency-Key` header: how a client says that two requests are one.

use hyper::header::HeaderMap;

/// The longest key, in characters (security I1).
const KEY_CHARS_MAX: usize = 255;

/// The header is there, but is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

/// The key, when there is one: 1 to 255 visible ASCII characters, bare or as a quoted string of RFC 8941, whose quotes
/// are not part of it. So `abc` and `"abc"` are one key.
///
/// # Errors
/// When the header is there twice, or is not such a key.
pub fn key(headers: &HeaderMap) -> Result<Option<String>, Invalid> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Invalid);
    }
    let value = value.to_str().map_err(|_| Invalid)?;
    let key = match value.strip_prefix('"') {
        Some(rest) => unquoted(rest)?,
        None => value.to_owned(),
    };
    let is_key = (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key { Ok(Some(key)) } else { Err(Invalid) }
}

/// What stands before the closing quote, `\"` and `\\` undone. Nothing may follow the quote.
fn unquoted(text: &str) -> Result<String, Invalid> {
    let mut key = String::with_capacity(text.len());
    let mut chars = text.chars();
    loop {
        match chars.next() {
            Some('"') => return if chars.next().is_none() { Ok(key) } else { Err(Invalid) },
            Some('\\') => key.push(chars.next().filter(|&next| matches!(next, '"' | '\\')).ok_or(Invalid)?),
            Some(other) => key.push(other),
            None => return Err(Invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn check(values: &[&[u8]], expected: Result<Option<&str>, Invalid>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("idempotency-key", HeaderValue::from_bytes(value).unwrap());
        }
        assert_eq!(expected, key(&headers).as_ref().map(Option::as_deref).map_err(|invalid| *invalid), "{values:?}");
    }

    #[test]
    fn bare_and_quoted() {
        check(&[], Ok(None));
        check(&[b"8e03978e-40d5-43e8"], Ok(Some("8e03978e-40d5-43e8")));
        check(&[b"\"8e03978e-40d5-43e8\""], Ok(Some("8e03978e-40d5-43e8")));
        check(&[b"a\"b"], Ok(Some("a\"b")));
        check(&[br#""a\"b\\c""#], Ok(Some("a\"b\\c")));
    }

    #[test]
    fn what_is_no_key() {
        for value in [
            b"".as_slice(),
            b"\"\"",
            b"\"",
            b"\"abc",
            b"\"abc\"x",
            b"\"abc\";a=1",
            b"\"a\\bc\"",
            b"\"abc\\",
            b"a b",
            b"\"a b\"",
            b"a\tb",
            b"\xc3\xa9",
        ] {
            check(&[value], Err(Invalid));
        }
        check(&[b"a", b"a"], Err(Invalid));
    }

    #[test]
    fn the_longest_key() {
        let longest = "k".repeat(KEY_CHARS_MAX);
        check(&[longest.as_bytes()], Ok(Some(&longest)));
        check(&[format!("\"{longest}\"").as_bytes()], Ok(Some(&longest)));
        check(&[format!("{longest}k").as_bytes()], Err(Invalid));
        check(&[format!("\"{longest}k\"").as_bytes()], Err(Invalid));
    }
}
