//! Whether an owner's certificates claim a cluster (user guide, "Initialize the cluster").

use keyward_base::{Fault, Timestamp};
use keyward_hsm::Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;

use crate::fault;

/// What AWS takes (user guide; the model allows more).
const PEM_CHARACTERS_MAX: usize = 5000;

/// Refuses unless `signed` is the certificate of the request `csr`, signed directly by the root `anchor`, both valid now.
pub(crate) fn check_claim(csr: &str, signed: &str, anchor: &str, now: Timestamp) -> Result<(), Fault> {
    let signed = certificate("SignedCert", signed)?;
    let anchor = certificate("TrustAnchor", anchor)?;
    if !anchor.is_root() {
        return Err(fault::invalid(
            "The TrustAnchor is not a self-signed certificate of a certificate authority (BasicConstraints CA:TRUE).",
        ));
    }
    if !signed.is_signed_by(&anchor) {
        return Err(fault::invalid("The SignedCert is not signed directly by the TrustAnchor."));
    }
    if signed.public_key() != requested_key(csr)? {
        return Err(fault::invalid(
            "The SignedCert is not the certificate of the cluster's CSR: it has another public key.",
        ));
    }
    for (name, certificate) in [("SignedCert", &signed), ("TrustAnchor", &anchor)] {
        if !certificate.is_valid_at(now) {
            return Err(fault::invalid(format!("The {name} is not valid at present.")));
        }
    }
    Ok(())
}

fn certificate(name: &str, pem: &str) -> Result<Certificate, Fault> {
    if pem.len() > PEM_CHARACTERS_MAX {
        return Err(fault::invalid(format!("The {name} has more than {PEM_CHARACTERS_MAX} characters.")));
    }
    Certificate::from_pem(pem)
        .ok_or_else(|| fault::invalid(format!("The {name} is not one X.509 certificate in PEM.")))
}

/// The public key that the request asks a certificate for, SPKI DER.
pub(super) fn requested_key(csr: &str) -> Result<Vec<u8>, Fault> {
    let (_, block) = parse_x509_pem(csr.as_bytes()).map_err(|error| fault::internal(error.to_string()))?;
    let (_, request) = X509CertificationRequest::from_der(&block.contents)
        .map_err(|error| fault::internal(error.to_string()))?;
    Ok(request.certification_request_info.subject_pki.raw.to_vec())
}

#[cfg(test)]
mod tests;
