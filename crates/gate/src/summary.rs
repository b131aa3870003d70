//! A request's parameters as JSON for the audit event, without what must not be kept.

use std::fmt::Write;

use keyward_schema::{Kind, ShapeFacts, Value};

/// Longer texts are cut; an audit event is no copy of a change batch.
const TEXT_CHARS_MAX: usize = 1024;
/// What is beyond this is left out.
const JSON_BYTES_MAX: usize = 16 * 1024;

/// The parameters of `value`, which is of `shape`. Sensitive members show as `***`, blobs by their length.
pub(crate) fn json(shape: &ShapeFacts, value: &Value) -> String {
    let mut text = String::with_capacity(128);
    write_value(&mut text, shape, value);
    text
}

fn write_value(text: &mut String, shape: &ShapeFacts, value: &Value) {
    if shape.sensitive {
        return text.push_str("\"***\"");
    }
    if text.len() > JSON_BYTES_MAX {
        return text.push_str("\"…\"");
    }
    // Writing to a string never fails.
    let _ = match (value, &shape.kind) {
        (Value::Boolean(value), _) => write!(text, "{value}"),
        (Value::Integer(value), _) => write!(text, "{value}"),
        (Value::Double(value), _) => write!(text, "{value}"),
        (Value::Timestamp(value), _) => write!(text, "\"{value}\""),
        (Value::Blob(bytes), _) => write!(text, "\"{} bytes\"", bytes.len()),
        (Value::String(value), _) => {
            write_text(text, value);
            Ok(())
        }
        (Value::List(items), Kind::List { item, .. }) => {
            write_all(text, ['[', ']'], items, |text, value| write_value(text, item, value));
            Ok(())
        }
        (Value::Map(entries), Kind::Map { value: shape, .. }) => {
            write_all(text, ['{', '}'], entries, |text, (key, value)| {
                write_text(text, key);
                text.push(':');
                write_value(text, shape, value);
            });
            Ok(())
        }
        (Value::Structure(slots), _) => {
            let present = shape.members().iter().zip(slots);
            let present = present.filter_map(|(member, slot)| Some((member, slot.as_ref()?)));
            write_all(text, ['{', '}'], present, |text, (member, value)| {
                write_text(text, member.name);
                text.push(':');
                write_value(text, member.shape, value);
            });
            Ok(())
        }
        _ => write!(text, "null"),
    };
}

fn write_all<T>(
    text: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut String, T),
) {
    text.push(open);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        each(text, item);
    }
    text.push(close);
}

fn write_text(text: &mut String, value: &str) {
    let cut =
        value.char_indices().nth(TEXT_CHARS_MAX).map_or(value, |(at, _)| value.get(..at).unwrap_or(value));
    let quoted = serde_json::to_string(cut).unwrap_or_else(|_| "\"\"".to_owned());
    text.push_str(&quoted);
    if cut.len() < value.len() {
        text.insert(text.len() - 1, '…');
    }
}
