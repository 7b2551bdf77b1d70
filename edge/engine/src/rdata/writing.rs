//! Wire rdata to presentation format.

use super::shapes::{self, Field};
use super::types::rtype_to_text;
use super::values;
use crate::name;
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Appends rdata in presentation format: the fields of the type, or `\# LENGTH HEX` (RFC 3597
/// section 5) for a type that is not in `shapes` and for octets that do not fit its fields.
pub fn to_text(rtype: u16, rdata: &[u8], out: &mut String) {
    match shapes::shape(rtype).filter(|shape| shapes::fits(*shape, rdata)) {
        Some(shape) => {
            for (index, (field, place)) in shapes::split(shape, rdata).enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                write_field(field, &rdata[place], out);
            }
            // An empty bitmap leaves a blank at the end.
            out.truncate(out.trim_end_matches(' ').len());
        }
        None => {
            let _ = write!(out, "\\# {}", rdata.len());
            if !rdata.is_empty() {
                out.push(' ');
                values::write_hex(rdata, out);
            }
        }
    }
}

fn write_field(field: Field, octets: &[u8], out: &mut String) {
    let number = || {
        octets
            .iter()
            .fold(0, |number, octet| number << 8 | u32::from(*octet))
    };
    match field {
        Field::U8 | Field::U16 | Field::U32 | Field::Seconds | Field::Algorithm => {
            let _ = write!(out, "{}", number());
        }
        Field::Time => out.push_str(&values::time_text(number())),
        Field::Type => out.push_str(&rtype_to_text(number() as u16)),
        Field::Ipv4 => {
            let _ = write!(out, "{}", Ipv4Addr::from_bits(number()));
        }
        Field::Ipv6 => {
            let address = octets
                .try_into()
                .map_or(Ipv6Addr::UNSPECIFIED, <[u8; 16]>::into);
            let _ = write!(out, "{address}");
        }
        Field::Name => name::write_text(octets, out),
        Field::Text | Field::Texts => write_texts(octets, out),
        Field::Tag => out.extend(octets[1..].iter().copied().map(char::from)),
        Field::Value => write_quoted(octets, out),
        Field::Hex => values::write_hex(octets, out),
        Field::Base64 => values::write_base64(octets, out),
        Field::Bitmap => {
            let types: Vec<_> = bitmap_types(octets).map(rtype_to_text).collect();
            out.push_str(&types.join(" "));
        }
    }
}

fn write_texts(mut octets: &[u8], out: &mut String) {
    while let Some((&len, rest)) = octets.split_first() {
        let (text, rest) = rest.split_at(usize::from(len));
        write_quoted(text, out);
        if !rest.is_empty() {
            out.push(' ');
        }
        octets = rest;
    }
}

fn write_quoted(octets: &[u8], out: &mut String) {
    out.push('"');
    for &octet in octets {
        match octet {
            b'"' | b'\\' => out.extend(['\\', char::from(octet)]),
            0x20..=0x7e => out.push(char::from(octet)),
            _ => {
                let _ = write!(out, "\\{octet:03}");
            }
        }
    }
    out.push('"');
}

/// The types in a well-formed bitmap, in ascending order.
fn bitmap_types(mut octets: &[u8]) -> impl Iterator<Item = u16> {
    let mut types = Vec::new();
    while let [window, len, rest @ ..] = octets {
        let (bits, rest) = rest.split_at(usize::from(*len));
        for (index, octet) in bits.iter().enumerate() {
            let set = (0..8u16).filter(|bit| octet & (0x80 >> bit) != 0);
            types.extend(set.map(|bit| u16::from(*window) << 8 | (index as u16) << 3 | bit));
        }
        octets = rest;
    }
    types.into_iter()
}
