//! Owner names: absolute, lower-cased, uncompressed, in wire form; and their order-preserving keys.
//!
//! The case in which somebody wrote a name is not kept: Route 53 lists lower case, signatures cover lower
//! case (RFC 4034 section 6.2), and the question's case is echoed from the question itself.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;
mod text;

pub use text::Escapes;

/// Longest name in wire form, with the root's zero byte (RFC 1035 section 2.3.4).
pub const NAME_BYTES_MAX: usize = 255;
/// Longest label (RFC 1035 section 2.3.4).
pub const LABEL_BYTES_MAX: usize = 63;

/// Why bytes or a text are no domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// The text has no label at all.
    Empty,
    /// Two dots in a row, or a dot at the start.
    EmptyLabel,
    /// A label of more than 63 bytes.
    LabelTooLong,
    /// More than 255 bytes in wire form.
    TooLong,
    /// A backslash that is not followed by what the notation wants.
    BadEscape,
    /// A character outside printable ASCII that was not escaped.
    BadCharacter,
    /// Wire bytes that end early, go on after the root, or hold a compression pointer.
    BadWire,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the domain name is empty",
            Self::EmptyLabel => "a label of the domain name is empty",
            Self::LabelTooLong => "a label of the domain name is longer than 63 bytes",
            Self::TooLong => "the domain name is longer than 255 bytes",
            Self::BadEscape => "the domain name has a bad escape sequence",
            Self::BadCharacter => "the domain name has a character that must be escaped",
            Self::BadWire => "the domain name's wire form is malformed",
        })
    }
}

impl std::error::Error for NameError {}

/// An absolute domain name, lower-cased. Ordered canonically (RFC 4034 section 6.1).
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Name(Arc<[u8]>);

impl Name {
    /// The root, `.`.
    pub fn root() -> Self {
        Self(Arc::from([0u8].as_slice()))
    }

    /// From uncompressed wire form, all of `wire`.
    pub fn from_wire(wire: &[u8]) -> Result<Self, NameError> {
        let (name, rest) = Self::split_wire(wire)?;
        if rest.is_empty() { Ok(name) } else { Err(NameError::BadWire) }
    }

    /// The uncompressed name at the beginning of `wire`, and what follows it.
    pub fn split_wire(wire: &[u8]) -> Result<(Self, &[u8]), NameError> {
        let length = wire_length(wire)?;
        let (name, rest) = wire.split_at_checked(length).ok_or(NameError::BadWire)?;
        Ok((Self(name.to_ascii_lowercase().into()), rest))
    }

    /// Reads a name as zone files and `dig` write it: `\DDD` is decimal. The last dot may be missing.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        text::parse(text, Escapes::Decimal)
    }

    /// Reads a name as Route 53's API writes it: `\ooo` is octal. The last dot may be missing.
    pub fn parse_octal(text: &str) -> Result<Self, NameError> {
        text::parse(text, Escapes::Octal)
    }

    /// The name as Route 53's API writes it, with a final dot and octal escapes: `\052.example.com.`.
    pub fn to_octal(&self) -> String {
        text::print(self, Escapes::Octal)
    }

    /// The wire form, with the root's zero byte.
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// The labels from the left, without the root's empty one.
    pub fn labels(&self) -> Labels<'_> {
        Labels(&self.0)
    }

    /// How many labels there are, without the root's and (RFC 4034 section 3.1.3) with a leading `*`.
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// Whether the first label is `*` (RFC 4592 section 2.1.1).
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with(b"\x01*")
    }

    /// The name without its first label; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        let first = usize::from(*self.0.first()?);
        if first == 0 { None } else { Some(Self(self.0.get(first + 1..)?.into())) }
    }

    /// The last `labels` labels of the name; the name itself when it has no more.
    pub fn suffix(&self, labels: usize) -> Self {
        let mut rest: &[u8] = &self.0;
        for _ in labels..self.label_count() {
            rest = after_label(rest);
        }
        Self(rest.into())
    }

    /// The name below this one with `label` in front.
    pub fn child(&self, label: &[u8]) -> Result<Self, NameError> {
        if label.is_empty() {
            return Err(NameError::EmptyLabel);
        }
        let length = u8::try_from(label.len()).ok().filter(|length| usize::from(*length) <= LABEL_BYTES_MAX);
        let mut wire = vec![length.ok_or(NameError::LabelTooLong)?];
        wire.extend(label.to_ascii_lowercase());
        wire.extend_from_slice(&self.0);
        if wire.len() > NAME_BYTES_MAX { Err(NameError::TooLong) } else { Ok(Self(wire.into())) }
    }

    /// The wildcard below this name, `*.name`.
    pub fn wildcard(&self) -> Result<Self, NameError> {
        self.child(b"*")
    }

    /// Whether this is `other` or lies below it.
    pub fn is_at_or_below(&self, other: &Self) -> bool {
        let mut rest: &[u8] = &self.0;
        while rest.len() > other.0.len() {
            rest = after_label(rest);
        }
        *rest == *other.0
    }

    /// Whether this lies below `other`.
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.len() > other.0.len() && self.is_at_or_below(other)
    }

    /// The key under which maps hold the name.
    pub fn key(&self) -> NameKey {
        NameKey::of(self)
    }
}

