//! Writes values as XML elements.

use std::borrow::Cow;

use keyward_schema::{Kind, Location, ShapeFacts, Value};
use quick_xml::escape::escape;

use crate::base64;
use crate::codec::Misfit;

/// How moments are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// With whole seconds, as the Query services do.
    Seconds,
    /// With milliseconds, as Route 53 does.
    Millis,
}

/// A document that is being written. Element names come from the models, texts are escaped.
pub(crate) struct Writer {
    out: String,
    style: Style,
}

impl Writer {
    /// A document that has only its declaration.
    pub(crate) fn new(style: Style) -> Self {
        Self { out: "<?xml version=\"1.0\"?>\n".to_owned(), style }
    }

    /// The document's bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, name: &str, namespace: Option<&str>) {
        self.out.push('<');
        self.out.push_str(name);
        if let Some(namespace) = namespace {
            self.out.push_str(" xmlns=\"");
            self.out.push_str(&escape(namespace));
            self.out.push('"');
        }
        self.out.push('>');
    }

    /// Closes an element.
    pub(crate) fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// Writes an element that holds a text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.open(name, None);
        self.out.push_str(&escaped(text));
        self.close(name);
    }

    /// Writes the body members of a structure inside an element.
    pub(crate) fn structure(
        &mut self,
        name: &str,
        namespace: Option<&str>,
        shape: &ShapeFacts,
        value: &Value,
    ) -> Result<(), Misfit> {
        let (Kind::Structure { members }, Value::Structure(slots)) = (&shape.kind, value) else {
            return Err(Misfit(shape.name));
        };
        if members.len() != slots.len() {
            return Err(Misfit(shape.name));
        }
        self.open(name, namespace);
        for (member, slot) in members.iter().zip(slots) {
            if let Some(value) = slot
                && member.location == Location::Body
            {
                self.value(member.wire_name, member.shape, value)?;
            }
        }
        self.close(name);
        Ok(())
    }

    fn value(&mut self, name: &str, shape: &ShapeFacts, value: &Value) -> Result<(), Misfit> {
        match (&shape.kind, value) {
            (Kind::Structure { .. }, value) => self.structure(name, None, shape, value),
            (Kind::List { item, flattened: true, .. }, Value::List(items)) => {
                items.iter().try_for_each(|value| self.value(name, item, value))
            }
            (Kind::List { item, item_name, .. }, Value::List(items)) => {
                self.open(name, None);
                items.iter().try_for_each(|value| self.value(item_name, item, value))?;
                self.close(name);
                Ok(())
            }
            (Kind::Map { key, value: of }, Value::Map(entries)) => {
                self.open(name, None);
                for (entry_key, entry_value) in entries {
                    self.open("entry", None);
                    self.value("key", key, &Value::String(entry_key.clone()))?;
                    self.value("value", of, entry_value)?;
                    self.close("entry");
                }
                self.close(name);
                Ok(())
            }
            _ => {
                let text = scalar(shape, value, self.style).ok_or(Misfit(shape.name))?;
                self.text(name, &text);
                Ok(())
            }
        }
    }
}

/// A plain value as text; `None` where the value is not of the shape.
pub(crate) fn scalar<'a>(shape: &ShapeFacts, value: &'a Value, style: Style) -> Option<Cow<'a, str>> {
    Some(match (&shape.kind, value) {
        (Kind::String { .. }, Value::String(text)) => Cow::Borrowed(text),
        (Kind::Boolean, Value::Boolean(truth)) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        (Kind::Integer | Kind::Long, Value::Integer(number)) => Cow::Owned(number.to_string()),
        (Kind::Double, Value::Double(number)) => Cow::Owned(number.to_string()),
        (Kind::Blob, Value::Blob(bytes)) => Cow::Owned(base64::write(bytes)),
        (Kind::Timestamp, Value::Timestamp(moment)) => Cow::Owned(match style {
            Style::Seconds => moment.iso8601_seconds(),
            Style::Millis => moment.iso8601_millis(),
        }),
        _ => return None,
    })
}

/// A text with XML's own characters escaped. What XML 1.0 can't carry becomes U+FFFD; a carriage return
/// is escaped, because a reader would make a line feed of it.
fn escaped(text: &str) -> Cow<'_, str> {
    let legal =
        |c: char| matches!(c, '\t' | '\n' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    if text.chars().all(legal) {
        return escape(text);
    }
    let carried: String = text.chars().map(|c| if legal(c) || c == '\r' { c } else { '\u{FFFD}' }).collect();
    Cow::Owned(escape(carried.as_str()).replace('\r', "&#13;"))
}
