//! APL (RFC 3123): a list of address prefixes, some of them negated.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::rdata::faults::Fault;
use crate::rdata::reader::{Reader, wrong};
use crate::rdata::values;

/// Address families (IANA registry "Address Family Numbers"), with the octets of an address.
const FAMILIES: [(u16, usize); 2] = [(1, 4), (2, 16)];
/// The bit before the length of an address: the prefix is negated.
const NEGATED: u8 = 0x80;

pub fn read(reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    while let Some(word) = reader.word_or_end()? {
        read_item(word, out)
            .ok_or_else(|| wrong(word, "a prefix as 1:192.0.2.0/24 or !2:2001:db8::/32"))?;
    }
    Ok(())
}

fn read_item(word: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (negated, item) = match word.strip_prefix(b"!") {
        Some(item) => (NEGATED, item),
        None => (0, word),
    };
    let (family, item) = split_at(item, b':')?;
    let (address, prefix) = split_at(item, b'/')?;
    let address = match family {
        b"1" => values::address::<Ipv4Addr>(address)?.octets().to_vec(),
        b"2" => values::address::<Ipv6Addr>(address)?.octets().to_vec(),
        _ => return None,
    };
    let prefix = values::number(prefix, 8 * address.len() as u32)?;
    let len = address
        .iter()
        .rposition(|&octet| octet != 0)
        .map_or(0, |last| last + 1);
    out.extend([0, family[0] - b'0', prefix as u8, negated | len as u8]);
    out.extend(&address[..len]);
    Some(())
}

fn split_at(text: &[u8], octet: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&other| other == octet)?;
    Some((&text[..at], &text[at + 1..]))
}

/// One prefix in wire form.
struct Item<'a> {
    family: u16,
    prefix: u8,
    negated: bool,
    address: &'a [u8],
}

impl Item<'_> {
    /// Octets of an address of the family; None where it is not known.
    fn address_len(&self) -> Option<usize> {
        let known = FAMILIES.iter().find(|(family, _)| *family == self.family);
        known.map(|&(_, len)| len)
    }
}

/// The first prefix, and the octets behind it.
fn split_item(octets: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let (&[f0, f1, prefix, len], rest) = octets.split_first_chunk()?;
    let (address, rest) = rest.split_at_checked(usize::from(len & !NEGATED))?;
    let item = Item {
        family: u16::from_be_bytes([f0, f1]),
        prefix,
        negated: len & NEGATED != 0,
        address,
    };
    Some((item, rest))
}

/// Prefixes of families that are not known have any octets.
pub fn is_well_formed(mut octets: &[u8]) -> bool {
    while !octets.is_empty() {
        let Some((item, rest)) = split_item(octets) else {
            return false;
        };
        let fits = item.address_len().is_none_or(|len| {
            item.address.len() <= len
                && usize::from(item.prefix) <= 8 * len
                && item.address.last() != Some(&0)
        });
        if !fits {
            return false;
        }
        octets = rest;
    }
    true
}

pub fn write(mut octets: &[u8], out: &mut String) -> bool {
    if octets.is_empty() {
        return false;
    }
    while let Some((item, rest)) = split_item(octets) {
        let Some(len) = item.address_len() else {
            return false;
        };
        let mut address = item.address.to_vec();
        address.resize(len, 0);
        let negation = if item.negated { "!" } else { "" };
        let _ = write!(out, "{negation}{}:", item.family);
        values::write_address(&address, out);
        let _ = write!(out, "/{}", item.prefix);
        if !rest.is_empty() {
            out.push(' ');
        }
        octets = rest;
    }
    true
}
