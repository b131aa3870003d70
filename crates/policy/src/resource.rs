//! ARN patterns: the `Resource` element and the operands of `ArnLike`.
//!
//! The six fields of a full pattern are compared one by one, so that no wildcard of one field reaches into
//! the next. A pattern with fewer fields is compared as one text, as AWS does: `arn:aws:kms:*` is every key.

use crate::keys::Keys;
use crate::pattern::{Pattern, Syntax, Token, Unresolved, tokenize};

const FIELDS: usize = 6;

/// A pattern for ARNs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArnPattern {
    /// Compared as one text.
    Whole(Pattern),
    /// Compared field by field.
    Fields(Box<[Pattern]>),
}

impl ArnPattern {
    /// A `Resource`: `*`, or an ARN whose service is literal. `None` when it is neither.
    pub(crate) fn resource(text: &str, variables: bool) -> Option<Self> {
        if text != "*" {
            let mut fields = text.splitn(4, ':');
            let (head, partition) = (fields.next()?, fields.next()?);
            let (service, _) = (fields.next()?, fields.next()?);
            if head != "arn" || partition.is_empty() || service.is_empty() || service.contains(['*', '?']) {
                return None;
            }
        }
        Self::operand(text, variables)
    }

    /// The operand of an ARN condition; any text will do.
    pub(crate) fn operand(text: &str, variables: bool) -> Option<Self> {
        let syntax = Syntax { wildcards: true, variables };
        let whole = Pattern::compile(text, syntax)?;
        if !matches!(whole, Pattern::Tokens(_)) {
            return Some(Self::Whole(whole));
        }
        let fields = split(tokenize(text, syntax)?);
        if fields.len() < FIELDS {
            return Some(Self::Whole(whole));
        }
        Some(Self::Fields(fields.into_iter().map(Pattern::of).collect()))
    }

    /// The only ARN that matches, if there is only one.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self {
            Self::Whole(pattern) => pattern.exact(),
            Self::Fields(_) => None,
        }
    }

    /// Whether `arn` matches.
    pub(crate) fn matches(&self, arn: &str, keys: Keys<'_>) -> Result<bool, Unresolved> {
        match self {
            Self::Whole(pattern) => pattern.matches(arn, keys),
            Self::Fields(patterns) => {
                // All fields are looked at, so that a variable without a value is found wherever it is.
                let mut fields = arn.splitn(FIELDS, ':');
                let mut all = true;
                for pattern in patterns {
                    let field = fields.next();
                    all &= pattern.matches(field.unwrap_or_default(), keys)? && field.is_some();
                }
                Ok(all)
            }
        }
    }
}

/// Splits at the first five colons that are literal.
fn split(tokens: Vec<Token>) -> Vec<Vec<Token>> {
    let mut fields = vec![Vec::new()];
    for token in tokens {
        let Token::Literal(text) = token else {
            append(&mut fields, token);
            continue;
        };
        for (at, part) in text.splitn(FIELDS - fields.len() + 1, ':').enumerate() {
            if at > 0 {
                fields.push(Vec::new());
            }
            if !part.is_empty() {
                append(&mut fields, Token::Literal(part.into()));
            }
        }
    }
    fields
}

fn append(fields: &mut [Vec<Token>], token: Token) {
    if let Some(last) = fields.last_mut() {
        last.push(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, arn: &str) -> bool {
        ArnPattern::resource(pattern, true).unwrap().matches(arn, Keys::none()).unwrap()
    }

    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/ab/cd";

    #[test]
    fn wildcards_cover_slashes_but_stay_in_their_field() {
        assert!(matches("*", KEY));
        assert!(matches(KEY, KEY));
        assert!(matches("arn:aws:kms:*:111122223333:key/*", KEY));
        assert!(matches("arn:aws:kms:us-*-1:1111????3333:key/a*d", KEY));
        assert!(!matches("arn:aws:kms:*:111122223333:key/*", "arn:aws:kms:eu:9:x:111122223333:key/1"));
        assert!(!matches("arn:aws:kms:us-east-?:*:alias/*", KEY));
        assert!(!matches("arn:aws:KMS:us-east-1:*:key/ab/cd", KEY));
    }

    #[test]
    fn a_short_pattern_runs_past_colons() {
        assert!(matches("arn:aws:kms:*", KEY));
        assert!(matches("arn:aws:kms:us-east-1:*", KEY));
        assert!(!matches("arn:aws:kms:eu-*", KEY));
        assert!(matches("arn:aws:sns:*:1:a*", "arn:aws:sns:eu:1:a:b:c"));
    }

    #[test]
    fn refuses_what_is_no_arn() {
        for wrong in ["", "key/1", "arn:aws", "arn:aws:*", "arn:aws:k*:x:y:z", "arn::kms:a:b:c"] {
            assert_eq!(ArnPattern::resource(wrong, true), None, "{wrong}");
        }
    }
}