fn wire_length(wire: &[u8]) -> Result<usize, NameError> {
    let mut at = 0;
    loop {
        let length = usize::from(*wire.get(at).ok_or(NameError::BadWire)?);
        at += 1 + length;
        match length {
            0 if at > NAME_BYTES_MAX => return Err(NameError::TooLong),
            0 => return Ok(at),
            1..=LABEL_BYTES_MAX => {}
            _ => return Err(NameError::BadWire),
        }
    }
}

fn after_label(wire: &[u8]) -> &[u8] {
    let length = wire.first().copied().unwrap_or(0);
    if length == 0 { wire } else { wire.get(usize::from(length) + 1..).unwrap_or(&[0]) }
}

/// Iterates over a name's labels from the left.
#[derive(Clone, Debug)]
pub struct Labels<'a>(&'a [u8]);

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(*self.0.first()?);
        if length == 0 {
            return None;
        }
        let label = self.0.get(1..=length)?;
        self.0 = self.0.get(length + 1..)?;
        Some(label)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    //= rfc4034#section-6.1: labels from the right, as octet strings; an absent label comes first.
    fn cmp(&self, other: &Self) -> Ordering {
        let mine: Vec<&[u8]> = self.labels().collect();
        let theirs: Vec<&[u8]> = other.labels().collect();
        mine.iter().rev().cmp(theirs.iter().rev())
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl TryFrom<Vec<u8>> for Name {
    type Error = NameError;

    fn try_from(wire: Vec<u8>) -> Result<Self, NameError> {
        Self::from_wire(&wire)
    }
}

impl From<Name> for Vec<u8> {
    fn from(name: Name) -> Self {
        name.0.to_vec()
    }
}

/// As zone files write it, with a final dot and decimal escapes.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::print(self, Escapes::Decimal))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A name as bytes whose plain comparison is the canonical order, and in which every ancestor's key is a
/// prefix: labels from the right, each ended by 0; in labels 0 and 1 are written 1 1 and 1 2.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Box<[u8]>);

impl NameKey {
    /// The key of `name`.
    pub fn of(name: &Name) -> Self {
        let labels: Vec<&[u8]> = name.labels().collect();
        let mut key = Vec::with_capacity(name.as_wire().len() + 4);
        for label in labels.into_iter().rev() {
            for byte in label {
                match byte {
                    0 | 1 => key.extend([1, byte + 1]),
                    _ => key.push(*byte),
                }
            }
            key.push(0);
        }
        Self(key.into())
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key of each suffix of the name, from the root's (empty) to the name's own.
    pub fn suffixes(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.0.iter().enumerate().filter(|(_, byte)| **byte == 0).map(|(at, _)| at + 1);
        std::iter::once(0).chain(ends).filter_map(|end| self.0.get(..end))
    }
}

impl Borrow<[u8]> for NameKey {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}
