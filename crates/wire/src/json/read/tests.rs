//! JSON into values: what is skipped, which of two counts, and what is refused in which words.

use keyward_schema::kms;
use keyward_schema::{FromValue, OperationShape};

use super::*;

fn encrypt(body: &str) -> Result<kms::EncryptRequest, String> {
    let value = read(kms::Encrypt::FACTS.input, body.as_bytes());
    let value = value.map_err(|fault| fault.message().unwrap_or_default().to_owned())?;
    kms::EncryptRequest::from_value(value).map_err(|error| error.to_string())
}

const KEY: &str = r#""KeyId":"k","Plaintext":"AQ==""#;

#[test]
fn unknown_members_and_nulls_are_skipped() {
    let input = encrypt(&format!(r#"{{{KEY},"Other":{{"a":[1,"x",null]}},"GrantTokens":null}}"#)).unwrap();
    assert_eq!((input.key_id.as_str(), input.grant_tokens), ("k", None));
    let input = encrypt(&format!(r#"{{{KEY},"GrantTokens":[null,"a",null]}}"#)).unwrap();
    assert_eq!(input.grant_tokens, Some(vec!["a".to_owned()]));
}

#[test]
fn of_a_member_or_entry_that_comes_twice_the_last_counts() {
    let input = encrypt(&format!(r#"{{"KeyId":"first",{KEY},"DryRun":true,"DryRun":null}}"#)).unwrap();
    assert_eq!((input.key_id.as_str(), input.dry_run), ("k", None));
    let context = r#""EncryptionContext":{"a":"1","b":"2","a":"3","c":"4","b":null}"#;
    let context = encrypt(&format!("{{{KEY},{context}}}")).unwrap().encryption_context.unwrap();
    let entries: Vec<_> = context.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(entries, [("a", "3"), ("c", "4")]);
}

#[test]
fn escapes_are_read() {
    let input =
        encrypt("{\"KeyId\":\"\\u006b\\n\\ud83d\\ude00\",\"Plaintext\":\"AQ\\u003d\\u003d\"}").unwrap();
    assert_eq!((input.key_id.as_str(), input.plaintext.expose().as_slice()), ("k\n😀", &[1u8][..]));
}

#[test]
fn what_does_not_fit_is_refused_in_the_words_of_aws() {
    let refused = |member: &str| encrypt(&format!("{{{KEY},{member}}}")).unwrap_err();
    assert_eq!(refused(r#""DryRun":"x""#), "STRING_VALUE can not be converted to a Boolean");
    assert_eq!(refused(r#""GrantTokens":true"#), "TRUE_VALUE can not be converted to a List");
    assert_eq!(refused(r#""GrantTokens":[1]"#), "NUMBER_VALUE can not be converted to a String");
    assert_eq!(refused(r#""GrantTokens":{}"#), "Start of structure or map found where not expected.");
    assert_eq!(refused(r#""KeyId":["x"]"#), "Start of list found where not expected");
    assert_eq!(refused(r#""Plaintext":"*""#), "A blob is not valid Base64.");
}

#[test]
fn a_body_is_one_object() {
    assert!(encrypt("").is_err_and(|error| error.contains("does not fit")), "no member at all");
    for other in ["[]", "1", "\"x\"", "null"] {
        assert_eq!(encrypt(other).unwrap_err(), "The request's body is not a JSON object.", "{other}");
    }
    for broken in ["{", "x", "{\"a\":1,}", "{} {}", "{\"KeyId\":\"\u{1}\"}"] {
        let error = encrypt(broken).unwrap_err();
        assert!(error.starts_with("The request's body is not valid JSON: "), "{broken}: {error}");
    }
}

#[test]
fn numbers_keep_their_value_or_are_refused() {
    let number = |text: &str| {
        let body = format!(r#"{{"NumberOfBytes":{text}}}"#);
        let value = read(kms::GenerateRandom::FACTS.input, body.as_bytes());
        let value = value.map_err(|fault| fault.message().unwrap_or_default().to_owned())?;
        kms::GenerateRandomRequest::from_value(value)
            .map(|input| input.number_of_bytes)
            .map_err(|error| error.to_string())
    };
    assert_eq!(number("5"), Ok(Some(5)));
    assert_eq!(number("5.0"), Ok(Some(5)));
    assert_eq!(number("-7"), Ok(Some(-7)));
    for wrong in ["5.5", "1e300", "3000000000", "18446744073709551615"] {
        assert!(number(wrong).unwrap_err().ends_with("can not be converted to an Integer"), "{wrong}");
    }
}
