//! SM2 against the standard's own example, and what it must refuse. `openssl` is asked end to end, in `tests/`.

use super::*;

const ALGORITHM: SigningAlgorithm = SigningAlgorithm::Sm2Dsa;

fn key(usage: KeyUsage) -> (Box<dyn LoadedKey>, Vec<u8>) {
    let made = registry::generate(&binding(KeySpec::Sm2, usage)).unwrap_or_else(|error| panic!("{error}"));
    (load(KeySpec::Sm2, usage, made.material.expose()), made.public_key.unwrap())
}

/// GB/T 32918.5 section A.2: what the signer hashes for the default id, and the signature of it.
#[test]
fn the_standard_s_signature_verifies_as_a_message_and_as_its_digest() {
    let decode = |hex: &str| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
    let pkcs8 = decode(concat!(
        "3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420",
        "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
    ));
    let signature = decode(concat!(
        "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3",
        "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    ));
    let hashed = decode("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
    let key = load(KeySpec::Sm2, KeyUsage::SignVerify, &pkcs8);
    let point = concat!(
        "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
    );
    assert!(key.public_key().unwrap().ends_with(&decode(point)));
    assert_eq!(key.verify(ALGORITHM, raw(b"message digest"), &signature), Ok(()));
    assert_eq!(key.verify(ALGORITHM, digest(&hashed), &signature), Ok(()));
    let mut longer = signature.clone();
    longer.push(0);
    for (message, signature) in [(&b"Message digest"[..], &signature), (b"message digest", &longer)] {
        let wrong = Err(VaultError::InvalidSignature);
        assert_eq!(key.verify(ALGORITHM, raw(message), signature), wrong);
    }
}

#[test]
fn signatures_are_hedged_and_digests_have_sm3_s_length() {
    let (key, _) = key(KeyUsage::SignVerify);
    let sign = |message| key.sign(ALGORITHM, message, SignatureForm::Kms);
    let [one, two] = [(); 2].map(|()| sign(raw(b"sample")).unwrap());
    assert_ne!(one, two);
    for signature in [&one, &two] {
        assert_eq!(key.verify(ALGORITHM, raw(b"sample"), signature), Ok(()));
    }
    assert_eq!(sign(digest(&[0; 31])), Err(Refusal::DigestLength.into()));
    let mu = Message { kind: MessageType::ExternalMu, bytes: &[0; 64] };
    assert_eq!(sign(mu), Err(Refusal::MessageType.into()));
    let other = SigningAlgorithm::EcdsaSha256;
    assert_eq!(key.sign(other, raw(b""), SignatureForm::Kms), Err(Refusal::Algorithm.into()));
    assert_eq!(key.sign(ALGORITHM, raw(b""), SignatureForm::Dnssec), Err(Refusal::Unsupported.into()));
}

#[test]
fn a_ciphertext_opens_under_its_key_and_unchanged_only() {
    let (key, _) = key(KeyUsage::EncryptDecrypt);
    let algorithm = EncryptionAlgorithm::Sm2Pke;
    for length in [1, 32, 33, 1024] {
        let plaintext = vec![7; length];
        let mut ciphertext = key.encrypt(algorithm, &plaintext, b"").unwrap();
        assert_eq!(*key.decrypt(algorithm, &ciphertext, b"").unwrap(), plaintext);
        let (other, _) = super::national::key(KeyUsage::EncryptDecrypt);
        assert_eq!(other.decrypt(algorithm, &ciphertext, b"").err(), Some(VaultError::InvalidCiphertext));
        *ciphertext.last_mut().unwrap() ^= 1;
        assert_eq!(key.decrypt(algorithm, &ciphertext, b"").err(), Some(VaultError::InvalidCiphertext));
    }
    assert_eq!(key.encrypt(algorithm, &[0; 1025], b"").err(), Some(Refusal::TooLong.into()));
    assert_eq!(key.encrypt(algorithm, &[0], b"context").err(), Some(Refusal::Algorithm.into()));
    assert_eq!(key.decrypt(algorithm, b"", b"").err(), Some(VaultError::InvalidCiphertext));
    assert_eq!(key.sign(ALGORITHM, raw(b""), SignatureForm::Kms).err(), Some(Refusal::Usage.into()));
}

#[test]
fn two_keys_agree_on_a_secret_of_32_bytes() {
    let [(one, public), (other, other_public)] = [(); 2].map(|()| key(KeyUsage::KeyAgreement));
    let secret = one.derive_shared_secret(&other_public).unwrap();
    assert_eq!(*secret, *other.derive_shared_secret(&public).unwrap());
    assert_eq!(secret.len(), 32);
    let of_another_curve = vectors()["p256_spki"].clone();
    let mut off_the_curve = public.clone();
    *off_the_curve.last_mut().unwrap() ^= 1;
    for wrong in [&of_another_curve[..], &off_the_curve, b""] {
        assert_eq!(one.derive_shared_secret(wrong).err(), Some(VaultError::InvalidPublicKey));
    }
}
