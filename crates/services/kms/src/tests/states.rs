//! Each operation in each state a key can be in: the developer guide's table, through the gate.

use keyward_base::{Fault, Timestamp};
use keyward_schema::kms::{CreateAlias, CreateAliasRequest, Encrypt, KeySpec, KeyState, KeyUsageType};

use crate::key::{Lifecycle, Profile, Refusal};
use crate::testing::{House, ON_KEYS, attempt, encrypt, refusal, root};

const PENDING: Lifecycle =
    Lifecycle::PendingDeletion { deletion_at: Timestamp::from_unix_seconds(9_000_000_000) };
const PENDING_REPLICA: Lifecycle = Lifecycle::PendingReplicaDeletion { window_days: 7 };

/// The columns of the table.
const STATES: [Lifecycle; 7] = [
    Lifecycle::Enabled,
    Lifecycle::Disabled,
    PENDING,
    PENDING_REPLICA,
    Lifecycle::PendingImport,
    Lifecycle::Creating,
    Lifecycle::Updating,
];

const CRYPTOGRAPHIC: [&str; 7] =
    ["", "Disabled", "pending deletion", "pending replica deletion", "pending import", "creating", ""];
const EDIT: [&str; 7] = ["", "", "pending deletion", "pending replica deletion", "", "", ""];
const MANAGE: [&str; 7] =
    ["", "", "pending deletion", "pending replica deletion", "pending import", "creating", "updating"];
const SCHEDULE: [&str; 7] = ["", "", "pending deletion", "pending replica deletion", "", "", "updating"];
const CANCEL: [&str; 7] = [
    "not pending deletion",
    "not pending deletion",
    "",
    "",
    "not pending deletion",
    "not pending deletion",
    "not pending deletion",
];
const ROTATE: [&str; 7] = [
    "",
    "Disabled",
    "pending deletion",
    "pending replica deletion",
    "pending import",
    "creating",
    "updating",
];
const IMPORT_PARAMETERS: [&str; 7] =
    ["", "", "pending deletion", "pending replica deletion", "", "creating", "updating"];
const IMPORT: [&str; 7] = ["", "", "pending deletion", "pending replica deletion", "", "creating", ""];
const DELETE_IMPORTED: [&str; 7] = ["", "", "", "", "", "creating", "updating"];
const ALWAYS: [&str; 7] = [""; 7];

fn row(operation: &str) -> [&'static str; 7] {
    match operation {
        "CreateAlias" | "UpdateAlias" | "TagResource" | "UntagResource" | "UpdateKeyDescription" => EDIT,
        "EnableKey" | "DisableKey" => MANAGE,
        "ScheduleKeyDeletion" => SCHEDULE,
        "CancelKeyDeletion" => CANCEL,
        "RotateKeyOnDemand" | "ReplicateKey" => ROTATE,
        "GetParametersForImport" => IMPORT_PARAMETERS,
        "ImportKeyMaterial" => IMPORT,
        "DeleteImportedKeyMaterial" => DELETE_IMPORTED,
        "DescribeKey"
        | "GetKeyPolicy"
        | "PutKeyPolicy"
        | "ListKeyPolicies"
        | "ListResourceTags"
        | "DeleteAlias"
        | "ListGrants"
        | "RevokeGrant"
        | "GetKeyRotationStatus"
        | "ListKeyRotations" => ALWAYS,
        _ => CRYPTOGRAPHIC,
    }
}

fn expected(word: &str, arn: &str) -> String {
    match word {
        "" => String::new(),
        "Disabled" => format!("DisabledException: {arn} is disabled."),
        state => format!("KMSInvalidStateException: {arn} is {state}."),
    }
}

