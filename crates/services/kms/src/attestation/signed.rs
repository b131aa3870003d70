//! The outside of an attestation document: COSE_Sign1 (RFC 9052 section 4.2), tagged or not, with ES384.

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder};

use super::Unfit;

/// RFC 9052 section 4.2.
const COSE_SIGN1: u64 = 18;
/// RFC 9053 section 2.1: ES384.
const ES384: i64 = -35;
const ALGORITHM: i64 = 1;
/// The longest payload (attestation process, section 3.1).
const PAYLOAD_BYTES_MAX: usize = 16_384;

/// A message with a signature that has not been verified yet.
pub(super) struct Signed<'a> {
    protected: &'a [u8],
    /// What was signed.
    pub(super) payload: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Reads it; nothing may follow.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Unfit> {
        parse(bytes).ok().flatten().ok_or(Unfit::Malformed("it is no COSE_Sign1 message with ES384"))
    }

    /// Whether the holder of `key` (a P-384 point) signed it.
    pub(super) fn verify(&self, key: &[u8]) -> Result<(), Unfit> {
        let to_be_signed = self.to_be_signed().map_err(|_| Unfit::Unsigned)?;
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key)
            .verify(&to_be_signed, self.signature)
            .map_err(|_| Unfit::Unsigned)
    }

    /// `Sig_structure` (RFC 9052 section 4.4), without external data.
    fn to_be_signed(&self) -> Result<Vec<u8>, minicbor::encode::Error<std::convert::Infallible>> {
        let mut encoder = Encoder::new(Vec::with_capacity(self.payload.len() + 64));
        encoder.array(4)?.str("Signature1")?.bytes(self.protected)?.bytes(&[])?.bytes(self.payload)?;
        Ok(encoder.into_writer())
    }
}

fn parse(bytes: &[u8]) -> Result<Option<Signed<'_>>, minicbor::decode::Error> {
    let mut decoder = Decoder::new(bytes);
    if decoder.datatype()? == Type::Tag && decoder.tag()? != Tag::new(COSE_SIGN1) {
        return Ok(None);
    }
    if decoder.array()? != Some(4) {
        return Ok(None);
    }
    let protected = decoder.bytes()?;
    decoder.map()?.filter(|length| *length == 0).ok_or_else(|| minicbor::decode::Error::message("header"))?;
    let payload = decoder.bytes()?;
    let signature = decoder.bytes()?;
    let whole = decoder.position() == bytes.len() && payload.len() <= PAYLOAD_BYTES_MAX;
    Ok((whole && is_es384(protected)?).then_some(Signed { protected, payload, signature }))
}

/// The protected header: exactly `{1: -35}`.
fn is_es384(protected: &[u8]) -> Result<bool, minicbor::decode::Error> {
    let mut decoder = Decoder::new(protected);
    Ok(decoder.map()? == Some(1)
        && decoder.i64()? == ALGORITHM
        && decoder.i64()? == ES384
        && decoder.position() == protected.len())
}
