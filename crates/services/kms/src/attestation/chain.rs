//! From an attestation document's certificate to a trusted root.

use std::time::Duration;

use keyward_base::Timestamp;
use keyward_vault::{KeySpec, ec_point_from_spki};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::aws_lc_rs::ECDSA_P384_SHA384;
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::Unfit;

/// The root of AWS's Nitro attestation PKI, SHA-256 fingerprint 641a0321a3e244efe456463195d606317ed7cdcc3c1756e0
/// 9893f3c68f79bb5b. It ends on 2049-10-28.
const NITRO_ROOT: &[u8] = include_bytes!("aws_nitro_enclaves_root_g1.pem");

/// The certificates that attestation documents must lead to.
#[derive(Clone, Debug)]
pub struct AttestationRoots(Vec<TrustAnchor<'static>>);

impl Default for AttestationRoots {
    /// AWS's own root.
    fn default() -> Self {
        Self(anchors(NITRO_ROOT).unwrap_or_default())
    }
}

impl AttestationRoots {
    /// The roots in a PEM file: at least one, and nothing but X.509 certificates; else `None`.
    pub fn from_pem(pem: &[u8]) -> Option<Self> {
        anchors(pem).map(Self)
    }

    /// These roots and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The point of the certificate's P-384 key, when the certificate leads to one of the roots at `now`.
    pub(super) fn verify(
        &self,
        certificate: &[u8],
        bundle: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Vec<u8>, Unfit> {
        let certificate = CertificateDer::from(certificate);
        let bundle: Vec<_> = bundle.iter().map(|one| CertificateDer::from(one.as_slice())).collect();
        let end = EndEntityCert::try_from(&certificate).map_err(|_| Unfit::Untrusted)?;
        let seconds = u64::try_from(now.unix_seconds()).map_err(|_| Unfit::Untrusted)?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        end.verify_for_usage(&[ECDSA_P384_SHA384], &self.0, &bundle, now, AnyPurpose, None, None)
            .map_err(|_| Unfit::Untrusted)?;
        let spki = end.subject_public_key_info();
        let point = ec_point_from_spki(KeySpec::EccNistP384, &spki).ok_or(Unfit::Untrusted)?;
        Ok([&[4], point].concat())
    }
}

/// Nitro's certificates name no extended key usage.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// The certificates of a PEM file; `None` when there are none, or one is none.
fn anchors(pem: &[u8]) -> Option<Vec<TrustAnchor<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.ok().filter(|certificates| !certificates.is_empty())?;
    certificates
        .iter()
        .map(|one| webpki::anchor_from_trusted_cert(one).ok().map(|one| one.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_s_root_is_trusted_by_default() {
        assert_eq!(AttestationRoots::default().0.len(), 1);
    }

    #[test]
    fn a_file_without_a_certificate_has_no_roots() {
        assert!(anchors(b"no certificate").is_none());
        assert!(anchors(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_none());
    }
}
