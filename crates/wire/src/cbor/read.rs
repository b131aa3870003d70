//! CBOR as values.

use keyward_base::{Fault, Timestamp};
use keyward_schema::{Kind, ShapeFacts, Value};
use minicbor::Decoder;
use minicbor::data::Type;

use crate::json::{epoch_seconds, whole};
use crate::{DEPTH_MAX, malformed};

type Read<T> = Result<T, Fault>;

/// Reads a structure. Nothing at all is an empty one.
pub(crate) fn read(shape: &'static ShapeFacts, body: &[u8]) -> Read<Value> {
    if body.is_empty() {
        return Ok(Value::Structure(vec![None; shape.members().len()]));
    }
    let mut reader = BodyReader { decoder: Decoder::new(body), depth: 0 };
    let value = reader.structure(shape)?;
    if reader.decoder.position() == body.len() {
        Ok(value)
    } else {
        Err(malformed("Bytes follow the CBOR map."))
    }
}

struct BodyReader<'a> {
    decoder: Decoder<'a>,
    depth: usize,
}

impl BodyReader<'_> {
    fn structure(&mut self, shape: &'static ShapeFacts) -> Read<Value> {
        let members = shape.members();
        let mut slots: Vec<Option<Value>> = vec![None; members.len()];
        self.entries(|reader, key| {
            let known = members.iter().zip(&mut slots).find(|(member, _)| member.name == key);
            match known {
                Some((member, slot)) => *slot = reader.present(member.shape)?,
                None => reader.skip()?,
            }
            Ok(())
        })?;
        Ok(Value::Structure(slots))
    }

    /// A value, or nothing for null.
    fn present(&mut self, shape: &'static ShapeFacts) -> Read<Option<Value>> {
        if matches!(self.kind()?, Type::Null | Type::Undefined) {
            self.skip()?;
            return Ok(None);
        }
        self.value(shape).map(Some)
    }

    fn value(&mut self, shape: &'static ShapeFacts) -> Read<Value> {
        match &shape.kind {
            Kind::Boolean => self.decoder.bool().map(Value::Boolean).map_err(unreadable),
            Kind::Integer => self.integer().and_then(|number| match i32::try_from(number) {
                Ok(_) => Ok(Value::Integer(number)),
                Err(_) => Err(malformed(format!("{number} can not be converted to an Integer"))),
            }),
            Kind::Long => self.integer().map(Value::Integer),
            Kind::Double => self.number().map(Value::Double),
            Kind::String { .. } => self.text().map(Value::String),
            Kind::Blob => self.bytes().map(Value::Blob),
            Kind::Timestamp => self.timestamp().map(Value::Timestamp),
            Kind::List { item, .. } => self.list(item),
            Kind::Map { value, .. } => {
                let mut entries = Vec::new();
                self.entries(|reader, key| {
                    if let Some(value) = reader.present(value)? {
                        entries.push((key.to_owned(), value));
                    }
                    Ok(())
                })?;
                Ok(Value::Map(entries))
            }
            Kind::Structure { .. } => self.structure(shape),
        }
    }

    /// Calls `each` with every key of a map, of definite or indefinite length.
    fn entries(&mut self, mut each: impl FnMut(&mut Self, &str) -> Read<()>) -> Read<()> {
        let length = self.decoder.map().map_err(unreadable)?;
        self.deeper()?;
        let mut left = length;
        while self.another(&mut left)? {
            let key = self.text()?;
            each(self, &key)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn list(&mut self, item: &'static ShapeFacts) -> Read<Value> {
        let mut left = self.decoder.array().map_err(unreadable)?;
        self.deeper()?;
        let mut items = Vec::new();
        while self.another(&mut left)? {
            items.extend(self.present(item)?);
        }
        self.depth -= 1;
        Ok(Value::List(items))
    }

    /// Whether a further item follows; takes the break that ends an indefinite length.
    fn another(&mut self, left: &mut Option<u64>) -> Read<bool> {
        match left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if self.kind()? == Type::Break => self.skip().map(|()| false),
            None => Ok(true),
        }
    }

    fn deeper(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(malformed("The CBOR is nested too deep.")) } else { Ok(()) }
    }

    fn kind(&self) -> Read<Type> {
        self.decoder.datatype().map_err(unreadable)
    }

    fn skip(&mut self) -> Read<()> {
        self.decoder.skip().map_err(unreadable)
    }

    fn text(&mut self) -> Read<String> {
        let parts = self.decoder.str_iter().map_err(unreadable)?;
        parts.collect::<Result<String, _>>().map_err(unreadable)
    }

    fn bytes(&mut self) -> Read<Vec<u8>> {
        let mut bytes = Vec::new();
        for part in self.decoder.bytes_iter().map_err(unreadable)? {
            bytes.extend_from_slice(part.map_err(unreadable)?);
        }
        Ok(bytes)
    }

    /// A whole number, also when it is written as a float.
    fn integer(&mut self) -> Read<i64> {
        if is_float(self.kind()?) {
            return whole(self.number()?).ok_or_else(|| malformed("A number is not whole."));
        }
        self.decoder.i64().map_err(unreadable)
    }

    fn number(&mut self) -> Read<f64> {
        match self.kind()? {
            kind if is_float(kind) => self.decoder.f64().map_err(unreadable),
            #[expect(clippy::cast_precision_loss, reason = "a double is what the model asks for")]
            _ => self.decoder.i64().map(|number| number as f64).map_err(unreadable),
        }
    }

    fn timestamp(&mut self) -> Read<Timestamp> {
        if self.decoder.tag().map_err(unreadable)?.as_u64() != 1 {
            return Err(malformed("A timestamp has another tag than 1."));
        }
        epoch_seconds(self.number()?).ok_or_else(|| malformed("A timestamp is out of range."))
    }
}

fn is_float(kind: Type) -> bool {
    matches!(kind, Type::F16 | Type::F32 | Type::F64)
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn unreadable(error: minicbor::decode::Error) -> Fault {
    malformed(format!("The request's body is not the CBOR that was expected: {error}"))
}
