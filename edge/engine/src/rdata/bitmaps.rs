//! Sets of numbers as bits: the types of NSEC and NXT, the ports of WKS.

use super::faults::Fault;
use super::reader::{Reader, wrong};
use super::types::{rtype_from_text, rtype_to_text};
use super::values;

/// Reads types to the end as a bitmap in windows (RFC 4034 section 4.1.2).
pub fn read_types(reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut types = Vec::new();
    while let Some(word) = reader.word_or_end()? {
        types.push(read_type(word)?);
    }
    types.sort_unstable();
    for window in types.chunk_by(|a, b| a >> 8 == b >> 8) {
        let bits = bits(window.iter().map(|rtype| rtype & 0xff));
        out.extend([(window[0] >> 8) as u8, bits.len() as u8]);
        out.extend(bits);
    }
    Ok(())
}

/// A type by mnemonic or as `TYPEnnn`.
pub fn read_type(word: &[u8]) -> Result<u16, Fault> {
    rtype_from_text(word).ok_or_else(|| Fault {
        reason: "UnknownType",
        ..wrong(word, "a type or TYPEnnn")
    })
}

/// A type as SIG and NXT have it: a number may stand alone there, as BIND writes it.
pub fn read_old_type(word: &[u8]) -> Result<u16, Fault> {
    match values::number(word, u32::from(u16::MAX)) {
        Some(number) => Ok(number as u16),
        None => read_type(word),
    }
}

/// Whether octets are windows in ascending order, each of 1 to 32 octets of which the last is not
/// zero.
pub fn are_types(mut octets: &[u8]) -> bool {
    let mut lowest = 0;
    while let [window, len, rest @ ..] = octets {
        let (window, len) = (u16::from(*window), usize::from(*len));
        if window < lowest || !(1..=32).contains(&len) || rest.len() < len || rest[len - 1] == 0 {
            return false;
        }
        lowest = window + 1;
        octets = &rest[len..];
    }
    octets.is_empty()
}

/// The types of a bitmap in ascending order, up to where it is not well-formed.
pub fn types(mut octets: &[u8]) -> Vec<u16> {
    let mut types = Vec::new();
    while let [window, len, rest @ ..] = octets
        && let Some((bits, rest)) = rest.split_at_checked(usize::from(*len))
    {
        let base = u16::from(*window) << 8;
        types.extend(numbers(bits).map(|number| base | number));
        octets = rest;
    }
    types
}

/// Appends the types of a well-formed bitmap in ascending order.
pub fn write_types(octets: &[u8], out: &mut String) {
    let types: Vec<_> = types(octets).into_iter().map(rtype_to_text).collect();
    out.push_str(&types.join(" "));
}

/// The highest type that an NXT can name (RFC 2535 section 5.2).
const MAX_OLD_TYPE: u16 = 127;

/// Reads the types of an NXT to the end, at least one.
pub fn read_old_types(reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut types = vec![read_nxt_type(reader.word()?)?];
    while let Some(word) = reader.word_or_end()? {
        types.push(read_nxt_type(word)?);
    }
    out.extend(bits(types.into_iter()));
    Ok(())
}

fn read_nxt_type(word: &[u8]) -> Result<u16, Fault> {
    match read_old_type(word)? {
        rtype if (1..=MAX_OLD_TYPE).contains(&rtype) => Ok(rtype),
        _ => Err(wrong(
            word,
            "a type from 1 to 127, which is all that NXT can name",
        )),
    }
}

/// Whether octets are the types of an NXT, or a form that is not known: its first bit is set.
pub fn are_old_types(octets: &[u8]) -> bool {
    match octets {
        [] => false,
        [first, ..] if first & 0x80 != 0 => true,
        [.., last] => octets.len() <= 16 && *last != 0,
    }
}

/// Appends the types of an NXT; false where their form is not known.
pub fn write_old_types(octets: &[u8], out: &mut String) -> bool {
    let types: Vec<_> = numbers(octets).map(rtype_to_text).collect();
    out.push_str(&types.join(" "));
    octets[0] & 0x80 == 0
}

/// Protocols that a WKS names (IANA registry "Protocol Numbers").
pub const PROTOCOLS: &[(&str, u32)] = &[("tcp", 6), ("udp", 17)];

/// Services that a WKS names: those that hosts had when WKS was in use (RFC 1700).
const SERVICES: &[(&str, u32)] = &[
    ("echo", 7),
    ("discard", 9),
    ("systat", 11),
    ("daytime", 13),
    ("netstat", 15),
    ("qotd", 17),
    ("chargen", 19),
    ("ftp-data", 20),
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("time", 37),
    ("whois", 43),
    ("domain", 53),
    ("tftp", 69),
    ("gopher", 70),
    ("finger", 79),
    ("http", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("sunrpc", 111),
    ("nntp", 119),
    ("ntp", 123),
    ("imap2", 143),
    ("snmp", 161),
    ("irc", 194),
    ("https", 443),
];

/// Reads the ports of a WKS to the end, as numbers or names (RFC 1035 section 3.4.2).
pub fn read_ports(reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut ports = Vec::new();
    while let Some(word) = reader.word_or_end()? {
        let named = SERVICES
            .iter()
            .find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
        let port = named
            .map(|&(_, port)| port)
            .or_else(|| values::number(word, u32::from(u16::MAX)));
        let port = port.ok_or_else(|| wrong(word, "a port; write its number"))?;
        ports.push(port as u16);
    }
    out.extend(bits(ports.into_iter()));
    Ok(())
}

/// Most octets of ports: one bit for each (RFC 1035 section 3.4.2).
pub const MAX_PORTS: usize = 8192;

/// Appends the ports of a WKS; false where zeros behind them would be lost.
pub fn write_ports(octets: &[u8], out: &mut String) -> bool {
    let ports: Vec<_> = numbers(octets).map(|port| port.to_string()).collect();
    out.push_str(&ports.join(" "));
    octets.last() != Some(&0)
}

/// A bit for each number, as few octets as hold the highest.
fn bits(numbers: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut bits = Vec::new();
    for number in numbers {
        let at = usize::from(number / 8);
        if bits.len() <= at {
            bits.resize(at + 1, 0);
        }
        bits[at] |= 0x80 >> (number % 8);
    }
    bits
}

/// The numbers of the bits that are set.
fn numbers(bits: &[u8]) -> impl Iterator<Item = u16> {
    bits.iter().enumerate().flat_map(|(index, octet)| {
        (0..8u16)
            .filter(move |bit| octet & (0x80 >> bit) != 0)
            .map(move |bit| (index as u16) << 3 | bit)
    })
}
