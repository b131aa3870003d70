//! A key's attributes, as PKCS#11 has them, and which may be changed.

use serde::{Deserialize, Serialize};

use crate::api::spec::KeySpec;

/// `CKA_CLASS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyClass {
    /// `CKO_SECRET_KEY`.
    Secret,
    /// `CKO_PUBLIC_KEY`.
    Public,
    /// `CKO_PRIVATE_KEY`.
    Private,
}

impl KeyClass {
    /// CloudHSM's word for it: `secret-key`, `public-key`, `private-key`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret-key",
            Self::Public => "public-key",
            Self::Private => "private-key",
        }
    }
}

/// A boolean attribute, by PKCS#11's name. The numbers are bits of stored values and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is the PKCS#11 attribute of the same name")]
pub enum Flag {
    Encrypt = 0,
    Decrypt = 1,
    Sign = 2,
    Verify = 3,
    Wrap = 4,
    Unwrap = 5,
    Derive = 6,
    Token = 7,
    Private = 8,
    Sensitive = 9,
    AlwaysSensitive = 10,
    Extractable = 11,
    NeverExtractable = 12,
    Local = 13,
    Modifiable = 14,
    Destroyable = 15,
    Trusted = 16,
    WrapWithTrusted = 17,
}

impl Flag {
    /// All flags, in the order in which CloudHSM's CLI shows them.
    pub const ALL: [Self; 18] = [
        Self::Encrypt,
        Self::Decrypt,
        Self::Token,
        Self::AlwaysSensitive,
        Self::Derive,
        Self::Destroyable,
        Self::Extractable,
        Self::Local,
        Self::Modifiable,
        Self::NeverExtractable,
        Self::Private,
        Self::Sensitive,
        Self::Sign,
        Self::Trusted,
        Self::Unwrap,
        Self::Verify,
        Self::Wrap,
        Self::WrapWithTrusted,
    ];

    /// CloudHSM's word for it, such as `always-sensitive`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
            Self::Sign => "sign",
            Self::Verify => "verify",
            Self::Wrap => "wrap",
            Self::Unwrap => "unwrap",
            Self::Derive => "derive",
            Self::Token => "token",
            Self::Private => "private",
            Self::Sensitive => "sensitive",
            Self::AlwaysSensitive => "always-sensitive",
            Self::Extractable => "extractable",
            Self::NeverExtractable => "never-extractable",
            Self::Local => "local",
            Self::Modifiable => "modifiable",
            Self::Destroyable => "destroyable",
            Self::Trusted => "trusted",
            Self::WrapWithTrusted => "wrap-with-trusted",
        }
    }

    /// The flag of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.name() == name)
    }
}

/// A set of flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flags(u32);

impl Flags {
    /// The set of these.
    pub fn of(flags: &[Flag]) -> Self {
        flags.iter().fold(Self::default(), |set, flag| set.with(*flag, true))
    }

    /// Whether the flag is in the set.
    pub fn has(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u8) != 0
    }

    /// The set with the flag put in or taken out.
    #[must_use]
    pub fn with(self, flag: Flag, value: bool) -> Self {
        if value { Self(self.0 | (1 << flag as u8)) } else { Self(self.0 & !(1 << flag as u8)) }
    }
}

/// All attributes of a key object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// `CKA_CLASS`.
    pub class: KeyClass,
    /// `CKA_KEY_TYPE` with its size.
    pub spec: KeySpec,
    /// `CKA_LABEL`, up to 128 characters (KMS: the key's ARN).
    pub label: String,
    /// `CKA_ID`, up to 128 bytes.
    pub id: Vec<u8>,
    /// The boolean ones.
    pub flags: Flags,
    /// `CKA_CHECK_VALUE`: what tells two keys of one label apart without showing them.
    pub check_value: [u8; 3],
}

impl Attributes {
    /// Whether a flag is set.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.has(flag)
    }
}

/// A wish for one attribute, when a key is made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A boolean attribute.
    Flag(Flag, bool),
    /// `CKA_LABEL`.
    Label(String),
    /// `CKA_ID`.
    Id(Vec<u8>),
}
