//! Why a value is not record data, in AWS's words.

use std::fmt;

use domain::base::Rtype;

use crate::NameError;

/// Why a value is refused. Prints as `FATAL problem: Code (Text) encountered with 'value'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    code: String,
    text: String,
    found: String,
}

impl RecordError {
    /// AWS's name for the problem, such as `CharacterStringTooLong`.
    pub fn code(&self) -> &str {
        &self.code
    }

    fn new(code: impl Into<String>, text: impl Into<String>, found: &str) -> Self {
        Self { code: code.into(), text: text.into(), found: found.to_owned() }
    }

    pub(super) fn unknown_type(rtype: Rtype) -> Self {
        Self::new("UnsupportedRecordType", "Record type is not supported", &rtype.to_string())
    }

    pub(super) fn not_quoted(found: &str) -> Self {
        Self::new("InvalidCharacterString", "Value should be enclosed in quotation marks", found)
    }

    pub(super) fn too_long(found: &str) -> Self {
        Self::new("CharacterStringTooLong", "Value is too long", found)
    }

    pub(super) fn unsupported_character(found: char) -> Self {
        Self::new("UnsupportedCharacter", "Value contains unsupported characters", &found.to_string())
    }

    pub(super) fn ipv4(found: &str) -> Self {
        Self::new("ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address", found)
    }

    pub(super) fn ipv6(found: &str) -> Self {
        Self::new("AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address", found)
    }

    /// The value has too few or too many fields.
    pub(super) fn field_count(rtype: Rtype, found: &str) -> Self {
        Self::new(
            format!("{rtype}RRDATAWrongNumberOfFields"),
            format!("Value has too few or too many fields for a {rtype} record"),
            found,
        )
    }

    /// One field is not what it must be; `field` is its name, such as `Priority`.
    pub(super) fn field(rtype: Rtype, field: &str, found: &str) -> Self {
        Self::new(format!("{rtype}RRDATAIllegal{field}"), format!("Value is not a valid {field}"), found)
    }

    pub(super) fn name(cause: NameError, found: &str) -> Self {
        let (code, text) = match cause {
            NameError::Empty => ("DomainNameEmpty", "Domain name is empty"),
            NameError::EmptyLabel => ("DomainLabelEmpty", "Domain label is empty"),
            NameError::LabelTooLong => ("DomainLabelTooLong", "Domain label is too long"),
            NameError::TooLong => ("DomainNameTooLong", "Domain name is too long"),
            NameError::BadEscape | NameError::BadCharacter | NameError::BadWire => {
                ("UnsupportedCharacter", "Value contains unsupported characters")
            }
        };
        Self::new(code, text, found)
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FATAL problem: {} ({}) encountered with '{}'", self.code, self.text, self.found)
    }
}

impl std::error::Error for RecordError {}
