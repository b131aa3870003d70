//! `FromValue` and `IntoValue` for what generated structures are made of.

use std::collections::BTreeMap;

use keyward_base::Timestamp;
use zeroize::Zeroize;

use crate::{FromValue, IntoValue, Sensitive, Value, ValueError};

macro_rules! simple {
    ($type:ty, $variant:ident, $name:literal) => {
        impl FromValue for $type {
            fn from_value(value: Value) -> Result<Self, ValueError> {
                match value {
                    Value::$variant(content) => Ok(content),
                    _ => Err(ValueError($name)),
                }
            }
        }

        impl IntoValue for $type {
            fn into_value(self) -> Value {
                Value::$variant(self)
            }
        }
    };
}

simple!(bool, Boolean, "boolean");
simple!(i64, Integer, "long");
simple!(f64, Double, "double");
simple!(String, String, "string");
simple!(Vec<u8>, Blob, "blob");
simple!(Timestamp, Timestamp, "timestamp");

impl FromValue for i32 {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        Self::try_from(i64::from_value(value)?).map_err(|_| ValueError("integer"))
    }
}

impl IntoValue for i32 {
    fn into_value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl<T: FromValue> FromValue for Box<T> {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        T::from_value(value).map(Self::new)
    }
}

impl<T: IntoValue> IntoValue for Box<T> {
    fn into_value(self) -> Value {
        T::into_value(*self)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        match value {
            Value::List(items) => items.into_iter().map(T::from_value).collect(),
            _ => Err(ValueError("list")),
        }
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
}

impl<T: FromValue> FromValue for BTreeMap<String, T> {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        match value {
            Value::Map(entries) => {
                entries.into_iter().map(|(key, value)| Ok((key, T::from_value(value)?))).collect()
            }
            _ => Err(ValueError("map")),
        }
    }
}

impl<T: IntoValue> IntoValue for BTreeMap<String, T> {
    fn into_value(self) -> Value {
        Value::Map(self.into_iter().map(|(key, value)| (key, value.into_value())).collect())
    }
}

impl<T: FromValue + Zeroize> FromValue for Sensitive<T> {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        T::from_value(value).map(Self::new)
    }
}

impl<T: IntoValue + Zeroize + Default> IntoValue for Sensitive<T> {
    fn into_value(self) -> Value {
        self.into_exposed().into_value()
    }
}

/// The input or output of an operation whose model has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit;

impl FromValue for Unit {
    fn from_value(value: Value) -> Result<Self, ValueError> {
        Slots::new(value, "Unit").map(|_| Self)
    }
}

impl IntoValue for Unit {
    fn into_value(self) -> Value {
        Value::Structure(Vec::new())
    }
}

/// The members of a structure on their way into a generated type.
pub(crate) struct Slots {
    slots: Vec<Option<Value>>,
    structure: &'static str,
}

impl Slots {
    pub(crate) fn new(value: Value, structure: &'static str) -> Result<Self, ValueError> {
        match value {
            Value::Structure(slots) => Ok(Self { slots, structure }),
            _ => Err(ValueError(structure)),
        }
    }

    /// The member at `index`, where there is one.
    pub(crate) fn optional<T: FromValue>(&mut self, index: usize) -> Result<Option<T>, ValueError> {
        self.slots.get_mut(index).and_then(Option::take).map(T::from_value).transpose()
    }

    /// The member at `index`, which must be there.
    pub(crate) fn required<T: FromValue>(&mut self, index: usize) -> Result<T, ValueError> {
        self.optional(index)?.ok_or(ValueError(self.structure))
    }
}
