//! The names of condition operators: `ForAnyValue:StringNotLikeIfExists` and the like.

/// An operator's name, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) quantifier: Option<Quantifier>,
    pub(super) comparison: Comparison,
    pub(super) negated: bool,
    pub(super) if_exists: bool,
}

/// `ForAllValues:` or `ForAnyValue:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    All,
    Any,
}

/// How a value is compared with an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

/// Which order of value and operand holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// Reads a name. Operators are case-sensitive.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (quantifier, name) = match name.split_once(':') {
            Some(("ForAllValues", name)) => (Some(Quantifier::All), name),
            Some(("ForAnyValue", name)) => (Some(Quantifier::Any), name),
            Some(_) => return None,
            None => (None, name),
        };
        let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
        let (comparison, negated) = comparison(name)?;
        let plain = quantifier.is_none() && !if_exists;
        (plain || comparison != Comparison::Null).then_some(Self {
            quantifier,
            comparison,
            negated,
            if_exists,
        })
    }
}

fn comparison(name: &str) -> Option<(Comparison, bool)> {
    Some(match name {
        "StringEquals" => (Comparison::StringEquals, false),
        "StringNotEquals" => (Comparison::StringEquals, true),
        "StringEqualsIgnoreCase" => (Comparison::StringEqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Comparison::StringEqualsIgnoreCase, true),
        "StringLike" => (Comparison::StringLike, false),
        "StringNotLike" => (Comparison::StringLike, true),
        "Bool" => (Comparison::Bool, false),
        "BinaryEquals" => (Comparison::Binary, false),
        "IpAddress" => (Comparison::Ip, false),
        "NotIpAddress" => (Comparison::Ip, true),
        "ArnEquals" | "ArnLike" => (Comparison::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Comparison::Arn, true),
        "Null" => (Comparison::Null, false),
        _ => {
            let (order, negated) = order(name.strip_prefix("Numeric").or(name.strip_prefix("Date"))?)?;
            let kind = if name.starts_with('N') { Comparison::Numeric } else { Comparison::Date };
            (kind(order), negated)
        }
    })
}

fn order(name: &str) -> Option<(Order, bool)> {
    Some(match name {
        "Equals" => (Order::Equal, false),
        "NotEquals" => (Order::Equal, true),
        "LessThan" => (Order::Less, false),
        "LessThanEquals" => (Order::LessOrEqual, false),
        "GreaterThan" => (Order::Greater, false),
        "GreaterThanEquals" => (Order::GreaterOrEqual, false),
        _ => return None,
    })
}

impl Order {
    /// Whether `value` stands in this order to `operand`.
    pub(super) fn holds<T: Ord>(self, value: &T, operand: &T) -> bool {
        match self {
            Self::Equal => value == operand,
            Self::Less => value < operand,
            Self::LessOrEqual => value <= operand,
            Self::Greater => value > operand,
            Self::GreaterOrEqual => value >= operand,
        }
    }
}
