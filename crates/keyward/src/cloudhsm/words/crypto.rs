//! `crypto …`: sign and verify.

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::cloudhsm::words::FileBytes;

/// `crypto …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CryptoWords {
    /// Signs with a private key.
    #[command(subcommand)]
    Sign(SignatureMechanism<SignWords>),
    /// Verifies with a public key.
    #[command(subcommand)]
    Verify(SignatureMechanism<VerifyWords>),
}

/// The mechanism, each with its words.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SignatureMechanism<W: Args> {
    /// ECDSA
    Ecdsa {
        #[command(flatten)]
        words: W,
        /// The digest
        #[arg(long)]
        hash_function: HashFunction,
    },
    /// RSASSA-PKCS1-v1_5
    RsaPkcs {
        #[command(flatten)]
        words: W,
        /// The digest
        #[arg(long)]
        hash_function: HashFunction,
    },
    /// RSASSA-PSS
    RsaPkcsPss {
        #[command(flatten)]
        words: W,
        /// The digest
        #[arg(long)]
        hash_function: HashFunction,
        /// The mask generation function
        #[arg(long)]
        mgf: MaskGeneration,
        /// Bytes of salt
        #[arg(long)]
        salt_length: u16,
    },
}

/// `crypto sign MECHANISM …`
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub(crate) struct SignWords {
    /// `key-reference=0x…`, or `attr.NAME=VALUE …`, of one key
    #[arg(long, num_args = 1.., required = true)]
    pub(crate) key_filter: Vec<String>,
    #[command(flatten)]
    pub(crate) data: DataWords,
}

/// `crypto verify MECHANISM …`
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub(crate) struct VerifyWords {
    /// `key-reference=0x…`, or `attr.NAME=VALUE …`, of one key
    #[arg(long, num_args = 1.., required = true)]
    pub(crate) key_filter: Vec<String>,
    #[command(flatten)]
    pub(crate) data: DataWords,
    /// The signature, base64
    #[arg(long, required_unless_present = "signature_path", conflicts_with = "signature_path")]
    pub(crate) signature: Option<String>,
    /// File of the signature
    #[arg(long, value_name = "FILE")]
    pub(crate) signature_path: Option<FileBytes>,
}

/// What is signed.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub(crate) struct DataWords {
    /// The data, base64
    #[arg(long, required_unless_present = "data_path", conflicts_with = "data_path")]
    pub(crate) data: Option<String>,
    /// File of the data
    #[arg(long, value_name = "FILE")]
    pub(crate) data_path: Option<FileBytes>,
}

/// A digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HashFunction {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// A mask generation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MaskGeneration {
    Mgf1Sha1,
    Mgf1Sha224,
    Mgf1Sha256,
    Mgf1Sha384,
    Mgf1Sha512,
}
