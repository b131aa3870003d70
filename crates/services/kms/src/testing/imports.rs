//! Keys for imported material, and what their owner does: wrap and import.

use keyward_base::{Fault, Timestamp};
use keyward_gate::Caller;
use keyward_schema::kms::*;
use keyward_vault::WrappingAlgorithm;
use keyward_vault::testing::wrap;

use super::{House, root};

/// The operations that only work on keys for imported material.
pub(crate) const IMPORTING: [&str; 3] =
    ["DeleteImportedKeyMaterial", "GetParametersForImport", "ImportKeyMaterial"];

/// A token that is none: whoever may import gets as far as being told so.
const NO_TOKEN: [u8; 8] = [1; 8];

impl House {
    /// Makes a key for imported material as root; it has none yet.
    pub(crate) async fn external(&self, spec: KeySpec, usage: KeyUsageType) -> String {
        let input = CreateKeyRequest {
            key_spec: Some(spec),
            key_usage: Some(usage),
            origin: Some(OriginType::External),
            ..Default::default()
        };
        self.create(&root(), input).await.unwrap()
    }

    /// Makes a symmetric key for imported material, and imports some that consists of `byte`.
    pub(crate) async fn imported(&self, byte: u8) -> String {
        let arn = self.external(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await;
        self.import(&arn, &[byte; 32], |_| {}).await.unwrap();
        arn
    }

    /// Gets a wrapping key, with which anything can be wrapped.
    pub(crate) async fn parameters(&self, arn: &str) -> GetParametersForImportResponse {
        let input = parameters_for_import(arn, AlgorithmSpec::RsaAesKeyWrapSha256);
        self.call_in::<GetParametersForImport>(region_of(arn), input).await.unwrap()
    }

    /// Imports `material` that does not expire, as root, after `change` has changed the request.
    pub(crate) async fn import(
        &self,
        arn: &str,
        material: &[u8],
        change: impl FnOnce(&mut ImportKeyMaterialRequest),
    ) -> Result<ImportKeyMaterialResponse, Fault> {
        let mut input = import_with(&self.parameters(arn).await, arn, material);
        change(&mut input);
        self.call_in::<ImportKeyMaterial>(region_of(arn), input).await
    }
}

fn region_of(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap()
}

/// A `GetParametersForImport` of an RSA_2048 wrapping key.
pub(crate) fn parameters_for_import(arn: &str, algorithm: AlgorithmSpec) -> GetParametersForImportRequest {
    GetParametersForImportRequest {
        key_id: arn.to_owned(),
        wrapping_algorithm: algorithm,
        wrapping_key_spec: WrappingKeySpec::Rsa2048,
    }
}

/// An import of `material` that does not expire, under RSA_AES_KEY_WRAP_SHA_256.
pub(crate) fn import_with(
    parameters: &GetParametersForImportResponse,
    arn: &str,
    material: &[u8],
) -> ImportKeyMaterialRequest {
    let public_key = parameters.public_key.as_ref().unwrap();
    let wrapped = wrap(public_key.expose(), WrappingAlgorithm::RsaAesKeyWrapSha256, material).unwrap();
    import_key_material(arn, parameters.import_token.clone().unwrap(), wrapped)
}

fn import_key_material(arn: &str, token: Vec<u8>, wrapped: Vec<u8>) -> ImportKeyMaterialRequest {
    ImportKeyMaterialRequest {
        key_id: arn.to_owned(),
        import_token: token,
        encrypted_key_material: wrapped,
        valid_to: None,
        expiration_model: Some(ExpirationModelType::KeyMaterialDoesNotExpire),
        import_type: None,
        key_material_description: None,
        key_material_id: None,
    }
}

/// Makes the import one of material that expires then.
pub(crate) fn expiring(input: &mut ImportKeyMaterialRequest, at: Timestamp) {
    input.expiration_model = Some(ExpirationModelType::KeyMaterialExpires);
    input.valid_to = Some(at);
}

/// A `DeleteImportedKeyMaterial`.
pub(crate) fn delete_imported(arn: &str, id: Option<&str>) -> DeleteImportedKeyMaterialRequest {
    DeleteImportedKeyMaterialRequest { key_id: arn.to_owned(), key_material_id: id.map(str::to_owned) }
}

/// Calls one of the importing operations.
pub(super) async fn attempt(
    house: &House,
    caller: &Caller,
    operation: &str,
    key_id: &str,
) -> Result<(), Fault> {
    match operation {
        "GetParametersForImport" => {
            let input = parameters_for_import(key_id, AlgorithmSpec::RsaesOaepSha256);
            house.call::<GetParametersForImport>(caller, input).await.map(drop)
        }
        "ImportKeyMaterial" => {
            let input = import_key_material(key_id, NO_TOKEN.to_vec(), vec![1]);
            match house.call::<ImportKeyMaterial>(caller, input).await.map(drop) {
                Err(fault) if fault.code() == "InvalidImportTokenException" => Ok(()),
                answer => answer,
            }
        }
        _ => house.call::<DeleteImportedKeyMaterial>(caller, delete_imported(key_id, None)).await.map(drop),
    }
}
