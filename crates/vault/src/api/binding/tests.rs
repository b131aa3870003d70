//! Bindings: the canonical form is one to one, and nothing else is read.

use proptest::prelude::*;

use super::*;

fn binding(owner: &str) -> KeyBinding {
    KeyBinding {
        owner: owner.into(),
        spec: KeySpec::EccNistP256,
        usage: KeyUsage::SignVerify,
        origin: KeyOrigin::AwsKms,
        material_id: MaterialId([7; 32]),
    }
}

#[test]
fn the_canonical_form_is_fixed() {
    let mut expected = vec![1, 5, 2, 1];
    expected.extend_from_slice(&[7; 32]);
    expected.extend_from_slice(b"x/y");
    assert_eq!(binding("x/y").canonical(), expected);
}

const MULTI_REGION_ID: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";

fn multi_region(account: &str, key_id: &str) -> KeyBinding {
    let owner = KeyOwner::MultiRegion {
        partition: "aws".parse().unwrap(),
        account: account.parse().unwrap(),
        key_id: key_id.to_owned(),
    };
    KeyBinding { owner, ..binding("") }
}

#[test]
fn the_canonical_form_of_a_multi_region_key_is_fixed() {
    let mut expected = vec![2, 5, 2, 1];
    expected.extend_from_slice(&[7; 32]);
    expected.extend_from_slice(b"aws:111122223333:mrk-1234abcd12ab34cd56ef1234567890ab");
    let binding = multi_region("111122223333", MULTI_REGION_ID);
    assert_eq!(binding.canonical(), expected);
    assert_eq!(KeyBinding::from_canonical(&expected), Ok(binding));
}

#[test]
fn a_multi_region_binding_is_no_single_keys_and_no_other_accounts() {
    let one = multi_region("111122223333", MULTI_REGION_ID);
    let named_alike = binding("aws:111122223333:mrk-1234abcd12ab34cd56ef1234567890ab");
    assert_ne!(one.canonical(), named_alike.canonical());
    assert_ne!(one.canonical(), multi_region("444455556666", MULTI_REGION_ID).canonical());
    for wrong in ["mrk-12", "1234abcd-12ab-34cd-56ef-1234567890ab", &MULTI_REGION_ID.to_uppercase(), ""] {
        let bytes = multi_region("111122223333", wrong).canonical();
        assert_eq!(KeyBinding::from_canonical(&bytes), Err(BindingError), "{wrong}");
    }
}

#[test]
fn ciphertexts_carry_the_key_id() {
    let single = binding("arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    assert_eq!(single.key_id(), "1234abcd-12ab-34cd-56ef-1234567890ab");
    assert_eq!(multi_region("111122223333", MULTI_REGION_ID).key_id(), MULTI_REGION_ID);
    assert_eq!(binding("route53/zone/Z1/zsk/3").key_id(), "route53/zone/Z1/zsk/3");
}

#[test]
fn material_ids_print_as_64_hex_digits() {
    let id = MaterialId([0xab; 32]);
    assert_eq!(id.to_string().len(), 64);
    assert_eq!(id.to_string().parse(), Ok(id));
    assert!("ab".parse::<MaterialId>().is_err());
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_written(owner in ".{1,60}", spec in 1u8..=20, usage in 1u8..=5) {
        let mut one = binding(&owner);
        one.spec = spec.try_into().unwrap();
        one.usage = usage.try_into().unwrap();
        prop_assert_eq!(KeyBinding::from_canonical(&one.canonical()), Ok(one));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(read) = KeyBinding::from_canonical(&bytes) {
            prop_assert_eq!(read.canonical(), bytes);
        }
    }
}
