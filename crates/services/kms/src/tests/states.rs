//! Each operation in each state a key can be in: the developer guide's table, through the gate.

use keyward_base::{Fault, Timestamp};
use keyward_schema::kms::{CreateAlias, CreateAliasRequest, Encrypt};

use crate::key::Lifecycle;
use crate::testing::{House, ON_KEYS, attempt, encrypt, root};

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
const ALWAYS: [&str; 7] = [""; 7];

fn row(operation: &str) -> [&'static str; 7] {
    match operation {
        "CreateAlias" | "UpdateAlias" | "TagResource" | "UntagResource" | "UpdateKeyDescription" => EDIT,
        "EnableKey" | "DisableKey" => MANAGE,
        "ScheduleKeyDeletion" => SCHEDULE,
        "CancelKeyDeletion" => CANCEL,
        "RotateKeyOnDemand" | "ReplicateKey" => ROTATE,
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
