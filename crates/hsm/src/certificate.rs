//! Certificates that customers bring: read from PEM, and checked against one another (RFC 5280).
//!
//! Only what claiming a cluster takes: a root of the customer's own, and what it signed directly. No path building, no
//! revocation, no names.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use keyward_base::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{self, Oid};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;

/// An X.509 certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate(Vec<u8>);

impl Certificate {
    /// Reads one certificate from PEM. `None` when there is none, more than one, or something that is no certificate.
    pub fn from_pem(text: &str) -> Option<Self> {
        let (rest, block) = parse_x509_pem(text.as_bytes()).ok()?;
        if block.label != "CERTIFICATE" || !rest.trim_ascii().is_empty() {
            return None;
        }
        Self::from_der(block.contents)
    }

    fn from_der(der: Vec<u8>) -> Option<Self> {
        let (rest, _) = X509Certificate::from_der(&der).ok()?;
        rest.is_empty().then_some(())?;
        Some(Self(der))
    }

    /// SHA-256 of its DER: what clusters of one backup history share.
    pub fn sha256(&self) -> [u8; 32] {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, &self.0).as_ref());
        sum
    }

    /// The subject's public key in SPKI DER.
    pub fn public_key(&self) -> Vec<u8> {
        self.read(|certificate| certificate.public_key().raw.to_vec()).unwrap_or_default()
    }

    /// Whether it is within its validity.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        let seconds = now.unix_seconds();
        self.read(|certificate| {
            let validity = certificate.validity();
            (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&seconds)
        })
        .unwrap_or(false)
    }

    /// Whether it is a root: signed with its own key, and, where it is of version 3, allowed to be an issuer.
    pub fn is_root(&self) -> bool {
        let issuer = self
            .read(|certificate| {
                let constraints = certificate.basic_constraints().ok().flatten();
                certificate.version().0 < 2 || constraints.is_some_and(|constraints| constraints.value.ca)
            })
            .unwrap_or(false);
        issuer && self.is_signed_by(self)
    }

    /// Whether `issuer` signed it, without anyone in between: by name and by key.
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        let signed = self.read(|certificate| {
            issuer.read(|issuer| {
                certificate.issuer().as_raw() == issuer.subject().as_raw() && is_signed(certificate, issuer)
            })
        });
        signed.flatten().unwrap_or(false)
    }

    /// Parsing borrows the DER, so it is done for each question; a certificate is asked few.
    fn read<T>(&self, question: impl FnOnce(&X509Certificate<'_>) -> T) -> Option<T> {
        X509Certificate::from_der(&self.0).ok().map(|(_, certificate)| question(&certificate))
    }
}

fn is_signed(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let key = issuer.public_key();
    let Some(algorithm) = algorithm(&certificate.signature_algorithm.algorithm, key.raw) else {
        return false;
    };
    let key = UnparsedPublicKey::new(algorithm, key.raw);
    key.verify(certificate.tbs_certificate.as_ref(), &certificate.signature_value.data).is_ok()
}

/// How a signature with this name by this key (SPKI) is verified; `None` for what is too weak or not known.
fn algorithm(name: &Oid<'_>, spki: &[u8]) -> Option<&'static dyn VerificationAlgorithm> {
    let rsa: [(Oid<'_>, &'static dyn VerificationAlgorithm); 3] = [
        (oid_registry::OID_PKCS1_SHA256WITHRSA, &signature::RSA_PKCS1_2048_8192_SHA256),
        (oid_registry::OID_PKCS1_SHA384WITHRSA, &signature::RSA_PKCS1_2048_8192_SHA384),
        (oid_registry::OID_PKCS1_SHA512WITHRSA, &signature::RSA_PKCS1_2048_8192_SHA512),
    ];
    // The curve is the key's; aws-lc refuses a key of another one.
    let ecdsa: [(Oid<'_>, &'static dyn VerificationAlgorithm); 4] = [
        (oid_registry::OID_SIG_ECDSA_WITH_SHA256, &signature::ECDSA_P256_SHA256_ASN1),
        (oid_registry::OID_SIG_ECDSA_WITH_SHA384, &signature::ECDSA_P384_SHA384_ASN1),
        (oid_registry::OID_SIG_ECDSA_WITH_SHA512, &signature::ECDSA_P521_SHA512_ASN1),
        (oid_registry::OID_SIG_ED25519, &signature::ED25519),
    ];
    let known = rsa.into_iter().chain(ecdsa).find(|(known, _)| known == name);
    known.filter(|_| !spki.is_empty()).map(|(_, algorithm)| algorithm)
}

#[cfg(test)]
mod tests;
