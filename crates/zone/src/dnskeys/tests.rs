//! Tests of the stock: always one valid signature a key, until the last window ends.

use super::*;
use crate::keys::dnskey_set;
use crate::testing::TestKey;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn stock(ksks: &[&TestKey]) -> (DnskeyStock, Policy) {
    let (apex, policy): (Name, Policy) = ("example.com".parse().unwrap(), Policy::default());
    let set = dnskey_set(&apex, 3600, ksks.iter().map(|key| key.dnskey()));
    let mut stock = DnskeyStock::new(set.clone(), NOW);
    for ksk in ksks {
        let jobs = window_jobs(&apex, &set, ksk.dnskey(), &policy, NOW);
        let signatures: Vec<_> = jobs.iter().map(|job| ksk.sign(job.data())).collect();
        stock.add(ksk.dnskey().clone(), &jobs, &signatures).unwrap();
    }
    (stock, policy)
}

#[test]
fn lasts_two_weeks_without_the_keys() {
    let (one, two) = (TestKey::ksk(), TestKey::ksk());
    let (stock, policy) = stock(&[&one, &two]);
    let end = stock.exhausted().unwrap();
    assert_eq!(end.since(NOW), Duration::from_secs(86_400 * 14 - 3600));
    let mut now = NOW;
    while now < end {
        let current = stock.current(&policy, now).unwrap();
        assert_eq!(current.len(), 2);
        for signature in current {
            assert!(signature.inception() < dns_time(now) && signature.expiration() > dns_time(now));
        }
        now = now.plus(Duration::from_secs(1800));
    }
    assert_eq!(stock.current(&policy, end), None);
}

#[test]
fn a_new_window_takes_over_each_half_day() {
    let ksk = TestKey::ksk();
    let (stock, policy) = stock(&[&ksk]);
    let first = stock.current(&policy, NOW).unwrap();
    let next = stock.next_window(&policy, NOW).unwrap();
    assert_eq!(next.since(NOW), policy.dnskey_window_step);
    assert_eq!(stock.current(&policy, next.minus(Duration::from_secs(1))).unwrap(), first);
    assert_ne!(stock.current(&policy, next).unwrap(), first);
}

#[test]
fn refuses_signatures_of_another_key_and_too_few() {
    let (ksk, other) = (TestKey::ksk(), TestKey::ksk());
    let (mut stock, policy) = stock(&[&ksk]);
    let apex: Name = "example.com".parse().unwrap();
    let jobs = window_jobs(&apex, stock.set(), ksk.dnskey(), &policy, NOW);
    let wrong: Vec<_> = jobs.iter().map(|job| other.sign(job.data())).collect();
    let before = stock.clone();
    assert_eq!(stock.add(ksk.dnskey().clone(), &jobs, &wrong), Err(WrongSignature));
    assert_eq!(stock.add(ksk.dnskey().clone(), &jobs, &[]), Err(WrongSignature));
    assert_eq!(stock, before);
}

#[test]
fn a_key_that_did_not_sign_again_keeps_what_it_signed_before() {
    let (lost, well) = (TestKey::ksk(), TestKey::ksk());
    let (old, policy) = stock(&[&lost, &well]);
    let later = NOW.plus(Duration::from_secs(86_400 * 10));
    let mut new = DnskeyStock::new(old.set().clone(), later);
    let apex: Name = "example.com".parse().unwrap();
    let jobs = window_jobs(&apex, old.set(), well.dnskey(), &policy, later);
    let signatures: Vec<_> = jobs.iter().map(|job| well.sign(job.data())).collect();
    new.add(well.dnskey().clone(), &jobs, &signatures).unwrap();
    new.keep(&old);
    assert_eq!(new.current(&policy, later).unwrap().len(), 2);
    let past = old.exhausted().unwrap();
    assert_eq!(new.current_ksks(&policy, past), [well.dnskey().clone()]);
    let (other, _) = stock(&[&lost]);
    new.keep(&other);
    assert_eq!(new.ksks().count(), 2, "signatures of another set are of no use");
}

#[test]
fn an_empty_stock_serves_nothing() {
    let set = dnskey_set(&Name::root(), 3600, []);
    assert_eq!(DnskeyStock::new(set, NOW).current(&Policy::default(), NOW), None);
}
