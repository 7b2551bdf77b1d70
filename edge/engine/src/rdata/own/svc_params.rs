//! The parameters of SVCB and HTTPS (RFC 9460 section 2).
//!
//! A value goes through two rounds of escapes where it is a list (appendix A.1): first those of any
//! character-string, then `\,` and `\\` of the list. Keys without a row in `KEYS` are octets, written
//! `keyNNN="OCTETS"`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::name;
use crate::rdata::faults::Fault;
use crate::rdata::reader::{Reader, wrong};
use crate::rdata::strings::{unescape_into, write_quoted};
use crate::rdata::values;

/// What the value of a key is.
#[derive(Clone, Copy)]
enum Value {
    /// Other keys, in ascending order.
    Keys,
    /// Nothing.
    Empty,
    /// Strings behind length octets, at least so many.
    Strings(usize),
    Port,
    Ipv4,
    Ipv6,
    Base64,
    /// Any octets, at least one.
    SomeOctets,
    /// Any octets.
    Octets,
}

/// Keys with a name (IANA registry "Service Parameter Keys (SvcParamKeys)").
const KEYS: [(&str, u16, Value); 10] = [
    ("mandatory", MANDATORY, Value::Keys),
    ("alpn", ALPN, Value::Strings(1)),
    ("no-default-alpn", NO_DEFAULT_ALPN, Value::Empty),
    ("port", 3, Value::Port),
    ("ipv4hint", 4, Value::Ipv4),
    ("ech", 5, Value::Base64),
    ("ipv6hint", 6, Value::Ipv6),
    ("dohpath", DOHPATH, Value::SomeOctets),
    ("ohttp", 8, Value::Empty),
    ("docpath", 10, Value::Strings(0)),
];
const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
/// The path at which a server answers DNS over HTTPS (RFC 9461 section 5).
pub const DOHPATH: u16 = 7;

fn kind(key: u16) -> Value {
    let known = KEYS.iter().find(|(_, number, _)| *number == key);
    known.map_or(Value::Octets, |&(_, _, value)| value)
}

fn key_to_text(key: u16) -> String {
    match KEYS.iter().find(|(_, number, _)| *number == key) {
        Some((name, ..)) => (*name).to_owned(),
        None => format!("key{key}"),
    }
}

fn key_from_text(text: &[u8]) -> Option<u16> {
    let named = KEYS.iter().find(|(name, ..)| name.as_bytes() == text);
    named.map(|&(_, key, _)| key).or_else(|| numbered(text))
}

/// The number of `keyNNN`; it has no zeros in front (RFC 9460 section 2.1).
fn numbered(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"key")?;
    let has_zero = digits.len() > 1 && digits[0] == b'0';
    let key = values::number(digits, u32::from(u16::MAX)).filter(|_| !has_zero);
    key.map(|key| key as u16)
}

pub fn read(reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut params = BTreeMap::new();
    while let Some((word, text)) = reader.pair()? {
        let key = key_from_text(word).ok_or_else(|| wrong(word, "a key; write keyNNN"))?;
        let text = text.unwrap_or_default();
        let value = match numbered(word) {
            Some(_) => read_octets(key, text)?,
            None => read_value(key, text)?,
        };
        let value = value.ok_or_else(|| wrong(text, &expected(key)))?;
        if value.len() > usize::from(u16::MAX) || params.insert(key, value).is_some() {
            let key = key_to_text(key);
            return Err(Fault::rdata(format!(
                "{key} is given twice, or is too long"
            )));
        }
    }
    let start = out.len();
    for (key, value) in params {
        out.extend(key.to_be_bytes());
        out.extend((value.len() as u16).to_be_bytes());
        out.extend(value);
    }
    check(&out[start..]).map_err(Fault::rdata)
}

/// The value behind the number of a key, also of one that has a name (RFC 9460 section 2.1).
fn read_octets(key: u16, text: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let mut octets = Vec::new();
    unescape_into(text, &mut octets)?;
    Ok(Some(octets).filter(|octets| is_value(key, octets)))
}

