//! Requests: what is written is what is read, the bytes stay what they are, and no bytes make the reader fail.

use proptest::prelude::*;

use super::*;

fn key() -> KeyArg<'static> {
    KeyArg { ekt: Bytes(b"token"), binding: Bytes(b"binding") }
}

#[test]
fn the_form_of_version_1_is_fixed() {
    let request = Request::Encrypt {
        key: key(),
        algorithm: EncryptionAlgorithm::SymmetricDefault,
        plaintext: Bytes(b"hello"),
        context: Bytes(b""),
    };
    assert_eq!(&**request.encode(), b"\x03\x05token\x07binding\x01\x05hello\x00");
    assert!(Request::decode(&request.encode()) == Some(request));
}

#[test]
fn bytes_left_over_are_refused() {
    let mut message = Request::PublicKey(key()).encode();
    message.push(0);
    assert!(Request::decode(&message).is_none());
    assert!(Request::decode(b"").is_none());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(request) = Request::decode(&bytes) {
            let again = request.encode();
            prop_assert!(Request::decode(&again) == Some(request));
        }
    }

    #[test]
    fn the_buffer_is_large_enough_from_the_start(
        lengths in proptest::collection::vec(0usize..70_000, 0..4),
        ekt in 0usize..400,
    ) {
        let filler = vec![1; 70_000];
        let request = Request::Sign {
            key: KeyArg { ekt: Bytes(&filler[..ekt]), binding: Bytes(&filler[..ekt]) },
            algorithm: SigningAlgorithm::EcdsaSha256,
            message_type: MessageType::Raw,
            form: SignatureForm::Kms,
            messages: lengths.iter().map(|length| Bytes(&filler[..*length])).collect(),
        };
        prop_assert!(request.encode().len() <= request.size_bound());
    }
}
