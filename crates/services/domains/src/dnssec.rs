//! A domain's public keys: from the request's key to the DS record that the registry gets. Pure.

use keyward_base::Fault;
use keyward_registry::DsRecord;
use keyward_schema::route53domains::{DnssecKey, DnssecSigningAttributes};
use keyward_zone::Name;
use keyward_zone::keys::Dnskey;

use crate::fault::invalid_input;

/// The only protocol number there is (RFC 4034 section 2.1.2).
const PROTOCOL: u8 = 3;

/// How many keys a domain may have: 13 below com and net, 4 elsewhere (developer guide, "Configuring DNSSEC
/// for a domain").
pub(crate) fn keys_max(tld: &str) -> usize {
    if matches!(tld, "com" | "net") { 13 } else { 4 }
}

/// The DS record of the key that a request gives for the domain `owner`.
pub(crate) fn read(owner: &Name, attributes: &DnssecSigningAttributes) -> Result<DsRecord, Fault> {
    let required = |what: &str| invalid_input(format!("SigningAttributes: {what} is missing."));
    let algorithm = attributes.algorithm.ok_or_else(|| required("Algorithm"))?;
    let flags = attributes.flags.ok_or_else(|| required("Flags"))?;
    let text = attributes.public_key.as_deref().ok_or_else(|| required("PublicKey"))?;
    let algorithm = u8::try_from(algorithm).ok().filter(|number| DsRecord::is_supported_algorithm(*number));
    let algorithm = algorithm.ok_or_else(|| {
        invalid_input("SigningAttributes: the Algorithm is not one of 8, 10, 13, 14, 15 and 16.")
    })?;
    let flags = u16::try_from(flags).ok().filter(|flags| matches!(flags, 256 | 257));
    let flags = flags.ok_or_else(|| {
        invalid_input("SigningAttributes: Flags are 257 for a key-signing key or 256 for a zone-signing key.")
    })?;
    let text: String = text.split_ascii_whitespace().collect();
    let key = data_encoding::BASE64.decode(text.as_bytes());
    let key = key.ok().filter(|key| fits(algorithm, key)).ok_or_else(|| {
        invalid_input("SigningAttributes: the PublicKey is not a base64-encoded key of the algorithm.")
    })?;
    let [high, low] = flags.to_be_bytes();
    let rdata = [&[high, low, PROTOCOL, algorithm], key.as_slice()].concat();
    let dnskey = Dnskey::from_rdata(&rdata).ok_or_else(|| invalid_input("The key is no zone key."))?;
    Ok(DsRecord::from(&dnskey.ds(owner)))
}

/// Whether the key has the algorithm's form: fixed lengths for curves (RFC 6605, RFC 8080), exponent and
/// modulus of 1024 to 4096 bits for RSA (RFC 3110, RFC 5702).
fn fits(algorithm: u8, key: &[u8]) -> bool {
    match algorithm {
        13 => key.len() == 64,
        14 => key.len() == 96,
        15 => key.len() == 32,
        16 => key.len() == 57,
        _ => rsa_modulus_bytes(key).is_some_and(|bytes| (128..=512).contains(&bytes)),
    }
}

fn rsa_modulus_bytes(key: &[u8]) -> Option<usize> {
    let (first, rest) = key.split_first()?;
    let (exponent, rest) = match first {
        0 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        length => (usize::from(*length), rest),
    };
    (exponent > 0).then(|| rest.get(exponent..).map(<[u8]>::len))?
}

/// The key's id as GetDomainDetail shows it since 2026: `DS:<tag>-<algorithm>-<digest type>-<digest>`.
pub(crate) fn id(ds: &DsRecord) -> String {
    format!("DS:{}-{}-{}-{}", ds.tag, ds.algorithm, ds.digest_type, digest_text(ds))
}

/// Whether `text` names the key: its id, or the bare digest, which was the id earlier.
pub(crate) fn is_named(ds: &DsRecord, text: &str) -> bool {
    text.eq_ignore_ascii_case(&id(ds)) || text.eq_ignore_ascii_case(&digest_text(ds))
}

/// The key as answers show it. AWS no longer shows flags and public key (2026).
pub(crate) fn show(ds: &DsRecord) -> DnssecKey {
    DnssecKey {
        algorithm: Some(ds.algorithm.into()),
        digest_type: Some(ds.digest_type.into()),
        digest: Some(digest_text(ds)),
        key_tag: Some(ds.tag.into()),
        id: Some(id(ds)),
        flags: None,
        public_key: None,
    }
}

fn digest_text(ds: &DsRecord) -> String {
    data_encoding::HEXUPPER.encode(&ds.digest)
}

#[cfg(test)]
mod tests;
