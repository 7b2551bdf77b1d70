//! What the rdata of each type is made of.
//!
//! Two tables name the fields of types; reading and writing text and checking wire form follow both.
//! Types without a row are octets, in text as well (RFC 3597).
//!
//! Rows of [`shape`] are what every version of an edge knows: it refuses a zone whose rdata does not
//! fit, and orders rdata by names in lower case. Publisher and edges, which may be of different
//! versions, must agree on both. So a row for one more type goes into [`text_only`]: its rdata is
//! checked where it enters, and travels as octets.

use super::fields::{Field, field_len};
use super::types::{self, *};
use crate::name;
use std::ops::Range;

/// The fields of a type, and what its RFC calls them.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// In the order of wire form and of text.
    pub fields: &'static [Field],
    /// What to write, for messages.
    pub syntax: &'static str,
}

/// The fields of a type that is checked wherever its rdata comes from.
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
            &[Type, Algorithm, U8, U32, Time, Time, U16, Name, Base64],
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

/// The fields of a type, those that are octets to an edge included.
pub fn form(rtype: u16) -> Option<Shape> {
    shape(rtype).or_else(|| text_only(rtype))
}

/// The fields of a type that is checked only where its rdata enters.
fn text_only(rtype: u16) -> Option<Shape> {
    use Field::*;
    let (fields, syntax): (&'static [Field], _) = match rtype {
        WKS => (&[Ipv4, Protocol, Ports], "ADDRESS PROTOCOL PORT…"),
        X25 => (&[Text], "PSDN-ADDRESS"),
        ISDN => (&[Text, TextOrNone], "ISDN-ADDRESS [SUBADDRESS]"),
        NSAP => (&[Nsap], "0xDIGITS"),
        NSAP_PTR => (&[Name], "NAME"),
        SIG => (
            &[OldType, Algorithm, U8, U32, Time, Time, U16, Name, Base64],
            "TYPE ALGORITHM LABELS TTL EXPIRATION INCEPTION KEY-TAG SIGNER SIGNATURE",
        ),
        KEY | RKEY => (
            &[U16, U8, Algorithm, Base64OrNone],
            "FLAGS PROTOCOL ALGORITHM KEY",
        ),
        GPOS => (&[Text, Text, Text], "LONGITUDE LATITUDE ALTITUDE"),
        LOC => (
            &[Location],
            "DEGREES [MINUTES [SECONDS]] N|S DEGREES [MINUTES [SECONDS]] E|W ALTITUDEm [SIZEm \
             [HORIZONTALm [VERTICALm]]]",
        ),
        NXT => (&[Name, OldBitmap], "NEXT TYPE…"),
        EID => (&[Hex], "ENDPOINT"),
        NIMLOC => (&[Hex], "LOCATOR"),
        ATMA => (&[AtmAddress], "+DIGITS or DIGITS"),
        CERT => (
            &[CertificateType, U16, Algorithm, Base64],
            "TYPE KEY-TAG ALGORITHM CERTIFICATE",
        ),
        types::A6 => (&[Field::A6], "PREFIX-LENGTH [SUFFIX] [PREFIX-NAME]"),
        SINK => (&[U8, U8, U8, Base64OrNone], "MEANING CODING SUBCODING DATA"),
        APL => (&[Prefixes], "[!]FAMILY:ADDRESS/PREFIX…"),
        IPSECKEY => (&[IpsecKey], "PRECEDENCE GATEWAY-TYPE ALGORITHM GATEWAY KEY"),
        DHCID => (&[Base64], "DIGEST"),
        NSEC3 => (
            &[U8, U8, U16, Salt, Hash, Bitmap],
            "HASH-ALGORITHM FLAGS ITERATIONS SALT NEXT TYPE…",
        ),
        NSEC3PARAM => (&[U8, U8, U16, Salt], "HASH-ALGORITHM FLAGS ITERATIONS SALT"),
        HIP => (&[Host], "ALGORITHM TAG KEY SERVER…"),
        NINFO | AVC | RESINFO | WALLET => (&[Texts], "TEXT…"),
        TALINK => (&[Name, Name], "PREVIOUS NEXT"),
        OPENPGPKEY => (&[Base64], "KEY"),
        CSYNC => (&[U32, U16, Bitmap], "SERIAL FLAGS TYPE…"),
        ZONEMD => (&[U32, U8, U8, Hex], "SERIAL SCHEME ALGORITHM DIGEST"),
        SVCB | HTTPS => (&[U16, Name, SvcParams], "PRIORITY TARGET KEY=VALUE…"),
        DSYNC => (&[Type, Scheme, U16, Name], "TYPE SCHEME PORT TARGET"),
        HHIT | BRID => (&[Base64], "DATA"),
        NID => (&[U16, Locator], "PREFERENCE NODE-ID"),
        L32 => (&[U16, Ipv4], "PREFERENCE LOCATOR"),
        L64 => (&[U16, Locator], "PREFERENCE LOCATOR"),
        LP => (&[U16, Name], "PREFERENCE FQDN"),
        EUI48 => (&[Eui48], "ADDRESS"),
        EUI64 => (&[Eui64], "ADDRESS"),
        URI => (&[U16, U16, Value], "PRIORITY WEIGHT \"TARGET\""),
        DOA => (
            &[U32, U32, U8, Text, Base64OrDash],
            "ENTERPRISE TYPE LOCATION MEDIA-TYPE DATA",
        ),
        AMTRELAY => (&[AmtRelay], "PRECEDENCE DISCOVERY-OPTIONAL TYPE RELAY"),
        TA | DLV => (
            &[U16, Algorithm, U8, Hex],
            "KEY-TAG ALGORITHM DIGEST-TYPE DIGEST",
        ),
        _ => return None,
    };
    Some(Shape { fields, syntax })
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

/// The names in rdata that a message may have compressed: the octets before them, and how many they
/// are. Only the types of RFC 1035 have any, which every resolver knows (RFC 3597 section 4).
pub fn compressed_names(rtype: u16) -> (usize, usize) {
    match rtype {
        NS | MD | MF | CNAME | MB | MG | MR | PTR => (0, 1),
        SOA | MINFO => (0, 2),
        MX => (2, 1),
        _ => (0, 0),
    }
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
