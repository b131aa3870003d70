//! The service under test, with what a user of it writes down.

use std::collections::BTreeMap;
use std::time::Duration;

use keyward_base::{Arn, Fault, Timestamp};
use keyward_gate::{Caller, testing};
use keyward_schema::kms::*;
use keyward_vault::testing::material_id;
use keyward_vault::{ImportBinding, MaterialId, WrappingAlgorithm};

use super::plain::{Shown, ShownKey};
use super::{Import, SERVICES, Step};
use crate::import::ImportToken;
use crate::key::{KeyArn, KeyId};
use crate::loaded::binding;
use crate::testing::{
    Failure, House, START, account, attempt, create_grant, delete_imported, encrypt, expiring, import_with,
    list_grants, root,
};

const DAY: Duration = Duration::from_secs(86_400);
const CAROL: &str = "arn:aws:iam::111122223333:user/carol";

pub(super) struct Real {
    house: House,
    arns: Vec<String>,
    /// A wrapping key for each key, good for ever: making one takes long.
    wrapping: BTreeMap<String, GetParametersForImportResponse>,
    grants: Vec<(String, String)>,
    ciphertexts: Vec<Vec<u8>>,
    starts: u64,
}

impl Real {
    pub(super) async fn new() -> Self {
        Self {
            house: House::new().await,
            arns: Vec::new(),
            wrapping: BTreeMap::new(),
            grants: Vec::new(),
            ciphertexts: Vec::new(),
            starts: 0,
        }
    }

    /// The service starts anew on what is stored.
    pub(super) async fn restart(&mut self) {
        self.starts += 1;
        self.house = self.house.restarted(100 + self.starts).await;
    }

    /// Lets the step's transaction fail and starts anew; whether there was one.
    pub(super) async fn crash(&mut self, step: &Step, failure: Failure) -> (String, bool) {
        let txns = self.house.store.txns();
        self.house.store.fail_next_txn(failure);
        let answer = self.apply(step).await;
        let wrote = self.house.store.txns() > txns;
        self.restart().await;
        if let Step::Grant(key) = step {
            self.learn_grants(*key).await;
        }
        (answer, wrote)
    }

    /// A grant that was made without an answer is found in the list.
    async fn learn_grants(&mut self, key: usize) {
        let arn = self.arn(key);
        let Ok(listed) = self.house.call::<ListGrants>(&root(), list_grants(&arn)).await else { return };
        for id in listed.grants.into_iter().flatten().filter_map(|grant| grant.grant_id) {
            if self.grants.iter().all(|(_, known)| *known != id) {
                self.grants.push((arn.clone(), id));
            }
        }
    }

    /// A key's ARN; one that never existed for a number without a key.
    fn arn(&self, key: usize) -> String {
        let unknown = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000";
        self.arns.get(key).cloned().unwrap_or_else(|| unknown.to_owned())
    }

    /// The error code that the step gives, `""` for none.
    pub(super) async fn apply(&mut self, step: &Step) -> String {
        let answer = match step {
            Step::Create | Step::CreateExternal => self.create(matches!(step, Step::CreateExternal)).await,
            Step::Enable(key) => self.on_key("EnableKey", *key).await,
            Step::Disable(key) => self.on_key("DisableKey", *key).await,
            Step::Schedule(key) => self.on_key("ScheduleKeyDeletion", *key).await,
            Step::Cancel(key) => self.on_key("CancelKeyDeletion", *key).await,
            Step::Rotate(key) => self.on_key("RotateKeyOnDemand", *key).await,
            Step::CreateAlias(..) | Step::UpdateAlias(..) | Step::DeleteAlias(_) => self.alias(step).await,
            Step::Encrypt(_) | Step::Decrypt(_) | Step::EncryptGranted(_) => self.cryptography(step).await,
            Step::Import(import) => self.import(*import).await,
            Step::DeleteMaterial(key, byte) => self.delete(*key, *byte).await,
            Step::Managed(service) => self.managed(*service).await,
            Step::Grant(key) => self.grant(*key).await,
            Step::Revoke(number) => self.revoke(*number).await,
            Step::PassDays(_) | Step::Expire => self.duties(step).await,
            Step::Restart | Step::Crash(..) => Ok(()),
        };
        answer.err().map(|fault| fault.code().to_owned()).unwrap_or_default()
    }

