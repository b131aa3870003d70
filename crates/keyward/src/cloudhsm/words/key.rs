//! `key …`: the keys of the crypto user who is logged in.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::cloudhsm::words::{FileBytes, HashFunction, MaskGeneration, RoleWord};

/// `key …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeyWords {
    /// Lists keys that the user owns, keys shared with it, and public keys.
    List {
        /// `key-reference=0x…`, or `attr.NAME=VALUE …`
        #[arg(long, num_args = 1..)]
        filter: Vec<String>,
        /// The most keys of one answer
        #[arg(long, default_value_t = 10)]
        max_items: usize,
        /// `next_token` of the answer before
        #[arg(long)]
        starting_token: Option<String>,
        /// All attributes, owners and shares
        #[arg(long, short)]
        verbose: bool,
    },
    /// Makes a symmetric key.
    #[command(subcommand)]
    GenerateSymmetric(SymmetricWords),
    /// Makes a key pair.
    #[command(subcommand)]
    GenerateAsymmetricPair(PairWords),
    /// Writes a public key to a file.
    GenerateFile {
        /// The form; pem is the only one
        #[arg(long, value_parser = ["pem"], default_value = "pem")]
        encoding: String,
        /// The file to make
        #[arg(long)]
        path: PathBuf,
        /// `key-reference=0x…`, or `attr.NAME=VALUE …`, of one key
        #[arg(long, num_args = 1.., required = true)]
        filter: Vec<String>,
    },
    /// Sets an attribute.
    SetAttribute {
        /// `key-reference=0x…`, or `attr.NAME=VALUE …`, of one key
        #[arg(long, num_args = 1.., required = true)]
        filter: Vec<String>,
        /// The attribute's name
        #[arg(long)]
        name: String,
        /// Its new value
        #[arg(long)]
        value: String,
    },
    /// Lets another crypto user use a key.
    Share {
        /// `key-reference=0x…`, or `attr.NAME=VALUE …`, of one key
        #[arg(long, num_args = 1.., required = true)]
        filter: Vec<String>,
        /// With whom
        #[arg(long)]
        username: String,
        /// Its role: crypto-user
        #[arg(long)]
        role: RoleWord,
    },
    /// Takes a share back.
    Unshare {
        /// `key-reference=0x…`, or `attr.NAME=VALUE …`, of one key
        #[arg(long, num_args = 1.., required = true)]
        filter: Vec<String>,
        /// From whom
        #[arg(long)]
        username: String,
        /// Its role: crypto-user
        #[arg(long)]
        role: RoleWord,
    },
    /// Deletes a key for good.
    Delete {
        /// `key-reference=0x…`, or `attr.NAME=VALUE …`, of one key
        #[arg(long, num_args = 1.., required = true)]
        filter: Vec<String>,
    },
    /// Encrypts a key under another one.
    #[command(subcommand)]
    Wrap(WrapMechanism),
    /// Makes a key of a wrapped one.
    #[command(subcommand)]
    Unwrap(UnwrapMechanism),
}

/// What every new key may have.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
pub(crate) struct NewKeyWords {
    /// Crypto users to share the key with
    #[arg(long, num_args = 1..)]
    pub(crate) share_crypto_users: Vec<String>,
    /// Makes the key even where it can't be on two HSMs
    #[arg(long)]
    pub(crate) disable_key_availability_check: bool,
}

/// `key generate-symmetric …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SymmetricWords {
    /// An AES key.
    Aes(GenerateWords),
    /// A generic secret, for HMAC and derivation.
    GenericSecret(GenerateWords),
}

/// `key generate-symmetric KIND …`
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub(crate) struct GenerateWords {
    /// The key's label
    #[arg(long)]
    pub(crate) label: String,
    /// Its length: AES 16, 24 or 32; generic secret 1 to 800
    #[arg(long)]
    pub(crate) key_length_bytes: u32,
    /// Other attributes, NAME=VALUE
    #[arg(long, num_args = 1..)]
    pub(crate) attributes: Vec<String>,
    #[command(flatten)]
    pub(crate) new: NewKeyWords,
}

