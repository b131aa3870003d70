//! What decrypts, what does not, and how little the refusals tell.

use keyward_schema::kms::*;
use serde_json::json;

use crate::testing::{
    FOREIGN, House, account_principal, allow, encrypt, foreigner, place, policy, refusal, root,
};

const INVALID: &str = "InvalidCiphertextException";
const INCORRECT: &str = "IncorrectKeyException: The key ID in the request does not identify a CMK that can \
                         perform this operation.";

fn context(key: &str, value: &str) -> Option<std::collections::BTreeMap<String, String>> {
    Some([(key.to_owned(), value.to_owned())].into())
}

fn decrypt(ciphertext: &[u8]) -> DecryptRequest {
    DecryptRequest { ciphertext_blob: Some(ciphertext.to_vec()), ..Default::default() }
}

async fn sealed(house: &House, arn: &str) -> Vec<u8> {
    let mut input = encrypt(arn, b"secret");
    input.encryption_context = context("Purpose", "test");
    house.call::<Encrypt>(&root(), input).await.unwrap().ciphertext_blob.unwrap()
}

#[tokio::test]
async fn the_encryption_context_must_be_the_same() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let ciphertext = sealed(&house, &arn).await;
    let with = |context| DecryptRequest { encryption_context: context, ..decrypt(&ciphertext) };
    assert!(house.call::<Decrypt>(&root(), with(context("Purpose", "test"))).await.is_ok());
    for wrong in [None, context("purpose", "test"), context("Purpose", "Test"), Some(Default::default())] {
        assert_eq!(refusal(house.call::<Decrypt>(&root(), with(wrong)).await), INVALID);
    }
}

#[tokio::test]
async fn no_changed_byte_goes_unnoticed() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let ciphertext = sealed(&house, &arn).await;
    for place in 0..ciphertext.len() {
        let mut changed = ciphertext.clone();
        changed[place] ^= 1;
        let input = DecryptRequest { encryption_context: context("Purpose", "test"), ..decrypt(&changed) };
        let answer = refusal(house.call::<Decrypt>(&root(), input).await);
        // A changed key id names another key, which may be anybody's.
        let unknown = answer.starts_with("AccessDeniedException") || answer == INVALID;
        assert!(unknown, "byte {place}: {answer}");
    }
    for wrong in [&b"x"[..], &[0; 200], &ciphertext[..40]] {
        assert_eq!(refusal(house.call::<Decrypt>(&root(), decrypt(wrong)).await), INVALID);
    }
}

