//! Buckets: what they let through, whose they are, and when they fill.

use proptest::prelude::*;

use super::*;

static READS: QuotaClass = QuotaClass {
    service: "toy",
    name: "reads",
    rate: Rate::per_second(3),
    elsewhere: &[("eu-west-1", Rate::per_second(5))],
    message: "Slow down.",
};

static WRITES: QuotaClass = QuotaClass {
    service: "toy",
    name: "writes",
    rate: Rate::per_thousand_seconds(250),
    elsewhere: &[],
    message: "Slow down.",
};

const START: Timestamp = Timestamp::from_unix_seconds(1_000);

fn throttle() -> Throttle {
    let mut rates = Rates::default();
    rates.throttle("toy");
    Throttle::new(rates).unwrap()
}

fn region(name: &str) -> Region {
    name.parse().unwrap()
}

fn account(number: u64) -> AccountId {
    format!("{number:012}").parse().unwrap()
}

fn one(charge: Charge) -> Charges {
    let mut charges = Charges::default();
    charges.add(charge);
    charges
}

/// How many of `asked` requests are let through at `now`.
fn passed(throttle: &Throttle, charge: &Charge, at: &str, now: Timestamp, asked: usize) -> usize {
    let charges = one(charge.clone());
    let each = |_: &usize| throttle.charge(account(1), &region(at), &charges, now).is_ok();
    (0..asked).filter(each).count()
}

#[test]
fn a_bucket_holds_one_seconds_requests_and_fills_at_its_rate() {
    let (throttle, reads) = (throttle(), Charge::of(&READS));
    assert_eq!(passed(&throttle, &reads, "us-east-1", START, 10), 3);
    let later = |millis| START.plus(Duration::from_millis(millis));
    assert_eq!(passed(&throttle, &reads, "us-east-1", later(333), 10), 0);
    assert_eq!(passed(&throttle, &reads, "us-east-1", later(334), 10), 1);
    assert_eq!(passed(&throttle, &reads, "us-east-1", later(1_334), 10), 3);
    assert_eq!(passed(&throttle, &reads, "us-east-1", later(100_000), 10), 3);
}

#[test]
fn a_slow_class_lets_one_through_and_then_waits() {
    let (throttle, writes) = (throttle(), Charge::of(&WRITES));
    assert_eq!(passed(&throttle, &writes, "us-east-1", START, 5), 1);
    assert_eq!(passed(&throttle, &writes, "us-east-1", START.plus(Duration::from_millis(3_999)), 5), 0);
    assert_eq!(passed(&throttle, &writes, "us-east-1", START.plus(Duration::from_secs(4)), 5), 1);
}

#[test]
fn accounts_regions_classes_and_resources_have_buckets_of_their_own() {
    let throttle = throttle();
    assert_eq!(passed(&throttle, &Charge::of(&READS), "us-east-1", START, 10), 3);
    assert_eq!(passed(&throttle, &Charge::of(&READS), "eu-west-1", START, 10), 5, "another default there");
    assert_eq!(passed(&throttle, &Charge::of(&WRITES), "us-east-1", START, 10), 1);
    let elsewhere = Charge::of(&READS).in_region(region("sa-east-1"));
    assert_eq!(passed(&throttle, &elsewhere, "us-east-1", START, 10), 3);
    let of_store = Charge::of(&READS).of_resource("store".to_owned());
    assert_eq!(passed(&throttle, &of_store, "us-east-1", START, 10), 3);
    let other = throttle.charge(account(2), &region("us-east-1"), &one(Charge::of(&READS)), START);
    assert!(other.is_ok());
}

#[test]
fn all_of_a_request_is_charged_or_nothing() {
    let throttle = throttle();
    let mut both = one(Charge::of(&READS));
    both.add(Charge::of(&WRITES));
    let charge = || throttle.charge(account(1), &region("us-east-1"), &both, START);
    assert!(charge().is_ok());
    let refused = charge().unwrap_err();
    assert_eq!(refused.to_string(), "ThrottlingException: Slow down.");
    assert_eq!(passed(&throttle, &Charge::of(&READS), "us-east-1", START, 10), 2);
}

