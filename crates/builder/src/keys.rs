//! Zone-signing keys: made in the vault, used in batches. Only tokens pass through here.

use keyward_base::Random;
use keyward_vault::{
    Ekt, KeyBinding, KeyOrigin, KeyRef, KeySpec, KeyUsage, MaterialId, MessageType, SigningAlgorithm,
    VaultClient,
};
use keyward_zone::SigningJob;
use keyward_zone::keys::{Dnskey, SIGNATURE_BYTES, point_of_spki};
use keyward_zone::publication::ZoneId;
use keyward_zone::rollover::{Zsk, ZskPhase};

use crate::BuildError;
use crate::rows::ZskRow;

/// How many signatures are asked for at a time, between two lines of progress in the log.
const BATCH: usize = 8192;
/// How many fresh keys are thrown away because their tag is taken, before something must be wrong.
const TAG_ATTEMPTS_MAX: u32 = 16;

/// Makes a zone-signing key whose tag is not among `taken`: a validator should never have to try two keys.
pub(crate) async fn make(
    vault: &VaultClient,
    random: &dyn Random,
    zone: &ZoneId,
    phase: ZskPhase,
    taken: &[u16],
) -> Result<ZskRow, BuildError> {
    for _ in 0..TAG_ATTEMPTS_MAX {
        let material = MaterialId::random(random);
        let generated = vault.generate_key(&binding(zone, material)).await?;
        let point = generated.public_key.as_deref().and_then(point_of_spki);
        let key = Dnskey::zsk(&point.ok_or(BuildError::Broken("the vault gave no P-256 key"))?);
        if !taken.contains(&key.tag()) {
            let ekt = generated.ekt.as_bytes().to_vec();
            return Ok(ZskRow { zsk: Zsk { key, phase }, ekt, material: material.0 });
        }
    }
    Err(BuildError::Broken("every new zone-signing key had a tag that is taken"))
}

/// Signs every job with the key of `row`.
pub(crate) async fn sign<'j>(
    vault: &VaultClient,
    zone: &ZoneId,
    row: &ZskRow,
    jobs: impl ExactSizeIterator<Item = &'j SigningJob>,
) -> Result<Vec<[u8; SIGNATURE_BYTES]>, BuildError> {
    let key = KeyRef::new(Ekt::from_bytes(row.ekt.clone()), binding(zone, MaterialId(row.material)));
    let messages: Vec<&[u8]> = jobs.map(SigningJob::data).collect();
    let mut signatures = Vec::with_capacity(messages.len());
    for batch in messages.chunks(BATCH) {
        let made = vault.sign_batch(&key, SigningAlgorithm::EcdsaSha256, MessageType::Raw, batch).await?;
        for signature in made {
            signatures.push(
                signature.try_into().map_err(|_| BuildError::Broken("a signature has a wrong length"))?,
            );
        }
        if messages.len() > BATCH {
            tracing::info!(%zone, signed = signatures.len(), of = messages.len(), "signing");
        }
    }
    Ok(signatures)
}

/// The same keys under the vault's active domain key, so that old domain keys can go. One that can't be
/// wrapped now stays as it is until the next time.
pub(crate) async fn rewrap(vault: &VaultClient, zone: &ZoneId, rows: &mut [ZskRow]) {
    for row in rows {
        let key = KeyRef::new(Ekt::from_bytes(row.ekt.clone()), binding(zone, MaterialId(row.material)));
        match vault.rewrap(&key).await {
            Ok(ekt) => row.ekt = ekt.as_bytes().to_vec(),
            Err(error) => tracing::warn!(%zone, %error, "a zone-signing key was not wrapped anew"),
        }
    }
}

fn binding(zone: &ZoneId, material_id: MaterialId) -> KeyBinding {
    KeyBinding {
        owner: format!("zone/{zone}/zsk").into(),
        spec: KeySpec::EccNistP256,
        usage: KeyUsage::SignVerify,
        origin: KeyOrigin::AwsKms,
        material_id,
    }
}
