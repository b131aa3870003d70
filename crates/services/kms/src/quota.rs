//! AWS's quotas for KMS (developer guide, "Quotas"): how much there can be of everything, and which requests
//! share a rate. What a deployment sets otherwise comes in `KmsParts` and in the gate's `Throttle`.

use keyward_gate::{Charge, Charges, QuotaClass, Rate};
use keyward_vault::KeySpec;

use crate::loaded::LoadedKey;

/// How much there can be of what a deployment may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceQuotas {
    /// Keys of an account in a Region, in whatever state; AWS managed keys don't count.
    pub keys: u32,
    /// Aliases of a key.
    pub aliases_per_key: u32,
    /// Grants on a key.
    pub grants_per_key: u32,
}

impl Default for ResourceQuotas {
    /// AWS's.
    fn default() -> Self {
        Self { keys: 100_000, aliases_per_key: 50, grants_per_key: 50_000 }
    }
}

const MESSAGE: &str =
    "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";

const fn class(name: &'static str, rate: Rate) -> QuotaClass {
    QuotaClass { service: "kms", name, rate, elsewhere: &[], message: MESSAGE }
}

macro_rules! classes {
    ($($(#[$doc:meta])* $class:ident = $made:expr;)+) => {
        $($(#[$doc])* pub(crate) static $class: QuotaClass = $made;)+

        /// Every class, for the configuration.
        pub static QUOTA_CLASSES: &[&QuotaClass] = &[$(&$class,)+];
    };
}

const THOUSAND: Rate = Rate::per_second(1_000);

classes! {
    /// Symmetric keys, HMAC keys, and random bytes.
    SYMMETRIC = QuotaClass {
        elsewhere: &[
            ("us-east-1", Rate::per_second(100_000)),
            ("us-west-2", Rate::per_second(100_000)),
            ("eu-west-1", Rate::per_second(100_000)),
            ("us-east-2", Rate::per_second(20_000)),
            ("ap-southeast-1", Rate::per_second(20_000)),
            ("ap-southeast-2", Rate::per_second(20_000)),
            ("ap-northeast-1", Rate::per_second(20_000)),
            ("eu-central-1", Rate::per_second(20_000)),
            ("eu-west-2", Rate::per_second(20_000)),
        ],
        ..class("cryptographic_symmetric", Rate::per_second(10_000))
    };
    /// RSA keys.
    RSA = class("cryptographic_rsa", THOUSAND);
    /// Elliptic curves.
    ECC = class("cryptographic_ecc", THOUSAND);
    /// SM2.
    SM2 = class("cryptographic_sm2", THOUSAND);
    /// ML-DSA.
    ML_DSA = class("cryptographic_ml_dsa", THOUSAND);
    /// ML-KEM. AWS's figure is not published; it is that of the other lattice keys.
    ML_KEM = class("cryptographic_ml_kem", THOUSAND);
    /// What a custom key store does, for each store, besides the class of the operation.
    CUSTOM_KEY_STORE = class("custom_key_store", Rate::per_second(1_800));
    /// Data key pairs on P-256 and secp256k1 and of Edwards25519.
    PAIR_P256 = class("data_key_pair_ecc_p256", Rate::per_second(25));
    /// Data key pairs on P-384.
    PAIR_P384 = class("data_key_pair_ecc_p384", Rate::per_second(10));
    /// Data key pairs on P-521.
    PAIR_P521 = class("data_key_pair_ecc_p521", Rate::per_second(5));
    /// Data key pairs of RSA-2048.
    PAIR_RSA_2048 = class("data_key_pair_rsa_2048", Rate::per_second(1));
    /// Data key pairs of RSA-3072.
    PAIR_RSA_3072 = class("data_key_pair_rsa_3072", Rate::per_thousand_seconds(500));
    /// Data key pairs of RSA-4096.
    PAIR_RSA_4096 = class("data_key_pair_rsa_4096", Rate::per_thousand_seconds(100));
    /// Data key pairs of SM2.
    PAIR_SM2 = class("data_key_pair_sm2", Rate::per_second(25));
    /// Data key pairs of ML-KEM. AWS's figure is not published.
    PAIR_ML_KEM = class("data_key_pair_ml_kem", Rate::per_second(25));
    /// `CancelKeyDeletion`.
    CANCEL_KEY_DELETION = class("CancelKeyDeletion", Rate::per_second(5));
    /// `CreateAlias`.
    CREATE_ALIAS = class("CreateAlias", Rate::per_second(5));
    /// `CreateGrant`.
    CREATE_GRANT = class("CreateGrant", Rate::per_second(50));
    /// `CreateKey`.
    CREATE_KEY = class("CreateKey", Rate::per_second(5));
    /// `ConnectCustomKeyStore`.
    CONNECT_CUSTOM_KEY_STORE = class("ConnectCustomKeyStore", Rate::per_second(5));
    /// `CreateCustomKeyStore`.
    CREATE_CUSTOM_KEY_STORE = class("CreateCustomKeyStore", Rate::per_second(5));
    /// `DeleteAlias`.
    DELETE_ALIAS = class("DeleteAlias", Rate::per_second(15));
    /// `DeleteCustomKeyStore`.
    DELETE_CUSTOM_KEY_STORE = class("DeleteCustomKeyStore", Rate::per_second(5));
    /// `DeleteImportedKeyMaterial`.
    DELETE_IMPORTED_KEY_MATERIAL = class("DeleteImportedKeyMaterial", Rate::per_second(5));
    /// `DescribeCustomKeyStores`.
    DESCRIBE_CUSTOM_KEY_STORES = class("DescribeCustomKeyStores", Rate::per_second(5));
    /// `DescribeKey`.
    DESCRIBE_KEY = class("DescribeKey", Rate::per_second(2_000));
    /// `DisableKey`.
    DISABLE_KEY = class("DisableKey", Rate::per_second(5));
    /// `DisableKeyRotation`.
    DISABLE_KEY_ROTATION = class("DisableKeyRotation", Rate::per_second(5));
    /// `DisconnectCustomKeyStore`.
    DISCONNECT_CUSTOM_KEY_STORE = class("DisconnectCustomKeyStore", Rate::per_second(5));
    /// `EnableKey`.
    ENABLE_KEY = class("EnableKey", Rate::per_second(5));
    /// `EnableKeyRotation`.
    ENABLE_KEY_ROTATION = class("EnableKeyRotation", Rate::per_second(15));
    /// `GetKeyLastUsage`. AWS's figure is not published.
    GET_KEY_LAST_USAGE = class("GetKeyLastUsage", Rate::per_second(100));
    /// `GetKeyPolicy`.
    GET_KEY_POLICY = class("GetKeyPolicy", THOUSAND);
    /// `GetKeyRotationStatus`.
    GET_KEY_ROTATION_STATUS = class("GetKeyRotationStatus", THOUSAND);
    /// `GetParametersForImport`.
    GET_PARAMETERS_FOR_IMPORT = class("GetParametersForImport", Rate::per_thousand_seconds(250));
    /// `GetPublicKey`.
    GET_PUBLIC_KEY = class("GetPublicKey", Rate::per_second(2_000));
    /// `ImportKeyMaterial`.
    IMPORT_KEY_MATERIAL = class("ImportKeyMaterial", Rate::per_second(5));
    /// `ListAliases`.
    LIST_ALIASES = class("ListAliases", Rate::per_second(500));
    /// `ListGrants`.
    LIST_GRANTS = class("ListGrants", Rate::per_second(100));
    /// `ListKeyPolicies`.
    LIST_KEY_POLICIES = class("ListKeyPolicies", Rate::per_second(100));
    /// `ListKeyRotations`.
    LIST_KEY_ROTATIONS = class("ListKeyRotations", Rate::per_second(100));
    /// `ListKeys`.
    LIST_KEYS = class("ListKeys", Rate::per_second(500));
    /// `ListResourceTags`.
    LIST_RESOURCE_TAGS = class("ListResourceTags", Rate::per_second(2_000));
    /// `ListRetirableGrants`.
    LIST_RETIRABLE_GRANTS = class("ListRetirableGrants", Rate::per_second(100));
    /// `PutKeyPolicy`.
    PUT_KEY_POLICY = class("PutKeyPolicy", Rate::per_second(15));
    /// `ReplicateKey`, which counts as two `CreateKey` in the replica's Region besides.
    REPLICATE_KEY = class("ReplicateKey", Rate::per_second(5));
    /// `RetireGrant`.
    RETIRE_GRANT = class("RetireGrant", Rate::per_second(30));
    /// `RevokeGrant`.
    REVOKE_GRANT = class("RevokeGrant", Rate::per_second(30));
    /// `RotateKeyOnDemand`.
    ROTATE_KEY_ON_DEMAND = class("RotateKeyOnDemand", Rate::per_second(5));
    /// `ScheduleKeyDeletion`.
    SCHEDULE_KEY_DELETION = class("ScheduleKeyDeletion", Rate::per_second(15));
    /// `TagResource`.
    TAG_RESOURCE = class("TagResource", Rate::per_second(10));
    /// `UntagResource`.
    UNTAG_RESOURCE = class("UntagResource", Rate::per_second(5));
    /// `UpdateAlias`.
    UPDATE_ALIAS = class("UpdateAlias", Rate::per_second(5));
    /// `UpdateCustomKeyStore`.
    UPDATE_CUSTOM_KEY_STORE = class("UpdateCustomKeyStore", Rate::per_second(5));
    /// `UpdateKeyDescription`.
    UPDATE_KEY_DESCRIPTION = class("UpdateKeyDescription", Rate::per_second(5));
    /// `UpdatePrimaryRegion`, which counts in both Regions.
    UPDATE_PRIMARY_REGION = class("UpdatePrimaryRegion", Rate::per_second(5));
}

/// What the cryptographic operations on keys of such a spec share.
fn cryptographic(spec: KeySpec) -> &'static QuotaClass {
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => &RSA,
        KeySpec::EccNistP256
        | KeySpec::EccNistP384
        | KeySpec::EccNistP521
        | KeySpec::EccSecgP256k1
        | KeySpec::EccNistEdwards25519 => &ECC,
        KeySpec::Sm2 => &SM2,
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => &ML_DSA,
        KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => &ML_KEM,
        KeySpec::SymmetricDefault
        | KeySpec::Hmac224
        | KeySpec::Hmac256
        | KeySpec::Hmac384
        | KeySpec::Hmac512 => &SYMMETRIC,
    }
}

/// Charges a cryptographic operation with `key`.
pub(crate) fn charge_use(charges: &mut Charges, key: &LoadedKey) {
    charges.add(Charge::of(cryptographic(key.record.spec)));
    charge_store(charges, key);
}

/// Charges a re-encryption: both keys, but once where they share a rate.
pub(crate) fn charge_move(charges: &mut Charges, source: &LoadedKey, destination: &LoadedKey) {
    charge_use(charges, source);
    if cryptographic(source.record.spec).name != cryptographic(destination.record.spec).name {
        charges.add(Charge::of(cryptographic(destination.record.spec)));
    }
    if source.record.source.store() != destination.record.source.store() {
        charge_store(charges, destination);
    }
}

/// Charges the key store that `key` is in, if it is in one.
fn charge_store(charges: &mut Charges, key: &LoadedKey) {
    if let Some(store) = key.record.source.store() {
        charges.add(Charge::of(&CUSTOM_KEY_STORE).of_resource(store.to_string()));
    }
}

/// Charges a data key pair.
pub(crate) fn charge_pair(charges: &mut Charges, pair: &str, key: &LoadedKey) {
    charges.add(Charge::of(match pair {
        "ECC_NIST_P384" => &PAIR_P384,
        "ECC_NIST_P521" => &PAIR_P521,
        "RSA_2048" => &PAIR_RSA_2048,
        "RSA_3072" => &PAIR_RSA_3072,
        "RSA_4096" => &PAIR_RSA_4096,
        "SM2" => &PAIR_SM2,
        pair if pair.starts_with("ML_KEM") => &PAIR_ML_KEM,
        _ => &PAIR_P256,
    }));
    charge_store(charges, key);
}