    async fn on_key(&self, operation: &str, key: usize) -> Result<(), Fault> {
        attempt(&self.house, &root(), operation, &self.arn(key), &[]).await
    }

    async fn create(&mut self, external: bool) -> Result<(), Fault> {
        let arn = if external {
            self.house.external(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await
        } else {
            self.house.symmetric().await
        };
        if external {
            let parameters = self.lasting_parameters(&arn).await;
            self.wrapping.insert(arn.clone(), parameters);
        }
        self.arns.push(arn);
        Ok(())
    }

    /// What `GetParametersForImport` would give if its tokens were valid for ever.
    async fn lasting_parameters(&self, arn: &str) -> GetParametersForImportResponse {
        let place: Arn = arn.parse().unwrap();
        let key_arn = KeyArn {
            partition: place.partition.clone(),
            region: place.region.clone().unwrap(),
            account: place.account.unwrap(),
            id: KeyId::parse(place.resource.strip_prefix("key/").unwrap()).unwrap(),
        };
        let record = self.house.record(arn).await.unwrap();
        let import = ImportBinding {
            key_arn: arn.to_owned(),
            key: binding(&key_arn, &record, MaterialId([0; 32])),
            wrapping_key: keyward_vault::KeySpec::Rsa2048,
            algorithm: WrappingAlgorithm::RsaAesKeyWrapSha256,
            valid_to: Timestamp::from_unix_seconds(9_000_000_000),
        };
        let made = self.house.kms.vault.generate_import_key(&import).await.unwrap();
        let ImportBinding { wrapping_key, algorithm, valid_to, .. } = import;
        let token = ImportToken { wrapping_key, algorithm, valid_to, token: made.ekt };
        GetParametersForImportResponse {
            key_id: Some(arn.to_owned()),
            import_token: Some(token.write()),
            public_key: made.public_key.map(Into::into),
            parameters_valid_to: Some(valid_to),
        }
    }

    async fn alias(&self, step: &Step) -> Result<(), Fault> {
        let alias_name = |alias: &usize| format!("alias/{alias}");
        let house = &self.house;
        match step {
            Step::CreateAlias(alias, key) => {
                let input =
                    CreateAliasRequest { alias_name: alias_name(alias), target_key_id: self.arn(*key) };
                house.call::<CreateAlias>(&root(), input).await.map(drop)
            }
            Step::UpdateAlias(alias, key) => {
                let input =
                    UpdateAliasRequest { alias_name: alias_name(alias), target_key_id: self.arn(*key) };
                house.call::<UpdateAlias>(&root(), input).await.map(drop)
            }
            Step::DeleteAlias(alias) => {
                let input = DeleteAliasRequest { alias_name: alias_name(alias) };
                house.call::<DeleteAlias>(&root(), input).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn cryptography(&mut self, step: &Step) -> Result<(), Fault> {
        match step {
            Step::Encrypt(alias) => {
                let input = encrypt(&format!("alias/{alias}"), b"x");
                let sealed = self.house.call::<Encrypt>(&root(), input).await?;
                self.ciphertexts.extend(sealed.ciphertext_blob);
            }
            Step::Decrypt(number) => {
                let Some(blob) = self.ciphertexts.get(*number) else { return Ok(()) };
                let input = DecryptRequest { ciphertext_blob: Some(blob.clone()), ..Default::default() };
                let opened = self.house.call::<Decrypt>(&root(), input).await?;
                assert_eq!(opened.plaintext.unwrap().expose().as_slice(), b"x");
            }
            Step::EncryptGranted(key) => {
                let input = encrypt(&self.arn(*key), b"x");
                self.house.call::<Encrypt>(&carol(), input).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn import(&self, import: Import) -> Result<(), Fault> {
        let arn = self.arn(import.key);
        let Some(parameters) = self.wrapping.get(&arn) else {
            return attempt(&self.house, &root(), "ImportKeyMaterial", &arn, &[]).await;
        };
        let mut input = import_with(parameters, &arn, &[import.byte; 32]);
        input.import_type = import.new.map(|new| match new {
            true => ImportType::NewKeyMaterial,
            false => ImportType::ExistingKeyMaterial,
        });
        if let Some(days) = import.valid_days {
            let now = self.house.kms.clock.now();
            expiring(&mut input, now.plus(DAY * u32::try_from(days).unwrap()));
        }
        self.house.call::<ImportKeyMaterial>(&root(), input).await.map(drop)
    }

    async fn delete(&self, key: usize, byte: Option<u8>) -> Result<(), Fault> {
        let arn = self.arn(key);
        let key_id = arn.rsplit('/').next().unwrap_or_default();
        let id = byte.map(|byte| material_id(key_id, &[byte; 32]).to_string());
        let input = delete_imported(&arn, id.as_deref());
        self.house.call::<DeleteImportedKeyMaterial>(&root(), input).await.map(drop)
    }

    async fn managed(&self, service: usize) -> Result<(), Fault> {
        let key_id = format!("alias/aws/{}", SERVICES[service]);
        let input = DescribeKeyRequest { key_id, grant_tokens: None };
        self.house.call::<DescribeKey>(&root(), input).await.map(drop)
    }

    async fn grant(&mut self, key: usize) -> Result<(), Fault> {
        let arn = self.arn(key);
        let input = create_grant(&arn, CAROL, &[GrantOperation::Encrypt]);
        let made = self.house.call::<CreateGrant>(&root(), input).await?;
        self.grants.extend(made.grant_id.map(|id| (arn, id)));
        Ok(())
    }

    async fn revoke(&self, number: usize) -> Result<(), Fault> {
        let never = || (self.arn(0), "0".repeat(64));
        let (key_id, grant_id) = self.grants.get(number).cloned().unwrap_or_else(never);
        let input = RevokeGrantRequest { key_id, grant_id, dry_run: None };
        self.house.call::<RevokeGrant>(&root(), input).await.map(drop)
    }

    async fn duties(&self, step: &Step) -> Result<(), Fault> {
        let kms = &self.house.kms;
        match step {
            Step::PassDays(days) => {
                self.house.clock.advance(DAY * u32::try_from(*days).unwrap());
                kms.destroy_due(None).await?;
                kms.sweep_due(None).await?;
            }
            _ => drop(kms.expire_due(None).await?),
        }
        Ok(())
    }

    /// What the lists and descriptions show.
    pub(super) async fn shown(&self) -> Shown {
        self.house.kms.expire_due(None).await.unwrap();
        self.house.check_rows();
        let mut shown = Shown::default();
        for arn in &self.arns {
            shown.keys.push(self.shown_key(arn).await);
        }
        let aliases = self.house.call::<ListAliases>(&root(), Default::default()).await.unwrap().aliases;
        for entry in aliases.into_iter().flatten() {
            let name = entry.alias_name.unwrap();
            if let Some(service) = name.strip_prefix("alias/aws/") {
                shown.managed.extend(entry.target_key_id.map(|_| service.to_owned()));
                continue;
            }
            let id = entry.target_key_id.unwrap();
            let key = self.arns.iter().position(|arn| arn.ends_with(&id)).unwrap();
            shown.aliases.insert(name, key);
        }
        shown
    }

    async fn shown_key(&self, arn: &str) -> Option<ShownKey> {
        let house = &self.house;
        let input = DescribeKeyRequest { key_id: arn.to_owned(), grant_tokens: None };
        let metadata = house.call::<DescribeKey>(&root(), input).await.ok()?.key_metadata?;
        let input = ListKeyRotationsRequest {
            key_id: arn.to_owned(),
            include_key_material: Some(IncludeKeyMaterial::AllKeyMaterial),
            limit: None,
            marker: None,
        };
        let listed = house.call::<ListKeyRotations>(&root(), input).await.unwrap().rotations.unwrap();
        let grants = house.call::<ListGrants>(&root(), list_grants(arn)).await.unwrap().grants;
        Some(ShownKey {
            state: metadata.key_state?,
            valid_to: metadata.valid_to.map(|at| at.since(START).as_secs() / DAY.as_secs()),
            materials: listed.iter().map(|one| (one.key_material_state.unwrap(), one.import_state)).collect(),
            grants: grants.into_iter().flatten().count(),
        })
    }
}

/// Somebody who may nothing but by grants.
fn carol() -> Caller {
    testing::user(account(), "carol", &[])
}