#[tokio::test]
async fn every_operation_answers_in_every_state_as_aws_does() {
    for (operation, spec, usage) in ON_KEYS {
        for (state, word) in STATES.into_iter().zip(row(operation)) {
            let house = House::new().await;
            let arn = house.key_for(operation, *spec, *usage).await;
            let ciphertext = match house.call::<Encrypt>(&root(), encrypt(&arn, b"x")).await {
                Ok(output) => output.ciphertext_blob.unwrap(),
                Err(_) => Vec::new(),
            };
            let alias = CreateAliasRequest { alias_name: "alias/old".to_owned(), target_key_id: arn.clone() };
            house.call::<CreateAlias>(&root(), alias).await.unwrap();
            house.rewrite(&arn, |record| record.lifecycle = state).await;
            let answer = attempt(&house, &root(), operation, &arn, &ciphertext).await;
            let answer = answer.err().as_ref().map(Fault::to_string).unwrap_or_default();
            assert_eq!(answer, expected(word, &arn), "{operation} in {state:?}");
        }
    }
}

/// What operations answer that do not work on keys of an origin, in whichever state.
fn wrong_origin(arn: &str, origin: &str) -> String {
    format!("UnsupportedOperationException: {arn} origin is {origin} which is not valid for this operation.")
}

#[tokio::test]
async fn keys_of_ours_take_no_imports_in_any_state() {
    let house = House::new().await;
    let arn = house.symmetric().await;
    for state in STATES {
        house.rewrite(&arn, |record| record.lifecycle = state).await;
        for operation in ["GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial"] {
            let answer = refusal(attempt(&house, &root(), operation, &arn, &[]).await);
            assert_eq!(answer, wrong_origin(&arn, "AWS_KMS"), "{operation} in {state:?}");
        }
    }
}

#[tokio::test]
async fn keys_for_imported_material_have_no_plan_of_rotations_in_any_state() {
    let house = House::new().await;
    let arn = house.imported(1).await;
    for state in STATES {
        house.rewrite(&arn, |record| record.lifecycle = state).await;
        for operation in ["EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus"] {
            let answer = refusal(attempt(&house, &root(), operation, &arn, &[]).await);
            assert_eq!(answer, wrong_origin(&arn, "EXTERNAL"), "{operation} in {state:?}");
        }
        let listed = attempt(&house, &root(), "ListKeyRotations", &arn, &[]).await;
        assert_eq!(refusal(listed), "no error", "{state:?}");
        let rotated = refusal(attempt(&house, &root(), "RotateKeyOnDemand", &arn, &[]).await);
        let nothing_to_rotate_to = "KMSInvalidStateException: No available key material pending rotation";
        match state {
            Lifecycle::Enabled => assert!(rotated.starts_with(nothing_to_rotate_to), "{rotated}"),
            _ => assert!(rotated.contains(&arn) && !rotated.contains("No available"), "{rotated}"),
        }
    }
}

/// AWS names the state of a key without material before it says that such keys never rotate.
#[tokio::test]
async fn a_key_that_waits_for_its_material_says_so_whatever_its_kind() {
    let house = House::new().await;
    for (spec, usage) in [
        (KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt),
        (KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac),
        (KeySpec::EccNistP256, KeyUsageType::SignVerify),
    ] {
        let arn = house.external(spec, usage).await;
        let rotated = refusal(attempt(&house, &root(), "RotateKeyOnDemand", &arn, &[]).await);
        assert_eq!(rotated, format!("KMSInvalidStateException: {arn} is pending import."));
    }
}

/// `Unavailable` is not stored: it is what a key of a disconnected key store shows.
#[test]
fn operations_on_a_key_of_a_disconnected_store() {
    let refused = Err(Refusal::InvalidState(KeyState::Unavailable));
    for profile in [Profile::Cryptographic, Profile::Rotation, Profile::RotationOnDemand] {
        assert_eq!(profile.admit(KeyState::Unavailable), refused, "{profile:?}");
    }
    for profile in [Profile::Grant, Profile::Alias, Profile::Edit, Profile::Manage, Profile::ScheduleDeletion]
    {
        assert_eq!(profile.admit(KeyState::Unavailable), Ok(()), "{profile:?}");
    }
}
