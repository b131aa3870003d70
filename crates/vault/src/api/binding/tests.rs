//! Bindings: the canonical form is one to one, and nothing else is read.

use proptest::prelude::*;

use super::*;

fn binding(owner: &str) -> KeyBinding {
    KeyBinding {
        owner: owner.to_owned(),
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

#[test]
fn the_key_id_is_what_replicas_share() {
    let here = binding("arn:aws:kms:us-east-1:111122223333:key/mrk-12");
    let there = binding("arn:aws:kms:eu-west-1:111122223333:key/mrk-12");
    assert_eq!(here.key_id(), there.key_id());
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
