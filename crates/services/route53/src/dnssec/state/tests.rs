//! Every move of the diagram, and every refusal.

use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_000);
const LATER: Timestamp = Timestamp::from_unix_seconds(2_000);

fn ksk(name: &str, status: KeyStatus) -> KeySigningKey {
    KeySigningKey {
        name: name.to_owned(),
        kms_arn: format!("arn:aws:kms:us-east-1:111122223333:key/{name}"),
        public_key: vec![7; 64],
        caller_reference: format!("reference {name}"),
        status,
        created: NOW,
        modified: NOW,
    }
}

fn zone(signing: Signing, keys: &[(&str, KeyStatus)]) -> Dnssec {
    Dnssec { signing, keys: keys.iter().map(|(name, status)| ksk(name, status.clone())).collect() }
}

fn trouble() -> KeyStatus {
    KeyStatus::ActionNeeded("mend it".to_owned())
}

fn failure() -> KeyStatus {
    KeyStatus::InternalFailure("ours".to_owned())
}

#[test]
fn a_key_goes_the_whole_way_round() {
    let mut zone = Dnssec::default();
    zone.add(ksk("one", KeyStatus::Inactive)).unwrap();
    zone.activate("one", LATER).unwrap();
    assert_eq!(zone.key("one").unwrap().modified, LATER);
    zone.enable("Z1").unwrap();
    assert_eq!(zone.serve_signature(), "SIGNING");
    zone.disable(false).unwrap();
    assert_eq!(zone.serve_signature(), "DELETING");
    assert!(zone.served_unsigned());
    assert_eq!(zone.serve_signature(), "NOT_SIGNING");
    zone.deactivate("one", false, LATER).unwrap();
    assert!(!zone.is_empty());
    zone.delete("one").unwrap();
    assert!(zone.is_empty());
}

#[test]
fn the_initial_status_is_active_or_inactive_exactly() {
    assert_eq!(KeyStatus::initial("ACTIVE"), Ok(KeyStatus::Active));
    assert_eq!(KeyStatus::initial("INACTIVE"), Ok(KeyStatus::Inactive));
    for wrong in ["active", "DELETING", "ACTION_NEEDED", ""] {
        assert_eq!(KeyStatus::initial(wrong), Err(Refusal::StatusInvalid));
    }
}

#[test]
fn names_are_letters_digits_and_underscores() {
    assert_eq!(check_key_name("A4LKSK_1"), Ok(()));
    for wrong in ["", "a-b", "a b", "ä", "a/b"] {
        assert_eq!(check_key_name(wrong), Err(Refusal::NameInvalid), "{wrong}");
    }
}

#[test]
fn names_kms_keys_and_references_are_unique_in_a_zone() {
    let there = zone(Signing::NotSigning, &[("one", KeyStatus::Active)]);
    let arn = there.keys[0].kms_arn.as_str();
    assert_eq!(there.check_add("one", "other", "r"), Err(Refusal::KeyExists));
    assert_eq!(there.check_add("two", arn, "r"), Err(Refusal::KeyExists));
    assert_eq!(there.check_add("two", "other", "reference one"), Err(Refusal::KeyExists));
    assert_eq!(there.check_add("ONE", "other", "r"), Ok(()));
}

#[test]
fn a_third_key_is_refused() {
    let full = zone(Signing::Signing, &[("one", KeyStatus::Active), ("two", KeyStatus::Inactive)]);
    assert_eq!(full.check_add("three", "other", "r"), Err(Refusal::TooManyKeys));
}

#[test]
fn the_only_active_key_of_a_signed_zone_stays() {
    let inactive = ("two", KeyStatus::Inactive);
    let mut one = zone(Signing::Signing, &[("one", KeyStatus::Active), inactive.clone()]);
    assert_eq!(one.deactivate("one", false, NOW), Err(Refusal::KeyInUse));
    let mut troubled = zone(Signing::Signing, &[("one", trouble()), inactive]);
    assert_eq!(troubled.deactivate("one", false, NOW), Err(Refusal::KeyInUse));
    let mut unsigned = zone(Signing::NotSigning, &[("one", KeyStatus::Active)]);
    assert_eq!(unsigned.deactivate("one", true, NOW), Ok(()));
    let mut leaving = zone(Signing::Deleting, &[("one", KeyStatus::Active)]);
    assert_eq!(leaving.deactivate("one", false, NOW), Ok(()));
}

