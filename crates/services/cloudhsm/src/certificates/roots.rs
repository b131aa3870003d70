//! The two roots that certify every HSM of this deployment: in the place of AWS's own and of the manufacturer's. Their keys are in
//! the vault; their certificates are public.

use keyward_base::{Fault, Random, Timestamp};
use keyward_store::{Store, Txn, TxnError};
use keyward_vault::{Ekt, KeyBinding, KeyOrigin, KeyRef, KeySpec, KeyUsage, MaterialId, VaultClient};
use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, KeyUsagePurpose,
    PKCS_RSA_SHA256, SerialNumber,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use x509_parser::asn1_rs::Tag;
use x509_parser::pem::parse_x509_pem;

use super::signer::{PublicKey, VaultKey};
use crate::fault;
use crate::rows::{self, Versioned};

/// For how long a root and what it certifies are valid.
const VALID_FOR: Duration = Duration::days(25 * 365);

/// A root as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Root {
    /// Its key's material.
    material: MaterialId,
    /// Its key's token.
    token: Ekt,
    /// Its public key, SPKI DER.
    public: Vec<u8>,
    /// Since when it is valid.
    since: Timestamp,
    /// Its certificate, PEM.
    certificate: String,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Aws,
    Manufacturer,
}

/// Both roots.
#[derive(Debug)]
pub(crate) struct Roots {
    aws: Root,
    manufacturer: Root,
}

/// What both roots say of one HSM's hardware key, PEM.
#[derive(Debug)]
pub(crate) struct HardwareCertificates {
    /// In AWS's place.
    pub(crate) aws: String,
    /// In the manufacturer's place.
    pub(crate) manufacturer: String,
}

impl Roots {
    /// The deployment's roots; whoever comes first makes them.
    pub(crate) async fn open(
        store: &dyn Store,
        vault: &VaultClient,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let aws = open(store, vault, random, Which::Aws, now).await?;
        let manufacturer = open(store, vault, random, Which::Manufacturer, now).await?;
        Ok(Self { aws, manufacturer })
    }

    /// The roots' certificates, PEM: AWS's and the manufacturer's.
    pub(crate) fn certificates(&self) -> (&str, &str) {
        (&self.aws.certificate, &self.manufacturer.certificate)
    }

    /// Certifies an HSM's hardware key (SPKI DER) under the name by which `hsm_certificate` (PEM) calls its issuer.
    pub(crate) async fn certify(
        &self,
        vault: &VaultClient,
        random: &dyn Random,
        hardware_key: &[u8],
        hsm_certificate: &str,
        now: Timestamp,
    ) -> Result<HardwareCertificates, Fault> {
        let subject = issuer_of(hsm_certificate)?;
        let key = PublicKey::from_spki(hardware_key, &PKCS_RSA_SHA256)?;
        let mut made = Vec::new();
        for (which, root) in [(Which::Aws, &self.aws), (Which::Manufacturer, &self.manufacturer)] {
            // The hardware key signs the cluster key's certificate, so it is an authority of one more step.
            let params = params(subject.clone(), 0, now, serial(random))?;
            let issuer = root_params(which, root.since, SerialNumber::from(1))?;
            let signer = root.key(which)?;
            made.push(signer.certify(vault, |pass| pass.issue(&params, &key, &issuer)).await?);
        }
        let [aws, manufacturer] =
            <[String; 2]>::try_from(made).map_err(|_| fault::internal("there are two roots"))?;
        Ok(HardwareCertificates { aws, manufacturer })
    }
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Manufacturer => "manufacturer",
        }
    }

    /// The root's name, so that nobody takes it for the one whose place it takes.
    fn subject(self) -> Result<DistinguishedName, Fault> {
        let common = match self {
            Self::Aws => "Keyward CloudHSM root in the place of AWS",
            Self::Manufacturer => "Keyward CloudHSM root in the place of the manufacturer",
        };
        let mut name = DistinguishedName::new();
        for (kind, text) in [(DnType::OrganizationName, "Keyward"), (DnType::CommonName, common)] {
            name.push(
                kind,
                DnValue::PrintableString(PrintableString::try_from(text).map_err(fault::internal)?),
            );
        }
        Ok(name)
    }

    fn binding(self, material_id: MaterialId) -> KeyBinding {
        KeyBinding {
            owner: format!("cloudhsm/anchor/{}", self.name()).into(),
            spec: KeySpec::EccNistP384,
            usage: KeyUsage::SignVerify,
            origin: KeyOrigin::AwsKms,
            material_id,
        }
    }
}

