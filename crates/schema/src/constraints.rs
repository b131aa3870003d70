//! Checks a value against the model and says what is wrong in AWS's words.
//!
//! All violations of a request are found and reported in one text. Sensitive values are left out of it.
//! The forms are those that the services answer with (`Value '…' at 'tags.1.member.tagKey' failed to
//! satisfy constraint: …`); a list or map of plain items is judged as a whole, as AWS does.

use std::fmt;

use crate::{Kind, MemberFacts, ShapeFacts, Value};

/// How many violations are collected at most; a hostile request can hold very many.
const VIOLATIONS_MAX: usize = 50;

/// One constraint that a value does not satisfy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The value as it is shown; `None` when it must not be.
    value: Option<String>,
    /// Where it is, such as `tags.1.member.tagKey`.
    path: String,
    /// What it must satisfy.
    constraint: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value ")?;
        if let Some(value) = &self.value {
            write!(f, "{value} ")?;
        }
        write!(f, "at '{}' failed to satisfy constraint: {}", self.path, self.constraint)
    }
}

/// All that is wrong with `value`, in the order of the model.
pub fn check(shape: &ShapeFacts, value: &Value) -> Vec<Violation> {
    let mut found = Found { violations: Vec::new() };
    found.structure(shape.members(), value, &Path::Root);
    found.violations
}

/// AWS's text for a request with these violations.
pub fn message(violations: &[Violation]) -> String {
    let plural = if violations.len() == 1 { "" } else { "s" };
    let list = violations.iter().map(Violation::to_string).collect::<Vec<_>>().join("; ");
    format!("{} validation error{plural} detected: {list}", violations.len())
}

/// Where a value is; made into text only when something is wrong there.
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => f.write_str(&lower_camel(name)),
            Self::Member(parent, name) => write!(f, "{parent}.{}", lower_camel(name)),
            Self::Item(list, index) => write!(f, "{list}.{}.member", index + 1),
        }
    }
}

struct Found {
    violations: Vec<Violation>,
}

impl Found {
    fn add(&mut self, value: Option<String>, path: &Path<'_>, constraint: String) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { value, path: path.to_string(), constraint });
        }
    }

    fn structure(&mut self, members: &[MemberFacts], value: &Value, path: &Path<'_>) {
        let Value::Structure(slots) = value else { return };
        for (member, slot) in members.iter().zip(slots) {
            let path = Path::Member(path, member.name);
            match slot {
                Some(value) => self.value(member.shape, value, &path),
                None if member.required => {
                    self.add(Some("null".to_owned()), &path, "Member must not be null".to_owned());
                }
                None => {}
            }
        }
    }

    fn value(&mut self, shape: &ShapeFacts, value: &Value, path: &Path<'_>) {
        for constraint in broken(shape, value) {
            self.add(shown(shape, value), path, constraint);
        }
        match (&shape.kind, value) {
            (Kind::Structure { members }, value) => self.structure(members, value, path),
            (Kind::List { item, .. }, Value::List(items)) => self.list(shape, item, items, value, path),
            (Kind::Map { key, value: of }, Value::Map(entries)) => {
                let keys_hold = entries.iter().all(|(name, _)| text_holds(key, name));
                let values_hold = entries.iter().all(|(_, entry)| broken(of, entry).is_empty());
                self.whole(keys_hold, "Map keys", key, shape, value, path);
                self.whole(values_hold, "Map value", of, shape, value, path);
            }
            _ => {}
        }
    }

    fn list(
        &mut self,
        shape: &ShapeFacts,
        item: &ShapeFacts,
        items: &[Value],
        list: &Value,
        path: &Path<'_>,
    ) {
        if matches!(item.kind, Kind::Structure { .. } | Kind::List { .. } | Kind::Map { .. }) {
            for (index, value) in items.iter().enumerate() {
                self.value(item, value, &Path::Item(path, index));
            }
        } else {
            let hold = items.iter().all(|value| broken(item, value).is_empty());
            self.whole(hold, "Member", item, shape, list, path);
        }
    }

    /// Judges a list or map by the constraints of its plain items.
    fn whole(
        &mut self,
        holds: bool,
        what: &str,
        item: &ShapeFacts,
        shape: &ShapeFacts,
        value: &Value,
        path: &Path<'_>,
    ) {
        if !holds {
            let value = if item.sensitive { None } else { shown(shape, value) };
            let all = constraints(item).join(", ");
            self.add(value, path, format!("{what} must satisfy constraint: [{all}]"));
        }
    }
}

fn text_holds(shape: &ShapeFacts, text: &str) -> bool {
    broken_text(shape, text).is_empty()
}

