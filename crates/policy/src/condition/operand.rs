//! What a condition compares with, read once: patterns, numbers, dates, networks.

use data_encoding::BASE64;

use super::operator::{Comparison, Order};
use crate::keys::Keys;
use crate::pattern::{Pattern, Syntax, Unresolved};
use crate::resource::ArnPattern;
use crate::scalar::{Decimal, Network, date};
use keyward_base::Timestamp;

/// A condition's operands, by the kind of comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operands {
    /// Also `StringEquals`: its patterns hold no wildcards.
    Strings(Vec<Pattern>),
    StringsInAnyCase(Vec<Pattern>),
    Numbers(Order, Vec<Decimal>),
    Dates(Order, Vec<Timestamp>),
    Blobs(Vec<Vec<u8>>),
    Networks(Vec<Network>),
    Arns(Vec<ArnPattern>),
    Null(Vec<bool>),
}

impl Operands {
    /// Reads `texts`; `None` when one of them does not suit the comparison.
    pub(super) fn compile(comparison: Comparison, texts: &[&str], variables: bool) -> Option<Self> {
        let strings = |wildcards| each(texts, |text| Pattern::compile(text, Syntax { wildcards, variables }));
        Some(match comparison {
            Comparison::StringEquals => Self::Strings(strings(false)?),
            Comparison::StringLike => Self::Strings(strings(true)?),
            Comparison::StringEqualsIgnoreCase | Comparison::Bool => Self::StringsInAnyCase(strings(false)?),
            Comparison::Numeric(order) => Self::Numbers(order, each(texts, Decimal::parse)?),
            Comparison::Date(order) => Self::Dates(order, each(texts, date)?),
            Comparison::Binary => Self::Blobs(each(texts, |text| BASE64.decode(text.as_bytes()).ok())?),
            Comparison::Ip => Self::Networks(each(texts, Network::parse)?),
            Comparison::Arn => Self::Arns(each(texts, |text| ArnPattern::operand(text, variables))?),
            Comparison::Null => Self::Null(each(texts, |text| text.to_ascii_lowercase().parse().ok())?),
        })
    }

    /// Whether `value` is one of them, or stands in the right order to one.
    pub(super) fn contain(&self, value: &str, keys: Keys<'_>) -> Result<bool, Unresolved> {
        match self {
            Self::Strings(patterns) => some(patterns, |pattern| pattern.matches(value, keys)),
            Self::StringsInAnyCase(patterns) => {
                some(patterns, |pattern| Ok(same_in_any_case(&pattern.text(keys)?, value)))
            }
            Self::Arns(patterns) => some(patterns, |pattern| pattern.matches(value, keys)),
            Self::Numbers(order, numbers) => Ok(Decimal::parse(value)
                .is_some_and(|value| numbers.iter().any(|number| order.holds(&value, number)))),
            Self::Dates(order, dates) => {
                Ok(date(value).is_some_and(|value| dates.iter().any(|date| order.holds(&value, date))))
            }
            Self::Blobs(blobs) => {
                Ok(BASE64.decode(value.as_bytes()).is_ok_and(|value| blobs.contains(&value)))
            }
            Self::Networks(networks) => Ok(value
                .parse()
                .is_ok_and(|address| networks.iter().any(|network| network.contains(address)))),
            Self::Null(_) => Ok(false),
        }
    }
}

fn each<T>(texts: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    texts.iter().map(|text| read(text)).collect()
}

fn some<T>(list: &[T], test: impl Fn(&T) -> Result<bool, Unresolved>) -> Result<bool, Unresolved> {
    for item in list {
        if test(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn same_in_any_case(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right) || (!left.is_ascii() && left.to_lowercase() == right.to_lowercase())
}
