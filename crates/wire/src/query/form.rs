//! Forms, and how they name the parts of a structure: `Tags.member.1.Key=…`.

use std::collections::BTreeMap;
use std::ops::Bound;

use keyward_base::{Fault, Timestamp};
use keyward_schema::{Kind, ShapeFacts, Value};
use percent_encoding::percent_decode;

use crate::{DEPTH_MAX, base64, malformed};

/// The parameters of a request by their full names, in order, so that the parts of one stand together.
#[derive(Debug, Default)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a form. What is no UTF-8 is replaced; the first of two values of one name counts.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        let mut form = BTreeMap::new();
        for (name, value) in pairs(encoded) {
            let name = decoded(name);
            // A shape that holds itself would otherwise be followed as deep as a name goes.
            if name.bytes().filter(|byte| *byte == b'.').count() <= DEPTH_MAX {
                form.entry(name).or_insert_with(|| decoded(value));
            }
        }
        Self(form)
    }

    /// The text of the parameter called `name`.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names that begin with `prefix`, without it.
    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.0.range::<str, _>(from).map_while(move |(name, _)| name.strip_prefix(prefix))
    }

    /// Whether there is a parameter called `name`, or a part of it.
    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name) || self.below(&format!("{name}.")).next().is_some()
    }

    /// The numbered parts of `name`, in the order of their numbers.
    fn numbered(&self, name: &str) -> Vec<String> {
        let prefix = format!("{name}.");
        let words = self.below(&prefix).filter_map(|rest| rest.split('.').next());
        let numbers: BTreeMap<u32, &str> =
            words.filter_map(|word| Some((word.parse().ok()?, word))).collect();
        numbers.into_values().map(|word| format!("{prefix}{word}")).collect()
    }
}

/// The first value of the parameter called `name`, which needs no decoding itself.
pub(crate) fn first(encoded: &[u8], name: &str) -> Option<String> {
    pairs(encoded).find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| decoded(value))
}

fn pairs(encoded: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (&pair[..end], pair.get(end + 1..).unwrap_or_default())
    })
}

fn decoded(encoded: &[u8]) -> String {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

/// Reads a structure whose members are parts of `name`; the empty name is the whole form.
pub(crate) fn read(shape: &'static ShapeFacts, form: &Form, name: &str) -> Result<Value, Fault> {
    let slots = shape.members().iter().map(|member| {
        let name = if name.is_empty() {
            member.wire_name.to_owned()
        } else {
            format!("{name}.{}", member.wire_name)
        };
        form.has(&name).then(|| value(member.shape, form, &name)).transpose()
    });
    slots.collect::<Result<_, _>>().map(Value::Structure)
}

fn value(shape: &'static ShapeFacts, form: &Form, name: &str) -> Result<Value, Fault> {
    match &shape.kind {
        Kind::Structure { .. } => read(shape, form, name),
        Kind::List { item, item_name, flattened } => {
            let holder = if *flattened { name.to_owned() } else { format!("{name}.{item_name}") };
            let items = form.numbered(&holder).into_iter().map(|name| value(item, form, &name));
            items.collect::<Result<_, _>>().map(Value::List)
        }
        Kind::Map { value: of, .. } => {
            let entries = form.numbered(&format!("{name}.entry")).into_iter();
            entries.filter_map(|entry| map_entry(of, form, &entry)).collect::<Result<_, _>>().map(Value::Map)
        }
        _ => scalar(shape, form.text(name).unwrap_or_default()),
    }
}

fn map_entry(of: &'static ShapeFacts, form: &Form, entry: &str) -> Option<Result<(String, Value), Fault>> {
    let key = form.text(&format!("{entry}.key"))?.to_owned();
    let name = format!("{entry}.value");
    form.has(&name).then(|| value(of, form, &name).map(|value| (key, value)))
}

/// Reads a plain value from its text in forms, XML, query strings and headers.
pub(crate) fn scalar(shape: &ShapeFacts, text: &str) -> Result<Value, Fault> {
    let trimmed = text.trim();
    let read = match shape.kind {
        Kind::String { .. } => Some(Value::String(text.to_owned())),
        Kind::Boolean => boolean(trimmed).map(Value::Boolean),
        Kind::Integer => trimmed.parse::<i32>().ok().map(|number| Value::Integer(number.into())),
        Kind::Long => trimmed.parse().ok().map(Value::Integer),
        Kind::Double => trimmed.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Double),
        Kind::Blob => base64::read(trimmed).map(Value::Blob),
        Kind::Timestamp => Timestamp::parse_rfc3339(trimmed).map(Value::Timestamp),
        Kind::List { .. } | Kind::Map { .. } | Kind::Structure { .. } => None,
    };
    read.ok_or_else(|| malformed(format!("'{}' is no {}", shortened(text), shape.name)))
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn shortened(text: &str) -> &str {
    text.char_indices().nth(100).map_or(text, |(end, _)| &text[..end])
}
