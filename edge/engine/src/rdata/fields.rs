//! The fields that rdata is made of, and where each ends in wire form.

use super::bitmaps;
use super::own::{gateways, hip, location, old_addresses, prefixes, svc_params};
use crate::name;

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
    /// The same where text may have its number alone.
    OldType,
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
    /// One character-string or none, to the end.
    TextOrNone,
    /// Octets in hexadecimal behind a length octet, `-` for none (RFC 5155 section 3.3).
    Salt,
    /// One or more octets in Base 32 behind a length octet (RFC 5155 section 3.3).
    Hash,
    /// Eight octets as four groups of up to four hex digits (RFC 6742 section 2.1.2).
    Locator,
    /// Six octets as pairs of hex digits with hyphens (RFC 7043 section 3.2).
    Eui48,
    /// Eight octets as pairs of hex digits with hyphens (RFC 7043 section 4.2).
    Eui64,
    /// The type of a certificate in two octets (RFC 4398 section 2.1).
    CertificateType,
    /// The scheme of a notification in one octet (RFC 9859 section 2).
    Scheme,
    /// An IP protocol in one octet.
    Protocol,
    /// Ports as a bitmap, to the end (RFC 1035 section 3.4.2).
    Ports,
    /// Octets in Base 64 or nothing, to the end.
    Base64OrNone,
    /// Octets in Base 64, `-` for none, to the end.
    Base64OrDash,
    /// A bitmap of types up to 127, to the end (RFC 2535 section 5.2).
    OldBitmap,
    /// Octets in hexadecimal behind `0x`, to the end (RFC 1706 section 5).
    Nsap,
    /// All of a LOC.
    Location,
    /// Parameters of a service, to the end.
    SvcParams,
    /// All of an APL.
    Prefixes,
    /// All of an IPSECKEY.
    IpsecKey,
    /// All of an AMTRELAY.
    AmtRelay,
    /// All of a HIP.
    Host,
    /// All of an A6.
    A6,
    /// All of an ATMA.
    AtmAddress,
}

/// Octets of a field at the start of `rdata`; None where they are not all there or not well formed.
pub fn field_len(field: Field, rdata: &[u8]) -> Option<usize> {
    let fits = |len: usize| (len <= rdata.len()).then_some(len);
    let whole = |ok: bool| ok.then_some(rdata.len());
    match field {
        Field::U8 | Field::Algorithm | Field::Scheme | Field::Protocol => fits(1),
        Field::U16 | Field::Type | Field::OldType | Field::CertificateType => fits(2),
        Field::U32 | Field::Seconds | Field::Time | Field::Ipv4 => fits(4),
        Field::Eui48 => fits(6),
        Field::Eui64 | Field::Locator => fits(8),
        Field::Ipv6 => fits(16),
        Field::Name => name::wire_len(rdata),
        Field::Text | Field::Salt => text_len(rdata),
        Field::Hash => text_len(rdata).filter(|len| *len > 1),
        Field::TextOrNone if rdata.is_empty() => Some(0),
        Field::TextOrNone => text_len(rdata),
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
        Field::Value | Field::Base64OrNone | Field::Base64OrDash => whole(true),
        Field::Hex | Field::Base64 | Field::Nsap => whole(!rdata.is_empty()),
        Field::Bitmap => whole(bitmaps::are_types(rdata)),
        Field::OldBitmap => whole(bitmaps::are_old_types(rdata)),
        Field::Ports => whole(rdata.len() <= bitmaps::MAX_PORTS),
        Field::Location => whole(location::is_well_formed(rdata)),
        Field::SvcParams => whole(svc_params::is_well_formed(rdata)),
        Field::Prefixes => whole(prefixes::is_well_formed(rdata)),
        Field::IpsecKey => whole(gateways::is_ipseckey(rdata)),
        Field::AmtRelay => whole(gateways::is_amtrelay(rdata)),
        Field::Host => whole(hip::is_well_formed(rdata)),
        Field::A6 => whole(old_addresses::is_a6(rdata)),
        Field::AtmAddress => whole(old_addresses::is_atma(rdata)),
    }
}

fn text_len(rdata: &[u8]) -> Option<usize> {
    let len = 1 + usize::from(*rdata.first()?);
    (len <= rdata.len()).then_some(len)
}
