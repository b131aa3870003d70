//! Random policies and questions, decided by the crate and by an independent naive reading of the
//! documents, which knows nothing compiled and follows AWS's evaluation logic step by step.
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail as the test does")]

use std::collections::BTreeMap;
use std::sync::Arc;

use keyward_policy::{
    Authority, ConditionValues, Flavour, Identity, IdentityKind, Keys, Policy, PolicySet, Question, Verdict,
    decide,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ROOT: &str = "arn:aws:iam::111122223333:root";
const USER: &str = "arn:aws:iam::111122223333:user/u";
const ROLE: &str = "arn:aws:iam::111122223333:role/r";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/r/s";
const OTHER_USER: &str = "arn:aws:iam::444455556666:user/o";
const SERVICE: &str = "dnssec-route53.amazonaws.com";

// ---- the naive reading ----

fn glob(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            glob(&pattern[1..], text)
                || text.chars().next().is_some_and(|first| glob(pattern, &text[first.len_utf8()..]))
        }
        (Some('?'), Some(first)) => glob(&pattern[1..], &text[first.len_utf8()..]),
        (Some(wanted), Some(first)) if wanted == first => {
            glob(&pattern[wanted.len_utf8()..], &text[first.len_utf8()..])
        }
        _ => false,
    }
}

fn arn_glob(pattern: &str, arn: &str) -> bool {
    let (pattern_fields, fields): (Vec<_>, Vec<_>) =
        (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    if pattern_fields.len() < 6 || fields.len() < 6 {
        return glob(pattern, arn);
    }
    pattern_fields.iter().zip(fields).all(|(pattern, field)| glob(pattern, field))
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

type Context = BTreeMap<String, Vec<String>>;

fn condition_holds(operator: &str, wanted: &[String], values: Option<&Vec<String>>) -> bool {
    let (prefix, operator) = operator.split_once(':').unwrap_or(("", operator));
    let (operator, if_exists) =
        operator.strip_suffix("IfExists").map_or((operator, false), |operator| (operator, true));
    if operator == "Null" {
        return wanted.contains(&values.is_none().to_string());
    }
    let negated = operator.contains("Not");
    let positive = operator.replace("Not", "");
    let Some(values) = values else {
        return if_exists || prefix == "ForAllValues" || (prefix.is_empty() && negated);
    };
    let is_one = |value: &String| {
        wanted.iter().any(|wanted| match positive.as_str() {
            "StringEquals" => value == wanted,
            "StringLike" => glob(wanted, value),
            "ArnLike" => arn_glob(wanted, value),
            "NumericLessThan" => {
                matches!((value.parse::<f64>(), wanted.parse::<f64>()), (Ok(value), Ok(wanted)) if value < wanted)
            }
            "Bool" => value == wanted,
            other => panic!("{other}"),
        })
    };
    match (prefix, negated) {
        ("ForAllValues", false) => values.iter().all(is_one),
        ("ForAllValues", true) => values.iter().all(|value| !is_one(value)),
        ("ForAnyValue", false) => values.iter().any(is_one),
        ("ForAnyValue", true) => values.iter().any(|value| !is_one(value)),
        (_, false) => values.iter().any(is_one),
        (_, true) => !values.iter().any(is_one),
    }
}

/// Fills `${…}`; `None` when one has no value.
fn fill(text: &str, context: &Context) -> Option<String> {
    let Some((before, rest)) = text.split_once("${") else { return Some(text.to_owned()) };
    let (name, after) = rest.split_once('}')?;
    match context.get(name).map(Vec::as_slice) {
        Some([value]) => Some(format!("{before}{value}{}", fill(after, context)?)),
        _ => None,
    }
}

struct Asked<'a> {
    identity: &'a Identity,
    action: &'a str,
    resource: &'a str,
    context: &'a Context,
}

/// Which names a principal element may reach an identity by: itself, its role, its account.
fn names(identity: &Identity) -> Vec<String> {
    let account = identity.account.to_string();
    let root = format!("arn:aws:iam::{account}:root");
    match &identity.kind {
        IdentityKind::Root => vec![root, account],
        IdentityKind::User { id } => vec![identity.arn.clone(), id.clone(), root, account],
        IdentityKind::Session { role_arn, role_id } => {
            vec![identity.arn.clone(), role_arn.clone(), role_id.clone(), root, account]
        }
        IdentityKind::Service => vec![identity.arn.clone()],
    }
}

/// How a principal element reaches: "direct", "role", "account".
fn reach(principal: &Value, identity: &Identity) -> Option<&'static str> {
    let listed: Vec<String> = match principal {
        Value::Object(kinds) => kinds
            .iter()
            .filter(|(kind, _)| (kind.as_str() == "Service") == (identity.kind == IdentityKind::Service))
            .flat_map(|(_, names)| texts(names))
            .collect(),
        everyone => texts(everyone),
    };
    let star = match principal {
        Value::Object(kinds) => kinds.get("AWS").is_some_and(|names| texts(names).contains(&"*".to_owned())),
        everyone => everyone == "*",
    };
    let has = |name: &str| listed.iter().any(|listed| listed == name);
    let account = identity.account.to_string();
    let in_account = has(&account) || has(&format!("arn:aws:iam::{account}:root"));
    match &identity.kind {
        _ if star => Some("direct"),
        IdentityKind::Service => has(&identity.arn).then_some("direct"),
        IdentityKind::Root => in_account.then_some("direct"),
        IdentityKind::User { id } if has(&identity.arn) || has(id) => Some("direct"),
        IdentityKind::Session { .. } if has(&identity.arn) => Some("direct"),
        IdentityKind::Session { role_arn, role_id } if has(role_arn) || has(role_id) => Some("role"),
        _ => in_account.then_some("account"),
    }
}