impl Root {
    fn key(&self, which: Which) -> Result<VaultKey, Fault> {
        VaultKey::new(KeyRef::new(self.token.clone(), which.binding(self.material)), &self.public)
    }
}

async fn open(
    store: &dyn Store,
    vault: &VaultClient,
    random: &dyn Random,
    which: Which,
    now: Timestamp,
) -> Result<Root, Fault> {
    let place = rows::root(which.name());
    loop {
        if let Some(row) = store.get(&place).await.map_err(fault::internal)? {
            let Versioned::V1(root) = rows::decode(&row.value)?;
            return Ok(root);
        }
        let root = make(vault, random, which, now).await?;
        let row = rows::encode(&Versioned::V1(root))?;
        match store.txn(Txn::default().create(place.clone(), row)).await {
            Ok(_) | Err(TxnError::Conflict) => {}
            Err(error) => return Err(fault::internal(error)),
        }
    }
}

async fn make(vault: &VaultClient, random: &dyn Random, which: Which, now: Timestamp) -> Result<Root, Fault> {
    let material = MaterialId::random(random);
    let made = vault.generate_key(&which.binding(material)).await.map_err(fault::internal)?;
    let public = made.public_key.ok_or_else(|| fault::internal("a root's key has no public half"))?;
    let key = VaultKey::new(KeyRef::new(made.ekt.clone(), which.binding(material)), &public)?;
    let params = root_params(which, now, serial(random))?;
    let certificate = key.certify(vault, |pass| pass.root(&params)).await?;
    Ok(Root { material, token: made.ekt, public, since: now, certificate })
}

fn root_params(which: Which, since: Timestamp, serial: SerialNumber) -> Result<CertificateParams, Fault> {
    params(which.subject()?, 1, since, serial)
}

/// An authority under which there are at most `steps` more.
fn params(
    subject: DistinguishedName,
    steps: u8,
    since: Timestamp,
    serial: SerialNumber,
) -> Result<CertificateParams, Fault> {
    let since = OffsetDateTime::from_unix_timestamp(since.unix_seconds()).map_err(fault::internal)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.serial_number = Some(serial);
    params.not_before = since;
    params.not_after = since + VALID_FOR;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(steps));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// Sixteen random bytes that make a positive number.
fn serial(random: &dyn Random) -> SerialNumber {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// The name by which a certificate calls its issuer.
fn issuer_of(certificate: &str) -> Result<DistinguishedName, Fault> {
    let (_, block) =
        parse_x509_pem(certificate.as_bytes()).map_err(|error| fault::internal(error.to_string()))?;
    let certificate = block.parse_x509().map_err(|error| fault::internal(error.to_string()))?;
    let mut name = DistinguishedName::new();
    for attribute in certificate.issuer().iter_attributes() {
        let oid: Vec<u64> = attribute.attr_type().iter().into_iter().flatten().collect();
        let text = attribute.as_str().map_err(|error| fault::internal(error.to_string()))?;
        // Names are compared byte by byte, so the kind of text stays what it is.
        let value = match attribute.attr_value().tag() {
            Tag::PrintableString => DnValue::PrintableString(text.try_into().map_err(fault::internal)?),
            _ => DnValue::Utf8String(text.to_owned()),
        };
        name.push(DnType::from_oid(&oid), value);
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
