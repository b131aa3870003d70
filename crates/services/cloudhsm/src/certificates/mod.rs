//! Certificates of clusters: what an owner claims a cluster with, and what this deployment certifies its HSMs with.

mod claim;
mod roots;
mod signer;

pub(crate) use claim::check_claim;
pub(crate) use roots::Roots;

/// The public key of a request, as rcgen takes it.
#[cfg(test)]
pub(crate) fn testing_requested(csr: &str) -> impl rcgen::PublicKeyData + use<> {
    let spki = claim::requested_key(csr).unwrap();
    signer::PublicKey::from_spki(&spki, &rcgen::PKCS_RSA_SHA256).unwrap()
}
