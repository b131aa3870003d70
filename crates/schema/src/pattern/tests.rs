//! Tests of the models' patterns.

use super::*;
use crate::{Kind, ShapeFacts};

#[test]
fn matches_the_whole_text_only() {
    let pattern = Pattern::new("[a-z]+");
    assert!(pattern.matches("abc"));
    assert!(!pattern.matches("abc1"));
    assert!(!pattern.matches("1abc"));
    assert!(!pattern.matches("abc\n"));
    assert!(Pattern::new("a|bc").matches("bc"));
    assert!(!Pattern::new("a|bc").matches("ac"));
}

#[test]
fn word_and_digit_are_ascii() {
    let pattern = Pattern::new(r"[\w+=,.@-]+");
    assert!(pattern.matches("Al-ice_9+=,.@"));
    assert!(!pattern.matches("Älice"));
    assert!(!Pattern::new(r"\d").matches("٣"));
    assert!(Pattern::new(r".*\S.*").matches(" a "));
    assert!(!Pattern::new(r".*\S.*").matches("  "));
    assert!(Pattern::new(r"[\s\S]+").matches("a\n ü"));
    assert!(!Pattern::new(r"[\D-]+").matches("a1"));
    assert!(Pattern::new(r"arn:\b(aws|aws-cn)\b:.*").matches("arn:aws-cn:x"));
    assert!(Pattern::new(r"[\uD800\uDC00-\uDBFF\uDFFF\t]*").matches("\t𝄞"));
}

#[test]
fn letters_of_every_script_match_their_property() {
    let pattern = Pattern::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*");
    assert!(pattern.matches("Größe 日本 ٣"));
    assert!(!pattern.matches("a*b"));
}

#[test]
fn every_pattern_of_every_served_shape_compiles() {
    let mut seen = Vec::new();
    for service in crate::services() {
        for operation in service.operations {
            visit(operation.input, &mut seen);
            operation.output.into_iter().for_each(|output| visit(output, &mut seen));
        }
    }
    assert!(seen.len() > 200, "{} shapes", seen.len());
}

fn visit(shape: &'static ShapeFacts, seen: &mut Vec<*const ShapeFacts>) {
    if seen.contains(&std::ptr::from_ref(shape)) {
        return;
    }
    seen.push(shape);
    if let Some(pattern) = &shape.pattern {
        assert!(pattern.compiled().is_some(), "{}: {}", shape.name, pattern.source());
    }
    match &shape.kind {
        Kind::List { item, .. } => visit(item, seen),
        Kind::Map { key, value } => {
            visit(key, seen);
            visit(value, seen);
        }
        Kind::Structure { members } => members.iter().for_each(|member| visit(member.shape, seen)),
        _ => {}
    }
}
