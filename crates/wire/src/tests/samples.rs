//! Values made for a shape.

use keyward_base::Timestamp;
use keyward_schema::{Kind, Location, ShapeFacts, Value};
use proptest::prelude::*;

/// How a sample is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Every member, two items a list.
    Full,
    /// Required members only, empty lists.
    Sparse,
}

/// A value of `shape` that is the same each time.
pub(crate) fn sample(shape: &ShapeFacts, fill: Fill, moment: Timestamp) -> Value {
    match &shape.kind {
        Kind::Boolean => Value::Boolean(fill == Fill::Full),
        Kind::Integer => Value::Integer(7),
        Kind::Long => Value::Integer(1 << 40),
        Kind::Double => Value::Double(12.5),
        Kind::String { values } => Value::String(
            values.last().map_or_else(|| format!("{} <&>\"' ü𝄞", shape.name), |text| (*text).to_owned()),
        ),
        Kind::Blob => Value::Blob(vec![0, 255, 62, 63]),
        Kind::Timestamp => Value::Timestamp(moment),
        Kind::List { .. } if fill == Fill::Sparse => Value::List(Vec::new()),
        Kind::List { item, .. } => Value::List(vec![sample(item, fill, moment), sample(item, fill, moment)]),
        Kind::Map { value, .. } => Value::Map(vec![
            ("a".to_owned(), sample(value, fill, moment)),
            ("b c".to_owned(), sample(value, fill, moment)),
        ]),
        Kind::Structure { members } => Value::Structure(
            members
                .iter()
                .map(|member| {
                    let there = fill == Fill::Full || member.required;
                    there.then(|| match member.location {
                        Location::Header => Value::String("https://example.org/x".to_owned()),
                        _ => sample(member.shape, fill, moment),
                    })
                })
                .collect(),
        ),
    }
}

/// Which values a strategy makes.
#[derive(Clone, Copy)]
pub(crate) struct Ways {
    /// Milliseconds between two moments; a protocol may write whole seconds only.
    pub(crate) millis_step: i64,
    /// Whether texts may hold characters that XML can't carry.
    pub(crate) any_text: bool,
    /// Whether lists may be empty; a form and flattened XML can't show it.
    pub(crate) empty_lists: bool,
}

/// Any value of `shape`, whether it keeps the constraints or not.
pub(crate) fn any_value(shape: &'static ShapeFacts, ways: Ways) -> BoxedStrategy<Value> {
    match &shape.kind {
        Kind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Kind::Integer => any::<i32>().prop_map(|number| Value::Integer(number.into())).boxed(),
        Kind::Long => any::<i64>().prop_map(Value::Integer).boxed(),
        Kind::Double => any::<i32>().prop_map(|quarters| Value::Double(f64::from(quarters) / 4.0)).boxed(),
        Kind::String { values } if !values.is_empty() => {
            proptest::sample::select(*values).prop_map(|text| Value::String(text.to_owned())).boxed()
        }
        Kind::String { .. } => text(ways).prop_map(Value::String).boxed(),
        Kind::Blob => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Blob).boxed(),
        Kind::Timestamp => (0..4_000_000_000_000 / ways.millis_step)
            .prop_map(move |step| Value::Timestamp(Timestamp::from_unix_millis(step * ways.millis_step)))
            .boxed(),
        Kind::List { item, .. } => {
            let least = usize::from(!ways.empty_lists);
            proptest::collection::vec(any_value(item, ways), least..3).prop_map(Value::List).boxed()
        }
        Kind::Map { value, .. } => {
            let least = usize::from(!ways.empty_lists);
            proptest::collection::btree_map("[a-z:. ]{0,5}", any_value(value, ways), least..3)
                .prop_map(|entries| Value::Map(entries.into_iter().collect()))
                .boxed()
        }
        Kind::Structure { members } => members
            .iter()
            .map(|member| {
                let value = any_value(member.shape, ways);
                if member.required {
                    value.prop_map(Some).boxed()
                } else {
                    proptest::option::of(value).boxed()
                }
            })
            .collect::<Vec<_>>()
            .prop_map(Value::Structure)
            .boxed(),
    }
}

fn text(ways: Ways) -> BoxedStrategy<String> {
    if ways.any_text { any::<String>().boxed() } else { "[ -.0-~äöü€𝄞\t\n\r]{0,12}".boxed() }
}
