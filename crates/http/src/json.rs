//! A JSON tree that keeps what the caller said: numbers stay text, members stay in their order, and a member given
//! twice is an error instead of a silent choice (security D1).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// Lists and objects inside each other, at most; the same bound `serde_json` sets.
const DEPTH_MAX: usize = 127;

/// A JSON value as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The number's own text, as long and as exact as it was sent.
    Number(String),
    /// A string, escapes resolved.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// An object.
    Object(Object),
}

/// The members of an object, in the order they were sent. No name appears twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Json)>);

/// The text is not JSON, or not JSON that means one thing only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not readable as JSON")]
pub struct BrokenJson;

impl Json {
    /// Reads one JSON value and nothing after it.
    ///
    /// # Errors
    /// [`BrokenJson`] for bad syntax, invalid UTF-8, lone surrogates, a member given twice, and nesting beyond 127.
    pub fn parse(bytes: &[u8]) -> Result<Self, BrokenJson> {
        let text = std::str::from_utf8(bytes).map_err(|_| BrokenJson)?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| BrokenJson)?;
        Self::from_raw(raw, 0)
    }

    /// Whether U+0000 stands in any string or name: legal JSON, but no text of ours.
    #[must_use]
    pub fn has_nul(&self) -> bool {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => false,
            Self::String(text) => text.contains('\0'),
            Self::Array(items) => items.iter().any(Self::has_nul),
            Self::Object(object) => object.has_nul(),
        }
    }

    /// The text was checked as a whole before, so only doubled members, surrogates and depth can be wrong here.
    fn from_raw(raw: &RawValue, depth: usize) -> Result<Self, BrokenJson> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => Self::String(serde_json::from_str(text).map_err(|_| BrokenJson)?),
            Some(b'[') => Self::Array(items(text, deeper(depth)?)?),
            Some(b'{') => Self::Object(Object(members(text, deeper(depth)?)?)),
            Some(_) | None => Self::Number(text.to_owned()),
        })
    }
}

impl Object {
    /// The member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// Every member, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// These members, and those of `before` that are not among them.
    #[must_use]
    pub fn over(mut self, before: Self) -> Self {
        let new = before.0.into_iter().filter(|(name, _)| self.get(name).is_none()).collect::<Vec<_>>();
        self.0.extend(new);
        self
    }

    /// See [`Json::has_nul`].
    #[must_use]
    pub fn has_nul(&self) -> bool {
        self.0.iter().any(|(name, value)| name.contains('\0') || value.has_nul())
    }
}

fn deeper(depth: usize) -> Result<usize, BrokenJson> {
    if depth < DEPTH_MAX { Ok(depth + 1) } else { Err(BrokenJson) }
}

fn items(text: &str, depth: usize) -> Result<Vec<Json>, BrokenJson> {
    let raw: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| BrokenJson)?;
    raw.into_iter().map(|item| Json::from_raw(item, depth)).collect()
}

fn members(text: &str, depth: usize) -> Result<Vec<(String, Json)>, BrokenJson> {
    let Members(raw) = serde_json::from_str(text).map_err(|_| BrokenJson)?;
    let mut names = BTreeSet::new();
    if !raw.iter().all(|(name, _)| names.insert(name.as_str())) {
        return Err(BrokenJson);
    }
    raw.iter().map(|(name, value)| Ok((name.clone(), Json::from_raw(value, depth)?))).collect()
}

/// The members of an object before their values are read.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) => RawValue::from_string(text.clone()).map_err(S::Error::custom)?.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_raw(&raw, 0).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::Object(object) => Ok(object),
            _ => Err(D::Error::custom("not an object")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Json {
        Json::parse(text.as_bytes()).expect(text)
    }

    #[test]
    fn what_was_said_comes_back() {
        for text in [
            "null",
            "true",
            "[]",
            "{}",
            "1.10",
            "-0",
            "1e400",
            "12345678901234567890123",
            r#"{"b":1.000,"a":[1,"x",{"c":null}]}"#,
            r#""nul \u0000 inside""#,
        ] {
            assert_eq!(text, serde_json::to_string(&parse(text)).expect("text"));
        }
    }

    #[test]
    fn one_meaning_or_none() {
        let broken: [&[u8]; 16] = [
            b"",
            b" ",
            b"{",
            b"nul",
            b"01",
            b"1.",
            b"+1",
            b"NaN",
            b"{} {}",
            b"[1,]",
            br#"{"a":1,"a":1}"#,
            br#"{"x":{"a":1,"b":[{"c":1,"\u0063":2}]}}"#,
            br#""\ud800""#,
            br#"{"\ud800":1}"#,
            b"\"\xff\"",
            b"\"a\nb\"",
        ];
        for bytes in broken {
            assert_eq!(Err(BrokenJson), Json::parse(bytes), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn nesting_has_a_bound() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(nested(127).as_bytes()).is_ok());
        for depth in [128, 30_000] {
            assert_eq!(Err(BrokenJson), Json::parse(nested(depth).as_bytes()));
        }
    }

    #[test]
    fn nul_is_seen_wherever_it_hides() {
        for text in [r#""\u0000""#, r#"{"\u0000":1}"#, r#"[{"a":["\u0000"]}]"#] {
            assert!(parse(text).has_nul(), "{text}");
        }
        assert!(!parse(r#"{"a":["b",1,null,true]}"#).has_nul());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Json::parse(&bytes);
        }

        #[test]
        fn what_serde_json_refuses_is_refused(text in r#"[\[\]{}:,"0-9a-d.\\-]{0,12}"#) {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert!(theirs || Json::parse(text.as_bytes()).is_err());
        }
    }
}
