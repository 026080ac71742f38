//! Pages of lists (purchases-api 1.4, 10.2 #1): newest first, at most 100, the addresses of the neighbours carry
//! everything. What is made meanwhile moves nothing: a page begins beside an object, not after a number of them.

use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use engine::{Beside, Place};
use url::form_urlencoded;
use uuid::Uuid;

use crate::errors::{FieldErrors, Problem};

/// The most on a page.
pub(crate) const SIZE_MAX: u32 = 100;
/// Unless asked otherwise.
pub(crate) const SIZE: u32 = 25;

/// What the query of a list says. Other members are ignored.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    cursor: Option<String>,
    page_size: Option<String>,
}

/// Which page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) beside: Option<Beside>,
    pub(crate) size: u32,
}

/// A page of a list, as all lists are sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Envelope<T> {
    pub(crate) results: Vec<T>,
    pub(crate) next: Option<String>,
    pub(crate) previous: Option<String>,
}

impl Asked {
    /// What the query of an address says.
    pub(crate) fn of(uri: &Uri) -> Self {
        Self { cursor: member(uri, "cursor"), page_size: member(uri, "page_size") }
    }

    /// The page that is meant.
    ///
    /// # Errors
    /// `invalid`, `min_value` or `max_value` at `page_size`, `invalid` at `cursor`.
    pub(crate) fn page(&self) -> Result<Page, FieldErrors> {
        let mut errors = FieldErrors::default();
        let size = match self.page_size.as_deref().map(str::parse::<u32>) {
            None => SIZE,
            Some(Ok(0)) => {
                errors.add("page_size", Problem::min_value(1));
                SIZE
            }
            Some(Ok(size)) if size <= SIZE_MAX => size,
            Some(Ok(_)) => {
                errors.add("page_size", Problem::max_value(i64::from(SIZE_MAX)));
                SIZE
            }
            Some(Err(_)) => {
                errors.add("page_size", Problem::invalid("A whole number is needed here."));
                SIZE
            }
        };
        let cursor = self.cursor.as_deref().filter(|cursor| !cursor.is_empty());
        let beside = cursor.and_then(parse);
        if cursor.is_some() && beside.is_none() {
            errors.add("cursor", Problem::invalid("This is no cursor of ours."));
        }
        if errors.is_empty() { Ok(Page { beside, size }) } else { Err(errors) }
    }
}

/// A member of the query of an address; the first of its name.
pub(crate) fn member(uri: &Uri, name: &str) -> Option<String> {
    let mut members = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    members.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

impl Page {
    /// The envelope of what was found: one more than fits says that the list goes on. `path` is the address of the list,
    /// `filters` what its query says beside the page.
    pub(crate) fn envelope<T>(
        &self,
        mut found: Vec<T>,
        place: impl Fn(&T) -> Place,
        path: &str,
        filters: &[(&str, Option<&str>)],
    ) -> Envelope<T> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let goes_on = found.len() > size;
        let (has_older, has_newer) = match self.beside {
            None => (goes_on, false),
            Some(Beside::Older(_)) => (goes_on, true),
            Some(Beside::Newer(_)) => (true, goes_on),
        };
        if goes_on {
            match self.beside {
                Some(Beside::Newer(_)) => drop(found.remove(0)),
                Some(Beside::Older(_)) | None => drop(found.pop()),
            }
        }
        let address = |beside| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("cursor", &shown(beside)).append_pair("page_size", &self.size.to_string());
            for (name, value) in filters {
                value.map(|value| query.append_pair(name, value));
            }
            format!("{path}?{}", query.finish())
        };
        let next = found.last().filter(|_| has_older).map(|last| address(Beside::Older(place(last))));
        let previous = found.first().filter(|_| has_newer).map(|first| address(Beside::Newer(place(first))));
        Envelope { results: found, next, previous }
    }
}

fn shown(beside: Beside) -> String {
    let (side, Place { rank, at, id }) = match beside {
        Beside::Older(place) => (0, place),
        Beside::Newer(place) => (1, place),
    };
    URL_SAFE_NO_PAD.encode([&[side, rank][..], &at.micros().to_be_bytes(), id.as_bytes()].concat())
}

fn parse(cursor: &str) -> Option<Beside> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let ([side, rank], place) = bytes.split_first_chunk()?;
    let (at, id) = place.split_first_chunk()?;
    let at = Timestamp::from_micros(i64::from_be_bytes(*at));
    let place = Place { rank: *rank, at, id: Uuid::from_slice(id).ok()? };
    match side {
        0 => Some(Beside::Older(place)),
        1 => Some(Beside::Newer(place)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(cursor: Option<&str>, page_size: Option<&str>) -> Asked {
        Asked { cursor: cursor.map(str::to_owned), page_size: page_size.map(str::to_owned) }
    }

    #[test]
    fn a_query_is_read_and_what_is_wrong_is_said_at_its_place() {
        assert_eq!(Ok(Page { beside: None, size: 25 }), asked(None, None).page());
        assert_eq!(Ok(Page { beside: None, size: 100 }), asked(Some(""), Some("100")).page());
        for (size, code) in [("0", "min_value"), ("101", "max_value"), ("-1", "invalid"), ("", "invalid")] {
            let errors = asked(Some("!"), Some(size)).page().expect_err(size);
            let shown = serde_json::to_value(&errors).expect("JSON");
            assert_eq!(code, shown["page_size"][0]["code"], "{size}");
            assert_eq!("invalid", shown["cursor"][0]["code"], "{size}");
        }
        let beside = Beside::Newer(Place { rank: 1, at: Timestamp::from_seconds(9), id: Uuid::from_u128(7) });
        assert_eq!(Ok(Page { beside: Some(beside), size: 1 }), asked(Some(&shown(beside)), Some("1")).page());
    }
}
