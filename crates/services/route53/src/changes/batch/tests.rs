//! Change batches: AWS's texts, order, and equality with a naive model.

use proptest::prelude::*;

use super::*;

fn read_any(_: RecordType, text: &str) -> Result<Vec<u8>, String> {
    if text == "bad" { Err("FATAL problem: bad".to_owned()) } else { Ok(text.to_lowercase().into_bytes()) }
}

fn name(text: &str) -> RecordName {
    RecordName::parse(text).unwrap()
}

fn set(owner: &str, kind: RecordType, ttl_seconds: u32, values: &[&str]) -> RecordSet {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    RecordSet { name: name(owner), kind, ttl_seconds, values }
}

fn a(owner: &str, values: &[&str]) -> RecordSet {
    set(owner, RecordType::A, 60, values)
}

fn apex() -> Vec<RecordSet> {
    vec![set("z.org", RecordType::Soa, 900, &["soa"]), set("z.org", RecordType::Ns, 172_800, &["ns1", "ns2"])]
}

fn create(set: RecordSet) -> Change {
    Change { action: Action::Create, set }
}

fn delete(set: RecordSet) -> Change {
    Change { action: Action::Delete, set }
}

fn upsert(set: RecordSet) -> Change {
    Change { action: Action::Upsert, set }
}

fn apply(more: &[RecordSet], changes: &[Change]) -> Result<Outcome, Vec<String>> {
    let zone = name("z.org");
    let sets = apex().into_iter().chain(more.iter().cloned());
    WorkingCopy::new(&zone, sets, 400, &read_any)
        .apply(changes)
        .map_err(|refusals| refusals.iter().map(Refusal::to_string).collect())
}

fn refusal(more: &[RecordSet], changes: &[Change]) -> String {
    apply(more, changes).unwrap_err().join(", ")
}

#[test]
fn refuses_to_create_what_is_there() {
    assert_eq!(
        refusal(&[a("n.z.org", &["1"])], &[create(a("n.z.org", &["2"]))]),
        "Tried to create resource record set [name='n.z.org.', type='A'] but it already exists"
    );
}

#[test]
fn refuses_to_delete_what_is_not_there_or_differs() {
    let there = [a("n.z.org", &["1", "2"])];
    assert_eq!(
        refusal(&[], &[delete(a("n.z.org", &["1"]))]),
        "Tried to delete resource record set [name='n.z.org.', type='A'] but it was not found"
    );
    let differs = "Tried to delete resource record set [name='n.z.org.', type='A'] but the values provided do not match the current values";
    assert_eq!(refusal(&there, &[delete(a("n.z.org", &["1"]))]), differs);
    assert_eq!(refusal(&there, &[delete(set("n.z.org", RecordType::A, 61, &["1", "2"]))]), differs);
}

#[test]
fn deletes_when_the_values_are_the_same_in_another_order_and_writing() {
    let outcome = apply(&[a("n.z.org", &["x", "y"])], &[delete(a("N.z.org.", &["Y", "X"]))]).unwrap();
    assert_eq!(outcome.growth, -1);
    assert!(outcome.effects.values().all(Option::is_none));
}

#[test]
fn names_must_lie_in_the_zone() {
    assert_eq!(
        refusal(&[], &[create(a("n.other.org", &["1"]))]),
        "RRSet with DNS name n.other.org. is not permitted in zone z.org."
    );
}

