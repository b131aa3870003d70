//! Random bytes, and what is refused.

use keyward_schema::kms::*;

use crate::testing::{House, refusal, root};

async fn random(bytes: Option<i32>, store: Option<&str>) -> Result<Vec<u8>, keyward_base::Fault> {
    let input = GenerateRandomRequest {
        number_of_bytes: bytes,
        custom_key_store_id: store.map(str::to_owned),
        recipient: None,
    };
    let made = House::new().await.call::<GenerateRandom>(&root(), input).await?;
    Ok(made.plaintext.unwrap().expose().clone())
}

#[tokio::test]
async fn as_many_bytes_as_were_asked_for() {
    for bytes in [1, 1024] {
        assert_eq!(random(Some(bytes), None).await.unwrap().len(), bytes as usize);
    }
    assert_ne!(random(Some(32), None).await.unwrap(), random(Some(32), None).await.unwrap());
}

#[tokio::test]
async fn the_number_is_required_and_no_key_store_exists() {
    assert_eq!(refusal(random(None, None).await), "ValidationException: NumberOfBytes is required.");
    let answer = refusal(random(Some(1), Some("cks-1234567890abcdef0")).await);
    assert!(answer.starts_with("CustomKeyStoreNotFoundException"), "{answer}");
}