/// Whether the statement applies, and how it reaches.
fn applies(statement: &Value, asked: &Asked<'_>) -> Option<&'static str> {
    let element = |name: &str| statement.get(name);
    let action_is = |wanted: &Value| {
        texts(wanted).iter().any(|wanted| glob(&wanted.to_lowercase(), &asked.action.to_lowercase()))
    };
    let acts = match (element("Action"), element("NotAction")) {
        (Some(wanted), _) => action_is(wanted),
        (_, Some(wanted)) => !action_is(wanted),
        _ => false,
    };
    if !acts {
        return None;
    }
    let mut resource_is = false;
    for wanted in element("Resource").or(element("NotResource")).map(texts).unwrap_or_default() {
        resource_is |= arn_glob(&fill(&wanted, asked.context)?, asked.resource);
        if resource_is {
            break;
        }
    }
    if element("Resource").is_some() != resource_is
        && (element("Resource").or(element("NotResource"))).is_some()
    {
        return None;
    }
    for (operator, keys) in element("Condition").and_then(Value::as_object).into_iter().flatten() {
        for (key, wanted) in keys.as_object().unwrap() {
            if !condition_holds(operator, &texts(wanted), asked.context.get(key)) {
                return None;
            }
        }
    }
    match (element("Principal"), element("NotPrincipal")) {
        (Some(principal), _) => reach(principal, asked.identity),
        (_, Some(principal)) if statement["Effect"] == "Allow" => {
            reach(principal, asked.identity).is_none().then_some("direct")
        }
        // A Deny spares only whom it lists with role and account.
        (_, Some(principal)) => {
            let listed = match principal {
                Value::Object(kinds) => kinds.values().flat_map(texts).collect::<Vec<_>>(),
                other => texts(other),
            };
            let names = names(asked.identity);
            let has = |at: usize| names.get(at).is_some_and(|name| listed.contains(name));
            let account = has(names.len().wrapping_sub(1)) || has(names.len().wrapping_sub(2));
            let spared = listed.contains(&"*".to_owned())
                || match asked.identity.kind {
                    IdentityKind::Service => has(0),
                    IdentityKind::Root => account,
                    IdentityKind::User { .. } => (has(0) || has(1)) && account,
                    IdentityKind::Session { .. } => has(0) && (has(1) || has(2)) && account,
                };
            (!spared).then_some("direct")
        }
        (None, None) => Some("direct"),
    }
}

fn statements(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    }
}