#[test]
fn a_cname_stands_alone_and_never_at_the_apex() {
    let cname = |owner: &str| set(owner, RecordType::Cname, 60, &["t"]);
    assert_eq!(
        refusal(&[], &[create(cname("z.org"))]),
        "RRSet of type CNAME with DNS name z.org. is not permitted at apex in zone z.org."
    );
    assert_eq!(
        refusal(&[cname("n.z.org")], &[create(a("n.z.org", &["1"]))]),
        "RRSet of type A with DNS name n.z.org. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone z.org."
    );
    assert_eq!(
        refusal(&[a("n.z.org", &["1"])], &[create(cname("n.z.org"))]),
        "RRSet of type CNAME with DNS name n.z.org. is not permitted as it conflicts with other records with the same DNS name in zone z.org."
    );
    assert!(apply(&[a("b.n.z.org", &["1"])], &[create(cname("n.z.org"))]).is_ok());
    assert!(apply(&[cname("n.z.org")], &[delete(cname("n.z.org")), create(a("n.z.org", &["1"]))]).is_ok());
}

#[test]
fn soa_and_apex_ns_stay() {
    let [soa, ns] = [0, 1].map(|index| apex()[index].clone());
    assert_eq!(refusal(&[], &[delete(soa.clone())]), "A HostedZone must contain exactly one SOA record.");
    assert_eq!(
        refusal(&[], &[delete(ns.clone())]),
        "A HostedZone must contain at least one NS record for the zone itself."
    );
    assert!(apply(&[], &[delete(soa.clone()), create(soa)]).is_ok());
    assert!(apply(&[], &[upsert(set("z.org", RecordType::Ns, 60, &["ns9"]))]).is_ok());
}

#[test]
fn places_where_a_type_may_not_be() {
    assert!(refusal(&[], &[create(set("z.org", RecordType::Ds, 60, &["d"]))]).contains("at apex"));
    assert!(refusal(&[], &[create(set("n.z.org", RecordType::Soa, 60, &["s"]))]).contains("SOA"));
    assert!(refusal(&[], &[create(set("*.z.org", RecordType::Ns, 60, &["s"]))]).contains("NS"));
}

#[test]
fn values_are_read_and_may_not_repeat() {
    assert_eq!(
        refusal(&[], &[create(a("n.z.org", &["bad"]))]),
        "Invalid Resource Record: 'FATAL problem: bad'"
    );
    assert_eq!(refusal(&[], &[create(a("n.z.org", &["x", "X"]))]), "Duplicate Resource Record: 'X'");
    assert!(
        refusal(&[], &[create(set("n.z.org", RecordType::Cname, 1, &["x", "y"]))]).contains("exactly one")
    );
}

#[test]
fn one_set_twice_in_a_clashing_way_is_refused() {
    let text = "The request contains an invalid set of changes for a resource record set 'A n.z.org.'";
    let one = || a("n.z.org", &["1"]);
    for changes in [
        vec![create(one()), create(one())],
        vec![create(one()), delete(one())],
        vec![upsert(one()), upsert(one())],
    ] {
        assert!(refusal(&[], &changes).contains(text), "{changes:?}");
    }
    assert!(refusal(&[one()], &[delete(one()), delete(one())]).contains(text));
}

#[test]
fn every_wrong_change_has_its_message() {
    let messages = apply(&[], &[create(a("x.org", &["1"])), delete(a("n.z.org", &["1"]))]).unwrap_err();
    assert_eq!(messages.len(), 2);
}

#[test]
fn a_thousand_records_fit_and_one_more_does_not() {
    let many = |count: usize| -> Vec<Change> {
        (0..count).map(|number| create(a(&format!("n{number}.z.org"), &["1"]))).collect()
    };
    assert_eq!(apply(&[], &many(1000)).unwrap().growth, 1000);
    assert_eq!(refusal(&[], &many(1001)), "Number of records limit of 1000 exceeded.");
    let upserts: Vec<Change> =
        many(501).into_iter().map(|change| Change { action: Action::Upsert, ..change }).collect();
    assert_eq!(refusal(&[], &upserts), "Number of records limit of 1000 exceeded.");
}

