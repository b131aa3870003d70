//! DNS names in Route 53's text: lower case, trailing dot, octal escapes, and its list order.
//!
//! The text is canonical: two names are equal when their texts are, and a dot in it always separates
//! labels (one inside a label is written `\056`). DNS presentation format escapes in decimal instead;
//! whoever crosses that boundary goes through `as_name`. Deliberately absent: record data.

use std::fmt;
use std::sync::Arc;

use keyward_zone::Name;
use serde::{Deserialize, Serialize};

/// An absolute domain name other than the root, with its text as Route 53 lists it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Name", into = "Name")]
pub struct RecordName {
    listed: Arc<str>,
    name: Name,
}

/// Why a text is not a domain name, in Route 53's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing but a dot, or nothing at all.
    Empty,
    /// Two dots in a row; the whole text.
    LabelEmpty(String),
    /// A label above 63 octets; the whole text.
    LabelTooLong(String),
    /// Above 255 octets on the wire; the whole text.
    TooLong(String),
    /// A character that must be escaped, or an escape that is none.
    UnsupportedCharacter(char),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, text, found) = match self {
            Self::Empty => ("DomainNameEmpty", "Domain name is empty", String::new()),
            Self::LabelEmpty(name) => ("DomainLabelEmpty", "Domain label is empty", name.clone()),
            Self::LabelTooLong(name) => ("DomainLabelTooLong", "Domain label is too long", name.clone()),
            Self::TooLong(name) => ("DomainNameTooLong", "Domain name is too long", name.clone()),
            Self::UnsupportedCharacter(found) => {
                ("UnsupportedCharacter", "Value contains unsupported characters", found.to_string())
            }
        };
        write!(f, "FATAL problem: {code} ({text}) encountered with '{found}'")
    }
}

impl std::error::Error for NameError {}

impl NameError {
    fn new(error: keyward_zone::NameError, text: &str) -> Self {
        use keyward_zone::NameError as Cause;
        let unsupported = |found: &char| !found.is_ascii_graphic();
        match error {
            Cause::Empty => Self::Empty,
            Cause::EmptyLabel => Self::LabelEmpty(text.to_owned()),
            Cause::LabelTooLong => Self::LabelTooLong(text.to_owned()),
            Cause::TooLong => Self::TooLong(text.to_owned()),
            Cause::BadEscape => Self::UnsupportedCharacter('\\'),
            Cause::BadCharacter | Cause::BadWire => {
                Self::UnsupportedCharacter(text.chars().find(unsupported).unwrap_or(' '))
            }
        }
    }
}

impl TryFrom<Name> for RecordName {
    type Error = NameError;

    fn try_from(name: Name) -> Result<Self, NameError> {
        if name.is_root() {
            return Err(NameError::Empty);
        }
        Ok(Self { listed: name.to_octal().into(), name })
    }
}

impl From<RecordName> for Name {
    fn from(name: RecordName) -> Self {
        name.name
    }
}

impl RecordName {
    /// Reads a name as an API caller writes it: any case, the trailing dot optional, `\ooo` for octets
    /// that are not printable ASCII (API page "DNS domain name format").
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Name::parse_octal(text).map_err(|error| NameError::new(error, text))?.try_into()
    }

    /// The text as Route 53 lists it: lower case, octal escapes, trailing dot.
    pub fn as_str(&self) -> &str {
        &self.listed
    }

    /// The name itself.
    pub fn as_name(&self) -> &Name {
        &self.name
    }

    /// How many labels it has, without the root's.
    pub fn label_count(&self) -> usize {
        self.name.label_count()
    }

    /// Whether this name is `ancestor` or lies below it.
    pub fn is_within(&self, ancestor: &Self) -> bool {
        self.name.is_at_or_below(&ancestor.name)
    }

    /// Whether the leftmost label is `*` alone (RFC 4592 section 2.1.1).
    pub fn is_wildcard(&self) -> bool {
        self.name.is_wildcard()
    }

    /// The name without its leftmost label; `None` for a top-level name.
    pub fn parent(&self) -> Option<Self> {
        self.name.parent()?.try_into().ok()
    }

    /// The rightmost `count` labels as a name; itself when it has no more.
    pub fn suffix(&self, count: usize) -> Self {
        self.name.suffix(count.max(1)).try_into().unwrap_or_else(|_| self.clone())
    }

    /// Octets whose order is Route 53's list order: the labels of the listed text reversed, each with its
    /// dot. Every name below this one has these octets as a prefix. An escape keeps its backslash and
    /// becomes one octet, so that a key stays short and its order the same.
    pub fn sort_key(&self) -> Vec<u8> {
        let labels: Vec<&[u8]> = self.name.labels().collect();
        let mut key = Vec::with_capacity(self.listed.len());
        for label in labels.into_iter().rev() {
            for octet in label {
                if !is_plain(*octet) {
                    key.push(b'\\');
                }
                key.push(*octet);
            }
            key.push(b'.');
        }
        key
    }
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.listed)
    }
}

impl fmt::Debug for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.listed)
    }
}

impl PartialOrd for RecordName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Route 53's list order.
impl Ord for RecordName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.sort_key().cmp(&other.sort_key())
    }
}

/// Whether Route 53 lists an octet as it is.
fn is_plain(octet: u8) -> bool {
    octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-' || octet == b'_'
}

#[cfg(test)]
mod tests;
