//! What a body says it is.

use hyper::header::{CONTENT_TYPE, HeaderMap};

/// Whether the body may be read as JSON: `application/json`, `application/<anything>+json`, or nothing said. Parameters
/// such as `charset` are ignored; JSON is UTF-8 and is checked where it is parsed.
#[must_use]
pub fn is_json(headers: &HeaderMap) -> bool {
    match media_type(headers) {
        Said::Nothing => true,
        Said::Type(media_type) => {
            let Some((main, sub)) = media_type.split_once('/') else { return false };
            let is_sub = sub.eq_ignore_ascii_case("json")
                || sub.len() > 5 && sub.as_bytes()[sub.len() - 5..].eq_ignore_ascii_case(b"+json");
            main.eq_ignore_ascii_case("application") && is_sub
        }
        Said::Nonsense => false,
    }
}

/// Whether the body is what a browser's form sends: `application/x-www-form-urlencoded`, parameters ignored.
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    match media_type(headers) {
        Said::Type(media_type) => media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded"),
        Said::Nothing | Said::Nonsense => false,
    }
}

enum Said<'a> {
    Nothing,
    Type(&'a str),
    /// Not text, or two headers.
    Nonsense,
}

fn media_type(headers: &HeaderMap) -> Said<'_> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Said::Nothing,
        (Some(Ok(value)), None) => Said::Type(value.split_once(';').map_or(value, |(media_type, _)| media_type).trim()),
        (Some(_), _) => Said::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_TYPE, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn json_by_its_names_or_by_default() {
        for yes in [
            "application/json",
            "APPLICATION/JSON; charset=utf-8",
            "application/json ;charset=UTF-8",
            "application/problem+json",
            "application/vnd.api+JSON",
        ] {
            assert!(is_json(&headers(&[yes.as_bytes()])), "{yes}");
        }
        assert!(is_json(&headers(&[])));
        for no in
            ["", "json", "text/json", "application/+json", "application/jsonp", "application/x-json", "text/plain"]
        {
            assert!(!is_json(&headers(&[no.as_bytes()])), "{no}");
        }
        assert!(!is_json(&headers(&[b"application/\xff+json"])));
        assert!(!is_json(&headers(&[b"application/json", b"application/json"])));
    }

    #[test]
    fn forms_by_their_name_only() {
        assert!(is_form(&headers(&[b"application/x-www-form-urlencoded"])));
        assert!(is_form(&headers(&[b"Application/X-WWW-Form-Urlencoded; charset=utf-8"])));
        assert!(!is_form(&headers(&[])));
        assert!(!is_form(&headers(&[b"multipart/form-data; boundary=a"])));
    }
}
