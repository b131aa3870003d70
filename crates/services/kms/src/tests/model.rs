//! Random sequences of operations on keys, aliases, grants, imports and rotations against a plain model: time
//! passes, transactions fail before or after they are written, and the service starts anew.

mod plain;
mod real;

use proptest::prelude::*;

use crate::testing::Failure;
use plain::Plain;
use real::Real;

/// Some services with AWS managed keys.
const SERVICES: [&str; 2] = ["s3", "sns"];

/// One step. Keys, aliases, grants, ciphertexts and materials are named by small numbers.
#[derive(Clone, Debug)]
enum Step {
    Create,
    CreateExternal,
    Enable(usize),
    Disable(usize),
    Schedule(usize),
    Cancel(usize),
    CreateAlias(usize, usize),
    UpdateAlias(usize, usize),
    DeleteAlias(usize),
    /// Through an alias.
    Encrypt(usize),
    Decrypt(usize),
    Import(Import),
    DeleteMaterial(usize, Option<u8>),
    Rotate(usize),
    Grant(usize),
    Revoke(usize),
    /// By somebody who may it by a grant only.
    EncryptGranted(usize),
    /// Somebody asks for the AWS managed key of a service.
    Managed(usize),
    PassDays(u64),
    /// The duty that lets go of expired material.
    Expire,
    Restart,
    /// The step's transaction fails; then the service starts anew.
    Crash(Box<Step>, Failure),
}

/// An import of the material that consists of one byte.
#[derive(Clone, Copy, Debug)]
struct Import {
    key: usize,
    byte: u8,
    new: Option<bool>,
    valid_days: Option<u64>,
}

fn import() -> impl Strategy<Value = Step> {
    let parts = (0..4usize, 1..4u8, proptest::option::of(any::<bool>()), proptest::option::of(1..5u64));
    parts.prop_map(|(key, byte, new, valid_days)| Step::Import(Import { key, byte, new, valid_days }))
}

fn on_keys() -> impl Strategy<Value = Step> {
    let key = || 0..4usize;
    prop_oneof![
        2 => key().prop_map(Step::Enable),
        1 => key().prop_map(Step::Disable),
        1 => key().prop_map(Step::Schedule),
        1 => key().prop_map(Step::Cancel),
        5 => import(),
        2 => (key(), proptest::option::of(1..4u8)).prop_map(|(key, byte)| Step::DeleteMaterial(key, byte)),
        3 => key().prop_map(Step::Rotate),
        1 => key().prop_map(Step::Grant),
        1 => (0..3usize).prop_map(Step::Revoke),
    ]
}

fn on_aliases() -> impl Strategy<Value = Step> {
    let (key, alias) = (|| 0..4usize, || 0..3usize);
    prop_oneof![
        2 => (alias(), key()).prop_map(|(alias, key)| Step::CreateAlias(alias, key)),
        1 => (alias(), key()).prop_map(|(alias, key)| Step::UpdateAlias(alias, key)),
        1 => alias().prop_map(Step::DeleteAlias),
    ]
}

fn managed() -> impl Strategy<Value = Step> {
    (0..SERVICES.len()).prop_map(Step::Managed)
}

fn step() -> impl Strategy<Value = Step> {
    let crash = || prop_oneof![Just(Failure::Before), Just(Failure::After)];
    prop_oneof![
        2 => Just(Step::Create),
        2 => Just(Step::CreateExternal),
        12 => on_keys(),
        4 => on_aliases(),
        3 => (0..3usize).prop_map(Step::Encrypt),
        3 => (0..4usize).prop_map(Step::Decrypt),
        1 => (0..4usize).prop_map(Step::EncryptGranted),
        1 => managed(),
        2 => (1..4u64).prop_map(Step::PassDays),
        1 => Just(Step::Expire),
        1 => Just(Step::Restart),
        3 => (prop_oneof![on_keys(), on_aliases(), managed()], crash())
            .prop_map(|(step, failure)| Step::Crash(Box::new(step), failure)),
    ]
}

async fn compare(steps: Vec<Step>) {
    let (mut real, mut plain) = (Real::new().await, Plain::default());
    for step in &steps {
        match step {
            Step::Crash(inner, failure) => {
                let before = plain.clone();
                let expected = plain.apply(inner);
                let (answer, wrote) = real.crash(inner, *failure).await;
                if wrote {
                    // The wire names it as KMS does.
                    assert_eq!(answer, "InternalFailure", "{step:?} of {steps:?}");
                    assert_eq!(expected, "", "{step:?} of {steps:?}");
                    if matches!(failure, Failure::Before) {
                        plain = before;
                    }
                } else {
                    assert_eq!(answer, expected, "{step:?} of {steps:?}");
                }
            }
            Step::Restart => real.restart().await,
            step => assert_eq!(real.apply(step).await, plain.apply(step), "{step:?} of {steps:?}"),
        }
    }
    assert_eq!(real.shown().await, plain.shown(), "{steps:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn everything_behaves_as_the_plain_model(steps in prop::collection::vec(step(), 1..60)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(compare(steps));
    }
}
