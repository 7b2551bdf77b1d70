//! Wire rdata to presentation format.

use super::bitmaps;
use super::fields::Field;
use super::own::{gateways, hip, location, old_addresses, prefixes, svc_params};
use super::shapes::{self, Shape};
use super::strings::{write_quoted, write_texts};
use super::types::rtype_to_text;
use super::values;
use crate::name;
use std::fmt::Write;

/// Appends rdata in presentation format: the fields of the type, or `\# LENGTH HEX` (RFC 3597
/// section 5) for a type that is not in `shapes` and for octets that its fields cannot say.
pub fn to_text(rtype: u16, rdata: &[u8], out: &mut String) {
    let start = out.len();
    let shape = shapes::form(rtype).filter(|shape| shapes::fits(*shape, rdata));
    if shape.is_some_and(|shape| write_fields(shape, rdata, out)) {
        return;
    }
    out.truncate(start);
    let _ = write!(out, "\\# {}", rdata.len());
    if !rdata.is_empty() {
        out.push(' ');
        values::write_hex(rdata, out);
    }
}

/// Appends all fields; false where one cannot be written.
fn write_fields(shape: Shape, rdata: &[u8], out: &mut String) -> bool {
    for (index, (field, place)) in shapes::split(shape, rdata).enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if !write_field(field, &rdata[place], out) {
            return false;
        }
    }
    // An empty field leaves a blank at the end.
    out.truncate(out.trim_end_matches(' ').len());
    true
}

/// Appends one field; false where text cannot say what its octets say.
fn write_field(field: Field, octets: &[u8], out: &mut String) -> bool {
    match field {
        Field::Ports => return bitmaps::write_ports(octets, out),
        Field::OldBitmap => return bitmaps::write_old_types(octets, out),
        Field::Location => return location::write(octets, out),
        Field::SvcParams => return svc_params::write(octets, out),
        Field::Prefixes => return prefixes::write(octets, out),
        Field::IpsecKey => return gateways::write_ipseckey(octets, out),
        Field::AmtRelay => return gateways::write_amtrelay(octets, out),
        Field::Host => return hip::write(octets, out),
        Field::A6 => return old_addresses::write_a6(octets, out),
        Field::AtmAddress => return old_addresses::write_atma(octets, out),
        _ => write_plain_field(field, octets, out),
    }
    true
}

fn write_plain_field(field: Field, octets: &[u8], out: &mut String) {
    let number = || {
        octets
            .iter()
            .fold(0, |number, octet| number << 8 | u32::from(*octet))
    };
    match field {
        Field::Time => out.push_str(&values::time_text(number())),
        Field::Type | Field::OldType => out.push_str(&rtype_to_text(number() as u16)),
        Field::CertificateType => write_named(number(), values::CERTIFICATE_TYPES, out),
        Field::Scheme => write_named(number(), values::SCHEMES, out),
        Field::Ipv4 | Field::Ipv6 => values::write_address(octets, out),
        Field::Name => name::write_text(octets, out),
        Field::Text | Field::Texts | Field::TextOrNone => write_texts(octets, out),
        Field::Tag => out.extend(octets[1..].iter().copied().map(char::from)),
        Field::Value => write_quoted(octets, out),
        Field::Base64OrDash if octets.is_empty() => out.push('-'),
        Field::Salt if octets == [0] => out.push('-'),
        Field::Salt => values::write_hex(&octets[1..], out),
        Field::Hash => values::write_base32(&octets[1..], out),
        Field::Hex => values::write_hex(octets, out),
        Field::Nsap => old_addresses::write_nsap(octets, out),
        Field::Base64 | Field::Base64OrNone | Field::Base64OrDash => {
            values::write_base64(octets, out);
        }
        Field::Bitmap => bitmaps::write_types(octets, out),
        Field::Locator => values::write_locator(octets, out),
        Field::Eui48 | Field::Eui64 => values::write_eui(octets, out),
        _ => {
            let _ = write!(out, "{}", number());
        }
    }
}

fn write_named(number: u32, names: &[(&str, u32)], out: &mut String) {
    let _ = match names.iter().find(|(_, value)| *value == number) {
        Some((name, _)) => write!(out, "{name}"),
        None => write!(out, "{number}"),
    };
}