#[test]
fn more_than_a_bucket_holds_takes_all_of_it() {
    let throttle = throttle();
    let four = Charge::of(&WRITES).times(4);
    assert_eq!(passed(&throttle, &four, "us-east-1", START, 3), 1);
    assert_eq!(passed(&throttle, &Charge::of(&READS).times(2), "us-east-1", START, 3), 1);
}

#[test]
fn a_set_rate_holds_in_every_region_and_a_service_that_is_not_named_is_free() {
    let mut rates = Rates::default();
    rates.set("toy", "reads", Rate::from_fraction(1.5).unwrap());
    let throttle = Throttle::new(rates).unwrap();
    for at in ["us-east-1", "eu-west-1"] {
        assert_eq!(passed(&throttle, &Charge::of(&READS), at, START, 10), 1);
        assert_eq!(passed(&throttle, &Charge::of(&READS), at, START.plus(Duration::from_secs(1)), 10), 1);
    }
    let mut rates = Rates::default();
    assert!(Throttle::new(rates.clone()).is_none());
    rates.throttle("other");
    let throttle = Throttle::new(rates).unwrap();
    assert_eq!(passed(&throttle, &Charge::of(&READS), "us-east-1", START, 10), 10);
}

#[test]
fn a_clock_that_goes_back_fills_nothing() {
    let (throttle, reads) = (throttle(), Charge::of(&READS));
    assert_eq!(passed(&throttle, &reads, "us-east-1", START, 10), 3);
    let earlier = START.minus(Duration::from_secs(100));
    assert_eq!(passed(&throttle, &reads, "us-east-1", earlier, 10), 0);
    assert_eq!(passed(&throttle, &reads, "us-east-1", START, 10), 0);
}

#[test]
fn full_buckets_are_let_go_when_there_are_too_many() {
    let throttle = throttle();
    let at = region("us-east-1");
    for number in 0..BUCKETS_MAX as u64 {
        throttle.charge(account(number), &at, &one(Charge::of(&READS)), START).unwrap();
    }
    throttle.charge(account(1 << 30), &at, &one(Charge::of(&READS)), START).unwrap();
    assert_eq!(throttle.buckets.lock().unwrap().len(), BUCKETS_MAX + 1, "none is full yet");
    let later = START.plus(Duration::from_secs(10));
    throttle.charge(account(1), &at, &one(Charge::of(&READS)), later).unwrap();
    assert_eq!(throttle.buckets.lock().unwrap().len(), 1);
}

#[test]
fn rates_are_read_to_the_thousandth() {
    assert_eq!(Rate::from_fraction(0.25), Some(Rate::per_thousand_seconds(250)));
    assert_eq!(Rate::from_fraction(100_000.0), Some(Rate::per_second(100_000)));
    for wrong in [-1.0, 0.0, 0.0009, f64::NAN, f64::INFINITY, 1e18] {
        assert_eq!(Rate::from_fraction(wrong), None, "{wrong}");
    }
}

proptest! {
    /// Whatever comes when: over any time no more passes than the bucket held and what flowed in.
    #[test]
    fn never_more_than_the_rate_and_one_second_passes(
        pauses in proptest::collection::vec(0u64..2_000, 1..80),
        asked in 1usize..5,
    ) {
        let (throttle, reads) = (throttle(), Charge::of(&READS));
        let (mut now, mut all) = (START, 0);
        for pause in pauses {
            now = now.plus(Duration::from_millis(pause));
            all += passed(&throttle, &reads, "us-east-1", now, asked) as u128;
        }
        let most = 3 + now.since(START).as_millis() * 3 / 1000;
        prop_assert!(all <= most, "{all} of at most {most}");
    }
}
