//! What the vault's callers may know: specs, algorithms, bindings, contexts, errors. Pure data.

/// An enum with AWS's names and a stored code for each variant; codes are never used again.
macro_rules! coded_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $text:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(into = "u8", try_from = "u8")]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every variant, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// AWS's name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The code that stands in tokens and messages.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)+ }
            }
        }

        impl From<$name> for u8 {
            fn from(value: $name) -> u8 {
                value.code()
            }
        }

        impl TryFrom<u8> for $name {
            type Error = $crate::api::UnknownCode;

            fn try_from(code: u8) -> Result<Self, Self::Error> {
                match code { $($code => Ok(Self::$variant),)+ _ => Err($crate::api::UnknownCode(code)) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::api::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err($crate::api::UnknownName) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) mod algorithm;
pub(crate) mod binding;
pub(crate) mod blob;
pub(crate) mod context;
pub(crate) mod error;
pub(crate) mod formats;
pub(crate) mod import;
pub(crate) mod spec;

/// A code that this version of the vault does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode(pub u8);

impl std::fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "code {} is not known to this version", self.0)
    }
}

impl std::error::Error for UnknownCode {}

/// A name that AWS does not use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownName;

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name is not known")
    }
}

impl std::error::Error for UnknownName {}
