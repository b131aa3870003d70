//! The blob form of a delta: four bytes of head with the format's number, then postcard.
//!
//! Names are written without the zone's own, and of a signature only what does not follow from its set.

use std::sync::Arc;

use domain::base::iana::Rtype;
use serde::{Deserialize, Serialize};

use super::{Delta, DeltaError};
use crate::keys::ECDSAP256SHA256;
use crate::sign::rrsig_labels;
use crate::{GenerationNumber, Name, Nsec3Hash, Rrset, Signature, SignedRrset};

const MAGIC: [u8; 3] = *b"kwz";
const FORMAT: u8 = 1;

#[derive(Serialize, Deserialize)]
struct DeltaV1 {
    apex: Vec<u8>,
    from: Option<u64>,
    to: u64,
    puts: Vec<SetV1>,
    removals: Vec<(Vec<u8>, u16)>,
    nsec3_puts: Vec<([u8; 20], SetV1)>,
    nsec3_removals: Vec<[u8; 20]>,
}

#[derive(Serialize, Deserialize)]
struct SetV1 {
    /// The owner without the zone's name at its end; empty for NSEC3, whose owner follows from its hash.
    owner: Vec<u8>,
    rtype: u16,
    ttl: u32,
    rdata: Vec<Vec<u8>>,
    signatures: Vec<SignatureV1>,
}

#[derive(Serialize, Deserialize)]
enum SignatureV1 {
    /// By a key of the zone, algorithm 13; the rest follows from the set.
    Own { expiration: u32, inception: u32, tag: u16, signature: Vec<u8> },
    /// Any other: the whole record data.
    Whole(Vec<u8>),
}

impl Delta {
    /// The blob.
    pub fn encode(&self) -> Vec<u8> {
        let put = |set: &SignedRrset, owner: Vec<u8>| set_v1(set, owner, &self.apex);
        let value = DeltaV1 {
            apex: self.apex.as_wire().to_vec(),
            from: self.from.map(|number| number.0),
            to: self.to.0,
            puts: self.puts.iter().map(|set| put(set, relative(set.rrset.name(), &self.apex))).collect(),
            removals: self
                .removals
                .iter()
                .map(|(name, rtype)| (relative(name, &self.apex), rtype.to_int()))
                .collect(),
            nsec3_puts: self
                .nsec3_puts
                .iter()
                .map(|(hash, record)| (hash.0, put(record, Vec::new())))
                .collect(),
            nsec3_removals: self.nsec3_removals.iter().map(|hash| hash.0).collect(),
        };
        let mut blob = MAGIC.to_vec();
        blob.push(FORMAT);
        // Writing plain data to a vector can't fail; an empty blob would be refused when read.
        blob.extend(postcard::to_stdvec(&value).unwrap_or_default());
        blob
    }

    /// Reads a blob. Never panics, whatever the bytes.
    pub fn decode(blob: &[u8]) -> Result<Self, DeltaError> {
        let body = match blob.strip_prefix(&MAGIC).and_then(<[u8]>::split_first) {
            Some((&FORMAT, body)) => body,
            Some((&format, _)) if format > FORMAT => return Err(DeltaError::NewerFormat(format)),
            _ => return Err(DeltaError::Malformed),
        };
        let (value, rest): (DeltaV1, _) =
            postcard::take_from_bytes(body).map_err(|_| DeltaError::Malformed)?;
        if !rest.is_empty() {
            return Err(DeltaError::Malformed);
        }
        from_v1(value).ok_or(DeltaError::Malformed)
    }
}

fn from_v1(value: DeltaV1) -> Option<Delta> {
    let apex = Name::from_wire(&value.apex).ok()?;
    let puts = value.puts.into_iter().map(|set| {
        let owner = absolute(&set.owner, &apex)?;
        from_set_v1(set, owner, &apex)
    });
    let nsec3_puts = value.nsec3_puts.into_iter().map(|(hash, set)| {
        let hash = Nsec3Hash(hash);
        let owner = hash.owner(&apex).ok()?;
        (set.owner.is_empty()).then_some(())?;
        Some((hash, from_set_v1(set, owner, &apex)?))
    });
    let removals = value.removals.into_iter();
    Some(Delta {
        from: value.from.map(GenerationNumber),
        to: GenerationNumber(value.to),
        puts: puts.collect::<Option<_>>()?,
        removals: removals
            .map(|(name, rtype)| Some((absolute(&name, &apex)?, Rtype::from_int(rtype))))
            .collect::<Option<_>>()?,
        nsec3_puts: nsec3_puts.collect::<Option<_>>()?,
        nsec3_removals: value.nsec3_removals.into_iter().map(Nsec3Hash).collect(),
        apex,
    })
}

fn set_v1(set: &SignedRrset, owner: Vec<u8>, apex: &Name) -> SetV1 {
    SetV1 {
        owner,
        rtype: set.rrset.rtype().to_int(),
        ttl: set.rrset.ttl(),
        rdata: set.rrset.rdata().map(<[u8]>::to_vec).collect(),
        signatures: set
            .signatures
            .iter()
            .map(|signature| signature_v1(signature, &set.rrset, apex))
            .collect(),
    }
}

fn from_set_v1(set: SetV1, owner: Name, apex: &Name) -> Option<Arc<SignedRrset>> {
    if set.rdata.iter().any(|rdata| rdata.len() > usize::from(u16::MAX)) {
        return None;
    }
    let rrset = Rrset::new(owner, Rtype::from_int(set.rtype), set.ttl, set.rdata);
    let signatures = set.signatures.into_iter().map(|signature| from_signature_v1(signature, &rrset, apex));
    let signatures = signatures.collect::<Option<_>>()?;
    Some(Arc::new(SignedRrset { rrset, signatures }))
}

fn signature_v1(signature: &Signature, set: &Rrset, apex: &Name) -> SignatureV1 {
    let own = SignatureV1::Own {
        expiration: signature.expiration(),
        inception: signature.inception(),
        tag: signature.key_tag(),
        signature: signature.signature().to_vec(),
    };
    match from_signature_v1_fields(&own, set, apex) {
        Some(rdata) if rdata == signature.rdata() => own,
        _ => SignatureV1::Whole(signature.rdata().to_vec()),
    }
}

fn from_signature_v1(signature: SignatureV1, set: &Rrset, apex: &Name) -> Option<Signature> {
    Signature::from_rdata(from_signature_v1_fields(&signature, set, apex)?)
}

fn from_signature_v1_fields(signature: &SignatureV1, set: &Rrset, apex: &Name) -> Option<Vec<u8>> {
    match signature {
        SignatureV1::Whole(rdata) => Some(rdata.clone()),
        SignatureV1::Own { expiration, inception, tag, signature } => {
            let mut rdata = set.rtype().to_int().to_be_bytes().to_vec();
            rdata.extend([ECDSAP256SHA256, rrsig_labels(set.name())]);
            rdata.extend(set.ttl().to_be_bytes());
            rdata.extend(expiration.to_be_bytes());
            rdata.extend(inception.to_be_bytes());
            rdata.extend(tag.to_be_bytes());
            rdata.extend_from_slice(apex.as_wire());
            rdata.extend_from_slice(signature);
            Some(rdata)
        }
    }
}

fn relative(name: &Name, apex: &Name) -> Vec<u8> {
    let wire = name.as_wire();
    wire.strip_suffix(apex.as_wire()).unwrap_or(wire).to_vec()
}

fn absolute(relative: &[u8], apex: &Name) -> Option<Name> {
    Name::from_wire(&[relative, apex.as_wire()].concat()).ok()
}
