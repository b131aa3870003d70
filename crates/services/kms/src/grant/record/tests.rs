//! When a grant allows something, what it may hand on, and the row's bytes.

use proptest::prelude::*;

use super::*;

fn context(pairs: &[(&str, &str)]) -> Context {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn record(operations: &[&str], constraints: Constraints) -> GrantRecord {
    GrantRecord {
        name: "n".to_owned(),
        grantee: Party::Principal("g".to_owned()),
        retiring: Some(Party::Service("s".to_owned())),
        issuer: "000000000042".parse().unwrap(),
        created: Timestamp::from_unix_millis(5),
        operations: operations.iter().map(|name| (*name).to_owned()).collect(),
        constraints,
    }
}

fn allows(grant: &GrantRecord, operation: &str, context: &Context) -> bool {
    grant.allows(&Asked { operation, context, source_arn: None, child: None })
}

/// Rows written by released versions stay readable: these bytes never change.
#[test]
fn a_grant_row_of_version_1_keeps_its_bytes() {
    let constraints =
        Constraints { equals: Some(context(&[("k", "v")])), subset: None, source_arn: Some("a".to_owned()) };
    let row = GrantRow::V1(record(&["Decrypt"], constraints));
    let bytes = postcard::to_stdvec(&row).unwrap();
    let account = data_encoding::HEXLOWER.encode(b"000000000042");
    let operation = data_encoding::HEXLOWER.encode(b"Decrypt");
    let golden = format!("00016e00016701010173{}{account}0a0107{operation}0101016b0176000101{}", "0c", "61");
    assert_eq!(data_encoding::HEXLOWER.encode(&bytes), golden);
    assert_eq!(postcard::from_bytes::<GrantRow>(&bytes).unwrap(), row);
}

/// Users and roles are stored with their unique ids; older grants know their names only.
#[test]
fn a_bound_party_keeps_its_bytes() {
    let party = Party::Bound { arn: "a".to_owned(), id: "i".to_owned() };
    let bytes = postcard::to_stdvec(&party).unwrap();
    assert_eq!(bytes, [2, 1, b'a', 1, b'i']);
    assert_eq!(postcard::from_bytes::<Party>(&bytes).unwrap(), party);
}

#[test]
fn constraints_on_the_encryption_context_decide() {
    let pair = context(&[("k", "v")]);
    let more = context(&[("k", "v"), ("l", "w")]);
    let upper = context(&[("K", "v")]);
    let equals = Constraints { equals: Some(pair.clone()), ..Default::default() };
    let subset = Constraints { subset: Some(pair.clone()), ..Default::default() };
    for (constraints, expected) in [
        (Constraints::default(), [true; 4]),
        (equals, [true, false, false, false]),
        (subset, [true, true, false, false]),
    ] {
        let grant = record(&["Encrypt", "DescribeKey"], constraints);
        let found = [&pair, &more, &upper, &Context::new()].map(|context| allows(&grant, "Encrypt", context));
        assert_eq!(found, expected);
        assert!(allows(&grant, "DescribeKey", &Context::new()));
        assert!(!allows(&grant, "Decrypt", &pair));
    }
}

#[test]
fn a_source_is_one_that_a_service_calls_for() {
    let constraints = Constraints { source_arn: Some("arn:a".to_owned()), ..Default::default() };
    let grant = record(&["Encrypt"], constraints);
    for (source_arn, expected) in [(Some("arn:a"), true), (Some("arn:b"), false), (None, false)] {
        let asked = Asked { operation: "Encrypt", context: &Context::new(), source_arn, child: None };
        assert_eq!(grant.allows(&asked), expected);
    }
}

fn any_context() -> impl Strategy<Value = Context> {
    prop::collection::btree_map("[kl]", "[vw]", 0..3)
}

fn any_grant() -> impl Strategy<Value = GrantRecord> {
    let operations = prop::sample::subsequence(vec!["CreateGrant", "Decrypt", "Encrypt"], 0..4);
    let kind = (0..3u8, any_context());
    (operations, kind).prop_map(|(operations, (kind, context))| {
        let context = Some(context).filter(|context| !context.is_empty());
        let constraints = match kind {
            0 => Constraints { equals: context, ..Default::default() },
            1 => Constraints { subset: context, ..Default::default() },
            _ => Constraints::default(),
        };
        record(&operations, constraints)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Nobody gets more by handing a grant on.
    #[test]
    fn what_a_child_allows_its_parent_allows(
        parent in any_grant(),
        child in any_grant(),
        context in any_context(),
        operation in prop::sample::select(vec!["Decrypt", "Encrypt"]),
    ) {
        let asked =
            Asked { operation: "CreateGrant", context: &Context::new(), source_arn: None, child: Some(&child) };
        if parent.allows(&asked) && allows(&child, operation, &context) {
            prop_assert!(allows(&parent, operation, &context));
        }
    }
}