/// The value behind the name of a key. Only strings and octets have escapes (RFC 9460 section 7).
fn read_value(key: u16, text: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    match kind(key) {
        Value::Strings(_) | Value::SomeOctets | Value::Octets => {
            let mut plain = Vec::new();
            unescape_into(text, &mut plain)?;
            Ok(value_of(key, &plain))
        }
        _ => Ok(value_of(key, text)),
    }
}

/// The octets of a value without escapes; None where it is not one of the key.
fn value_of(key: u16, text: &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    let items = || text.split(|&octet| octet == b',');
    match kind(key) {
        Value::Octets | Value::SomeOctets => value.extend_from_slice(text),
        Value::Empty => text.is_empty().then_some(())?,
        Value::Strings(least) if text.is_empty() => (least == 0).then_some(())?,
        Value::Strings(_) => {
            for string in split_list(text)? {
                let len = u8::try_from(string.len()).ok().filter(|len| *len > 0)?;
                value.push(len);
                value.extend(string);
            }
        }
        Value::Keys => {
            let mut keys = items().map(key_from_text).collect::<Option<Vec<_>>>()?;
            keys.sort_unstable();
            value.extend(keys.into_iter().flat_map(u16::to_be_bytes));
        }
        Value::Port => {
            let port = values::number(text, u32::from(u16::MAX))?;
            value.extend((port as u16).to_be_bytes());
        }
        Value::Ipv4 => {
            for item in items() {
                value.extend(values::address::<Ipv4Addr>(item)?.octets());
            }
        }
        Value::Ipv6 => {
            for item in items() {
                value.extend(values::address::<Ipv6Addr>(item)?.octets());
            }
        }
        Value::Base64 => values::base64(text, &mut value)?,
    }
    is_value(key, &value).then_some(value)
}

/// What the value of a key is, for messages.
fn expected(key: u16) -> String {
    let name = key_to_text(key);
    let what = match kind(key) {
        Value::Keys => "a list of other keys, each once",
        Value::Empty => "empty, as it must be",
        Value::Strings(_) => "a list of strings of 1 to 255 octets",
        Value::Port => "a port from 0 to 65535",
        Value::Ipv4 => "a list of IPv4 addresses",
        Value::Ipv6 => "a list of IPv6 addresses",
        Value::Base64 => "Base 64",
        Value::SomeOctets | Value::Octets => "at least one octet",
    };
    format!("a value of {name}: {what}")
}

/// The items of a list, in which `\` stands before a comma or a `\` that belongs to an item.
fn split_list(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut items = vec![Vec::new()];
    let mut rest = text.iter();
    while let Some(&octet) = rest.next() {
        let item = items.last_mut()?;
        match octet {
            b',' => items.push(Vec::new()),
            b'\\' => item.push(*rest.next().filter(|octet| b",\\".contains(octet))?),
            octet => item.push(octet),
        }
    }
    Some(items)
}

/// The priority of a SVCB or HTTPS, and its parameters in wire form; None where it is cut off.
pub fn service(rdata: &[u8]) -> Option<(u16, &[u8])> {
    let (&priority, rest) = rdata.split_first_chunk()?;
    let params = rest.get(name::wire_len(rest)?..)?;
    Some((u16::from_be_bytes(priority), params))
}

/// The parameters in wire form, up to the first that is cut off.
pub fn params(mut octets: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let [k0, k1, l0, l1, rest @ ..] = octets else {
            return None;
        };
        let len = usize::from(u16::from_be_bytes([*l0, *l1]));
        let (value, after) = rest.split_at_checked(len)?;
        octets = after;
        Some((u16::from_be_bytes([*k0, *k1]), value))
    })
}

pub fn is_well_formed(octets: &[u8]) -> bool {
    check(octets).is_ok()
}

