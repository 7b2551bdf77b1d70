//! IPSECKEY (RFC 4025) and AMTRELAY (RFC 8777): a gateway that is nothing, an address or a name.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::name;
use crate::rdata::faults::Fault;
use crate::rdata::reader::{Reader, wrong};
use crate::rdata::values;

const NOTHING: u8 = 0;
const IPV4: u8 = 1;
const IPV6: u8 = 2;
const NAME: u8 = 3;
/// The bit of an AMTRELAY before the type of its relay: discovery is optional.
const DISCOVERY: u8 = 0x80;
/// The algorithm of an IPSECKEY without a key.
const NO_KEY: u8 = 0;

pub fn read_ipseckey(
    reader: &mut Reader<'_, '_>,
    origin: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let [precedence, kind, algorithm] = [
        reader.number(255)?,
        reader.number(u32::from(NAME))?,
        reader.number(255)?,
    ]
    .map(|number| number as u8);
    out.extend([precedence, kind, algorithm]);
    read_gateway(kind, reader, origin, out)?;
    let key = reader.rest()?;
    if key.is_empty() != (algorithm == NO_KEY) {
        return Err(Fault::rdata(
            "algorithm 0 stands for no key, and others have one",
        ));
    }
    values::base64(&key, out).ok_or(Fault::rdata("not Base 64"))
}

pub fn read_amtrelay(
    reader: &mut Reader<'_, '_>,
    origin: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let precedence = reader.number(255)? as u8;
    let discovery = reader.number(1)? as u8;
    let kind = reader.number(u32::from(NAME))? as u8;
    out.extend([precedence, discovery << 7 | kind]);
    read_gateway(kind, reader, origin, out)
}

fn read_gateway(
    kind: u8,
    reader: &mut Reader<'_, '_>,
    origin: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    match kind {
        NOTHING => {
            let word = reader.word()?;
            if word != b"." {
                return Err(wrong(word, "a dot, which stands for no gateway"));
            }
        }
        IPV4 => out.extend(
            reader
                .value(values::address::<Ipv4Addr>, "an IPv4 address")?
                .octets(),
        ),
        IPV6 => out.extend(
            reader
                .value(values::address::<Ipv6Addr>, "an IPv6 address")?
                .octets(),
        ),
        _ => name::parse_into(reader.word()?, origin, out)?,
    }
    Ok(())
}

/// Octets of a gateway; None where they are not all there.
fn gateway_len(kind: u8, octets: &[u8]) -> Option<usize> {
    let len = match kind {
        NOTHING => 0,
        IPV4 => 4,
        IPV6 => 16,
        _ => name::wire_len(octets)?,
    };
    (len <= octets.len()).then_some(len)
}

/// Gateways of types that are not known have any octets.
pub fn is_ipseckey(octets: &[u8]) -> bool {
    match octets {
        [_, kind, algorithm, rest @ ..] if *kind <= NAME => gateway_len(*kind, rest)
            .is_some_and(|len| (len == rest.len()) == (*algorithm == NO_KEY)),
        [_, _, _, ..] => true,
        _ => false,
    }
}

/// Relays of types that are not known have any octets.
pub fn is_amtrelay(octets: &[u8]) -> bool {
    match octets {
        [_, kind, rest @ ..] if *kind & !DISCOVERY <= NAME => {
            gateway_len(*kind & !DISCOVERY, rest) == Some(rest.len())
        }
        [_, _, ..] => true,
        _ => false,
    }
}

pub fn write_ipseckey(octets: &[u8], out: &mut String) -> bool {
    let (precedence, kind, algorithm) = (octets[0], octets[1], octets[2]);
    let Some(len) = gateway_len(kind, &octets[3..]).filter(|_| kind <= NAME) else {
        return false;
    };
    let (gateway, key) = octets[3..].split_at(len);
    let _ = write!(out, "{precedence} {kind} {algorithm} ");
    write_gateway(kind, gateway, out);
    if !key.is_empty() {
        out.push(' ');
        values::write_base64(key, out);
    }
    true
}

pub fn write_amtrelay(octets: &[u8], out: &mut String) -> bool {
    let (discovery, kind) = (octets[1] >> 7, octets[1] & !DISCOVERY);
    let _ = write!(out, "{} {discovery} {kind} ", octets[0]);
    write_gateway(kind, &octets[2..], out);
    kind <= NAME
}

fn write_gateway(kind: u8, octets: &[u8], out: &mut String) {
    match kind {
        NOTHING => out.push('.'),
        IPV4 | IPV6 => values::write_address(octets, out),
        NAME => name::write_text(octets, out),
        _ => {}
    }
}
