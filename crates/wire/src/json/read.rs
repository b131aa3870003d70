//! JSON as values, read straight into the shape's slots: no tree of JSON is made in between.
//!
//! Unknown members and nulls are skipped; of members that come twice the last counts.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use keyward_base::Fault;
use keyward_schema::{Kind, MemberFacts, ShapeFacts, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::{epoch_seconds, whole};
use crate::{base64, malformed};

/// Reads a structure. Nothing at all is an empty one.
pub(crate) fn read(shape: &'static ShapeFacts, body: &[u8]) -> Result<Value, Fault> {
    if body.is_empty() {
        return Ok(Value::Structure(vec![None; shape.members().len()]));
    }
    let misfit = Cell::new(None);
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = Body(Wanted { shape, misfit: &misfit }).deserialize(&mut json);
    let read = read.and_then(|value| json.end().map(|()| value));
    read.map_err(|error| misfit.take().unwrap_or_else(|| wrong_body(&error)))
}

fn wrong_body(error: &serde_json::Error) -> Fault {
    if error.is_data() {
        malformed("The request's body is not a JSON object.")
    } else {
        malformed(format!("The request's body is not valid JSON: {error}"))
    }
}

/// The body as a whole: an object.
struct Body<'a>(Wanted<'a>);

impl<'de> DeserializeSeed<'de> for Body<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Value, A::Error> {
        self.0.structure(self.0.shape.members(), object)
    }
}

/// A value of `shape`; why there is none is left in `misfit`. A null is none too.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    shape: &'static ShapeFacts,
    misfit: &'a Cell<Option<Fault>>,
}

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<Value>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shape.name)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Option<Value>, E> {
        match self.shape.kind {
            Kind::Boolean => Ok(Some(Value::Boolean(truth))),
            _ => Err(self.wrong_type(if truth { "TRUE_VALUE" } else { "FALSE_VALUE" })),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<Value>, E> {
        self.number(&number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<Value>, E> {
        self.number(&number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<Value>, E> {
        // The tokenizer knows no infinite numbers.
        self.number(&Number::from_f64(number).unwrap_or_else(|| 0.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Value>, E> {
        match self.shape.kind {
            Kind::String { .. } => Ok(Some(Value::String(text.to_owned()))),
            Kind::Blob => {
                let bytes = base64::read(text).ok_or_else(|| malformed("A blob is not valid Base64."));
                self.fits(bytes.map(Value::Blob))
            }
            _ => Err(self.wrong_type("STRING_VALUE")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Option<Value>, A::Error> {
        let Kind::List { item, .. } = self.shape.kind else {
            return Err(self.refuse(malformed("Start of list found where not expected")));
        };
        let mut items = Vec::new();
        while let Some(value) = array.next_element_seed(Wanted { shape: item, ..self })? {
            items.extend(value);
        }
        Ok(Some(Value::List(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Option<Value>, A::Error> {
        match self.shape.kind {
            Kind::Structure { members } => self.structure(members, object).map(Some),
            Kind::Map { value, .. } => Wanted { shape: value, ..self }.entries(object).map(Some),
            _ => Err(self.refuse(malformed("Start of structure or map found where not expected."))),
        }
    }
}

impl Wanted<'_> {
    fn structure<'de, A: MapAccess<'de>>(
        self,
        members: &'static [MemberFacts],
        mut object: A,
    ) -> Result<Value, A::Error> {
        let mut slots = vec![None; members.len()];
        while let Some(place) = object.next_key_seed(Place(members))? {
            match place.and_then(|place| Some((members.get(place)?, slots.get_mut(place)?))) {
                Some((member, slot)) => {
                    *slot = object.next_value_seed(Wanted { shape: member.shape, ..self })?;
                }
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Structure(slots))
    }

    /// The entries of a map whose values this is for.
    fn entries<'de, A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = object.next_key::<String>()? {
            entries.push((key, object.next_value_seed(self)?));
        }
        keep_last(&mut entries);
        Ok(Value::Map(entries.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()))
    }

    fn number<E: Error>(self, number: &Number) -> Result<Option<Value>, E> {
        match self.shape.kind {
            Kind::Integer | Kind::Long => self.fits(integer(self.shape, number)),
            Kind::Double => self.fits(double(number)),
            Kind::Timestamp => self.fits(timestamp(number)),
            _ => Err(self.wrong_type("NUMBER_VALUE")),
        }
    }

    fn fits<E: Error>(self, value: Result<Value, Fault>) -> Result<Option<Value>, E> {
        value.map(Some).map_err(|fault| self.refuse(fault))
    }

    fn wrong_type<E: Error>(self, found: &str) -> E {
        let wanted = match self.shape.kind {
            Kind::Boolean => "a Boolean",
            Kind::Integer => "an Integer",
            Kind::Long => "a Long",
            Kind::Double => "a Double",
            Kind::String { .. } => "a String",
            Kind::Blob => "a Blob",
            Kind::Timestamp => "a Timestamp",
            Kind::List { .. } => "a List",
            Kind::Map { .. } => "a Map",
            Kind::Structure { .. } => "a Structure",
        };
        self.refuse(malformed(format!("{found} can not be converted to {wanted}")))
    }

    /// Ends the reading; `read` answers with the fault.
    fn refuse<E: Error>(self, fault: Fault) -> E {
        self.misfit.set(Some(fault));
        E::custom(self.shape.name)
    }
}

/// Which member a key names.
struct Place(&'static [MemberFacts]);

impl<'de> DeserializeSeed<'de> for Place {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<usize>, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Place {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|member| member.name == key))
    }
}

/// Leaves only the last entry of each key.
fn keep_last(entries: &mut Vec<(String, Option<Value>)>) {
    if entries.len() < 2 {
        return;
    }
    let mut seen = HashSet::new();
    let mut last: Vec<bool> = entries.iter().rev().map(|(key, _)| seen.insert(key.as_str())).collect();
    drop(seen);
    entries.retain(|_| last.pop().unwrap_or(true));
}

fn integer(shape: &ShapeFacts, number: &Number) -> Result<Value, Fault> {
    let whole = number.as_i64().or_else(|| number.as_f64().and_then(whole));
    let fits = whole.filter(|whole| matches!(shape.kind, Kind::Long) || i32::try_from(*whole).is_ok());
    let name = if matches!(shape.kind, Kind::Long) { "Long" } else { "Integer" };
    fits.map(Value::Integer).ok_or_else(|| malformed(format!("{number} can not be converted to an {name}")))
}

fn double(number: &Number) -> Result<Value, Fault> {
    number
        .as_f64()
        .map(Value::Double)
        .ok_or_else(|| malformed(format!("{number} can not be converted to a Double")))
}

fn timestamp(number: &Number) -> Result<Value, Fault> {
    let moment = number.as_f64().and_then(epoch_seconds);
    moment
        .map(Value::Timestamp)
        .ok_or_else(|| malformed(format!("{number} can not be converted to a Timestamp")))
}

#[cfg(test)]
mod tests;
