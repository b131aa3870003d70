//! The errors of custom key stores, each with its code. One function, one text.

use std::fmt;

use keyward_base::Fault;
use keyward_hsm::HsmError;

use super::record::Refusal;
use crate::key::{CustomKeyStoreId, KeyArn};

/// An id or a name without a store.
pub(crate) fn no_such_store(named: &dyn fmt::Display) -> Fault {
    let message = format!("Custom key store {named} does not exist in this account and Region.");
    Fault::caller("CustomKeyStoreNotFoundException", message)
}

/// The connection's state does not allow it.
pub(crate) fn invalid_state(store: &dyn fmt::Display, refusal: Refusal) -> Fault {
    let state = refusal.0.shown();
    let message = format!("Custom key store {store} is {state}, which is not valid for this operation.");
    Fault::caller("CustomKeyStoreInvalidStateException", message)
}

/// Another store of the account and Region has the name.
pub(crate) fn name_in_use(name: &str) -> Fault {
    let message = format!("A custom key store with the name {name} already exists.");
    Fault::caller("CustomKeyStoreNameInUseException", message)
}

/// The store holds keys, if only such as wait for their deletion.
pub(crate) fn has_keys(store: &dyn fmt::Display) -> Fault {
    let message = format!(
        "Custom key store {store} contains KMS keys. Schedule their deletion and wait until the keys are gone."
    );
    Fault::caller("CustomKeyStoreHasCMKsException", message)
}

/// No cluster has the id.
pub(crate) fn no_such_cluster(cluster: &str) -> Fault {
    let message = format!("AWS CloudHSM cluster {cluster} does not exist in this account and Region.");
    Fault::caller("CloudHsmClusterNotFoundException", message)
}

/// The cluster is not initialized and activated, or is being deleted.
pub(crate) fn cluster_not_active(cluster: &str) -> Fault {
    let message = format!("AWS CloudHSM cluster {cluster} is not ACTIVE. Initialize and activate it.");
    Fault::caller("CloudHsmClusterNotActiveException", message)
}

/// The cluster has too few HSMs, or not in enough Availability Zones.
pub(crate) fn cluster_configuration(cluster: &str, needs: &str) -> Fault {
    let message = format!("AWS CloudHSM cluster {cluster} needs {needs}.");
    Fault::caller("CloudHsmClusterInvalidConfigurationException", message)
}

/// The cluster, or one with which it shares its backup history, backs another store.
pub(crate) fn cluster_in_use(cluster: &str) -> Fault {
    let message = format!(
        "AWS CloudHSM cluster {cluster}, or one that shares a backup history with it, is associated with another \
         custom key store."
    );
    Fault::caller("CloudHsmClusterInUseException", message)
}

/// The cluster does not share its backup history with the store's.
pub(crate) fn cluster_not_related(cluster: &str) -> Fault {
    let message = format!(
        "AWS CloudHSM cluster {cluster} does not have the cluster certificate of the store's original cluster."
    );
    Fault::caller("CloudHsmClusterNotRelatedException", message)
}

/// The certificate is not the one with which the cluster was initialized.
pub(crate) fn incorrect_trust_anchor(cluster: &str) -> Fault {
    let message = format!(
        "The trust anchor certificate is not the one that was used to initialize AWS CloudHSM cluster {cluster} \
         (customerCA.crt)."
    );
    Fault::caller("IncorrectTrustAnchorException", message)
}

/// The cluster does not do what the key's store asks of it.
pub(crate) fn key_unusable(key: &KeyArn, error: HsmError) -> Fault {
    let subject = format!("The key material of {key}");
    of_hsms(&subject, "KMSInvalidStateException", error)
}

/// The cluster does not do what a store asks of it.
pub(crate) fn store_unusable(store: &CustomKeyStoreId, error: HsmError) -> Fault {
    let subject = format!("The cluster of custom key store {store}");
    of_hsms(&subject, "CustomKeyStoreInvalidStateException", error)
}

/// `state` is the code for what the customer can mend in the cluster.
fn of_hsms(subject: &str, state: &'static str, error: HsmError) -> Fault {
    let mend = |why: &str| Fault::caller(state, format!("{subject} can not be used: {why}"));
    match error {
        HsmError::NoActiveHsm | HsmError::TooFewHsms | HsmError::Blank => {
            mend("the AWS CloudHSM cluster has no active HSM that can be reached.")
        }
        HsmError::NoSuchKey => {
            mend("it does not exist in the AWS CloudHSM cluster, or kmsuser does not own it.")
        }
        HsmError::KeyForbids(_) => mend("its attributes in the AWS CloudHSM cluster do not allow it."),
        HsmError::NotLoggedIn
        | HsmError::WrongPassword { .. }
        | HsmError::UserLocked
        | HsmError::NoSuchUser
        | HsmError::NotPermitted => mend(
            "KMS can not log in to the AWS CloudHSM cluster as kmsuser. Disconnect and reconnect the store.",
        ),
        HsmError::KeyLimit => {
            Fault::caller("LimitExceededException", "The AWS CloudHSM cluster holds as many keys as it can.")
        }
        HsmError::Busy => Fault::dependency(
            "ThrottlingException",
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        ),
        HsmError::Lost | HsmError::Full => Fault::dependency(
            "KMSInternalException",
            "The request was rejected because an internal exception occurred. The request can be retried.",
        )
        .because(error),
        error => crate::fault::internal(error),
    }
}