#[test]
fn a_key_that_the_parent_names_stays_active() {
    let mut two = zone(Signing::Signing, &[("one", KeyStatus::Active), ("two", KeyStatus::Active)]);
    assert_eq!(two.deactivate("one", true, NOW), Err(Refusal::KeyInParentDs));
    assert_eq!(two.deactivate("one", false, NOW), Ok(()));
    assert_eq!(two.disable(true), Err(Refusal::KeyInParentDs));
    assert_eq!(two.signing, Signing::Signing);
}

#[test]
fn only_inactive_keys_are_deleted() {
    for status in [KeyStatus::Active, trouble()] {
        let mut one = zone(Signing::NotSigning, &[("one", status)]);
        let refusal = one.delete("one").unwrap_err();
        assert_eq!(refusal.code(), "InvalidKeySigningKeyStatus");
        assert_eq!(
            refusal.to_string(),
            "Key Signing Key with name one cannot be deleted because current status is not INACTIVE."
        );
    }
}

#[test]
fn signing_needs_an_active_key() {
    for keys in [vec![], vec![("one", KeyStatus::Inactive)], vec![("one", trouble())]] {
        let refusal = zone(Signing::NotSigning, &keys).enable("Z1").unwrap_err();
        assert_eq!(refusal.code(), "KeySigningKeyWithActiveStatusNotFound");
        assert_eq!(
            refusal.to_string(),
            "Hosted zone with ID 'Z1' does not have a Key Signing Key in ACTIVE status."
        );
    }
}

#[test]
fn disabling_needs_something_to_disable() {
    assert_eq!(Dnssec::default().disable(false), Err(Refusal::NothingThere));
    let mut idle = zone(Signing::NotSigning, &[("one", KeyStatus::Active)]);
    assert_eq!(idle.disable(true), Ok(()));
    assert_eq!(idle.signing, Signing::NotSigning);
}

#[test]
fn a_lost_kms_key_needs_action_until_it_is_activated_again() {
    let mut one = zone(Signing::Signing, &[("one", KeyStatus::Active)]);
    assert!(one.needs_action("one", "disabled".to_owned(), LATER));
    assert!(!one.needs_action("one", "disabled".to_owned(), LATER));
    assert_eq!(one.serve_signature(), "ACTION_NEEDED");
    let key = one.key("one").unwrap();
    assert_eq!(
        (key.status.as_str(), key.status.message(), key.modified),
        ("ACTION_NEEDED", Some("disabled"), LATER)
    );
    assert!(key.is_published());
    one.activate("one", LATER).unwrap();
    assert_eq!(one.serve_signature(), "SIGNING");
}

#[test]
fn the_age_of_trouble_counts_from_its_beginning() {
    let mut one = zone(Signing::Signing, &[("one", KeyStatus::Active)]);
    one.needs_action("one", "disabled".to_owned(), NOW);
    assert!(one.needs_action("one", "pending deletion".to_owned(), LATER));
    assert_eq!(one.key("one").unwrap().modified, NOW);
}

#[test]
fn an_inactive_key_is_never_in_trouble() {
    let mut one = zone(Signing::NotSigning, &[("one", KeyStatus::Inactive)]);
    assert!(!one.needs_action("one", "disabled".to_owned(), LATER));
    assert!(!one.needs_action("none", "disabled".to_owned(), LATER));
}

#[test]
fn while_a_key_failed_inside_only_its_repair_is_accepted() {
    let keys = [("one", failure()), ("two", KeyStatus::Active)];
    let mut both = zone(Signing::Signing, &keys);
    assert_eq!(both.check_add("three", "a", "r"), Err(Refusal::StatusInvalid));
    assert_eq!(both.activate("two", NOW), Err(Refusal::StatusInvalid));
    assert_eq!(both.deactivate("two", false, NOW), Err(Refusal::StatusInvalid));
    assert_eq!(both.enable("Z1"), Err(Refusal::StatusInvalid));
    assert_eq!(both.disable(false), Err(Refusal::StatusInvalid));
    assert_eq!(both.activate("one", NOW), Ok(()));
}

#[test]
fn while_signing_ends_or_failed_no_key_is_made_or_activated() {
    for signing in [Signing::Deleting, Signing::InternalFailure("x".to_owned())] {
        let mut one = zone(signing, &[("one", KeyStatus::Inactive)]);
        assert_eq!(one.check_add("two", "a", "r"), Err(Refusal::SigningStatus));
        assert_eq!(one.activate("one", NOW), Err(Refusal::SigningStatus));
    }
}

#[test]
fn unknown_keys_are_told() {
    let mut none = Dnssec::default();
    for refusal in [
        none.activate("x", NOW).unwrap_err(),
        none.deactivate("x", false, NOW).unwrap_err(),
        none.delete("x").unwrap_err(),
    ] {
        assert_eq!(refusal.code(), "NoSuchKeySigningKey");
    }
}
