//! The macro that makes an enumeration's type.

/// An enumeration of strings: `as_str`, `FromStr`, `Display`, `Serialize` as the string that AWS shows.
macro_rules! string_enum {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`.")]
                $variant,
            )+
        }

        impl $name {
            /// All values, in the model's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value as AWS shows it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::NotInEnum;

            fn from_str(text: &str) -> Result<Self, crate::NotInEnum> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(crate::NotInEnum(stringify!($name))),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl crate::FromValue for $name {
            fn from_value(value: crate::Value) -> Result<Self, crate::ValueError> {
                match value {
                    crate::Value::String(text) => {
                        text.parse().map_err(|_| crate::ValueError(stringify!($name)))
                    }
                    _ => Err(crate::ValueError(stringify!($name))),
                }
            }
        }

        impl crate::IntoValue for $name {
            fn into_value(self) -> crate::Value {
                crate::Value::String(self.as_str().to_owned())
            }
        }
    };
}

pub(crate) use string_enum;
