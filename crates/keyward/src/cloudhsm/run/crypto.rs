//! `crypto sign …` and `crypto verify …`.

use keyward_hsm::{ClusterSession, Hash, HsmError, SignMechanism};
use serde_json::json;

use crate::cloudhsm::Outcome;
use crate::cloudhsm::run::key::find;
use crate::cloudhsm::run::{Failure, bytes_of};
use crate::cloudhsm::words::{CryptoWords, HashFunction, MaskGeneration, SignatureMechanism};

pub(crate) async fn perform(session: &ClusterSession, words: CryptoWords) -> Result<Outcome, Failure> {
    match words {
        CryptoWords::Sign(words) => {
            let (mechanism, words) = mechanism(words)?;
            let key = find(session, &words.key_filter).await?;
            let message = bytes_of(words.data.data, words.data.data_path)?;
            let signature = session.sign(key.handle, mechanism, &message).await?;
            let signature = data_encoding::BASE64.encode(&signature);
            Ok(Outcome::done(json!({ "key-reference": key.handle.to_string(), "signature": signature })))
        }
        CryptoWords::Verify(words) => {
            let (mechanism, words) = mechanism(words)?;
            let key = find(session, &words.key_filter).await?;
            let message = bytes_of(words.data.data, words.data.data_path)?;
            let signature = bytes_of(words.signature, words.signature_path)?;
            match session.verify(key.handle, mechanism, &message, &signature).await {
                Ok(()) => Ok(Outcome::done(json!({ "message": "Signature verified successfully" }))),
                Err(HsmError::InvalidSignature) => Err(Failure::new("Signature verification failed")),
                Err(error) => Err(error.into()),
            }
        }
    }
}

fn mechanism<W: clap::Args>(words: SignatureMechanism<W>) -> Result<(SignMechanism, W), Failure> {
    match words {
        SignatureMechanism::Ecdsa { words, hash_function } => {
            Ok((SignMechanism::Ecdsa(hash(hash_function)), words))
        }
        SignatureMechanism::RsaPkcs { words, hash_function } => {
            Ok((SignMechanism::RsaPkcs1(hash(hash_function)), words))
        }
        SignatureMechanism::RsaPkcsPss { words, hash_function, mgf, salt_length } => {
            let hash = hash(hash_function);
            if hash != hash_of_mgf(mgf) || usize::from(salt_length) != bytes(hash) {
                return Err(Failure::new(
                    "the HSM supports PSS with MGF1 of the message's hash function and a salt of its length only",
                ));
            }
            Ok((SignMechanism::RsaPss(hash), words))
        }
    }
}

pub(crate) fn hash(function: HashFunction) -> Hash {
    match function {
        HashFunction::Sha1 => Hash::Sha1,
        HashFunction::Sha224 => Hash::Sha224,
        HashFunction::Sha256 => Hash::Sha256,
        HashFunction::Sha384 => Hash::Sha384,
        HashFunction::Sha512 => Hash::Sha512,
    }
}

pub(crate) fn hash_of_mgf(mgf: MaskGeneration) -> Hash {
    match mgf {
        MaskGeneration::Mgf1Sha1 => Hash::Sha1,
        MaskGeneration::Mgf1Sha224 => Hash::Sha224,
        MaskGeneration::Mgf1Sha256 => Hash::Sha256,
        MaskGeneration::Mgf1Sha384 => Hash::Sha384,
        MaskGeneration::Mgf1Sha512 => Hash::Sha512,
    }
}

fn bytes(hash: Hash) -> usize {
    match hash {
        Hash::Sha1 => 20,
        Hash::Sha224 => 28,
        Hash::Sha256 => 32,
        Hash::Sha384 => 48,
        Hash::Sha512 => 64,
    }
}
