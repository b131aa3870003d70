//! Patterns: compiled forms, wildcards against a naive matcher, variables.

use proptest::prelude::*;

use super::*;
use crate::ConditionValues;

const ALL: Syntax = Syntax { wildcards: true, variables: true };

fn matches(pattern: &str, text: &str) -> bool {
    Pattern::compile(pattern, ALL).unwrap().matches_plain(text)
}

/// By definition, with all backtracking there is.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
        ['?', rest @ ..] => !text.is_empty() && naive(rest, &text[1..]),
        [literal, rest @ ..] => text.first() == Some(literal) && naive(rest, &text[1..]),
    }
}

proptest! {
    #[test]
    fn wildcards_match_as_defined(pattern in "[ab*?]{0,10}", text in "[abä]{0,12}") {
        let characters = |text: &str| text.chars().collect::<Vec<_>>();
        let expected = naive(&characters(&pattern), &characters(&text));
        prop_assert_eq!(matches(&pattern, &text), expected);
    }
}

#[test]
fn simple_patterns_take_their_cheap_forms() {
    let compile = |text| Pattern::compile(text, ALL).unwrap();
    assert_eq!(compile("**"), Pattern::Any);
    assert_eq!(compile("a${*}b"), Pattern::Exact("a*b".into()));
    assert_eq!(compile("key/*"), Pattern::Prefix("key/".into()));
}

#[test]
fn a_hostile_pattern_ends_soon() {
    let pattern = "a*".repeat(2000) + "b";
    assert!(!matches(&pattern, &"a".repeat(20_000)));
}

#[test]
fn a_variable_is_literal_and_takes_its_default_when_absent() {
    let values = ConditionValues::new().with("aws:username", "a*e").with_list("aws:TagKeys", ["x", "y"]);
    let none = ConditionValues::new();
    let keys = Keys { operation: &values, resource: &none, caller: &none, request: &none };
    let check = |pattern: &str, text: &str| Pattern::compile(pattern, ALL).unwrap().matches(text, keys);
    assert_eq!(check("home/${aws:username}/*", "home/a*e/x"), Ok(true));
    assert_eq!(check("home/${AWS:UserName}/*", "home/abe/x"), Ok(false));
    assert_eq!(check("${aws:PrincipalTag/team, 'none'}", "none"), Ok(true));
    assert_eq!(check("${aws:PrincipalTag/team}", ""), Err(Unresolved));
    assert_eq!(check("${aws:TagKeys}", "x"), Err(Unresolved));
}

#[test]
fn variables_are_plain_text_in_the_old_version() {
    let old = Syntax { wildcards: true, variables: false };
    assert!(Pattern::compile("${aws:username}", old).unwrap().matches_plain("${aws:username}"));
    assert_eq!(Pattern::compile("${aws:username", ALL), None);
    assert_eq!(Pattern::compile("${}", ALL), None);
}
