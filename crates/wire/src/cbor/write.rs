//! Values as CBOR.

use keyward_schema::{Kind, ShapeFacts, Value};
use minicbor::Encoder;
use minicbor::data::Tag;

use crate::codec::Misfit;

/// RFC 8949 section 3.4.2: seconds since the epoch.
const EPOCH: Tag = Tag::new(1);

type Out<'a> = Encoder<&'a mut Vec<u8>>;

/// Writes a value of `shape`.
pub(crate) fn value(out: &mut Vec<u8>, shape: &'static ShapeFacts, value: &Value) -> Result<(), Misfit> {
    item(&mut Encoder::new(out), shape, value)
}

/// The body of an error.
pub(crate) fn fault(shape_id: &str, message: Option<&str>) -> Vec<u8> {
    let mut body = Vec::new();
    let out = &mut Encoder::new(&mut body);
    let length = if message.is_some() { 2 } else { 1 };
    let mut written = out.map(length).and_then(|out| out.str("__type")).and_then(|out| out.str(shape_id));
    if let Some(message) = message {
        written = written.and_then(|out| out.str("message")).and_then(|out| out.str(message));
    }
    // A vector takes all that is written to it.
    let _: Result<_, _> = written;
    body
}

fn item(out: &mut Out<'_>, shape: &'static ShapeFacts, value: &Value) -> Result<(), Misfit> {
    let misfit = |_| Misfit(shape.name);
    match (&shape.kind, value) {
        (Kind::Boolean, Value::Boolean(truth)) => out.bool(*truth).map(drop).map_err(misfit),
        (Kind::Integer | Kind::Long, Value::Integer(number)) => out.i64(*number).map(drop).map_err(misfit),
        (Kind::Double, Value::Double(number)) => out.f64(*number).map(drop).map_err(misfit),
        (Kind::String { .. }, Value::String(text)) => out.str(text).map(drop).map_err(misfit),
        (Kind::Blob, Value::Blob(bytes)) => out.bytes(bytes).map(drop).map_err(misfit),
        (Kind::Timestamp, Value::Timestamp(moment)) => epoch(out, moment.unix_millis()).map_err(misfit),
        (Kind::List { item: of, .. }, Value::List(items)) => {
            out.array(length(items.len())).map_err(misfit)?;
            items.iter().try_for_each(|value| item(out, of, value))
        }
        (Kind::Map { value: of, .. }, Value::Map(entries)) => {
            out.map(length(entries.len())).map_err(misfit)?;
            entries.iter().try_for_each(|(key, value)| {
                out.str(key).map_err(misfit)?;
                item(out, of, value)
            })
        }
        (Kind::Structure { members }, Value::Structure(slots)) if members.len() == slots.len() => {
            out.map(length(slots.iter().flatten().count())).map_err(misfit)?;
            members
                .iter()
                .zip(slots)
                .filter_map(|(member, slot)| Some((member, slot.as_ref()?)))
                .try_for_each(|(member, value)| {
                    out.str(member.name).map_err(misfit)?;
                    item(out, member.shape, value)
                })
        }
        _ => Err(Misfit(shape.name)),
    }
}

fn length(length: usize) -> u64 {
    length as u64
}

/// A moment: whole seconds as an integer, others as a double.
fn epoch(out: &mut Out<'_>, millis: i64) -> Result<(), minicbor::encode::Error<core::convert::Infallible>> {
    let out = out.tag(EPOCH)?;
    if millis % 1000 == 0 {
        out.i64(millis / 1000)?;
    } else {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of calendar times are below 2⁵³")]
        out.f64(millis as f64 / 1000.0)?;
    }
    Ok(())
}
