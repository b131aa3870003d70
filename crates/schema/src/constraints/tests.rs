//! Tests of AWS's constraint texts.

use super::*;
use crate::{IntoValue, OperationShape, Sensitive, iam, kms, route53};

/// An input of `Op` with the members named.
fn input<Op: OperationShape>(members: &[(&str, Value)]) -> Value {
    let facts = Op::FACTS.input.members();
    let slots = facts
        .iter()
        .map(|facts| members.iter().find(|(name, _)| *name == facts.name).map(|(_, value)| value.clone()));
    Value::Structure(slots.collect())
}

fn message_of<Op: OperationShape>(members: &[(&str, Value)]) -> String {
    message(&check(Op::FACTS.input, &input::<Op>(members)))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[test]
fn a_good_input_has_no_violation() {
    let good = kms::CreateKeyRequest { key_spec: Some(kms::KeySpec::Rsa2048), ..Default::default() };
    assert_eq!(check(kms::CreateKey::FACTS.input, &good.into_value()), []);
}

#[test]
fn a_missing_member_is_null() {
    assert_eq!(
        message_of::<iam::CreateUser>(&[]),
        "1 validation error detected: Value null at 'userName' failed to satisfy constraint: \
         Member must not be null"
    );
}

#[test]
fn numbers_and_lengths_have_bounds() {
    assert_eq!(
        message_of::<kms::GenerateRandom>(&[("NumberOfBytes", Value::Integer(1025))]),
        "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: \
         Member must have value less than or equal to 1024"
    );
    let long = "a".repeat(65);
    assert_eq!(
        message_of::<iam::CreateUser>(&[("UserName", text(&long))]),
        format!(
            "1 validation error detected: Value '{long}' at 'userName' failed to satisfy constraint: \
             Member must have length less than or equal to 64"
        )
    );
    assert_eq!(
        message_of::<route53::GetHostedZone>(&[("Id", text(&"Z".repeat(32)))]),
        "0 validation errors detected: "
    );
}

#[test]
fn several_violations_are_joined() {
    assert_eq!(
        message_of::<kms::Sign>(&[
            ("KeyId", text("k")),
            ("Message", Value::Blob(b"m".to_vec())),
            ("SigningAlgorithm", text("ROT13")),
            ("MessageType", text("COOKED")),
        ]),
        "2 validation errors detected: Value 'COOKED' at 'messageType' failed to satisfy constraint: \
         Member must satisfy enum value set: [RAW, DIGEST, EXTERNAL_MU]; Value 'ROT13' at 'signingAlgorithm' \
         failed to satisfy constraint: Member must satisfy enum value set: [RSASSA_PSS_SHA_256, \
         RSASSA_PSS_SHA_384, RSASSA_PSS_SHA_512, RSASSA_PKCS1_V1_5_SHA_256, RSASSA_PKCS1_V1_5_SHA_384, \
         RSASSA_PKCS1_V1_5_SHA_512, ECDSA_SHA_256, ECDSA_SHA_384, ECDSA_SHA_512, SM2DSA, ML_DSA_SHAKE_256, \
         ED25519_SHA_512, ED25519_PH_SHA_512]"
    );
}

#[test]
fn items_of_lists_are_counted_from_one() {
    let tag = kms::Tag { tag_key: String::new(), tag_value: "v".to_owned() };
    assert_eq!(
        message_of::<kms::CreateKey>(&[("Tags", vec![tag].into_value())]),
        "1 validation error detected: Value '' at 'tags.1.member.tagKey' failed to satisfy constraint: \
         Member must have length greater than or equal to 1"
    );
}

#[test]
fn sensitive_values_are_left_out() {
    let plaintext = Sensitive::new(vec![7_u8; 4097]).into_value();
    assert_eq!(
        message_of::<kms::Encrypt>(&[("KeyId", text("k")), ("Plaintext", plaintext)]),
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: \
         Member must have length less than or equal to 4096"
    );
}

#[test]
fn patterns_match_the_whole_value() {
    assert_eq!(
        message_of::<iam::CreateUser>(&[("UserName", text("no spaces"))]),
        "1 validation error detected: Value 'no spaces' at 'userName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\w+=,.@-]+"
    );
}

#[test]
fn a_list_of_plain_items_is_judged_as_a_whole() {
    let keys = Value::List(vec![text("ok"), text("")]);
    assert_eq!(
        message_of::<kms::UntagResource>(&[("KeyId", text("k")), ("TagKeys", keys)]),
        "1 validation error detected: Value '[ok, ]' at 'tagKeys' failed to satisfy constraint: Member must \
         satisfy constraint: [Member must have length less than or equal to 128, Member must have length \
         greater than or equal to 1]"
    );
    assert_eq!(
        message_of::<kms::GenerateRandom>(&[("NumberOfBytes", Value::Integer(0))]),
        "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must \
         have value greater than or equal to 1"
    );
}

#[test]
fn bytes_are_shown_as_a_buffer() {
    assert_eq!(
        message_of::<kms::Decrypt>(&[("CiphertextBlob", Value::Blob(Vec::new()))]),
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'ciphertextBlob' \
         failed to satisfy constraint: Member must have length greater than or equal to 1"
    );
}

#[test]
fn a_hostile_request_gets_a_bounded_message() {
    let tag = kms::Tag { tag_key: String::new(), tag_value: String::new() };
    let tags = vec![tag; 10_000].into_value();
    assert_eq!(check(kms::CreateKey::FACTS.input, &input::<kms::CreateKey>(&[("Tags", tags)])).len(), 50);
}
