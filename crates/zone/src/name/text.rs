//! Names as text: decimal escapes as in zone files, octal ones as in Route 53's API.

use super::{LABEL_BYTES_MAX, NAME_BYTES_MAX, Name, NameError};

/// How `\` and three digits are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// `\DDD`, and `\X` for a plain character (RFC 1035 section 5.1).
    Decimal,
    /// `\ooo`, as Route 53's API writes names and values.
    Octal,
}

impl Escapes {
    /// Reads the escape that follows a backslash: its byte, and how many characters it took.
    pub(crate) fn read(self, rest: &[u8]) -> Option<(u8, usize)> {
        let first = *rest.first()?;
        if !first.is_ascii_digit() {
            return first.is_ascii_graphic().then_some((first, 1));
        }
        let radix: u32 = if self == Self::Decimal { 10 } else { 8 };
        let mut value = 0;
        for digit in rest.get(..3)? {
            value = value * radix + char::from(*digit).to_digit(radix)?;
        }
        u8::try_from(value).ok().map(|byte| (byte, 3))
    }

    /// Appends the escape for `byte`.
    pub(crate) fn write(self, byte: u8, text: &mut String) {
        text.push_str(&match self {
            Self::Decimal => format!("\\{byte:03}"),
            Self::Octal => format!("\\{byte:03o}"),
        });
    }
}

pub(super) fn parse(text: &str, escapes: Escapes) -> Result<Name, NameError> {
    match text {
        "" => return Err(NameError::Empty),
        "." => return Ok(Name::root()),
        _ => {}
    }
    let mut wire = Vec::with_capacity(text.len() + 2);
    let mut label = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'.' => end_label(&mut wire, &mut label)?,
            b'\\' => {
                let (byte, taken) = escapes.read(after).ok_or(NameError::BadEscape)?;
                label.push(byte.to_ascii_lowercase());
                rest = after.get(taken..).unwrap_or_default();
            }
            b' ' | 0..=31 | 127..=255 => return Err(NameError::BadCharacter),
            _ => label.push(byte.to_ascii_lowercase()),
        }
    }
    if !label.is_empty() {
        end_label(&mut wire, &mut label)?;
    }
    wire.push(0);
    if wire.len() > NAME_BYTES_MAX { Err(NameError::TooLong) } else { Ok(Name(wire.into())) }
}

fn end_label(wire: &mut Vec<u8>, label: &mut Vec<u8>) -> Result<(), NameError> {
    if label.is_empty() {
        return Err(NameError::EmptyLabel);
    }
    if label.len() > LABEL_BYTES_MAX {
        return Err(NameError::LabelTooLong);
    }
    wire.push(u8::try_from(label.len()).map_err(|_| NameError::LabelTooLong)?);
    wire.append(label);
    Ok(())
}

pub(super) fn print(name: &Name, escapes: Escapes) -> String {
    if name.is_root() {
        return ".".to_owned();
    }
    let mut text = String::with_capacity(name.as_wire().len());
    for label in name.labels() {
        for byte in label {
            print_byte(*byte, escapes, &mut text);
        }
        text.push('.');
    }
    text
}

fn print_byte(byte: u8, escapes: Escapes, text: &mut String) {
    match (byte, escapes) {
        (b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_', _) => text.push(char::from(byte)),
        // RFC 1035 section 5.1: characters with a meaning of their own take a backslash.
        (b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$', Escapes::Decimal) => {
            text.push('\\');
            text.push(char::from(byte));
        }
        (33..=126, Escapes::Decimal) => text.push(char::from(byte)),
        // Route 53 escapes all but letters, digits, hyphen and underscore; `*` is listed as `\052`.
        _ => escapes.write(byte, text),
    }
}
