//! The rotation duty: in time, late, paused, raced, taken over; and random histories against a plain model.

use std::time::Duration;

use keyward_schema::kms::*;
use keyward_store::{Store, Txn};
use proptest::prelude::*;

use crate::planned::{Plan, Planned};
use crate::rows;
use crate::testing::{House, START, attempt, encrypt, place, region, root};

const DAY: Duration = Duration::from_secs(86_400);

async fn enable(house: &House, arn: &str, days: i32) {
    let input = EnableKeyRotationRequest { key_id: arn.to_owned(), rotation_period_in_days: Some(days) };
    house.call::<EnableKeyRotation>(&root(), input).await.unwrap();
}

async fn materials(house: &House, arn: &str) -> usize {
    house.record(arn).await.unwrap().materials.len()
}

async fn due(house: &House) -> usize {
    house.kms.rotate_due(None).await.unwrap()
}

#[tokio::test]
async fn keys_are_rotated_when_their_moment_has_come_and_not_before() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let sealed = house.call::<Encrypt>(&root(), encrypt(&arn, b"old")).await.unwrap();
    enable(&house, &arn, 90).await;
    house.clock.advance(DAY * 90 - Duration::from_millis(1));
    assert_eq!(due(&house).await, 0);
    house.clock.advance(Duration::from_millis(1));
    for rotation in 1..4 {
        assert_eq!(due(&house).await, 1);
        assert_eq!(due(&house).await, 0);
        assert_eq!(materials(&house, &arn).await, 1 + rotation);
        house.clock.advance(DAY * 90);
    }
    let old = DecryptRequest { ciphertext_blob: sealed.ciphertext_blob, ..Default::default() };
    let opened = house.call::<Decrypt>(&root(), old).await.unwrap();
    assert_eq!(opened.plaintext.unwrap().expose(), b"old");
}

#[tokio::test]
async fn a_disabled_key_is_rotated_as_soon_as_it_is_enabled() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    enable(&house, &arn, 90).await;
    attempt(&house, &root(), "DisableKey", &arn, &[]).await.unwrap();
    house.clock.advance(DAY * 400);
    assert_eq!(due(&house).await, 0);
    assert_eq!(materials(&house, &arn).await, 1);
    attempt(&house, &root(), "EnableKey", &arn, &[]).await.unwrap();
    assert_eq!(due(&house).await, 1);
    assert_eq!(due(&house).await, 0, "what was missed is made once");
    let input = GetKeyRotationStatusRequest { key_id: arn.clone() };
    let status = house.call::<GetKeyRotationStatus>(&root(), input).await.unwrap();
    assert_eq!(status.next_rotation_date, Some(START.plus(DAY * 490)));
}

#[tokio::test]
async fn who_lost_the_duty_rotates_nothing() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    enable(&house, &arn, 90).await;
    house.clock.advance(DAY * 90);
    let lease = house.store.lease("somebody's", DAY).await.unwrap();
    let fence = lease.fence();
    lease.release().await;
    assert_eq!(house.kms.rotate_due(Some(fence)).await.unwrap(), 0);
    assert_eq!(materials(&house, &arn).await, 1);
}

#[tokio::test]
async fn a_key_whose_plan_was_ended_at_the_last_moment_is_not_rotated() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    enable(&house, &arn, 90).await;
    house.clock.advance(DAY * 90);
    let (handle, key_id) = (house.handle.clone(), arn.clone());
    house.store.before_next_txn(async move {
        let input = DisableKeyRotationRequest { key_id };
        handle.call::<DisableKeyRotation>(&root(), &region(), input).await.unwrap();
    });
    assert_eq!(due(&house).await, 0);
    assert_eq!(due(&house).await, 0);
    assert_eq!(materials(&house, &arn).await, 1);
}

/// Two processes that both believe they have the duty: the second finds the rows changed.
#[tokio::test]
async fn a_rotation_that_another_process_made_meanwhile_is_not_made_twice() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    enable(&house, &arn, 90).await;
    house.clock.advance(DAY * 90);
    let other = house.kms.clone();
    house.store.before_next_txn(async move {
        assert_eq!(other.rotate_due(None).await.unwrap(), 1);
    });
    assert_eq!(due(&house).await, 0);
    assert_eq!(materials(&house, &arn).await, 2);
}