/// The constraints of its own shape that `value` breaks.
fn broken(shape: &ShapeFacts, value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => broken_text(shape, text),
        Value::Blob(bytes) => broken_bounds(shape, length(bytes.len()), "length"),
        Value::List(items) => broken_bounds(shape, length(items.len()), "length"),
        Value::Map(entries) => broken_bounds(shape, length(entries.len()), "length"),
        Value::Integer(number) => broken_bounds(shape, *number, "value"),
        Value::Double(number) => broken_range(shape, *number),
        Value::Boolean(_) | Value::Timestamp(_) | Value::Structure(_) => Vec::new(),
    }
}

fn broken_text(shape: &ShapeFacts, text: &str) -> Vec<String> {
    let mut broken = broken_bounds(shape, length(text.chars().count()), "length");
    if let Some(pattern) = shape.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
        broken.push(pattern_text(pattern.source()));
    }
    if let Kind::String { values } = shape.kind
        && !values.is_empty()
        && !values.contains(&text)
    {
        broken.push(enum_text(values));
    }
    broken
}

fn broken_bounds(shape: &ShapeFacts, measure: i64, what: &str) -> Vec<String> {
    let above = shape.max.filter(|max| measure > *max).map(|max| at_most(what, max));
    let below = shape.min.filter(|min| measure < *min).map(|min| at_least(what, min));
    above.into_iter().chain(below).collect()
}

fn broken_range(shape: &ShapeFacts, number: f64) -> Vec<String> {
    #[expect(clippy::cast_precision_loss, reason = "the models' bounds are small whole numbers")]
    let (min, max) = (shape.min.map(|min| min as f64), shape.max.map(|max| max as f64));
    let above = max.filter(|max| number > *max).map(|max| at_most("value", max));
    let below = min.filter(|min| number < *min).map(|min| at_least("value", min));
    above.into_iter().chain(below).collect()
}

/// All constraints of a plain shape.
fn constraints(shape: &ShapeFacts) -> Vec<String> {
    let what = if matches!(shape.kind, Kind::String { .. } | Kind::Blob) { "length" } else { "value" };
    let mut all: Vec<_> = shape.max.map(|max| at_most(what, max)).into_iter().collect();
    all.extend(shape.min.map(|min| at_least(what, min)));
    all.extend(shape.pattern.as_ref().map(|pattern| pattern_text(pattern.source())));
    if let Kind::String { values } = shape.kind
        && !values.is_empty()
    {
        all.push(enum_text(values));
    }
    all
}

fn at_most(what: &str, max: impl fmt::Display) -> String {
    format!("Member must have {what} less than or equal to {max}")
}

fn at_least(what: &str, min: impl fmt::Display) -> String {
    format!("Member must have {what} greater than or equal to {min}")
}

fn pattern_text(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn enum_text(values: &[&str]) -> String {
    format!("Member must satisfy enum value set: [{}]", values.join(", "))
}

fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The value in quotes; `None` when it is sensitive.
fn shown(shape: &ShapeFacts, value: &Value) -> Option<String> {
    (!shape.sensitive).then(|| format!("'{}'", plain(shape, value)))
}

/// The value as Java prints it, which is what AWS's messages show.
fn plain(shape: &ShapeFacts, value: &Value) -> String {
    if shape.sensitive {
        return "***".to_owned();
    }
    match (value, &shape.kind) {
        (Value::Boolean(truth), _) => truth.to_string(),
        (Value::Integer(number), _) => number.to_string(),
        (Value::Double(number), _) => number.to_string(),
        (Value::String(text), _) => text.clone(),
        (Value::Blob(bytes), _) => {
            format!("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", bytes.len())
        }
        (Value::Timestamp(moment), _) => moment.iso8601_millis(),
        (Value::List(items), Kind::List { item, .. }) => {
            let items: Vec<_> = items.iter().map(|value| plain(item, value)).collect();
            format!("[{}]", items.join(", "))
        }
        (Value::Map(entries), Kind::Map { key, value: of }) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(name, value)| {
                    let name = if key.sensitive { "***" } else { name };
                    format!("{name}={}", plain(of, value))
                })
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        (Value::Structure(slots), Kind::Structure { members }) => {
            let members: Vec<_> = members
                .iter()
                .zip(slots)
                .filter_map(|(member, slot)| Some((member, slot.as_ref()?)))
                .map(|(member, value)| format!("{}={}", lower_camel(member.name), plain(member.shape, value)))
                .collect();
            format!("{}({})", shape.name, members.join(", "))
        }
        (Value::List(_) | Value::Map(_) | Value::Structure(_), _) => String::new(),
    }
}

/// `NumberOfBytes` → `numberOfBytes`; only the first letter changes (`DNSName` → `dNSName`), as in AWS.
fn lower_camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests;
