//! SVCB and HTTPS: priority, target, parameters (RFC 9460 section 2).
//!
//! Done here because `domain` 0.12 does not read every key that the RFC allows, and prints one that no other
//! program reads (`nodefaultalpn`).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::{push_string, unescape};
use super::{Fields, RecordError};
use crate::{Escapes, Name};

const MANDATORY: u16 = 0;
/// RFC 9460 section 14.3.2 and RFC 9461 section 5.
const KEYS: [(&str, u16); 8] = [
    ("mandatory", MANDATORY),
    ("alpn", 1),
    ("no-default-alpn", 2),
    ("port", 3),
    ("ipv4hint", 4),
    ("ech", 5),
    ("ipv6hint", 6),
    ("dohpath", 7),
];

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<u8>, RecordError> {
    let priority: u16 = fields.number("Priority")?;
    let mut rdata = priority.to_be_bytes().to_vec();
    fields.name(&mut rdata)?;
    //= rfc9460#section-2.2: parameters in the order of their keys, each once.
    let mut parameters = BTreeMap::new();
    while fields.left() > 0 {
        let raw = fields.raw()?;
        let wrong = || RecordError::field(fields.rtype(), "SvcParam", raw);
        let (key, value) = parameter(raw, fields.escapes()).ok_or_else(wrong)?;
        if parameters.insert(key, value).is_some() {
            return Err(wrong());
        }
    }
    //= rfc9460#section-2.4.2: AliasMode records have no parameters.
    let alias_with_parameters = priority == 0 && !parameters.is_empty();
    if alias_with_parameters || !mandatory_hold(&parameters) {
        return Err(RecordError::field(fields.rtype(), "SvcParams", "parameters"));
    }
    for (key, value) in parameters {
        rdata.extend(key.to_be_bytes());
        rdata.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        rdata.extend(value);
    }
    Ok(rdata)
}

/// The data as zone files write it; `None` when it is malformed.
pub(super) fn print(rdata: &[u8]) -> Option<String> {
    let (priority, rest) = rdata.split_first_chunk::<2>()?;
    let (target, mut rest) = Name::split_wire(rest).ok()?;
    let mut text = format!("{} {target}", u16::from_be_bytes(*priority));
    while !rest.is_empty() {
        let (head, after) = rest.split_first_chunk::<4>()?;
        let [key_high, key_low, high, low] = *head;
        let (value, after) = after.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
        let key = u16::from_be_bytes([key_high, key_low]);
        text.push(' ');
        text.push_str(&key_name(key));
        if let Some(value) = print_value(key, value)? {
            text.push_str(&format!("=\"{value}\""));
        }
        rest = after;
    }
    Some(text)
}

fn key_name(key: u16) -> String {
    let known = KEYS.iter().find(|(_, number)| *number == key);
    known.map_or_else(|| format!("key{key}"), |(name, _)| (*name).to_owned())
}

/// A value's text inside quotation marks; `Some(None)` for keys without value.
fn print_value(key: u16, value: &[u8]) -> Option<Option<String>> {
    let text = match key {
        MANDATORY => {
            let keys: Option<Vec<String>> =
                value.chunks(2).map(|key| Some(key_name(u16::from_be_bytes(key.try_into().ok()?)))).collect();
            keys?.join(",")
        }
        1 => print_alpn(value)?,
        2 => return value.is_empty().then_some(None),
        3 => u16::from_be_bytes(value.try_into().ok()?).to_string(),
        4 => print_each(value, |bytes: [u8; 4]| Ipv4Addr::from(bytes).to_string())?,
        5 => data_encoding::BASE64.encode(value),
        6 => print_each(value, |bytes: [u8; 16]| Ipv6Addr::from(bytes).to_string())?,
        _ if value.is_empty() => return Some(None),
        _ => print_bytes(value),
    };
    Some(Some(text))
}

fn print_each<const N: usize>(value: &[u8], item: impl Fn([u8; N]) -> String) -> Option<String> {
    let items: Option<Vec<String>> = value.chunks(N).map(|bytes| bytes.try_into().ok().map(&item)).collect();
    Some(items?.join(","))
}

