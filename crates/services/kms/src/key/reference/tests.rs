//! Every form of a key identifier, and AWS's words for what is none.

use super::*;

const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn parse(text: &str, forms: Forms) -> Result<Reference, String> {
    let (partition, region) = ("aws".parse().unwrap(), "us-east-1".parse().unwrap());
    let place = Place { partition: &partition, region: &region, account: "111122223333".parse().unwrap() };
    Reference::parse(text, place, forms).map_err(|fault| fault.to_string())
}

fn reference(account: &str, named: Named) -> Result<Reference, String> {
    Ok(Reference { account: account.parse().unwrap(), named })
}

#[test]
fn the_four_forms_name_keys_and_aliases() {
    let key = Named::Key(KeyId::parse(ID).unwrap());
    let alias = Named::Alias(AliasName::parse("alias/a/b").unwrap());
    let all = Forms::CRYPTOGRAPHIC;
    assert_eq!(parse(ID, all), reference("111122223333", key.clone()));
    assert_eq!(parse("alias/a/b", all), reference("111122223333", alias.clone()));
    let arn = format!("arn:aws:kms:us-east-1:444455556666:key/{ID}");
    assert_eq!(parse(&arn, Forms::KEY), reference("444455556666", key));
    let arn = "arn:aws:kms:us-east-1:444455556666:alias/a/b";
    assert_eq!(parse(arn, all), reference("444455556666", alias));
}

#[test]
fn what_is_no_identifier_is_not_found_in_awss_words() {
    let cases = [
        ("foo", "NotFoundException: Invalid keyId 'foo'"),
        (
            "1234abcd12ab34cd56ef1234567890ab",
            "NotFoundException: Invalid keyId '1234abcd12ab34cd56ef1234567890ab'",
        ),
        ("alias/x", "NotFoundException: Invalid keyId 'alias/x'"),
        (
            "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "NotFoundException: Invalid arn eu-west-1",
        ),
        ("arn:aws:kms:us-east-1:111122223333:key/foo", "NotFoundException: Invalid keyId 'foo'"),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text, Forms::KEY), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn a_malformed_arn_is_an_invalid_arn_only_where_the_operation_lists_it() {
    for text in [
        "arn:aws:kms:us-east-1:111122223333",
        "arn:aws:s3:us-east-1:111122223333:key/x",
        "arn:other:kms:us-east-1:111122223333:key/x",
        "arn:aws:kms::111122223333:key/x",
        "arn:aws:kms:us-east-1:1:key/x",
        "arn:aws:kms:us-east-1:111122223333:grant/x",
    ] {
        let invalid = format!("InvalidArnException: Invalid arn {text}");
        assert_eq!(parse(text, Forms::DESCRIBE), Err(invalid));
        let unknown = format!("NotFoundException: Invalid keyId '{text}'");
        assert_eq!(parse(text, Forms::CRYPTOGRAPHIC), Err(unknown));
    }
}
