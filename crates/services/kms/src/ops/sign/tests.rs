//! Every signing algorithm there and back, messages and digests, and what is refused.

use keyward_schema::kms::*;

use crate::testing::{House, refusal, root, sign, verify};

use MessageType::{Digest, ExternalMu};
use SigningAlgorithmSpec as Algorithm;

fn digest(algorithm: &'static aws_lc_rs::digest::Algorithm, message: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(algorithm, message).as_ref().to_vec()
}

#[tokio::test]
async fn every_algorithm_of_every_spec_verifies() {
    use aws_lc_rs::digest::{SHA256, SHA384, SHA512};
    let house = House::new().await;
    let rsa = house.key(KeySpec::Rsa2048, KeyUsageType::SignVerify).await;
    let curves = [KeySpec::EccNistP256, KeySpec::EccNistP384, KeySpec::EccNistP521, KeySpec::EccSecgP256k1];
    let mut cases = vec![
        (rsa.clone(), Algorithm::RsassaPkcs1V15Sha256, &SHA256),
        (rsa.clone(), Algorithm::RsassaPkcs1V15Sha384, &SHA384),
        (rsa.clone(), Algorithm::RsassaPkcs1V15Sha512, &SHA512),
        (rsa.clone(), Algorithm::RsassaPssSha256, &SHA256),
        (rsa.clone(), Algorithm::RsassaPssSha384, &SHA384),
        (rsa, Algorithm::RsassaPssSha512, &SHA512),
    ];
    let ecdsa = [
        (Algorithm::EcdsaSha256, &SHA256),
        (Algorithm::EcdsaSha384, &SHA384),
        (Algorithm::EcdsaSha512, &SHA512),
        (Algorithm::EcdsaSha256, &SHA256),
    ];
    for (spec, (algorithm, hash)) in curves.into_iter().zip(ecdsa) {
        cases.push((house.key(spec, KeyUsageType::SignVerify).await, algorithm, hash));
    }
    for (key, algorithm, hash) in cases {
        let made = house.call::<Sign>(&root(), sign(&key, algorithm, b"message")).await.unwrap();
        assert_eq!((made.key_id.as_deref(), made.signing_algorithm), (Some(&*key), Some(algorithm)));
        let signature = made.signature.unwrap();
        let input = verify(&key, algorithm, b"message", signature.clone());
        let verified = house.call::<Verify>(&root(), input).await.unwrap();
        assert_eq!((verified.key_id.as_deref(), verified.signature_valid), (Some(&*key), Some(true)));
        // A message and its digest have the same signature.
        let mut input = verify(&key, algorithm, &digest(hash, b"message"), signature.clone());
        input.message_type = Some(Digest);
        assert!(house.call::<Verify>(&root(), input).await.is_ok(), "{algorithm}");
        let mut input = sign(&key, algorithm, &digest(hash, b"message"));
        input.message_type = Some(Digest);
        let from_digest = house.call::<Sign>(&root(), input).await.unwrap().signature.unwrap();
        let input = verify(&key, algorithm, b"message", from_digest);
        assert!(house.call::<Verify>(&root(), input).await.is_ok(), "{algorithm}");
        for wrong in
            [verify(&key, algorithm, b"massage", signature), verify(&key, algorithm, b"message", vec![0])]
        {
            let answer = refusal(house.call::<Verify>(&root(), wrong).await);
            assert_eq!(answer, "KMSInvalidSignatureException", "{algorithm}");
        }
    }
}

#[tokio::test]
async fn algorithm_usage_and_digest_must_fit() {
    let house = House::new().await;
    let key = house.key(KeySpec::EccNistP384, KeyUsageType::SignVerify).await;
    let answer = refusal(house.call::<Sign>(&root(), sign(&key, Algorithm::EcdsaSha256, b"m")).await);
    let expected =
        "InvalidKeyUsageException: Algorithm ECDSA_SHA_256 is incompatible with key spec ECC_NIST_P384.";
    assert_eq!(answer, expected);
    let mut short = sign(&key, Algorithm::EcdsaSha384, &[0; 32]);
    short.message_type = Some(Digest);
    let answer = refusal(house.call::<Sign>(&root(), short).await);
    assert_eq!(answer, "ValidationException: Digest is invalid length for algorithm ECDSA_SHA_384.");
    let mut mu = sign(&key, Algorithm::EcdsaSha384, &[0; 64]);
    mu.message_type = Some(ExternalMu);
    assert!(refusal(house.call::<Sign>(&root(), mu).await).starts_with("ValidationException: MessageType"));
    let symmetric = house.symmetric().await;
    let answer = refusal(
        house.call::<Verify>(&root(), verify(&symmetric, Algorithm::EcdsaSha256, b"m", vec![1])).await,
    );
    let expected = format!(
        "InvalidKeyUsageException: {symmetric} key usage is ENCRYPT_DECRYPT which is not valid for Verify."
    );
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_dry_run_makes_no_signature() {
    let house = House::new().await;
    let key = house.key(KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let mut input = sign(&key, Algorithm::EcdsaSha256, b"m");
    input.dry_run = Some(true);
    assert!(refusal(house.call::<Sign>(&root(), input).await).starts_with("DryRunOperationException"));
    let mut input = verify(&key, Algorithm::EcdsaSha256, b"m", vec![1]);
    input.dry_run = Some(true);
    assert!(refusal(house.call::<Verify>(&root(), input).await).starts_with("DryRunOperationException"));
}

#[tokio::test]
async fn edwards_curves_and_lattices_sign_with_their_message_types() {
    use MessageType::{Digest, ExternalMu, Raw};
    use SigningAlgorithmSpec::{Ed25519PhSha512, Ed25519Sha512, MlDsaShake256};
    let house = House::new().await;
    let cases = [
        (KeySpec::EccNistEdwards25519, Ed25519Sha512, Raw, 4096, 64),
        (KeySpec::EccNistEdwards25519, Ed25519PhSha512, Digest, 64, 64),
        (KeySpec::MlDsa44, MlDsaShake256, Raw, 4096, 2420),
        (KeySpec::MlDsa65, MlDsaShake256, Raw, 1, 3309),
        (KeySpec::MlDsa87, MlDsaShake256, ExternalMu, 64, 4627),
    ];
    for (spec, algorithm, message_type, length, signature_bytes) in cases {
        let key = house.key(spec, KeyUsageType::SignVerify).await;
        let mut message = vec![7; length];
        let input = SignRequest { message_type: Some(message_type), ..sign(&key, algorithm, &message) };
        let signature = house.call::<Sign>(&root(), input).await.unwrap().signature.unwrap();
        assert_eq!(signature.len(), signature_bytes, "{spec}");
        let call = async |message: &[u8]| {
            let input = verify(&key, algorithm, message, signature.clone());
            let input = VerifyRequest { message_type: Some(message_type), ..input };
            house.call::<Verify>(&root(), input).await
        };
        assert_eq!(call(&message).await.unwrap().signature_valid, Some(true));
        message[0] = 8;
        assert_eq!(call(&message).await.unwrap_err().code(), "KMSInvalidSignatureException");
    }
}