fn says(policies: &[&Value], effect: &str, asked: &Asked<'_>) -> Vec<&'static str> {
    policies
        .iter()
        .flat_map(|policy| statements(policy))
        .filter(|statement| statement["Effect"] == effect)
        .filter_map(|statement| applies(&statement, asked))
        .collect()
}

#[derive(Debug, PartialEq)]
enum Expected {
    Allowed,
    ExplicitDeny,
    ImplicitDeny,
}

fn expect(case: &Case, asked: &Asked<'_>, owner: &str) -> Expected {
    let identity: Vec<&Value> = case.identity_policies.iter().collect();
    let resource: Vec<&Value> = case.resource_policy.iter().filter(|_| case.authority != 0).collect();
    let limits: Vec<&Value> = [&case.boundary, &case.session].into_iter().flatten().collect();
    let everything: Vec<&Value> = identity.iter().chain(&resource).chain(&limits).copied().collect();
    if !says(&everything, "Deny", asked).is_empty() {
        return Expected::ExplicitDeny;
    }
    let root = asked.identity.kind == IdentityKind::Root;
    let by_identity = root || !says(&identity, "Allow", asked).is_empty();
    let within = limits.iter().all(|limit| !says(&[limit], "Allow", asked).is_empty());
    let reached = says(&resource, "Allow", asked);
    let direct = reached.contains(&"direct");
    let role = reached.contains(&"role");
    let same_account = asked.identity.account.to_string() == owner;
    let allowed = if asked.identity.kind == IdentityKind::Service {
        direct
    } else if !same_account {
        !reached.is_empty() && by_identity && within
    } else {
        match case.authority {
            // Identity alone.
            0 => by_identity && within,
            // A key or trust policy is the root of access.
            1 | 3 => direct || (role && within) || (reached.contains(&"account") && by_identity && within),
            // A resource policy adds to the identity policies.
            _ => direct || (role && within) || (by_identity && within),
        }
    };
    if allowed { Expected::Allowed } else { Expected::ImplicitDeny }
}

// ---- random cases ----

#[derive(Debug, Clone)]
struct Case {
    identity_policies: Vec<Value>,
    resource_policy: Option<Value>,
    boundary: Option<Value>,
    session: Option<Value>,
    who: usize,
    action: &'static str,
    resource: &'static str,
    authority: usize,
    owner: usize,
    context: Vec<(&'static str, Vec<&'static str>)>,
}

fn actions() -> impl Strategy<Value = Value> {
    let one = prop::sample::select(vec![
        "kms:Sign",
        "KMS:sign",
        "kms:*",
        "kms:?ign",
        "kms:Get*",
        "*",
        "iam:GetUser",
    ]);
    prop_oneof![one.clone().prop_map(Value::from), prop::collection::vec(one, 1..3).prop_map(Value::from)]
}

fn resources() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("*"),
        json!("arn:aws:kms:us-east-1:111122223333:key/a"),
        json!(["arn:aws:kms:*:111122223333:key/*", "arn:aws:iam::111122223333:user/u"]),
        json!("arn:aws:kms:*"),
        json!("arn:aws:kms:us-east-1:*:key/?"),
        json!("arn:aws:iam::*:user/${aws:username}"),
        json!("arn:aws:kms:us-east-?:111122223333:key/${aws:PrincipalTag/k}*"),
    ])
}

fn principals() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("*"),
        json!({"AWS": "*"}),
        json!({"AWS": "111122223333"}),
        json!({"AWS": [ROOT, USER]}),
        json!({"AWS": USER}),
        json!({"AWS": [OTHER_USER, "444455556666"]}),
        json!({"AWS": ROLE}),
        json!({"AWS": [SESSION, ROLE, ROOT]}),
        json!({"AWS": SESSION}),
        json!({"AWS": "AROAEXAMPLEEXAMPLE00"}),
        json!({"Service": SERVICE}),
        json!({"Service": "kms.amazonaws.com", "AWS": "AIDAEXAMPLEEXAMPLE00"}),
    ])
}

fn conditions() -> impl Strategy<Value = Option<Value>> {
    let operators = [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringLike",
        "ForAnyValue:StringNotEquals",
        "ForAllValues:StringNotLike",
        "ForAnyValue:StringEqualsIfExists",
        "ArnLike",
        "ArnNotLike",
        "NumericLessThan",
        "Bool",
        "Null",
    ];
    let condition = (
        prop::sample::select(operators.to_vec()),
        prop::sample::select(vec!["t:a", "t:b", "t:c"]),
        0..3usize,
    )
        .prop_map(|(operator, key, at)| {
            let wanted = match operator {
                "Null" | "Bool" => json!(["true", "false", "true"][at]),
                "NumericLessThan" => json!([1, 5, 20][at]),
                _ => json!([vec!["x"], vec!["x", "y*"], vec!["arn:aws:s3:::b*"]][at]),
            };
            json!({operator: {key: wanted}})
        });
    prop::option::weighted(0.4, condition)
}

fn statement(with_principal: bool) -> impl Strategy<Value = Value> {
    let parts =
        (any::<bool>(), prop::bool::weighted(0.75), prop::bool::weighted(0.85), prop::bool::weighted(0.85));
    (parts, prop::bool::weighted(0.85), actions(), resources(), principals(), conditions()).prop_map(
        move |((named, allow, action, resource), principal, actions, resources, principals, conditions)| {
            let mut statement = json!({"Effect": if allow { "Allow" } else { "Deny" }});
            if named {
                statement["Sid"] = json!("");
            }
            statement[if action { "Action" } else { "NotAction" }] = actions;
            statement[if resource { "Resource" } else { "NotResource" }] = resources;
            if with_principal {
                statement[if principal { "Principal" } else { "NotPrincipal" }] = principals;
            }
            if let Some(conditions) = conditions {
                statement["Condition"] = conditions;
            }
            statement
        },
    )
}

