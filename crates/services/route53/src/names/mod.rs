//! DNS names in Route 53's text: lower case, trailing dot, octal escapes, and its list order.
//!
//! The text is canonical: two names are equal when their texts are, and a dot in it always separates
//! labels (one inside a label is written `\056`). DNS presentation format escapes in decimal instead;
//! whoever crosses that boundary goes through `labels`. Deliberately absent: record data.

use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Octets of a label, at most (RFC 1035 section 2.3.4).
const LABEL_OCTETS_MAX: usize = 63;
/// Octets of a name on the wire, at most (RFC 1035 section 2.3.4).
const NAME_OCTETS_MAX: usize = 255;

/// An absolute domain name other than the root.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RecordName {
    listed: Arc<str>,
}

/// Why a text is not a domain name, in Route 53's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing but a dot, or nothing at all.
    Empty,
    /// Two dots in a row; the whole text.
    LabelEmpty(String),
    /// A label above 63 octets; the label.
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
            Self::LabelTooLong(label) => ("DomainLabelTooLong", "Domain label is too long", label.clone()),
            Self::TooLong(name) => ("DomainNameTooLong", "Domain name is too long", name.clone()),
            Self::UnsupportedCharacter(found) => {
                ("UnsupportedCharacter", "Value contains unsupported characters", found.to_string())
            }
        };
        write!(f, "FATAL problem: {code} ({text}) encountered with '{found}'")
    }
}

impl std::error::Error for NameError {}

impl RecordName {
    /// Reads a name as an API caller writes it: any case, the trailing dot optional, `\ooo` for octets
    /// that are not printable ASCII (API page "DNS domain name format").
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let labels = read_labels(text)?;
        Self::from_labels(labels.iter().map(Vec::as_slice)).map_err(|error| match error {
            NameError::LabelEmpty(_) => NameError::LabelEmpty(text.to_owned()),
            NameError::TooLong(_) => NameError::TooLong(text.to_owned()),
            other => other,
        })
    }

    /// The name with these labels, leftmost first, without the root's.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, NameError> {
        let mut listed = String::new();
        let mut octets = 1;
        for label in labels {
            let before = listed.len();
            label.iter().for_each(|octet| push_escaped(&mut listed, octet.to_ascii_lowercase()));
            octets += label.len() + 1;
            if label.is_empty() {
                return Err(NameError::LabelEmpty(listed));
            }
            if label.len() > LABEL_OCTETS_MAX {
                return Err(NameError::LabelTooLong(listed.split_off(before)));
            }
            listed.push('.');
        }
        if listed.is_empty() {
            return Err(NameError::Empty);
        }
        if octets > NAME_OCTETS_MAX {
            return Err(NameError::TooLong(listed));
        }
        Ok(Self { listed: listed.into() })
    }

    /// The text as Route 53 lists it: lower case, octal escapes, trailing dot.
    pub fn as_str(&self) -> &str {
        &self.listed
    }

    /// The labels as octets, leftmost first, without the root's.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = Vec<u8>> + '_ {
        self.label_texts().map(unescape)
    }

    /// How many labels it has, without the root's.
    pub fn label_count(&self) -> usize {
        self.label_texts().count()
    }

    /// Whether this name is `ancestor` or lies below it.
    pub fn is_within(&self, ancestor: &Self) -> bool {
        self.listed
            .strip_suffix(ancestor.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Whether the leftmost label is `*` alone (RFC 4592 section 2.1.1).
    pub fn is_wildcard(&self) -> bool {
        self.label_texts().next() == Some("\\052")
    }

    /// The name without its leftmost label; `None` for a top-level name.
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.listed.split_once('.')?;
        (!rest.is_empty()).then(|| Self { listed: rest.into() })
    }

    /// The rightmost `count` labels as a name; itself when it has no more.
    pub fn suffix(&self, count: usize) -> Self {
        let mut name = self.clone();
        for _ in count..self.label_count() {
            name = name.parent().unwrap_or(name);
        }
        name
    }

    /// Octets whose order is Route 53's list order: the labels of the listed text reversed, each with its
    /// dot. Every name below this one has these octets as a prefix. An escape keeps its backslash and
    /// becomes one octet, so that a key stays short and its order the same.
    pub fn sort_key(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.listed.len());
        for label in self.labels().rev() {
            for octet in label {
                if !is_plain(octet) {
                    key.push(b'\\');
                }
                key.push(octet);
            }
            key.push(b'.');
        }
        key
    }

    fn label_texts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.listed.trim_end_matches('.').split('.')
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

/// Stored as labels with their lengths, which is at most 255 octets where the text can have a thousand.
impl Serialize for RecordName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut octets = Vec::new();
        for label in self.labels() {
            octets.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
            octets.extend(label);
        }
        serializer.serialize_bytes(&octets)
    }
}

impl<'de> Deserialize<'de> for RecordName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let octets = <&[u8]>::deserialize(deserializer)?;
        let mut labels = Vec::new();
        let mut rest = octets;
        while let Some((length, after)) = rest.split_first() {
            let (label, next) = after
                .split_at_checked(usize::from(*length))
                .ok_or_else(|| D::Error::custom("a stored name ends within a label"))?;
            labels.push(label);
            rest = next;
        }
        Self::from_labels(labels).map_err(D::Error::custom)
    }
}

fn read_labels(text: &str) -> Result<Vec<Vec<u8>>, NameError> {
    let relative = text.strip_suffix('.').unwrap_or(text);
    if relative.is_empty() {
        return Err(NameError::Empty);
    }
    let mut labels = vec![Vec::new()];
    let mut rest = relative.chars();
    while let Some(found) = rest.next() {
        let octet = match found {
            '.' => {
                labels.push(Vec::new());
                continue;
            }
            '\\' => read_octal(rest.by_ref()).ok_or(NameError::UnsupportedCharacter('\\'))?,
            '!'..='~' => u8::try_from(found).unwrap_or_default(),
            _ => return Err(NameError::UnsupportedCharacter(found)),
        };
        if let Some(label) = labels.last_mut() {
            label.push(octet);
        }
    }
    Ok(labels)
}

fn read_octal(rest: &mut std::str::Chars<'_>) -> Option<u8> {
    let digits: String = rest.take(3).collect();
    (digits.len() == 3).then(|| u8::from_str_radix(&digits, 8).ok()).flatten()
}

fn is_plain(octet: u8) -> bool {
    octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-' || octet == b'_'
}

fn push_escaped(text: &mut String, octet: u8) {
    if is_plain(octet) {
        text.push(char::from(octet));
    } else {
        text.push_str(&format!("\\{octet:03o}"));
    }
}

fn unescape(label: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(label.len());
    let mut rest = label.chars();
    while let Some(found) = rest.next() {
        let octet = if found == '\\' { read_octal(rest.by_ref()) } else { u8::try_from(found).ok() };
        octets.extend(octet);
    }
    octets
}

#[cfg(test)]
mod tests;