#[test]
fn thirty_two_thousand_characters_fit_and_one_more_does_not() {
    let long = "v".repeat(3200);
    let sets = |count: usize| -> Vec<Change> {
        (0..count).map(|number| create(a(&format!("n{number}.z.org"), &[&long]))).collect()
    };
    assert!(apply(&[], &sets(10)).is_ok());
    let mut over = sets(10);
    over.push(create(a("o.z.org", &["v"])));
    assert_eq!(refusal(&[], &over), "Number of characters limit of 32000 exceeded.");
}

#[test]
fn an_upsert_of_the_same_changes_nothing() {
    let outcome = apply(&[a("n.z.org", &["1"])], &[upsert(a("n.z.org", &["1"]))]).unwrap();
    assert!(outcome.effects.is_empty());
}

/// What Route 53 promises, as plainly as it can be said: a list of sets, changed step by step.
fn naive(mut sets: Vec<RecordSet>, changes: &[Change]) -> Option<Vec<RecordSet>> {
    for (index, change) in changes.iter().enumerate() {
        let same = |set: &RecordSet| set.name == change.set.name && set.kind == change.set.kind;
        let earlier: Vec<Action> =
            changes[..index].iter().filter(|c| same(&c.set)).map(|c| c.action).collect();
        let fresh_or_remade = match earlier.as_slice() {
            [] => true,
            [Action::Delete] => change.action != Action::Delete,
            _ => false,
        };
        let position = sets.iter().position(same);
        let cname = |set: &RecordSet| set.kind == RecordType::Cname;
        let clash = sets.iter().any(|set| set.name == change.set.name && cname(set) != cname(&change.set));
        let allowed = fresh_or_remade
            && match change.action {
                Action::Create => position.is_none() && !clash,
                Action::Upsert => !clash,
                Action::Delete => position.is_some_and(|at| sets[at] == change.set),
            };
        if !allowed {
            return None;
        }
        if let Some(at) = position {
            sets.remove(at);
        }
        if change.action != Action::Delete {
            sets.push(change.set.clone());
        }
    }
    sets.sort_by_key(RecordSet::key);
    Some(sets)
}

fn any_set() -> impl Strategy<Value = RecordSet> {
    let owner = prop_oneof![Just("n.z.org"), Just("m.z.org"), Just("a.n.z.org")];
    let kind = prop_oneof![Just(RecordType::A), Just(RecordType::Cname), Just(RecordType::Txt)];
    (owner, kind, 1..3_u32, prop_oneof![Just("x"), Just("y")])
        .prop_map(|(owner, kind, ttl, value)| set(owner, kind, ttl, &[value]))
}

fn any_change() -> impl Strategy<Value = Change> {
    let action = prop_oneof![Just(Action::Create), Just(Action::Delete), Just(Action::Upsert)];
    (action, any_set()).prop_map(|(action, set)| Change { action, set })
}

proptest! {
    #[test]
    fn a_batch_does_what_the_naive_model_says(
        batches in prop::collection::vec(prop::collection::vec(any_change(), 1..5), 1..8)
    ) {
        let zone = name("z.org");
        let mut sets = apex();
        sets.sort_by_key(RecordSet::key);
        for changes in batches {
            let expected = naive(sets.clone(), &changes);
            let outcome = WorkingCopy::new(&zone, sets.clone(), 400, &read_any).apply(&changes);
            prop_assert_eq!(outcome.is_ok(), expected.is_some());
            let (Ok(outcome), Some(expected)) = (outcome, expected) else { continue };
            let mut by_key: BTreeMap<SetKey, RecordSet> = sets.iter().map(|s| (s.key(), s.clone())).collect();
            for (key, after) in outcome.effects {
                match after {
                    Some(after) => by_key.insert(key, after),
                    None => by_key.remove(&key),
                };
            }
            let growth = i64::try_from(by_key.len()).unwrap() - i64::try_from(sets.len()).unwrap();
            prop_assert_eq!(growth, outcome.growth);
            sets = by_key.into_values().collect();
            prop_assert_eq!(&sets, &expected);
        }
    }
}
