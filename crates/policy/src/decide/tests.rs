//! Decisions name the statement that decided, and denials have AWS's words.

use std::sync::Arc;

use super::*;
use crate::{ConditionValues, Flavour, IdentityKind};

fn alice() -> Identity {
    Identity {
        account: "111122223333".parse().unwrap(),
        kind: IdentityKind::User { id: "AIDAALICEALICEALICE0".to_owned() },
        arn: "arn:aws:iam::111122223333:user/alice".to_owned(),
    }
}

fn set(policies: &[(&str, &str)]) -> PolicySet {
    let compile = |(name, text): &(&str, &str)| {
        ((*name).to_owned(), Arc::new(Policy::parse(text, Flavour::Identity).unwrap()))
    };
    PolicySet::new(policies.iter().map(compile).collect())
}

const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/k";

fn with(
    policies: &[(&str, &str)],
    limits: [Option<&str>; 2],
    mut check: impl FnMut(&Question<'_>, &Decision<'_>),
) {
    let (identity, policies, none) = (alice(), set(policies), ConditionValues::new());
    let limits = limits.map(|text| text.map(|text| Policy::parse(text, Flavour::Identity).unwrap()));
    let [boundary, session] = &limits;
    let question = Question {
        identity: &identity,
        policies: &policies,
        boundary: boundary.as_ref(),
        session: session.as_ref(),
        action: "kms:Sign",
        resource: ARN,
        owner: identity.account,
        authority: Authority::Identity,
        granted: None,
        keys: Keys { operation: &none, resource: &none, caller: &none, request: &none },
    };
    check(&question, &decide(&question));
}

const ALLOW: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Sid":"Other","Effect":"Allow","Action":"iam:*","Resource":"*"},
    {"Sid":"Sign","Effect":"Allow","Action":"kms:Sign","Resource":"*"}]}"#;
const DENY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Sid":"No","Effect":"Deny","Action":"kms:S*","Resource":"*"}}"#;
const OTHER: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}"#;

#[test]
fn names_the_statement_that_decided() {
    with(&[("first", OTHER), ("second", ALLOW)], [None, None], |_, decision| {
        assert_eq!(decision.verdict, Verdict::Allowed(Layer::Identity));
        let by = decision.by.unwrap();
        assert_eq!((by.policy, by.statement, by.sid), ("second", 1, Some("Sign")));
    });
    with(&[("first", ALLOW), ("second", DENY)], [None, None], |_, decision| {
        let by = decision.by.unwrap();
        assert_eq!((by.policy, by.statement, by.sid), ("second", 0, Some("No")));
    });
}

#[test]
fn denials_have_aws_words() {
    let denial = |policies: &[(&str, &str)], limits, expected: &str| {
        with(policies, limits, |question, decision| {
            assert!(!decision.is_allowed());
            assert_eq!(
                decision.denial(question, &format!("resource: {ARN}")),
                format!(
                    "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kms:Sign on \
                     resource: {ARN} {expected}"
                )
            );
        });
    };
    denial(&[], [None, None], "because no identity-based policy allows the kms:Sign action");
    denial(
        &[("a", ALLOW)],
        [Some(OTHER), None],
        "because no permissions boundary allows the kms:Sign action",
    );
    denial(&[("a", ALLOW)], [None, Some(OTHER)], "because no session policy allows the kms:Sign action");
    denial(&[("a", DENY)], [None, None], "with an explicit deny in an identity-based policy");
    denial(&[("a", ALLOW)], [Some(DENY), None], "with an explicit deny in a permissions boundary");
    denial(&[("a", ALLOW)], [None, Some(DENY)], "with an explicit deny in a session policy");
}

/// Whether a Deny with `NotPrincipal` on a key that everyone may use leaves the identity alone.
fn spared(identity: &Identity, listed: &str) -> bool {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}},
        {{"Effect":"Deny","NotPrincipal":{{"AWS":{listed}}},"Action":"kms:*","Resource":"*"}}]}}"#
    );
    let (key, policies, none) =
        (Policy::parse(&text, Flavour::Resource).unwrap(), PolicySet::default(), ConditionValues::new());
    let question = Question {
        identity,
        policies: &policies,
        boundary: None,
        session: None,
        action: "kms:Sign",
        resource: ARN,
        owner: identity.account,
        authority: Authority::KeyPolicy(&key),
        granted: None,
        keys: Keys { operation: &none, resource: &none, caller: &none, request: &none },
    };
    decide(&question).is_allowed()
}

