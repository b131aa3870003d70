//! What certifies an HSM and its cluster: requests and certificates by rcgen, signed with keys that stay where they are.

use rcgen::{
    CertificateParams, DistinguishedName, DnType, Issuer, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm,
    SigningKey,
};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::api::error::HsmError;
use crate::api::ids::HsmSerial;
use crate::api::mechanism::{Hash, SignMechanism};
use crate::api::status::HsmMode;
use crate::instance::Instance;
use crate::token::{CLUSTER_KEY_HANDLE, Token};

/// Signs a message: RSA PKCS#1 v1.5 with SHA-256.
type Sign<'a> = dyn Fn(&[u8]) -> Result<Vec<u8>, HsmError> + 'a;

/// An RSA key that rcgen signs with and does not see.
struct Held<'a> {
    /// The `RSAPublicKey` inside the SPKI.
    public: Vec<u8>,
    sign: &'a Sign<'a>,
}

impl PublicKeyData for Held<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Held<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        (self.sign)(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

impl Instance {
    /// A request for a certificate of the hardware key, PEM.
    pub(crate) fn hardware_csr(&self) -> Result<String, HsmError> {
        let sign = |message: &[u8]| self.identity.sign(message);
        let key = Held { public: rsa_public(&self.identity.hardware_spki()?)?, sign: &sign };
        let request = named(hardware_name(self.identity.serial)).serialize_request(&key).map_err(failed)?;
        request.pem().map_err(failed)
    }

    /// A request for a certificate of the cluster key, PEM.
    pub(crate) fn cluster_csr(&self) -> Result<String, HsmError> {
        let (row, mode) = self.cluster_key()?;
        let sign = |message: &[u8]| sign_with_cluster_key(&*self.token, message);
        let key = Held { public: rsa_public(&row.public_spki)?, sign: &sign };
        let request = named(cluster_name(row.founder, mode)).serialize_request(&key).map_err(failed)?;
        request.pem().map_err(failed)
    }

    /// A certificate of the cluster key by the hardware key, PEM.
    pub(crate) fn hsm_certificate(&self) -> Result<String, HsmError> {
        let (row, mode) = self.cluster_key()?;
        let sign = |message: &[u8]| self.identity.sign(message);
        let key = Held { public: rsa_public(&self.identity.hardware_spki()?)?, sign: &sign };
        let issuer = Issuer::new(named(hardware_name(self.identity.serial)), key);
        let subject = Held { public: rsa_public(&row.public_spki)?, sign: &|_| Err(HsmError::NotPermitted) };
        let certificate = named(cluster_name(row.founder, mode)).signed_by(&subject, &issuer);
        Ok(certificate.map_err(failed)?.pem())
    }

    fn cluster_key(&self) -> Result<(crate::instance::body::ClusterKeyRow, HsmMode), HsmError> {
        let mind = self.member()?;
        let mode = mind.membership.as_ref().ok_or(HsmError::Blank)?.mode;
        Ok((mind.cluster_key.clone().ok_or(HsmError::Blank)?, mode))
    }
}

fn sign_with_cluster_key(token: &dyn Token, message: &[u8]) -> Result<Vec<u8>, HsmError> {
    Ok(token.sign(CLUSTER_KEY_HANDLE, SignMechanism::RsaPkcs1(Hash::Sha256), message)?)
}

/// As CloudHSM names its clusters' keys.
fn cluster_name(serial: HsmSerial, mode: HsmMode) -> DistinguishedName {
    let mode = match mode {
        HsmMode::Fips => "FIPS",
        HsmMode::NonFips => "non-FIPS",
    };
    name(format!("HSM:{serial}:PARTN:1, for {mode} mode"))
}

fn hardware_name(serial: HsmSerial) -> DistinguishedName {
    name(format!("HSM:{serial}"))
}

fn name(common: String) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in [
        (DnType::CountryName, "US"),
        (DnType::StateOrProvinceName, "CA"),
        (DnType::OrganizationName, "Cavium"),
        (DnType::OrganizationalUnitName, "N3FIPS"),
        (DnType::LocalityName, "SanJose"),
    ] {
        name.push(kind, value);
    }
    name.push(DnType::CommonName, common);
    name
}

/// From 2020 for 30 years: the HSM's certificate is proof of origin, and ends with the HSM.
fn named(name: DistinguishedName) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2050, 1, 1);
    params
}

fn rsa_public(spki: &[u8]) -> Result<Vec<u8>, HsmError> {
    let (_, info) = SubjectPublicKeyInfo::from_der(spki)
        .map_err(|_| HsmError::Internal("a public key that can not be read".to_owned()))?;
    Ok(info.subject_public_key.data.to_vec())
}

fn failed(error: rcgen::Error) -> HsmError {
    HsmError::Internal(error.to_string())
}

#[cfg(test)]
mod tests;
