//! The OPT record in queries and replies (RFC 6891).

use super::rcode;
use crate::rdata::types;

/// Octets of the OPT record of every reply: it has no options.
pub const REPLY_LEN: usize = 11;
/// Largest UDP reply without EDNS, and the least that EDNS can ask for (RFC 6891 section 6.2.3).
const LEAST_PAYLOAD: u16 = 512;
/// Largest UDP reply: passes every usual path without fragments (RFC 9715 section 3.2).
const MOST_PAYLOAD: u16 = 1232;

const VERSION: u8 = 0;
const DNSSEC_OK: u16 = 0x8000;
const CLIENT_SUBNET: u16 = 8;
const COOKIE: u16 = 10;

/// What the OPT record of a query says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edns {
    /// The largest UDP reply that the client takes, in octets.
    pub payload: u16,
    /// 0 is the only version there is.
    pub version: u8,
    /// Whether DNSSEC records are wanted (RFC 3225).
    pub dnssec_ok: bool,
}

impl Edns {
    /// Reads class and TTL of an OPT record.
    pub fn new(class: u16, ttl: u32) -> Edns {
        Edns {
            payload: class,
            version: (ttl >> 16) as u8,
            dnssec_ok: ttl as u16 & DNSSEC_OK != 0,
        }
    }

    /// BADVERS for a version this server does not speak, FORMERR for options that are malformed.
    ///
    /// Another version may mean other options, so the version is judged first.
    pub fn check(&self, options: &[u8]) -> Result<(), u16> {
        if self.version != VERSION {
            return Err(rcode::BADVERS);
        }
        check_options(options).ok_or(rcode::FORMERR)
    }

    /// Appends the OPT record of the reply: no options, DO copied, other flags clear.
    pub fn write_reply(&self, rcode: u16, out: &mut Vec<u8>) {
        let flags = if self.dnssec_ok { DNSSEC_OK } else { 0 };
        out.push(0);
        out.extend_from_slice(&types::OPT.to_be_bytes());
        out.extend_from_slice(&MOST_PAYLOAD.to_be_bytes());
        out.extend_from_slice(&[(rcode >> 4) as u8, VERSION]);
        out.extend_from_slice(&flags.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
    }
}

/// The largest UDP reply in octets, with or without EDNS in the query.
pub fn udp_limit(edns: Option<&Edns>) -> usize {
    let payload = edns.map_or(LEAST_PAYLOAD, |edns| edns.payload);
    usize::from(payload.clamp(LEAST_PAYLOAD, MOST_PAYLOAD))
}

/// None where the options do not fill their space, or one that has a fixed form breaks it.
///
/// Unknown options are ignored (RFC 6891 section 6.1.2).
fn check_options(mut options: &[u8]) -> Option<()> {
    while !options.is_empty() {
        let (head, rest) = options.split_first_chunk::<4>()?;
        let code = u16::from_be_bytes([head[0], head[1]]);
        let (value, rest) =
            rest.split_at_checked(usize::from(u16::from_be_bytes([head[2], head[3]])))?;
        let well_formed = match code {
            COOKIE => value.len() == 8 || (16..=40).contains(&value.len()),
            CLIENT_SUBNET => is_client_subnet(value),
            _ => true,
        };
        if !well_formed {
            return None;
        }
        options = rest;
    }
    Some(())
}

/// Family, source prefix, scope 0 and just the octets and bits of the prefix (RFC 7871 section 6).
fn is_client_subnet(value: &[u8]) -> bool {
    let Some(([family_high, family_low, source, scope], address)) = value.split_first_chunk::<4>()
    else {
        return false;
    };
    let most_bits = match u16::from_be_bytes([*family_high, *family_low]) {
        1 => 32,
        2 => 128,
        _ => return true,
    };
    let unused_bits = (address.len() * 8).wrapping_sub(usize::from(*source));
    *scope == 0
        && *source <= most_bits
        && address.len() == usize::from(source.div_ceil(8))
        && address
            .last()
            .is_none_or(|last| u32::from(*last).trailing_zeros() as usize >= unused_bits)
}