#[tokio::test]
async fn an_outdated_plan_rotates_nothing_and_is_forgotten() {
    let house = House::new().await;
    let (planned, unplanned) = (house.symmetric().await, house.symmetric().await);
    enable(&house, &planned, 365).await;
    let before = house.store.inner.rows();
    for arn in [&planned, &unplanned] {
        let (account, region, id) = rows::parse_key(&place(arn)).unwrap();
        let plan = Planned { plan: Plan::Rotation, at: START, account, region, id };
        house.store.txn(Txn::default().put(plan.row(), Vec::new())).await.unwrap();
    }
    assert_eq!(due(&house).await, 0);
    assert_eq!(house.store.inner.rows().len(), before.len());
}

#[tokio::test]
async fn a_destroyed_key_leaves_neither_rotations_nor_plans() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    enable(&house, &arn, 90).await;
    attempt(&house, &root(), "RotateKeyOnDemand", &arn, &[]).await.unwrap();
    attempt(&house, &root(), "ScheduleKeyDeletion", &arn, &[]).await.unwrap();
    house.clock.advance(DAY * 7);
    assert_eq!(house.kms.destroy_due(None).await.unwrap(), 1);
    assert_eq!(house.rows().len(), 1, "only the marker key");
}

#[tokio::test]
async fn running_duties_rotate_keys() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    enable(&house, &arn, 90).await;
    let duties = tokio::spawn(house.kms.clone().run_duties());
    while materials(&house, &arn).await < 3 {
        house.clock.advance(DAY);
        tokio::task::yield_now().await;
    }
    duties.abort();
}

#[derive(Clone, Debug)]
enum Step {
    Plan(u32),
    Unplan,
    OnDemand,
    Disable,
    Enable,
    PassDays(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (90..200u32).prop_map(Step::Plan),
        1 => Just(Step::Unplan),
        1 => Just(Step::OnDemand),
        1 => Just(Step::Disable),
        1 => Just(Step::Enable),
        3 => (1..150u32).prop_map(Step::PassDays),
    ]
}

/// A key in a notebook: what is planned, and the days of the rotations.
#[derive(Debug, Default)]
struct Model {
    day: u32,
    disabled: bool,
    plan: Option<(u32, u32)>,
    rotations: Vec<(u32, RotationType)>,
}

impl Model {
    fn apply(&mut self, step: &Step) -> &'static str {
        match *step {
            Step::Disable => self.disabled = true,
            Step::Enable => self.disabled = false,
            Step::PassDays(days) => self.day += days,
            _ if self.disabled => return "DisabledException",
            Step::Plan(days) => self.plan = Some((days, self.day + days)),
            Step::Unplan => self.plan = None,
            Step::OnDemand => self.rotations.push((self.day, RotationType::OnDemand)),
        }
        ""
    }

    /// The duty looks.
    fn look(&mut self) {
        if let (false, Some((period, next))) = (self.disabled, self.plan)
            && next <= self.day
        {
            self.rotations.push((self.day, RotationType::Automatic));
            let kept = next + period;
            self.plan = Some((period, if kept > self.day { kept } else { self.day + period }));
        }
    }
}

async fn apply(house: &House, arn: &str, step: &Step) -> String {
    let operation = match *step {
        Step::Plan(days) => {
            let days = Some(days.try_into().unwrap());
            let input = EnableKeyRotationRequest { key_id: arn.to_owned(), rotation_period_in_days: days };
            let answer = house.call::<EnableKeyRotation>(&root(), input).await;
            return answer.err().map(|fault| fault.code().to_owned()).unwrap_or_default();
        }
        Step::PassDays(days) => {
            house.clock.advance(DAY * days);
            return String::new();
        }
        Step::Unplan => "DisableKeyRotation",
        Step::OnDemand => "RotateKeyOnDemand",
        Step::Disable => "DisableKey",
        Step::Enable => "EnableKey",
    };
    let answer = attempt(house, &root(), operation, arn, &[]).await;
    answer.err().map(|fault| fault.code().to_owned()).unwrap_or_default()
}

async fn compare(steps: Vec<Step>) {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let mut model = Model::default();
    for step in &steps {
        assert_eq!(apply(&house, &arn, step).await, model.apply(step), "{step:?} of {steps:?}");
        due(&house).await;
        model.look();
    }
    let input = ListKeyRotationsRequest {
        key_id: arn.clone(),
        include_key_material: None,
        limit: None,
        marker: None,
    };
    let listed = house.call::<ListKeyRotations>(&root(), input).await.unwrap().rotations.unwrap();
    let listed = listed.iter().map(|one| (one.rotation_date.unwrap(), one.rotation_type.unwrap()));
    let expected = model.rotations.iter().map(|(day, cause)| (START.plus(DAY * *day), *cause));
    assert_eq!(listed.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{steps:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn rotations_happen_as_in_the_plain_model(steps in prop::collection::vec(step(), 1..24)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(compare(steps));
    }
}
