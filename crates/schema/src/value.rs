//! A typed value between the wire and the generated structures: what a codec reads and writes.

use std::fmt;

use keyward_base::Timestamp;

/// A value of the Smithy data model. Codecs make it from bytes, guided by the facts, and constraint
/// checks walk it; generated structures are made from it and turn back into it.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// A boolean.
    Boolean(bool),
    /// An integer or long.
    Integer(i64),
    /// A float or double.
    Double(f64),
    /// A string or enum.
    String(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A timestamp.
    Timestamp(Timestamp),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order in which the entries came.
    Map(Vec<(String, Value)>),
    /// A structure: one slot a member, in the order of the facts.
    Structure(Vec<Option<Value>>),
}

/// Kinds and sizes only: what a value holds may be secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(_) => f.write_str("boolean"),
            Self::Integer(_) => f.write_str("integer"),
            Self::Double(_) => f.write_str("double"),
            Self::String(text) => write!(f, "string of {} bytes", text.len()),
            Self::Blob(bytes) => write!(f, "blob of {} bytes", bytes.len()),
            Self::Timestamp(_) => f.write_str("timestamp"),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(entries) => f.debug_list().entries(entries.iter().map(|(_, value)| value)).finish(),
            Self::Structure(slots) => f.debug_list().entries(slots).finish(),
        }
    }
}

/// Why a value does not make the structure. Constraint checks run before, so this is a defect of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError(pub &'static str);

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value does not fit {}", self.0)
    }
}

impl std::error::Error for ValueError {}

/// Made from a checked value.
pub trait FromValue: Sized {
    /// Reads `value`.
    fn from_value(value: Value) -> Result<Self, ValueError>;
}

/// Turned into a value for a codec to write.
pub trait IntoValue {
    /// The value.
    fn into_value(self) -> Value;
}