fn print_alpn(mut value: &[u8]) -> Option<String> {
    let mut ids = Vec::new();
    while let Some((length, rest)) = value.split_first() {
        let (id, rest) = rest.split_at_checked(usize::from(*length))?;
        let mut escaped = Vec::new();
        for byte in id {
            if matches!(byte, b',' | b'\\') {
                escaped.push(b'\\');
            }
            escaped.push(*byte);
        }
        ids.push(print_bytes(&escaped));
        value = rest;
    }
    Some(ids.join(","))
}

fn print_bytes(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => Escapes::Decimal.write(*byte, &mut text),
        }
    }
    text
}

/// One parameter: key and value in wire form.
fn parameter(raw: &str, escapes: Escapes) -> Option<(u16, Vec<u8>)> {
    let (key, text) = match raw.split_once('=') {
        Some((key, text)) => (key_number(key)?, Some(text)),
        None => (key_number(raw)?, None),
    };
    let bytes = match text {
        None => None,
        Some(text) => {
            let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
            if inner.len() == text.len() && text.contains('"') {
                return None;
            }
            Some(unescape(inner, escapes, raw).ok()?)
        }
    };
    value(key, bytes.as_deref()).map(|value| (key, value))
}

fn key_number(key: &str) -> Option<u16> {
    if let Some((_, number)) = KEYS.iter().find(|(name, _)| *name == key) {
        return Some(*number);
    }
    //= rfc9460#section-2.1: `keyNNNNN` without leading zeros.
    let digits = key.strip_prefix("key")?;
    let plain = digits == "0" || !digits.starts_with('0');
    if plain && digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn value(key: u16, bytes: Option<&[u8]>) -> Option<Vec<u8>> {
    let text = || std::str::from_utf8(bytes?).ok().filter(|text| !text.is_empty());
    match key {
        MANDATORY => mandatory(text()?),
        1 => alpn(bytes?),
        2 => bytes.is_none_or(<[u8]>::is_empty).then(Vec::new),
        3 => text()?.parse::<u16>().ok().map(|port| port.to_be_bytes().to_vec()),
        4 => each(text()?, |hint| hint.parse::<Ipv4Addr>().ok().map(|address| address.octets().to_vec())),
        5 => data_encoding::BASE64.decode(bytes?).ok().filter(|ech| !ech.is_empty()),
        6 => each(text()?, |hint| hint.parse::<Ipv6Addr>().ok().map(|address| address.octets().to_vec())),
        7 => text().map(|path| path.as_bytes().to_vec()),
        _ => Some(bytes.unwrap_or_default().to_vec()),
    }
}

fn each(list: &str, item: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let items: Option<Vec<Vec<u8>>> = list.split(',').map(item).collect();
    Some(items?.concat())
}

/// The keys that must be understood, ascending, each once, not `mandatory` itself (RFC 9460 section 8).
fn mandatory(list: &str) -> Option<Vec<u8>> {
    let mut keys: Vec<u16> = list.split(',').map(key_number).collect::<Option<_>>()?;
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    let good = keys.len() == count && !keys.contains(&MANDATORY);
    good.then(|| keys.into_iter().flat_map(u16::to_be_bytes).collect())
}

/// Protocol ids separated by commas; `\,` and `\\` inside them (RFC 9460 appendix A.1).
fn alpn(list: &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    let mut id = Vec::new();
    let mut bytes = list.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => id.push(*bytes.next()?),
            b',' => end_id(&mut id, &mut value)?,
            _ => id.push(*byte),
        }
    }
    end_id(&mut id, &mut value)?;
    Some(value)
}

fn end_id(id: &mut Vec<u8>, value: &mut Vec<u8>) -> Option<()> {
    let bytes = std::mem::take(id);
    if bytes.is_empty() { None } else { push_string(&bytes, value) }
}

/// Every key that `mandatory` names is there, and `no-default-alpn` only beside `alpn` (RFC 9460 section 7.1.1).
fn mandatory_hold(parameters: &BTreeMap<u16, Vec<u8>>) -> bool {
    let named = parameters.get(&MANDATORY).map_or(&[][..], |keys| keys);
    let present = named.chunks_exact(2).all(|key| match key {
        [high, low] => parameters.contains_key(&u16::from_be_bytes([*high, *low])),
        _ => false,
    });
    present && (!parameters.contains_key(&2) || parameters.contains_key(&1))
}
