//! Takes a value apart into fields, and reads the kinds of field that types share.

use std::str::FromStr;

use domain::base::Rtype;

use super::RecordError;
use crate::{Escapes, Name};

/// Longest character-string (RFC 1035 section 3.3).
const STRING_BYTES_MAX: usize = 255;

/// The fields of a value, taken from the left.
pub(super) struct Fields<'v> {
    rtype: Rtype,
    value: &'v str,
    escapes: Escapes,
    rest: std::vec::IntoIter<&'v str>,
}

impl<'v> Fields<'v> {
    /// Splits at blanks outside quotation marks.
    pub(super) fn split(rtype: Rtype, value: &'v str, escapes: Escapes) -> Result<Self, RecordError> {
        if let Some(odd) = value.chars().find(|char| !matches!(char, ' '..='~' | '\t')) {
            return Err(RecordError::unsupported_character(odd));
        }
        let mut fields = Vec::new();
        let mut rest = value.trim_start_matches([' ', '\t']);
        while !rest.is_empty() {
            let (field, after) = rest.split_at(field_length(rest)?);
            fields.push(field);
            rest = after.trim_start_matches([' ', '\t']);
        }
        Ok(Self { rtype, value, escapes, rest: fields.into_iter() })
    }

    pub(super) fn rtype(&self) -> Rtype {
        self.rtype
    }

    pub(super) fn escapes(&self) -> Escapes {
        self.escapes
    }

    /// How many fields are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next field as it stands.
    pub(super) fn raw(&mut self) -> Result<&'v str, RecordError> {
        self.rest.next().ok_or_else(|| RecordError::field_count(self.rtype, self.value))
    }

    /// Refuses fields that are left.
    pub(super) fn end(&mut self) -> Result<(), RecordError> {
        if self.left() == 0 { Ok(()) } else { Err(RecordError::field_count(self.rtype, self.value)) }
    }

    /// A decimal number without a sign.
    pub(super) fn number<T: FromStr>(&mut self, field: &str) -> Result<T, RecordError> {
        let raw = self.raw()?;
        let digits = raw.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| raw.parse().ok()).flatten();
        number.ok_or_else(|| RecordError::field(self.rtype, field, raw))
    }

    /// A 16-bit number in wire form.
    pub(super) fn number16(&mut self, field: &str, rdata: &mut Vec<u8>) -> Result<(), RecordError> {
        let number: u16 = self.number(field)?;
        rdata.extend(number.to_be_bytes());
        Ok(())
    }

    /// An 8-bit number in wire form.
    pub(super) fn number8(&mut self, field: &str, rdata: &mut Vec<u8>) -> Result<(), RecordError> {
        rdata.push(self.number(field)?);
        Ok(())
    }

    /// A domain name in wire form.
    pub(super) fn name(&mut self, rdata: &mut Vec<u8>) -> Result<(), RecordError> {
        let raw = self.raw()?;
        if let Some(odd) = raw.chars().find(|char| matches!(char, '"' | ';' | '(' | ')')) {
            return Err(RecordError::unsupported_character(odd));
        }
        let name = match self.escapes {
            Escapes::Octal => Name::parse_octal(raw),
            Escapes::Decimal => Name::parse(raw),
        };
        rdata.extend_from_slice(name.map_err(|cause| RecordError::name(cause, raw))?.as_wire());
        Ok(())
    }

    /// A quoted string's bytes, without quotation marks.
    pub(super) fn quoted(&mut self) -> Result<Vec<u8>, RecordError> {
        let raw = self.raw()?;
        let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        unescape(inner.ok_or_else(|| RecordError::not_quoted(raw))?, self.escapes, raw)
    }

    /// A quoted character-string in wire form: its length and its bytes.
    pub(super) fn string(&mut self, rdata: &mut Vec<u8>) -> Result<(), RecordError> {
        let bytes = self.quoted()?;
        push_string(&bytes, rdata).ok_or_else(|| RecordError::too_long(&String::from_utf8_lossy(&bytes)))
    }

    /// All that is left as hexadecimal digits; blanks between them mean nothing (RFC 4034 section 5.3).
    pub(super) fn hex(&mut self, field: &str) -> Result<Vec<u8>, RecordError> {
        let mut digits = self.raw()?.to_owned();
        digits.extend(self.rest.by_ref());
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
        bytes.map_err(|_| RecordError::field(self.rtype, field, &digits))
    }
}

/// Bytes of the field at the beginning of `text`, which is not empty and begins with no blank.
fn field_length(text: &str) -> Result<usize, RecordError> {
    let mut quoted = false;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => _ = bytes.next(),
            b'"' if quoted => {
                // A string ends its field: `"a""b"` is refused.
                let end = at + 1;
                let ends =
                    text.get(end..).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
                return if ends { Ok(end) } else { Err(RecordError::not_quoted(text)) };
            }
            b'"' => quoted = true,
            b' ' | b'\t' if !quoted => return Ok(at),
            _ => {}
        }
    }
    if quoted { Err(RecordError::not_quoted(text)) } else { Ok(text.len()) }
}

/// Decodes escapes; `found` is what an error shows.
pub(super) fn unescape(text: &str, escapes: Escapes, found: &str) -> Result<Vec<u8>, RecordError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let (byte, taken) = escapes.read(after).ok_or_else(|| RecordError::not_quoted(found))?;
        bytes.push(byte);
        rest = after.get(taken..).unwrap_or_default();
    }
    Ok(bytes)
}

/// Appends a character-string; `None` when it is too long.
pub(super) fn push_string(bytes: &[u8], rdata: &mut Vec<u8>) -> Option<()> {
    let length = u8::try_from(bytes.len()).ok().filter(|length| usize::from(*length) <= STRING_BYTES_MAX)?;
    rdata.push(length);
    rdata.extend_from_slice(bytes);
    Some(())
}
