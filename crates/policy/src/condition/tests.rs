//! Every operator, its twin, its suffix and its prefix.

use super::*;
use crate::ConditionValues;

fn request() -> ConditionValues {
    ConditionValues::new()
        .with("t:text", "Alice")
        .with("t:number", "10")
        .with("t:date", "2026-01-02T12:00:00Z")
        .with("t:bool", "true")
        .with("t:blob", "AQID")
        .with("t:ip", "203.0.113.9")
        .with("t:arn", "arn:aws:route53:::hostedzone/Z1")
        .with("t:star", "a*c")
        .with_list("t:list", ["a", "b"])
        .with_list("t:empty", Vec::<String>::new())
        .with("aws:username", "Alice")
}

fn holds(condition: &str) -> Result<bool, Unresolved> {
    let element = Json::parse(condition).unwrap();
    let (values, none) = (request(), ConditionValues::new());
    let keys = Keys { operation: &values, resource: &none, caller: &none, request: &none };
    for condition in Condition::compile_all(&element, true).unwrap() {
        if !condition.holds(keys)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn check(expected: bool, conditions: &[&str]) {
    for condition in conditions {
        assert_eq!(holds(condition), Ok(expected), "{condition}");
    }
}

#[test]
fn each_operator_and_its_twin() {
    check(
        true,
        &[
            r#"{"StringEquals":{"t:text":"Alice"}}"#,
            r#"{"StringEquals":{"T:Text":["Bob","Alice"]}}"#,
            r#"{"StringEquals":{"t:star":"a*c"}}"#,
            r#"{"StringNotEquals":{"t:text":["alice","Bob"]}}"#,
            r#"{"StringEqualsIgnoreCase":{"t:text":"aLICE"}}"#,
            r#"{"StringNotEqualsIgnoreCase":{"t:text":"Bob"}}"#,
            r#"{"StringLike":{"t:text":"A?i*"}}"#,
            r#"{"StringNotLike":{"t:text":"a*"}}"#,
            r#"{"NumericEquals":{"t:number":10.0}}"#,
            r#"{"NumericNotEquals":{"t:number":"9"}}"#,
            r#"{"NumericLessThan":{"t:number":"10.5"}}"#,
            r#"{"NumericLessThanEquals":{"t:number":"10"}}"#,
            r#"{"NumericGreaterThan":{"t:number":"9"}}"#,
            r#"{"NumericGreaterThanEquals":{"t:number":"10"}}"#,
            r#"{"DateEquals":{"t:date":"2026-01-02T13:00:00+01:00"}}"#,
            r#"{"DateNotEquals":{"t:date":"2026"}}"#,
            r#"{"DateLessThan":{"t:date":"2026-01-03"}}"#,
            r#"{"DateGreaterThanEquals":{"t:date":"1767355200"}}"#,
            r#"{"Bool":{"t:bool":true}}"#,
            r#"{"Bool":{"t:bool":"TRUE"}}"#,
            r#"{"BinaryEquals":{"t:blob":"AQID"}}"#,
            r#"{"IpAddress":{"t:ip":["10.0.0.0/8","203.0.113.0/24"]}}"#,
            r#"{"NotIpAddress":{"t:ip":"10.0.0.0/8"}}"#,
            r#"{"ArnLike":{"t:arn":"arn:aws:route53:::hostedzone/*"}}"#,
            r#"{"ArnEquals":{"t:arn":"arn:*:route53:::hostedzone/Z?"}}"#,
            r#"{"ArnNotLike":{"t:arn":"arn:aws:route53:::change/*"}}"#,
            r#"{"Null":{"t:none":"true","t:text":"false","t:empty":true}}"#,
        ],
    );
    check(
        false,
        &[
            r#"{"StringEquals":{"t:text":"alice"}}"#,
            r#"{"StringEquals":{"t:text":"A*"}}"#,
            r#"{"StringNotEquals":{"t:text":["Alice","Bob"]}}"#,
            r#"{"StringNotLike":{"t:text":"A*"}}"#,
            r#"{"NumericLessThan":{"t:number":"10"}}"#,
            r#"{"NumericEquals":{"t:text":"10"}}"#,
            r#"{"DateGreaterThan":{"t:date":"2026-01-02T12:00:00Z"}}"#,
            r#"{"Bool":{"t:bool":"false"}}"#,
            r#"{"BinaryEquals":{"t:blob":"AQIE"}}"#,
            r#"{"NotIpAddress":{"t:ip":"203.0.113.9"}}"#,
            r#"{"ArnNotEquals":{"t:arn":"arn:aws:route53:::hostedzone/Z1"}}"#,
            r#"{"Null":{"t:text":"true"}}"#,
            r#"{"Null":{"t:none":"false"}}"#,
            r#"{"StringEquals":{"t:text":[]}}"#,
        ],
    );
}

#[test]
fn all_keys_and_operators_must_hold() {
    check(true, &[r#"{"StringEquals":{"t:text":"Alice","t:star":"a*c"},"Bool":{"t:bool":"true"}}"#]);
    check(false, &[r#"{"StringEquals":{"t:text":"Alice"},"Bool":{"t:bool":"false"}}"#]);
}

#[test]
fn an_absent_key_fails_all_but_negated_and_if_exists() {
    check(
        false,
        &[
            r#"{"StringEquals":{"t:none":"x"}}"#,
            r#"{"StringLike":{"t:empty":"*"}}"#,
            r#"{"Bool":{"t:none":"false"}}"#,
            r#"{"ForAnyValue:StringEquals":{"t:none":"x"}}"#,
            r#"{"ForAnyValue:StringNotEquals":{"t:none":"x"}}"#,
        ],
    );
    check(
        true,
        &[
            r#"{"StringNotEquals":{"t:none":"x"}}"#,
            r#"{"NotIpAddress":{"t:none":"1.2.3.4"}}"#,
            r#"{"StringEqualsIfExists":{"t:none":"x"}}"#,
            r#"{"NumericLessThanIfExists":{"t:none":"1"}}"#,
            r#"{"ForAllValues:StringEquals":{"t:none":"x"}}"#,
            r#"{"ForAnyValue:StringLikeIfExists":{"t:none":"x"}}"#,
        ],
    );
    check(false, &[r#"{"StringEqualsIfExists":{"t:text":"x"}}"#]);
}

#[test]
fn quantifiers_go_over_the_requests_values() {
    check(
        true,
        &[
            r#"{"ForAllValues:StringEquals":{"t:list":["a","b","c"]}}"#,
            r#"{"ForAnyValue:StringEquals":{"t:list":["b","x"]}}"#,
            r#"{"ForAnyValue:StringNotEquals":{"t:list":"a"}}"#,
            r#"{"ForAllValues:StringNotEquals":{"t:list":["x","y"]}}"#,
            r#"{"StringEquals":{"t:list":"b"}}"#,
        ],
    );
    check(
        false,
        &[
            r#"{"ForAllValues:StringEquals":{"t:list":"a"}}"#,
            r#"{"ForAnyValue:StringEquals":{"t:list":["x"]}}"#,
            r#"{"ForAllValues:StringNotEquals":{"t:list":"a"}}"#,
            r#"{"StringNotEquals":{"t:list":"b"}}"#,
        ],
    );
}

#[test]
fn variables_take_the_requests_values() {
    check(true, &[r#"{"StringEquals":{"t:text":"${aws:username}"}}"#]);
    check(true, &[r#"{"StringEquals":{"t:text":"${aws:none, 'Alice'}"}}"#]);
    check(true, &[r#"{"StringLike":{"t:star":"a${*}?"}}"#]);
    assert_eq!(holds(r#"{"StringNotEquals":{"t:text":"${aws:none}"}}"#), Err(Unresolved));
}