/// What is wrong with parameters in wire form (RFC 9460 sections 2.2, 7 and 8).
fn check(octets: &[u8]) -> Result<(), String> {
    let size: usize = params(octets).map(|(_, value)| 4 + value.len()).sum();
    if size != octets.len() {
        return Err("the parameters end too early".into());
    }
    if !params(octets)
        .map(|(key, _)| key)
        .is_sorted_by(|a, b| a < b)
    {
        return Err("the keys are not in ascending order, each once".into());
    }
    for (key, value) in params(octets) {
        if !is_value(key, value) {
            return Err(format!("{} has not {}", key_to_text(key), expected(key)));
        }
    }
    let has = |key| params(octets).any(|(other, _)| other == key);
    let mandatory = params(octets).find(|(key, _)| *key == MANDATORY);
    let missing = mandatory
        .into_iter()
        .flat_map(|(_, value)| pairs(value))
        .find(|key| !has(*key));
    match missing {
        Some(key) => Err(format!(
            "mandatory names {}, which is not given",
            key_to_text(key)
        )),
        None if has(NO_DEFAULT_ALPN) && !has(ALPN) => Err("no-default-alpn needs alpn".into()),
        None => Ok(()),
    }
}

/// Whether octets are a value of a key.
fn is_value(key: u16, value: &[u8]) -> bool {
    let is_some_of = |size: usize| !value.is_empty() && value.len().is_multiple_of(size);
    match kind(key) {
        Value::Octets => true,
        Value::Empty => value.is_empty(),
        Value::Base64 | Value::SomeOctets => !value.is_empty(),
        Value::Port => value.len() == 2,
        Value::Ipv4 => is_some_of(4),
        Value::Ipv6 => is_some_of(16),
        Value::Keys => {
            is_some_of(2)
                && pairs(value).is_sorted_by(|a, b| a < b)
                && pairs(value).all(|key| key != MANDATORY)
        }
        Value::Strings(least) => strings(value).is_some_and(|strings| {
            strings.len() >= least && strings.iter().all(|string| !string.is_empty())
        }),
    }
}

fn pairs(value: &[u8]) -> impl Iterator<Item = u16> {
    value
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}

/// The strings behind length octets; None where the last is cut off.
fn strings(mut value: &[u8]) -> Option<Vec<&[u8]>> {
    let mut strings = Vec::new();
    while let Some((&len, rest)) = value.split_first() {
        let (string, after) = rest.split_at_checked(usize::from(len))?;
        strings.push(string);
        value = after;
    }
    Some(strings)
}

pub fn write(octets: &[u8], out: &mut String) -> bool {
    for (index, (key, value)) in params(octets).enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(&key_to_text(key));
        if !value.is_empty() {
            out.push('=');
            write_value(key, value, out);
        }
    }
    true
}

fn write_value(key: u16, value: &[u8], out: &mut String) {
    let list = match kind(key) {
        Value::Keys => join(pairs(value).map(key_to_text)),
        Value::Port => join(pairs(value)),
        Value::Ipv4 => join(
            value
                .as_chunks::<4>()
                .0
                .iter()
                .map(|ip| Ipv4Addr::from(*ip)),
        ),
        Value::Ipv6 => join(
            value
                .as_chunks::<16>()
                .0
                .iter()
                .map(|ip| Ipv6Addr::from(*ip)),
        ),
        Value::Base64 => return values::write_base64(value, out),
        Value::Strings(_) => return write_strings(value, out),
        Value::Octets | Value::SomeOctets | Value::Empty => return write_quoted(value, out),
    };
    out.push_str(&list);
}

fn join(items: impl Iterator<Item = impl ToString>) -> String {
    let items: Vec<_> = items.map(|item| item.to_string()).collect();
    items.join(",")
}

fn write_strings(value: &[u8], out: &mut String) {
    let mut list = Vec::new();
    for (index, string) in strings(value).unwrap_or_default().into_iter().enumerate() {
        if index > 0 {
            list.push(b',');
        }
        for &octet in string {
            if matches!(octet, b',' | b'\\') {
                list.push(b'\\');
            }
            list.push(octet);
        }
    }
    write_quoted(&list, out);
}
