//! What the rdata of each type is made of.
//!
//! One table names the fields of every type that the engine reads itself; reading text, writing
//! text, checking wire form and finding names all follow it. Types without a row are carried as
//! octets (RFC 3597) and read from text by the caller's `convert`.

use super::types::{self, *};
use crate::name;
use std::ops::Range;

/// One field of rdata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// One octet.
    U8,
    /// Two octets.
    U16,
    /// Four octets.
    U32,
    /// Seconds in four octets; text may use the units of a TTL.
    Seconds,
    /// Unix time in four octets, written `YYYYMMDDHHmmSS` (RFC 4034 section 3.2).
    Time,
    /// A type in two octets, written as mnemonic.
    Type,
    /// A DNSSEC algorithm in one octet; text may use the mnemonic (RFC 4034 appendix A.1).
    Algorithm,
    /// Four octets of IPv4.
    Ipv4,
    /// Sixteen octets of IPv6.
    Ipv6,
    /// An uncompressed name.
    Name,
    /// One character-string.
    Text,
    /// One or more character-strings, to the end.
    Texts,
    /// A CAA property tag: letters and digits after a length octet (RFC 8659 section 4.1).
    Tag,
    /// Octets written as one quoted string, to the end.
    Value,
    /// One or more octets in hexadecimal, to the end.
    Hex,
    /// One or more octets in Base 64, to the end.
    Base64,
    /// A bitmap of types, to the end (RFC 4034 section 4.1.2).
    Bitmap,
}

/// The fields of a type, and what its RFC calls them.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// In the order of wire form and of text.
    pub fields: &'static [Field],
    /// What to write, for messages.
    pub syntax: &'static str,
}

/// The fields of a type that the engine reads itself.
pub fn shape(rtype: u16) -> Option<Shape> {
    use Field::*;
    let (fields, syntax): (&'static [Field], _) = match rtype {
        A => (&[Ipv4], "ADDRESS"),
        AAAA => (&[Ipv6], "ADDRESS"),
        NS => (&[Name], "NSDNAME"),
        MD | MF | MB => (&[Name], "MADNAME"),
        MG => (&[Name], "MGMNAME"),
        MR => (&[Name], "NEWNAME"),
        CNAME => (&[Name], "CNAME"),
        PTR => (&[Name], "PTRDNAME"),
        DNAME => (&[Name], "TARGET"),
        SOA => (
            &[Name, Name, U32, Seconds, Seconds, Seconds, Seconds],
            "MNAME RNAME SERIAL REFRESH RETRY EXPIRE MINIMUM",
        ),
        HINFO => (&[Text, Text], "CPU OS"),
        MINFO => (&[Name, Name], "RMAILBX EMAILBX"),
        MX => (&[U16, Name], "PREFERENCE EXCHANGE"),
        TXT | SPF => (&[Texts], "TEXT…"),
        RP => (&[Name, Name], "MBOX TXT"),
        AFSDB => (&[U16, Name], "SUBTYPE HOSTNAME"),
        RT => (&[U16, Name], "PREFERENCE HOST"),
        PX => (&[U16, Name, Name], "PREFERENCE MAP822 MAPX400"),
        SRV => (&[U16, U16, U16, Name], "PRIORITY WEIGHT PORT TARGET"),
        NAPTR => (
            &[U16, U16, Text, Text, Text, Name],
            "ORDER PREFERENCE FLAGS SERVICES REGEXP REPLACEMENT",
        ),
        KX => (&[U16, Name], "PREFERENCE EXCHANGER"),
        DS | CDS => (
            &[U16, Algorithm, U8, Hex],
            "KEY-TAG ALGORITHM DIGEST-TYPE DIGEST",
        ),
        SSHFP => (&[U8, U8, Hex], "ALGORITHM FINGERPRINT-TYPE FINGERPRINT"),
        RRSIG => (
            &[Type, Algorithm, U8, Seconds, Time, Time, U16, Name, Base64],
            "TYPE ALGORITHM LABELS TTL EXPIRATION INCEPTION KEY-TAG SIGNER SIGNATURE",
        ),
        NSEC => (&[Name, Bitmap], "NEXT TYPE…"),
        DNSKEY | CDNSKEY => (
            &[U16, U8, Algorithm, Base64],
            "FLAGS PROTOCOL ALGORITHM KEY",
        ),
        TLSA | SMIMEA => (&[U8, U8, U8, Hex], "USAGE SELECTOR MATCHING-TYPE DATA"),
        CAA => (&[U8, Tag, Value], "FLAGS TAG VALUE"),
        _ => return None,
    };
    Some(Shape { fields, syntax })
}

