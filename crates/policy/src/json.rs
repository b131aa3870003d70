//! A JSON tree that refuses duplicate keys, which `serde_json::Value` would swallow.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A JSON value. Numbers and booleans keep their text: policies use them as condition values only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// A string.
    Text(String),
    /// A number or boolean, as written.
    Scalar(String),
    /// An array.
    List(Vec<Json>),
    /// An object; no key comes twice.
    Object(Vec<(String, Json)>),
    /// `null`, which no policy element may be.
    Null,
}

impl Json {
    /// Reads `text`; `None` when it is not JSON, nests too deep, or repeats a key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate keys")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Scalar(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object: Vec<(String, Json)> = Vec::new();
        while let Some((key, value)) = entries.next_entry()? {
            if object.iter().any(|(present, _)| *present == key) {
                return Err(A::Error::custom("a key comes twice"));
            }
            object.push((key, value));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_key_that_comes_twice_at_any_depth() {
        assert!(Json::parse(r#"{"a":1,"b":{"c":true}}"#).is_some());
        assert_eq!(Json::parse(r#"{"a":1,"a":1}"#), None);
        assert_eq!(Json::parse(r#"[{"x":{"c":1,"c":2}}]"#), None);
        assert_eq!(Json::parse(r#"{"a":1} x"#), None);
    }
}
