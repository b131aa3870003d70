//! A policy's text with other names for its principals. All else stays as it was written.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

/// `text` with what `name_of` answers in place of the ARNs and ids that its statements name as principals. What it
/// answers nothing for stays, also in conditions and resources that read alike.
pub fn rename_principals(text: &str, name_of: impl Fn(&str) -> Option<String>) -> String {
    let mut renamed = text.to_owned();
    // From the end, so that the places before stay where they are.
    for place in places(text).unwrap_or_default().into_iter().rev() {
        let name = text.get(place.clone()).and_then(|token| serde_json::from_str::<String>(token).ok());
        let new = name.and_then(|name| serde_json::to_string(&name_of(&name)?).ok());
        if let Some(new) = new {
            renamed.replace_range(place, &new);
        }
    }
    renamed
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, rename = "Statement")]
    statement: &'a RawValue,
}

#[derive(Deserialize)]
struct Statement<'a> {
    #[serde(borrow, rename = "Principal")]
    principal: Option<&'a RawValue>,
    #[serde(borrow, rename = "NotPrincipal")]
    not_principal: Option<&'a RawValue>,
}

/// Where the names of principals stand, with their quotes, in order; `None` where `text` is no policy.
fn places(text: &str) -> Option<Vec<Range<usize>>> {
    let document: Document<'_> = serde_json::from_str(text).ok()?;
    let mut places = Vec::new();
    for statement in one_or_many(document.statement) {
        let statement: Statement<'_> = serde_json::from_str(statement.get()).ok()?;
        for element in [statement.principal, statement.not_principal].into_iter().flatten() {
            // `"*"` stands alone; the others are listed by their kind.
            let kinds: BTreeMap<String, &RawValue> = serde_json::from_str(element.get()).unwrap_or_default();
            for name in kinds.get("AWS").into_iter().flat_map(|names| one_or_many(names)) {
                let start = name.get().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
                places.push(start..start + name.get().len());
            }
        }
    }
    places.sort_by_key(|place| place.start);
    Some(places)
}

/// The items of a list, or what stands alone.
fn one_or_many(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_else(|_| vec![value])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Flavour, Policy};

    fn renamed(text: &str) -> String {
        rename_principals(text, |name| name.ends_with("user/a").then(|| "AIDA1".to_owned()))
    }

    #[test]
    fn names_are_replaced_where_they_are_principals_and_nowhere_else() {
        let text = r#"{ "Statement": [
            {"Principal": {"AWS": "arn:aws:iam::1:user/a", "Service": "arn:aws:iam::1:user/a"},
             "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::1:user/a"}}},
            {"NotPrincipal":{"AWS":[ "arn:aws:iam::1:user\/a","arn:aws:iam::1:user/b" ]}, "Resource": "*"},
            {"Principal": "*", "Sid": "ü"} ] }"#;
        let expected = r#"{ "Statement": [
            {"Principal": {"AWS": "AIDA1", "Service": "arn:aws:iam::1:user/a"},
             "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::1:user/a"}}},
            {"NotPrincipal":{"AWS":[ "AIDA1","arn:aws:iam::1:user/b" ]}, "Resource": "*"},
            {"Principal": "*", "Sid": "ü"} ] }"#;
        assert_eq!(renamed(text), expected);
        let single = r#"{"Statement":{"Principal":{"AWS":"arn:aws:iam::1:user/a"}}}"#;
        assert_eq!(renamed(single), r#"{"Statement":{"Principal":{"AWS":"AIDA1"}}}"#);
    }

    /// What is shown of a policy means what is judged by it.
    #[test]
    fn a_renamed_text_is_the_bound_policy() {
        let text = r#"{"Id": "x", "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ["111122223333", "arn:aws:iam::111122223333:role\/r"]},
             "Action": "kms:*", "Resource": "*"},
            {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/r", "Service": "a.b"},
             "Action": "kms:*", "Resource": "*"}]}"#;
        let id_of = |name: &str| name.ends_with("role/r").then(|| "AROACKCEVSQ6C2EXAMPLE".to_owned());
        let mut bound = Policy::parse(text, Flavour::Resource).unwrap();
        bound.bind_principals(id_of);
        assert_eq!(Policy::parse(&rename_principals(text, id_of), Flavour::Resource), Ok(bound));
    }

    #[test]
    fn what_is_no_policy_stays() {
        for text in ["", "{", "{}", r#"{"Statement":7}"#, r#"{"Statement":[{"Principal":["a"]}]}"#] {
            assert_eq!(renamed(text), text);
        }
    }
}
