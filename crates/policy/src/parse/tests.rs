//! What is a policy and what is not, with AWS's message for each mistake.

use super::*;

fn message(text: &str, flavour: Flavour) -> String {
    Policy::parse(text, flavour).unwrap_err().message().to_owned()
}

/// A policy of one statement with these elements.
fn one(elements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{{{elements}}}}}"#)
}

const IDENTITY: &str = r#""Effect":"Allow","Action":"kms:Sign","Resource":"*""#;
const KEY: &str = r#""Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*""#;
const TRUST: &str = r#""Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole""#;

#[test]
fn accepts_each_flavour() {
    assert!(Policy::parse(&one(IDENTITY), Flavour::Identity).is_ok());
    assert!(Policy::parse(&one(KEY), Flavour::Resource).is_ok());
    assert!(Policy::parse(&one(TRUST), Flavour::Trust).is_ok());
    let list = format!(r#"{{"Id":"x","Statement":[{{"Sid":"a b",{KEY}}},{{"Sid":"c",{KEY}}}]}}"#);
    assert_eq!(Policy::parse(&list, Flavour::Resource).unwrap().statements.len(), 2);
    assert!(Policy::parse(r#"{"Statement":[]}"#, Flavour::Identity).is_ok());
    assert!(Policy::parse(&one(r#""Effect":"Allow","Action":[],"Resource":[]"#), Flavour::Identity).is_ok());
}

#[test]
fn what_is_no_policy_has_syntax_errors() {
    for wrong in [
        "",
        "{}",
        "[]",
        "x",
        r#"{"Version":"2013-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"},"Other":1}"#,
        r#"{"Id":"x","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}"#,
        &one(r#""Effect":"allow","Action":"a:b","Resource":"*""#),
        &one(r#""Action":"a:b","Resource":"*""#),
        &one(r#""Effect":"Allow","Effect":"Deny","Action":"a:b","Resource":"*""#),
        &one(r#""Effect":"Allow","Action":"a:b","NotAction":"a:c","Resource":"*""#),
        &one(r#""Effect":"Allow","Action":"a:b","Resource":"*","NotResource":"*""#),
        &one(r#""Effect":"Allow","Action":["a:b",1],"Resource":"*""#),
        &one(r#""Effect":"Allow","Action":"k*:Sign","Resource":"*""#),
        &one(r#""Effect":"Allow","Action":"a:b","Resource":"*","Condition":[]"#),
        &one(r#""Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringIs":{"a":"b"}}"#),
        &one(r#""Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"stringEquals":{"a":"b"}}"#),
        &one(r#""Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"Bool":{"a":{"b":"c"}}}"#),
        &one(r#""Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"IpAddress":{"a":"1.2.3"}}"#),
        &one(r#""Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"NullIfExists":{"a":"true"}}"#),
        &one("\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\",\"Sid\":\"\u{100}\""),
    ] {
        assert_eq!(message(wrong, Flavour::Identity), "Syntax errors in policy.", "{wrong}");
    }
}

#[test]
fn each_mistake_has_its_message() {
    let identity = |elements: &str| message(&one(elements), Flavour::Identity);
    assert_eq!(identity(r#""Effect":"Allow","Action":"a:b""#), "Policy document must contain resources.");
    assert_eq!(identity(r#""Effect":"Allow","Resource":"*""#), "Policy document must contain actions.");
    assert_eq!(
        identity(r#""Effect":"Allow","Action":"Sign","Resource":"*""#),
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    );
    assert_eq!(
        identity(r#""Effect":"Allow","Action":"a:b","Resource":"key/1""#),
        "Resource key/1 must be in ARN format or \"*\"."
    );
    assert_eq!(identity(KEY), "Policy document should not specify a principal.");
    assert!(identity(&format!(r#""Sid":"a b",{IDENTITY}"#)).starts_with("Statement IDs (SID) must be alpha"));
    let twice = format!(r#"{{"Statement":[{{"Sid":"a",{IDENTITY}}},{{"Sid":"a",{IDENTITY}}}]}}"#);
    assert_eq!(message(&twice, Flavour::Identity), "Statement IDs (SID) in a single policy must be unique.");
    assert_eq!(message(&one(IDENTITY), Flavour::Resource), "Missing required field Principal");
    assert_eq!(message(&one(KEY), Flavour::Trust), "Has prohibited field Resource");
    let other_action = TRUST.replace("sts:AssumeRole", "kms:Sign");
    assert_eq!(
        message(&one(&other_action), Flavour::Trust),
        "AssumeRole policy may only specify STS AssumeRole actions."
    );
}

#[test]
fn principals_must_have_one_of_their_forms() {
    let key = |principal: &str| KEY.replace(r#"{"AWS":"111122223333"}"#, principal);
    for right in [
        r#""*""#,
        r#"{"AWS":"*"}"#,
        r#"{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:user/a/b"]}"#,
        r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/r/s"}"#,
        r#"{"AWS":"AIDACKCEVSQ6C2EXAMPLE"}"#,
        r#"{"Service":["kms.amazonaws.com","dnssec-route53.amazonaws.com"]}"#,
        r#"{"Federated":"cognito-identity.amazonaws.com"}"#,
    ] {
        assert!(Policy::parse(&one(&key(right)), Flavour::Resource).is_ok(), "{right}");
    }
    for wrong in [
        r#""x""#,
        r#"{"AWS":"arn:aws:iam::111122223333:user/*"}"#,
        r#"{"AWS":"arn:aws:iam::111122223333:group/g"}"#,
        r#"{"AWS":"arn:aws:s3:::bucket"}"#,
        r#"{"AWS":"12345"}"#,
        r#"{"Service":"kms"}"#,
        r#"{"Service":"*.amazonaws.com"}"#,
        r#"{"Other":"*"}"#,
    ] {
        assert_eq!(
            message(&one(&key(wrong)), Flavour::Resource),
            "Policy contains a statement with one or more invalid principals.",
            "{wrong}"
        );
    }
    let trust = TRUST.replace("111122223333", "arn:aws:iam::111122223333:user/*");
    assert_eq!(
        message(&one(&trust), Flavour::Trust),
        r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*""#
    );
}

#[test]
fn tells_whom_it_names_and_which_keys_stand_under_for_all_values() {
    let text = one(&format!(
        r#"{},"Condition":{{"ForAllValues:StringEquals":{{"aws:TagKeys":"a"}},"Bool":{{"aws:x":"true"}}}}"#,
        KEY.replace("111122223333", "arn:aws:iam::111122223333:user/u")
    ));
    let policy = Policy::parse(&text, Flavour::Resource).unwrap();
    assert_eq!(policy.principal_entities().collect::<Vec<_>>(), ["arn:aws:iam::111122223333:user/u"]);
    assert_eq!(policy.for_all_values_keys().collect::<Vec<_>>(), ["aws:TagKeys"]);
}