fn policy(with_principal: bool) -> impl Strategy<Value = Value> {
    prop::collection::vec(statement(with_principal), 1..4)
        .prop_map(|statements| json!({"Version": "2012-10-17", "Statement": statements}))
}

fn context() -> impl Strategy<Value = Vec<(&'static str, Vec<&'static str>)>> {
    let values = prop::sample::select(vec!["x", "y1", "arn:aws:s3:::bucket", "3", "true", "z"]);
    prop::collection::vec(
        (
            prop::sample::select(vec!["t:a", "t:b", "t:c", "aws:username", "aws:PrincipalTag/k"]),
            prop::collection::vec(values, 1..3),
        ),
        0..4,
    )
}

fn case() -> impl Strategy<Value = Case> {
    let policies = (
        prop::collection::vec(policy(false), 0..4),
        policy(true),
        prop::option::weighted(0.2, policy(false)),
        prop::option::weighted(0.2, policy(false)),
    );
    let question = (
        0..5usize,
        prop::sample::select(vec!["kms:Sign", "kms:GetPublicKey", "iam:GetUser"]),
        prop::sample::select(vec![
            "arn:aws:kms:us-east-1:111122223333:key/a",
            "arn:aws:kms:eu-central-1:111122223333:key/x/y",
            "arn:aws:iam::111122223333:user/u",
            "*",
        ]),
        0..4usize,
        prop::bool::weighted(0.2).prop_map(usize::from),
    );
    (policies, question, context()).prop_map(
        |(
            (identity_policies, resource, boundary, session),
            (who, action, target, authority, owner),
            context,
        )| Case {
            identity_policies,
            resource_policy: Some(resource),
            boundary,
            session,
            who,
            action,
            resource: target,
            authority,
            owner,
            context,
        },
    )
}

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];

fn identity(who: usize) -> Identity {
    let (account, kind, arn) = match who {
        0 => (0, IdentityKind::Root, ROOT),
        1 => (0, IdentityKind::User { id: "AIDAEXAMPLEEXAMPLE00".to_owned() }, USER),
        2 => {
            let (role_arn, role_id) = (ROLE.to_owned(), "AROAEXAMPLEEXAMPLE00".to_owned());
            (0, IdentityKind::Session { role_arn, role_id }, SESSION)
        }
        3 => (1, IdentityKind::User { id: "AIDAOTHEROTHEROTHER0".to_owned() }, OTHER_USER),
        _ => (0, IdentityKind::Service, SERVICE),
    };
    Identity { account: ACCOUNTS[account].parse().unwrap(), kind, arn: arn.to_owned() }
}

fn parse(policy: &Value, flavour: Flavour) -> Policy {
    Policy::parse(&policy.to_string(), flavour).unwrap_or_else(|error| panic!("{error}: {policy}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decides_as_the_naive_reading(case in case()) {
        let identity = identity(case.who);
        let compiled = |policy: &Value| (String::new(), Arc::new(parse(policy, Flavour::Identity)));
        let policies = PolicySet::new(case.identity_policies.iter().map(compiled).collect());
        let resource_policy = parse(case.resource_policy.as_ref().unwrap(), Flavour::Resource);
        let boundary = case.boundary.as_ref().map(|policy| parse(policy, Flavour::Identity));
        let session = case.session.as_ref().map(|policy| parse(policy, Flavour::Identity));
        let mut values = ConditionValues::new();
        let mut context = Context::new();
        for (key, list) in &case.context {
            values.set_list(*key, list.clone());
            context.insert((*key).to_owned(), list.iter().map(|text| (*text).to_owned()).collect());
        }
        let none = ConditionValues::new();
        let question = Question {
            identity: &identity,
            policies: &policies,
            boundary: boundary.as_ref(),
            session: session.as_ref(),
            action: case.action,
            resource: case.resource,
            owner: ACCOUNTS[case.owner].parse().unwrap(),
            authority: match case.authority {
                0 => Authority::Identity,
                1 => Authority::KeyPolicy(&resource_policy),
                2 => Authority::ResourcePolicy(&resource_policy),
                _ => Authority::TrustPolicy(&resource_policy),
            },
            granted: None,
            keys: Keys { operation: &values, resource: &none, caller: &none, request: &none },
        };
        let decision = decide(&question);
        let decided = match decision.verdict {
            _ if decision.is_allowed() => Expected::Allowed,
            Verdict::ExplicitDeny(_) => Expected::ExplicitDeny,
            Verdict::Unseen if decision.by.is_some() => Expected::ExplicitDeny,
            _ => Expected::ImplicitDeny,
        };
        let asked = Asked { identity: &identity, action: case.action, resource: case.resource, context: &context };
        prop_assert_eq!(decided, expect(&case, &asked, ACCOUNTS[case.owner]), "{:?}", decision);
    }
}
