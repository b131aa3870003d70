//! Values as JSON.

use keyward_schema::{Kind, ShapeFacts, Value};
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};

use crate::base64;

/// A value with the shape that says how it is written.
pub(crate) struct Written<'a> {
    pub(crate) shape: &'static ShapeFacts,
    pub(crate) value: &'a Value,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.shape.kind, self.value) {
            (Kind::Boolean, Value::Boolean(truth)) => serializer.serialize_bool(*truth),
            (Kind::Integer | Kind::Long, Value::Integer(number)) => serializer.serialize_i64(*number),
            (Kind::Double, Value::Double(number)) => serializer.serialize_f64(*number),
            (Kind::String { .. }, Value::String(text)) => serializer.serialize_str(text),
            (Kind::Blob, Value::Blob(bytes)) => serializer.serialize_str(&base64::write(bytes)),
            (Kind::Timestamp, Value::Timestamp(moment)) => epoch(moment.unix_millis(), serializer),
            (Kind::List { item, .. }, Value::List(items)) => {
                serializer.collect_seq(items.iter().map(|value| Written { shape: item, value }))
            }
            (Kind::Map { value: of, .. }, Value::Map(entries)) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, Written { shape: of, value })))
            }
            (Kind::Structure { members }, Value::Structure(slots)) if members.len() == slots.len() => {
                let mut map = serializer.serialize_map(None)?;
                for (member, slot) in members.iter().zip(slots) {
                    if let Some(value) = slot {
                        map.serialize_entry(member.name, &Written { shape: member.shape, value })?;
                    }
                }
                map.end()
            }
            _ => Err(S::Error::custom(self.shape.name)),
        }
    }
}

/// Seconds since the epoch, with a fraction where there is one.
fn epoch<S: Serializer>(millis: i64, serializer: S) -> Result<S::Ok, S::Error> {
    if millis % 1000 == 0 {
        return serializer.serialize_i64(millis / 1000);
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of calendar times are below 2⁵³")]
    serializer.serialize_f64(millis as f64 / 1000.0)
}
