//! Values as JSON.

use keyward_schema::{Kind, ShapeFacts, Value};
use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};

use crate::base64;
use crate::codec::Misfit;

/// Writes a value of `shape`.
pub(crate) fn write(shape: &'static ShapeFacts, value: &Value) -> Result<Vec<u8>, Misfit> {
    let mut body = Vec::with_capacity(expected_bytes(value));
    serde_json::to_writer(&mut body, &Written { shape, value }).map_err(|_| Misfit(shape.name))?;
    Ok(body)
}

/// About how long `value` is when it is written.
fn expected_bytes(value: &Value) -> usize {
    /// A member's name with what stands around it.
    const NAME: usize = 32;
    match value {
        Value::Boolean(_) | Value::Integer(_) | Value::Double(_) | Value::Timestamp(_) => 16,
        Value::String(text) => text.len() + 4,
        Value::Blob(bytes) => bytes.len() / 3 * 4 + 8,
        Value::List(items) => items.iter().map(|item| expected_bytes(item) + 1).sum(),
        Value::Map(entries) => entries.iter().map(|(key, value)| key.len() + 8 + expected_bytes(value)).sum(),
        Value::Structure(slots) => slots.iter().flatten().map(|value| NAME + expected_bytes(value)).sum(),
    }
}

/// A value with the shape that says how it is written.
struct Written<'a> {
    shape: &'static ShapeFacts,
    value: &'a Value,
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
