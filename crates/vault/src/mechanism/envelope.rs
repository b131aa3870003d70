//! A plaintext for one recipient outside: CMS EnvelopedData (RFC 5652 section 6), as KMS answers attested requests.
//!
//! AES-256-CBC under a fresh key, that key under the recipient's RSA key by RSAES-OAEP with SHA-256. The form is
//! the one that KMS's own client reads (aws-nitro-enclaves-sdk-c): BER with indefinite lengths around the parts
//! and a `subjectKeyIdentifier`, here the SHA-256 of the recipient's key in SPKI (RFC 7093 section 2, method 4).

use aws_lc_rs::cipher::{AES_256, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use zeroize::Zeroizing;

use crate::api::error::VaultError;
use crate::mechanism::{Secret, unexpected};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0] IMPLICIT` of a primitive type.
const SUBJECT_KEY_IDENTIFIER: u8 = 0x80;
/// Heads of indefinite length.
const OPEN_SEQUENCE: [u8; 2] = [0x30, 0x80];
const OPEN_CONTEXT_0: [u8; 2] = [0xa0, 0x80];
const END: [u8; 2] = [0, 0];

/// `1.2.840.113549.1.7.3`, with tag and length.
const ENVELOPED_DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3];
/// `1.2.840.113549.1.7.1`
const DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
/// `2.16.840.1.101.3.4.1.42`
const AES_256_CBC: &[u8] = &[0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];
/// RFC 4055 section 4.1: id-RSAES-OAEP with SHA-256 as hash and in MGF1.
const RSAES_OAEP_SHA_256: &[u8] = &[
    0x30, 0x3c, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 7, 0x30, 0x2f, 0xa0, 0x0f, 0x30, 0x0d,
    0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 9, 0x2a, 0x86, 0x48,
    0x86, 0xf7, 0x0d, 1, 1, 8, 0x30, 0x0d, 0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0,
];

/// Who gets a plaintext: the holder of the private half of an RSA key.
pub(crate) struct Recipient {
    key: OaepPublicEncryptingKey,
    id: Vec<u8>,
}

impl Recipient {
    /// The holder of this key, in SPKI DER: RSA of 2048 to 8192 bits.
    pub(crate) fn new(spki: &[u8]) -> Result<Self, VaultError> {
        let key = PublicEncryptingKey::from_der(spki).map_err(|_| VaultError::InvalidPublicKey)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| VaultError::InvalidPublicKey)?;
        Ok(Self { key, id: digest(&SHA256, spki).as_ref().to_vec() })
    }

    /// Encrypts for the recipient.
    pub(crate) fn envelop(&self, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let content_key = Secret::random(32)?;
        let (iv, content) = encrypt(&content_key, plaintext)?;
        let mut wrapped = vec![0; self.key.ciphertext_size()];
        let algorithm = &OAEP_SHA256_MGF1SHA256;
        let wrapped =
            self.key.encrypt(algorithm, content_key.expose(), &mut wrapped, None).map_err(unexpected)?;
        let recipient = [
            element(INTEGER, &[2]),
            element(SUBJECT_KEY_IDENTIFIER, &self.id),
            RSAES_OAEP_SHA_256.to_vec(),
            element(OCTET_STRING, wrapped),
        ];
        let algorithm = [AES_256_CBC.to_vec(), element(OCTET_STRING, &iv)];
        Ok([
            &OPEN_SEQUENCE[..],
            ENVELOPED_DATA,
            &OPEN_CONTEXT_0,
            &OPEN_SEQUENCE,
            &element(INTEGER, &[2]),
            &element(SET, &element(SEQUENCE, &recipient.concat())),
            &OPEN_SEQUENCE,
            DATA,
            &element(SEQUENCE, &algorithm.concat()),
            &OPEN_CONTEXT_0,
            &element(OCTET_STRING, &content),
            &END.repeat(5),
        ]
        .concat())
    }
}

/// AES-256-CBC with PKCS #7 padding: the initialization vector and the ciphertext.
fn encrypt(key: &Secret, plaintext: &[u8]) -> Result<(Vec<u8>, Vec<u8>), VaultError> {
    let key = UnboundCipherKey::new(&AES_256, key.expose()).map_err(unexpected)?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(unexpected)?;
    // Room for the padding, so that no copy of the plaintext is left behind.
    let mut content = Zeroizing::new(Vec::with_capacity(plaintext.len() + 16));
    content.extend_from_slice(plaintext);
    let context = key.encrypt(&mut *content).map_err(unexpected)?;
    let iv: &[u8] = (&context).try_into().map_err(unexpected)?;
    Ok((iv.to_vec(), content.to_vec()))
}

/// One element with a definite length.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = length.iter().position(|byte| *byte != 0).and_then(|first| length.get(first..));
    let mut bytes = vec![tag];
    match digits.unwrap_or(&[0]) {
        [short @ 0..=0x7f] => bytes.push(*short),
        // At most eight digits.
        long => {
            bytes.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            bytes.extend_from_slice(long);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::cipher::{DecryptionContext, PaddedBlockDecryptingKey};
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::iv::FixedLength;
    use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};

    /// Whole messages are read by `openssl cms` end to end, in `tests/`.
    #[test]
    fn what_is_enveloped_comes_out_with_the_private_key() {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let spki: PublicKeyX509Der<'_> = private.public_key().as_der().unwrap();
        let recipient = Recipient::new(spki.as_ref()).unwrap_or_else(|error| panic!("{error}"));
        let plaintext = [7; 5000];
        let message = recipient.envelop(&plaintext).unwrap();
        assert_ne!(message, recipient.envelop(&plaintext).unwrap());
        let after = |needle: &[u8]| {
            let place = message.windows(needle.len()).position(|window| window == needle).unwrap();
            &message[place + needle.len()..]
        };
        let wrapped = &after(RSAES_OAEP_SHA_256)[4..260];
        let private = OaepPrivateDecryptingKey::new(private).unwrap();
        let mut key = [0; 256];
        let key = private.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut key, None).unwrap();
        let iv: [u8; 16] = after(AES_256_CBC)[2..18].try_into().unwrap();
        let key = UnboundCipherKey::new(&AES_256, key).unwrap();
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).unwrap();
        let mut content = after(&[&OPEN_CONTEXT_0[..], &[OCTET_STRING, 0x82]].concat())[2..][..5008].to_vec();
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        assert_eq!(key.decrypt(&mut content, context).unwrap(), plaintext);
        assert!(message.ends_with(&END.repeat(5)));
    }

    #[test]
    fn what_is_no_rsa_key_is_refused() {
        let pair = crate::mechanism::registry::generate_pair(crate::KeySpec::EccNistP384);
        let spki = pair.ok().and_then(|pair| pair.public_key).unwrap();
        for wrong in [&spki[..], b"", b"\x30\x00"] {
            assert_eq!(Recipient::new(wrong).err(), Some(VaultError::InvalidPublicKey));
        }
    }

    #[test]
    fn lengths_are_written_in_their_shortest_form() {
        assert_eq!(element(4, &[1; 127])[..2], [4, 127]);
        assert_eq!(element(4, &[1; 128])[..3], [4, 0x81, 128]);
        assert_eq!(element(4, &[1; 256])[..4], [4, 0x82, 1, 0]);
        assert_eq!(element(4, &[]), [4, 0]);
    }
}