/// `key generate-asymmetric-pair …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PairWords {
    /// An RSA pair.
    Rsa {
        /// 2048 to 4096 in steps of 256
        #[arg(long)]
        modulus_size_bits: u32,
        /// 65537, as FIPS 186-5 has it by default
        #[arg(long, default_value_t = 65537, value_parser = clap::value_parser!(u32).range(65537..=65537))]
        public_exponent: u32,
        #[command(flatten)]
        words: PairCommon,
    },
    /// A pair on an elliptic curve.
    Ec {
        /// prime256v1, secp256r1, secp384r1, secp521r1 or secp256k1
        #[arg(long)]
        curve: String,
        #[command(flatten)]
        words: PairCommon,
    },
}

/// `key generate-asymmetric-pair KIND …`
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub(crate) struct PairCommon {
    /// The public key's label
    #[arg(long)]
    pub(crate) public_label: String,
    /// The private key's label
    #[arg(long)]
    pub(crate) private_label: String,
    /// Other attributes of the public key, NAME=VALUE
    #[arg(long, num_args = 1..)]
    pub(crate) public_attributes: Vec<String>,
    /// Other attributes of the private key, NAME=VALUE
    #[arg(long, num_args = 1..)]
    pub(crate) private_attributes: Vec<String>,
    #[command(flatten)]
    pub(crate) new: NewKeyWords,
}

/// `key wrap …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WrapMechanism {
    /// AES key wrap (RFC 3394), whole blocks
    AesNoPad(WrapWords),
    /// AES key wrap with padding by zeros (RFC 5649)
    AesZeroPad(WrapWords),
    /// RSA-OAEP
    RsaOaep {
        #[command(flatten)]
        words: WrapWords,
        /// The digest
        #[arg(long)]
        hash_function: HashFunction,
        /// The mask generation function
        #[arg(long)]
        mgf: MaskGeneration,
    },
}

impl WrapMechanism {
    /// What every mechanism has.
    pub(crate) fn common(&self) -> &WrapWords {
        match self {
            Self::AesNoPad(words) | Self::AesZeroPad(words) | Self::RsaOaep { words, .. } => words,
        }
    }
}

/// `key wrap MECHANISM …`
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub(crate) struct WrapWords {
    /// The key to wrap: `key-reference=0x…`, or `attr.NAME=VALUE …`
    #[arg(long, num_args = 1.., required = true)]
    pub(crate) payload_filter: Vec<String>,
    /// The key to wrap with: `key-reference=0x…`, or `attr.NAME=VALUE …`
    #[arg(long, num_args = 1.., required = true)]
    pub(crate) wrapping_filter: Vec<String>,
    /// A file for the wrapped key [default: in the answer, base64]
    #[arg(long, value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
}

/// `key unwrap …`
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum UnwrapMechanism {
    /// AES key wrap (RFC 3394), whole blocks
    AesNoPad(UnwrapWords),
    /// AES key wrap with padding by zeros (RFC 5649)
    AesZeroPad(UnwrapWords),
    /// RSA-OAEP
    RsaOaep {
        #[command(flatten)]
        words: UnwrapWords,
        /// The digest
        #[arg(long)]
        hash_function: HashFunction,
        /// The mask generation function
        #[arg(long)]
        mgf: MaskGeneration,
    },
}

impl UnwrapMechanism {
    /// What every mechanism has.
    pub(crate) fn into_common(self) -> UnwrapWords {
        match self {
            Self::AesNoPad(words) | Self::AesZeroPad(words) | Self::RsaOaep { words, .. } => words,
        }
    }
}

/// `key unwrap MECHANISM …`
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub(crate) struct UnwrapWords {
    /// The key to unwrap with: `key-reference=0x…`, or `attr.NAME=VALUE …`
    #[arg(long, num_args = 1.., required = true)]
    pub(crate) filter: Vec<String>,
    /// The wrapped key, base64
    #[arg(long, required_unless_present = "data_path", conflicts_with = "data_path")]
    pub(crate) data: Option<String>,
    /// File of the wrapped key
    #[arg(long, value_name = "FILE")]
    pub(crate) data_path: Option<FileBytes>,
    /// What the wrapped key is
    #[arg(long)]
    pub(crate) key_type_class: KeyTypeClass,
    /// The new key's label
    #[arg(long)]
    pub(crate) label: String,
    /// Other attributes, NAME=VALUE
    #[arg(long, num_args = 1..)]
    pub(crate) attributes: Vec<String>,
    #[command(flatten)]
    pub(crate) new: NewKeyWords,
}

/// What a wrapped key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeyTypeClass {
    Aes,
    GenericSecret,
    RsaPrivate,
    EcPrivate,
}