/// Octets of a field at the start of `rdata`; None where they are not all there or not well formed.
pub fn field_len(field: Field, rdata: &[u8]) -> Option<usize> {
    let fits = |len: usize| (len <= rdata.len()).then_some(len);
    let whole = |ok: bool| ok.then_some(rdata.len());
    match field {
        Field::U8 | Field::Algorithm => fits(1),
        Field::U16 | Field::Type => fits(2),
        Field::U32 | Field::Seconds | Field::Time | Field::Ipv4 => fits(4),
        Field::Ipv6 => fits(16),
        Field::Name => name::wire_len(rdata),
        Field::Text => text_len(rdata),
        Field::Texts => {
            let mut at = text_len(rdata)?;
            while at < rdata.len() {
                at += text_len(&rdata[at..])?;
            }
            Some(at)
        }
        Field::Tag => {
            let len = text_len(rdata)?;
            let tag = &rdata[1..len];
            (!tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric)).then_some(len)
        }
        Field::Value => whole(true),
        Field::Hex | Field::Base64 => whole(!rdata.is_empty()),
        Field::Bitmap => whole(is_bitmap(rdata)),
    }
}

fn text_len(rdata: &[u8]) -> Option<usize> {
    let len = 1 + usize::from(*rdata.first()?);
    (len <= rdata.len()).then_some(len)
}

/// Windows in ascending order, each of 1 to 32 octets of which the last is not zero.
fn is_bitmap(mut rdata: &[u8]) -> bool {
    let mut lowest = 0;
    while let [window, len, rest @ ..] = rdata {
        let (window, len) = (u16::from(*window), usize::from(*len));
        if window < lowest || !(1..=32).contains(&len) || rest.len() < len || rest[len - 1] == 0 {
            return false;
        }
        lowest = window + 1;
        rdata = &rest[len..];
    }
    rdata.is_empty()
}

/// Splits rdata into fields: each with its place; ends early where the octets do not fit.
pub fn split(shape: Shape, rdata: &[u8]) -> impl Iterator<Item = (Field, Range<usize>)> {
    let mut at = 0;
    shape.fields.iter().map_while(move |&field| {
        let start = at;
        at += field_len(field, &rdata[start..])?;
        Some((field, start..at))
    })
}

/// Whether wire rdata has exactly the fields of its type.
pub fn fits(shape: Shape, rdata: &[u8]) -> bool {
    let (count, end) = split(shape, rdata).fold((0, 0), |(n, _), (_, place)| (n + 1, place.end));
    count == shape.fields.len() && end == rdata.len()
}

/// Where the names are in well-formed wire rdata; none for types that are only carried.
pub fn names(rtype: u16, rdata: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let fields = shape(rtype).filter(|shape| shape.fields.contains(&Field::Name));
    fields
        .into_iter()
        .flat_map(|shape| split(shape, rdata))
        .filter(|(field, _)| *field == Field::Name)
        .map(|(_, place)| place)
}

/// Whether names in this rdata may be compressed in a message: only the types of RFC 1035, which
/// every resolver knows (RFC 3597 section 4).
pub fn is_compressible(rtype: u16) -> bool {
    matches!(
        rtype,
        NS | MD | MF | CNAME | SOA | MB | MG | MR | PTR | MINFO | MX
    )
}

/// The name whose addresses go into the additional section: NS, MX and SRV targets.
pub fn additional_name(rtype: u16, rdata: &[u8]) -> Option<&[u8]> {
    let start = match rtype {
        NS => 0,
        MX => 2,
        SRV => 6,
        _ => return None,
    };
    rdata.get(start..)
}

/// Puts names in lower case where the canonical form of rdata does (RFC 4034 section 6.2 without
/// NSEC, which RFC 6840 section 5.1 took off the list). Octets that do not fit stay as they are.
pub fn fold_names(rtype: u16, rdata: &mut [u8]) {
    if rtype == types::NSEC {
        return;
    }
    let Some(shape) = shape(rtype) else { return };
    let mut at = 0;
    for &field in shape.fields {
        let Some(len) = field_len(field, &rdata[at..]) else {
            return;
        };
        if field == Field::Name {
            name::fold_in_place(&mut rdata[at..at + len]);
        }
        at += len;
    }
}