#[test]
fn a_deny_with_not_principal_spares_only_whom_it_lists_in_full() {
    let user = "arn:aws:iam::111122223333:user/alice";
    assert!(!spared(&alice(), &format!(r#""{user}""#)));
    assert!(!spared(&alice(), r#""111122223333""#));
    assert!(spared(&alice(), &format!(r#"["{user}","111122223333"]"#)));
    let (role, arn) =
        ("arn:aws:iam::111122223333:role/r", "arn:aws:sts::111122223333:assumed-role/r/s".to_owned());
    let kind = IdentityKind::Session { role_arn: role.to_owned(), role_id: "AROA".to_owned() };
    let session = Identity { kind, arn: arn.clone(), ..alice() };
    assert!(!spared(&session, &format!(r#"["{arn}","111122223333"]"#)));
    assert!(!spared(&session, &format!(r#"["{role}","111122223333"]"#)));
    assert!(spared(&session, &format!(r#"["{arn}","{role}","111122223333"]"#)));
    let root = Identity { kind: IdentityKind::Root, ..alice() };
    assert!(spared(&root, r#""111122223333""#) && !spared(&root, r#""444455556666""#));
}

/// A grant's three ways to reach who asks, and the key policy that only denies.
#[test]
fn a_grant_allows_unless_a_policy_denies() {
    let foreign = "444455556666".parse().unwrap();
    let key_policy = |effect: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":
                {{"Effect":"{effect}","Principal":"*","Action":"kms:*","Resource":"*"}}}}"#
        );
        Policy::parse(&text, Flavour::Resource).unwrap()
    };
    let (open, closed) = (key_policy("Allow"), key_policy("Deny"));
    let verdict = |policies: &[(&str, &str)], granted, owner, authority| {
        let mut verdict = None;
        with(policies, [None, None], |question, _| {
            verdict = Some(decide(&Question { granted, owner, authority, ..*question }).verdict);
        });
        verdict.unwrap()
    };
    let denials = Authority::Denials(&open);
    let granted = Some(Reach::Direct);
    assert_eq!(verdict(&[], granted, foreign, denials), Verdict::AllowedByGrant);
    assert_eq!(verdict(&[("p", DENY)], granted, foreign, denials), Verdict::ExplicitDeny(Layer::Identity));
    let own = alice().account;
    let closed = Authority::Denials(&closed);
    assert_eq!(verdict(&[], granted, own, closed), Verdict::ExplicitDeny(Layer::Resource));
    assert_eq!(verdict(&[], granted, foreign, closed), Verdict::Unseen);
    let account = Some(Reach::Account);
    assert_eq!(verdict(&[], account, foreign, denials), Verdict::NotAllowed(Layer::Identity));
    assert_eq!(verdict(&[("p", ALLOW)], account, foreign, denials), Verdict::Allowed(Layer::Identity));
    assert_eq!(verdict(&[], None, own, denials), Verdict::NotAllowed(Layer::Identity));
    assert_eq!(verdict(&[("p", ALLOW)], None, foreign, denials), Verdict::Unseen);
}

#[test]
fn resource_policies_know_nothing_of_the_aliases_of_a_key() {
    let allows = |authority, statement: &str| {
        let condition = r#""Condition":{"ForAnyValue:StringEquals":{"KMS:resourcealiases":"alias/a"}}"#;
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",{statement}"Action":"kms:Sign",
            "Resource":"*",{condition}}}}}"#
        );
        let flavour = if authority == Layer::Resource { Flavour::Resource } else { Flavour::Identity };
        let policy = Arc::new(Policy::parse(&text, flavour).unwrap());
        let values = ConditionValues::new().with_list("kms:ResourceAliases", ["alias/a"]);
        let (identity, none) = (alice(), ConditionValues::new());
        let (policies, authority) = match authority {
            Layer::Resource => (PolicySet::default(), Authority::KeyPolicy(&policy)),
            _ => (PolicySet::new(vec![("a".to_owned(), Arc::clone(&policy))]), Authority::Identity),
        };
        let question = Question {
            identity: &identity,
            policies: &policies,
            boundary: None,
            session: None,
            action: "kms:Sign",
            resource: ARN,
            owner: identity.account,
            authority,
            granted: None,
            keys: Keys { operation: &none, resource: &values, caller: &none, request: &none },
        };
        decide(&question).is_allowed()
    };
    assert!(allows(Layer::Identity, ""));
    assert!(!allows(Layer::Resource, r#""Principal":"*","#));
}
