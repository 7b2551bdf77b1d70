//! Presentation format to wire rdata, field by field.

use super::bitmaps;
use super::faults::Fault;
use super::fields::Field;
use super::foreign;
use super::own::{gateways, hip, location, old_addresses, prefixes, svc_params};
use super::reader::{Reader, wrong};
use super::shapes::Shape;
use super::strings::{MAX_STRING, push_string, unescape_into};
use super::tokens::{Token, Tokens};
use super::values;
use crate::name;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Appends the rdata of one logical line; the whole line is read.
pub fn read_fields(
    shape: Shape,
    tokens: &mut Tokens<'_>,
    origin: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let mut reader = Reader::new(tokens, shape.syntax);
    for &field in shape.fields {
        read_field(field, &mut reader, origin, out)?;
    }
    reader.end()
}

/// Appends the rdata of `\# LENGTH HEX` (RFC 3597 section 5).
pub fn read_generic(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut reader = Reader::new(tokens, "\\# LENGTH HEX");
    reader.word()?;
    let length = reader.number(0xffff)?;
    let start = out.len();
    let digits = reader.rest()?;
    values::hex(&digits, out).ok_or_else(|| Fault::rdata("not an even number of hex digits"))?;
    match out.len() - start {
        found if found == length as usize => Ok(()),
        found => Err(Fault::rdata(format!(
            "{found} octets, but the length says {length}"
        ))),
    }
}

fn read_field(
    field: Field,
    reader: &mut Reader<'_, '_>,
    origin: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    match field {
        Field::Name => name::parse_into(reader.word()?, origin, out)?,
        Field::Bitmap => bitmaps::read_types(reader, out)?,
        Field::OldBitmap => bitmaps::read_old_types(reader, out)?,
        Field::Ports => bitmaps::read_ports(reader, out)?,
        Field::Location => location::read(reader, out)?,
        Field::SvcParams => svc_params::read(reader, out)?,
        Field::Prefixes => prefixes::read(reader, out)?,
        Field::IpsecKey => gateways::read_ipseckey(reader, origin, out)?,
        Field::AmtRelay => gateways::read_amtrelay(reader, origin, out)?,
        Field::Host => hip::read(reader, origin, out)?,
        Field::A6 => old_addresses::read_a6(reader, origin, out)?,
        Field::AtmAddress => old_addresses::read_atma(reader, out)?,
        Field::Text | Field::Texts | Field::TextOrNone | Field::Tag | Field::Value => {
            read_text(field, reader, out)?;
        }
        Field::Salt | Field::Hash | Field::Hex => read_octets(field, reader, out)?,
        Field::Base64 | Field::Base64OrNone | Field::Base64OrDash => {
            read_base64(field, reader, out)?;
        }
        _ => read_value(field, reader, out)?,
    }
    Ok(())
}

/// A field of a fixed number of octets, or a NSAP.
fn read_value(field: Field, reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    match field {
        Field::U8 => out.push(reader.number(0xff)? as u8),
        Field::Scheme => out.push(reader.named(values::SCHEMES, 0xff)? as u8),
        Field::Protocol => out.push(reader.named(bitmaps::PROTOCOLS, 0xff)? as u8),
        Field::Algorithm => out.push(reader.value(values::algorithm, "an algorithm")?),
        Field::U16 => out.extend((reader.number(0xffff)? as u16).to_be_bytes()),
        Field::CertificateType => {
            let number = reader.named(values::CERTIFICATE_TYPES, 0xffff)?;
            out.extend((number as u16).to_be_bytes());
        }
        Field::Type => out.extend(bitmaps::read_type(reader.word()?)?.to_be_bytes()),
        Field::OldType => out.extend(bitmaps::read_old_type(reader.word()?)?.to_be_bytes()),
        Field::Seconds => {
            let seconds = reader.value(
                |word| u32::try_from(values::seconds(word)?).ok(),
                "seconds from 0 to 4294967295",
            )?;
            out.extend(seconds.to_be_bytes());
        }
        Field::Time => {
            let time = reader.value(values::time, "a time as YYYYMMDDHHmmSS from 1970 to 2106")?;
            out.extend(time.to_be_bytes());
        }
        Field::Ipv4 => {
            let word = reader.word()?;
            let wrong = foreign::explain_address(word).unwrap_or("not an IPv4 address");
            let address = values::address::<Ipv4Addr>(word);
            out.extend(address.ok_or(Fault::rdata(wrong))?.octets());
        }
        Field::Ipv6 => {
            let address = values::address::<Ipv6Addr>(reader.word()?);
            out.extend(address.ok_or(Fault::rdata("not an IPv6 address"))?.octets());
        }
        Field::Locator => {
            let expected = "four groups of hex digits, as 14:4fff:ff20:ee64";
            out.extend(reader.value(values::locator, expected)?);
        }
        Field::Eui48 => {
            out.extend(reader.value(values::eui::<6>, "an address as 00-00-5e-00-53-2a")?)
        }
        Field::Eui64 => {
            let expected = "an address as 00-00-5e-ef-10-00-00-2a";
            out.extend(reader.value(values::eui::<8>, expected)?);
        }
        Field::Nsap => out.extend(reader.value(old_addresses::nsap, "0x and hex digits")?),
        _ => out.extend(reader.number(u32::MAX)?.to_be_bytes()),
    }
    Ok(())
}

fn read_text(field: Field, reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    match field {
        Field::Texts => {
            push_string(reader.text()?, out)?;
            while let Token::Word(text) | Token::Quoted(text) = reader.next()? {
                push_string(text, out)?;
            }
        }
        Field::TextOrNone => {
            if let Token::Word(text) | Token::Quoted(text) = reader.next()? {
                push_string(text, out)?;
            }
        }
        Field::Tag => {
            let word = reader.word()?;
            if word.len() > MAX_STRING || !word.iter().all(u8::is_ascii_alphanumeric) {
                return Err(wrong(word, "a tag of letters and digits"));
            }
            push_string(word, out)?;
        }
        Field::Value => unescape_into(reader.text()?, out)?,
        _ => push_string(reader.text()?, out)?,
    }
    Ok(())
}

/// Octets in hexadecimal or Base 32.
fn read_octets(field: Field, reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut octets = Vec::new();
    match field {
        Field::Hash => {
            let read = values::base32(reader.word()?, &mut octets);
            read.ok_or(Fault::rdata("not Base 32"))?;
        }
        Field::Salt => {
            let word = reader.word()?;
            let digits = if word == b"-" { b"" } else { word };
            let read = values::hex(digits, &mut octets);
            read.ok_or(Fault::rdata("not - or an even number of hex digits"))?;
        }
        _ => {
            let read = values::hex(&reader.some_rest()?, out);
            return read.ok_or(Fault::rdata("not an even number of hex digits"));
        }
    }
    let len = octets.len();
    let len = u8::try_from(len)
        .map_err(|_| Fault::rdata(format!("{len} octets, at most {MAX_STRING} allowed")))?;
    out.push(len);
    out.extend(octets);
    Ok(())
}

fn read_base64(field: Field, reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let digits = match field {
        Field::Base64OrNone => reader.rest()?,
        _ => reader.some_rest()?,
    };
    if field == Field::Base64OrDash && digits == b"-" {
        return Ok(());
    }
    values::base64(&digits, out).ok_or(Fault::rdata("not Base 64"))
}