#[tokio::test]
async fn another_key_is_an_incorrect_key() {
    let house = House::new().await;
    let (arn, other) = (house.symmetric().await, house.symmetric().await);
    let signing = house.key(KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let ciphertext = sealed(&house, &arn).await;
    for wrong in [other, signing] {
        let input = DecryptRequest { key_id: Some(wrong), ..decrypt(&ciphertext) };
        assert_eq!(refusal(house.call::<Decrypt>(&root(), input).await), INCORRECT);
    }
    let input = DecryptRequest {
        key_id: Some(arn),
        encryption_context: context("Purpose", "test"),
        ..decrypt(&ciphertext)
    };
    assert!(house.call::<Decrypt>(&root(), input).await.is_ok());
}

/// A stolen token under another key's name: the binding is made from the row's place, so it does not fit.
#[tokio::test]
async fn a_token_that_was_moved_to_another_keys_row_is_refused() {
    let house = House::new().await;
    let (victim, thief) = (house.symmetric().await, house.symmetric().await);
    let stolen = house.record(&victim).await.unwrap().materials;
    let ciphertext = sealed(&house, &victim).await;
    house.rewrite(&thief, |record| record.materials = stolen).await;
    for operation in ["Encrypt", "GenerateDataKey"] {
        let answer = refusal(crate::testing::attempt(&house, &root(), operation, &thief, &[]).await);
        assert!(answer.starts_with("KMSInternalException"), "{operation}: {answer}");
    }
    // Nor does it decrypt what the victim's key encrypted, under whichever name.
    for key_id in [None, Some(thief.clone())] {
        let mut header = ciphertext.clone();
        let id = thief.rsplit('/').next().unwrap();
        header[3..3 + id.len()].copy_from_slice(id.as_bytes());
        let context = context("Purpose", "test");
        let input = DecryptRequest { key_id, encryption_context: context, ..decrypt(&header) };
        let answer = refusal(house.call::<Decrypt>(&root(), input).await);
        assert!(answer.starts_with("KMSInternalException"), "{answer}");
    }
    // The whole row under the thief's place does no better.
    let row = house.record(&victim).await.unwrap();
    house.rewrite(&thief, |record| *record = row).await;
    assert!(house.call::<Encrypt>(&root(), encrypt(&thief, b"x")).await.is_err());
    // And a token with another usage or spec written beside it does not fit either.
    house.rewrite(&victim, |record| record.source = crate::key::Source::External).await;
    assert!(house.call::<Encrypt>(&root(), encrypt(&victim, b"x")).await.is_err());
    assert_ne!(place(&victim), place(&thief));
}

#[tokio::test]
async fn a_foreign_account_decrypts_when_both_sides_allow() {
    let house = House::new().await;
    let them = json!({"AWS": format!("arn:aws:iam::{FOREIGN}:root")});
    let open = policy(&[allow(&account_principal(), "kms:*"), allow(&them, "kms:Decrypt")]);
    let shared = CreateKeyRequest { policy: Some(open), ..Default::default() };
    let shared = house.create(&root(), shared).await.unwrap();
    let own = house.symmetric().await;
    let ciphertext = house.call::<Encrypt>(&root(), encrypt(&shared, b"x")).await.unwrap();
    let ciphertext = ciphertext.ciphertext_blob.unwrap();
    let short = shared.rsplit('/').next().unwrap().to_owned();
    for key_id in [None, Some(shared.clone()), Some(short)] {
        let input = DecryptRequest { key_id, ..decrypt(&ciphertext) };
        let opened = house.call::<Decrypt>(&foreigner(), input).await.unwrap();
        assert_eq!(opened.key_id.as_deref(), Some(shared.as_str()));
    }
    let hidden = house.call::<Encrypt>(&root(), encrypt(&own, b"x")).await.unwrap();
    let answer =
        refusal(house.call::<Decrypt>(&foreigner(), decrypt(&hidden.ciphertext_blob.unwrap())).await);
    let expected = format!(
        "AccessDeniedException: User: arn:aws:iam::{FOREIGN}:root is not authorized to perform: kms:Decrypt \
         on the resource associated with this ciphertext because the resource does not exist in this Region, \
         no resource-based policies allow access, or a resource-based policy explicitly denies access"
    );
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_dry_run_can_leave_the_ciphertext_out() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let ignore = Some(vec![DryRunModifierType::IgnoreCiphertext]);
    let input = DecryptRequest {
        key_id: Some(arn),
        dry_run: Some(true),
        dry_run_modifiers: ignore.clone(),
        ..Default::default()
    };
    let answer = refusal(house.call::<Decrypt>(&root(), input.clone()).await);
    assert!(answer.starts_with("DryRunOperationException"), "{answer}");
    let cases = [
        DecryptRequest { key_id: None, ..input.clone() },
        DecryptRequest { dry_run: None, ..input.clone() },
        DecryptRequest { dry_run_modifiers: None, ..input },
    ];
    for wrong in cases {
        let answer = refusal(house.call::<Decrypt>(&root(), wrong).await);
        assert!(answer.starts_with("ValidationException"), "{answer}");
    }
}

#[tokio::test]
async fn a_recipient_without_a_good_document_is_refused() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    let ciphertext = sealed(&house, &arn).await;
    let algorithm = Some(KeyEncryptionMechanism::RsaesOaepSha256);
    let null = "Value null at 'recipient.";
    for (key_encryption_algorithm, attestation_document, what) in [
        (None, Some(vec![1]), format!("{null}keyEncryptionAlgorithm'")),
        (algorithm, None, format!("{null}attestationDocument'")),
        (algorithm, Some(vec![1]), "The attestation document is not valid: it is malformed".to_owned()),
    ] {
        let recipient = Some(RecipientInfo { key_encryption_algorithm, attestation_document });
        let input = DecryptRequest { recipient, ..decrypt(&ciphertext) };
        let answer = refusal(house.call::<Decrypt>(&root(), input).await);
        assert!(answer.starts_with("ValidationException: ") && answer.contains(&what), "{answer}");
    }
}
