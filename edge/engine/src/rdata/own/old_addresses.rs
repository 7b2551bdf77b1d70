//! Addresses of networks that few use any more: A6 (RFC 2874), ATMA (ATM Forum, AF-SAA-0069) and
//! NSAP (RFC 1706).

use std::fmt::Write;
use std::net::Ipv6Addr;

use crate::name;
use crate::rdata::faults::Fault;
use crate::rdata::reader::Reader;
use crate::rdata::values;

/// Bits of an IPv6 address.
const BITS: usize = 128;

pub fn read_a6(
    reader: &mut Reader<'_, '_>,
    origin: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let prefix = reader.number(BITS as u32)? as usize;
    out.push(prefix as u8);
    if prefix < BITS {
        let address = reader.value(values::address::<Ipv6Addr>, "an IPv6 address")?;
        // What is before the suffix belongs to the prefix; BIND clears it as well.
        let suffix = address.to_bits() & own_bits(prefix);
        out.extend(&suffix.to_be_bytes()[prefix / 8..]);
    }
    if prefix > 0 {
        name::parse_into(reader.word()?, origin, out)?;
    }
    Ok(())
}

/// The bits behind a prefix.
fn own_bits(prefix: usize) -> u128 {
    u128::MAX.checked_shr(prefix as u32).unwrap_or(0)
}

/// The length of the prefix, the suffix, and the octets of a name.
fn split_a6(octets: &[u8]) -> Option<(usize, Ipv6Addr, &[u8])> {
    let (&prefix, rest) = octets.split_first()?;
    let prefix = usize::from(prefix);
    let (suffix, name) = rest.split_at_checked(BITS.checked_sub(prefix)?.div_ceil(8))?;
    let bits = suffix
        .iter()
        .fold(0, |bits, octet| bits << 8 | u128::from(*octet));
    let is_padded = bits & !own_bits(prefix) == 0;
    is_padded.then_some((prefix, Ipv6Addr::from_bits(bits), name))
}

pub fn is_a6(octets: &[u8]) -> bool {
    split_a6(octets).is_some_and(|(prefix, _, name)| match prefix {
        0 => name.is_empty(),
        _ => name::wire_len(name) == Some(name.len()),
    })
}

pub fn write_a6(octets: &[u8], out: &mut String) -> bool {
    let Some((prefix, suffix, name)) = split_a6(octets) else {
        return false;
    };
    let _ = write!(out, "{prefix}");
    if prefix < BITS {
        let _ = write!(out, " {suffix}");
    }
    if prefix > 0 {
        out.push(' ');
        name::write_text(name, out);
    }
    true
}

/// Formats of an ATM address: an end system address in hexadecimal, or a telephone number (E.164).
const END_SYSTEM: u8 = 0;
const TELEPHONE: u8 = 1;

pub fn read_atma(reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let word = without_dots(reader.word()?);
    match word.strip_prefix(b"+") {
        Some(digits) if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            out.push(TELEPHONE);
            out.extend(digits);
            Ok(())
        }
        _ if word.is_empty() => Err(reader.ends_early()),
        _ => {
            out.push(END_SYSTEM);
            let read = values::hex(&word, out);
            read.ok_or(Fault::rdata(
                "neither + and digits nor an even number of hex digits",
            ))
        }
    }
}

/// Addresses of formats that are not known have any octets.
pub fn is_atma(octets: &[u8]) -> bool {
    match octets {
        [TELEPHONE, digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        [_, rest @ ..] => !rest.is_empty(),
        [] => false,
    }
}

pub fn write_atma(octets: &[u8], out: &mut String) -> bool {
    match octets {
        [TELEPHONE, digits @ ..] => {
            out.push('+');
            out.extend(digits.iter().copied().map(char::from));
        }
        [_, rest @ ..] => values::write_hex(rest, out),
        [] => {}
    }
    matches!(octets, [TELEPHONE | END_SYSTEM, ..])
}

/// Octets of an NSAP: `0x` and hex digits, with dots wherever its writer likes.
pub fn nsap(word: &[u8]) -> Option<Vec<u8>> {
    let word = without_dots(word);
    let digits = word
        .strip_prefix(b"0x")
        .or_else(|| word.strip_prefix(b"0X"))?;
    let mut octets = Vec::new();
    values::hex(digits, &mut octets)?;
    (!octets.is_empty()).then_some(octets)
}

pub fn write_nsap(octets: &[u8], out: &mut String) {
    out.push_str("0x");
    values::write_hex(octets, out);
}

fn without_dots(word: &[u8]) -> Vec<u8> {
    word.iter()
        .copied()
        .filter(|&octet| octet != b'.')
        .collect()
}
