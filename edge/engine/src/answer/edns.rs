//! The OPT record in queries and replies (RFC 6891), and the options that this server speaks.
//!
//! A reply is a body, which ends with its last record, and OPT behind it. OPT is decided before the
//! body is made, so that the body gets exactly the room that OPT leaves. Two things in OPT come
//! from the body: the upper bits of the response code, and the extended error. A reply with an
//! extended error has no records, so there is room for it.

use super::client::Client;
use super::cookies::{self, Cookie, Presented};
use super::extended_error::ExtendedError;
use super::rcode;
use super::settings::IDENTITY_OCTETS;
use super::source::Source;
use super::wire::{HEADER, Section};
use crate::name::MAX_NAME;
use crate::rdata::types;

/// Octets of OPT without options.
const FIXED_LEN: usize = 11;
/// Octets of an option before its value.
const OPTION_HEAD: usize = 4;
/// Octets of an extended error without text.
const ERROR_LEN: usize = OPTION_HEAD + 2;
/// Largest UDP reply without EDNS, and the least that EDNS can ask for (RFC 6891 section 6.2.3).
const LEAST_PAYLOAD: u16 = 512;
/// Largest UDP reply: passes every usual path without fragments (RFC 9715 section 3.2).
const MOST_PAYLOAD: u16 = 1232;

const _: () = {
    let body = HEADER + MAX_NAME + 4;
    let cookie = OPTION_HEAD + size_of::<Cookie>();
    let opt = FIXED_LEN + OPTION_HEAD + IDENTITY_OCTETS + cookie + ERROR_LEN;
    assert!(body + opt <= LEAST_PAYLOAD as usize);
};

const VERSION: u8 = 0;
const DNSSEC_OK: u16 = 0x8000;
const NSID: u16 = 3;
const CLIENT_SUBNET: u16 = 8;
const COOKIE: u16 = 10;
const EXTENDED_ERROR: u16 = 15;

/// What the OPT record of a query says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edns<'q> {
    /// The largest UDP reply that the client takes, in octets.
    pub payload: u16,
    /// 0 is the only version there is.
    pub version: u8,
    /// Whether DNSSEC records are wanted (RFC 3225).
    pub dnssec_ok: bool,
    options: Options<'q>,
}

/// The options that a reply may have to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Options<'q> {
    /// Whether the name of the server is asked for (RFC 5001).
    identity: bool,
    /// A client cookie and perhaps a server cookie (RFC 7873).
    cookie: Option<&'q [u8]>,
}

impl<'q> Edns<'q> {
    /// Reads class and TTL of an OPT record.
    pub fn new(class: u16, ttl: u32) -> Edns<'q> {
        Edns {
            payload: class,
            version: (ttl >> 16) as u8,
            dnssec_ok: ttl as u16 & DNSSEC_OK != 0,
            options: Options::default(),
        }
    }

    /// Reads the options: BADVERS for a version this server does not speak, FORMERR for options
    /// that are malformed; then none of them is answered.
    ///
    /// Another version may mean other options, so the version is judged first.
    pub fn read_options(&mut self, options: &'q [u8]) -> Result<(), u16> {
        if self.version != VERSION {
            return Err(rcode::BADVERS);
        }
        self.options = Options::read(options).ok_or(rcode::FORMERR)?;
        Ok(())
    }

    /// Whether there is a COOKIE option.
    pub fn has_cookie(&self) -> bool {
        self.options.cookie.is_some()
    }
}

/// The largest UDP reply in octets, with or without EDNS in the query.
pub fn udp_limit(edns: Option<&Edns>) -> usize {
    let payload = edns.map_or(LEAST_PAYLOAD, |edns| edns.payload);
    usize::from(payload.clamp(LEAST_PAYLOAD, MOST_PAYLOAD))
}

/// The OPT record of a reply, without what depends on the body.
pub struct Opt<'s> {
    dnssec_ok: bool,
    identity: Option<&'s [u8]>,
    cookie: Option<(Presented, Cookie)>,
}

impl<'s> Opt<'s> {
    /// OPT for a query of a client.
    pub fn new(edns: &Edns, client: Client, source: Source<'s>) -> Opt<'s> {
        let settings = source.settings;
        let cookie = edns.options.cookie.and_then(|option| {
            cookies::answer(settings.secrets(), option, client.address, source.now)
        });
        Opt {
            dnssec_ok: edns.dnssec_ok,
            identity: settings.identity().filter(|_| edns.options.identity),
            cookie,
        }
    }

    /// What the query's cookie proves; None without one, or if this server has no secret.
    pub fn presented(&self) -> Option<Presented> {
        self.cookie.map(|(presented, _)| presented)
    }

    /// Octets that the body has to leave free.
    pub fn size(&self) -> usize {
        let octets = |value: &[u8]| OPTION_HEAD + value.len();
        FIXED_LEN
            + self.identity.map_or(0, octets)
            + self.cookie.as_ref().map_or(0, |(_, value)| octets(value))
    }

    /// Appends the record to the body and counts it: DO copied, other flags clear.
    ///
    /// `rcode` is the whole response code, the body has its lower four bits.
    pub fn write(&self, rcode: u16, error: Option<ExtendedError>, out: &mut Vec<u8>) {
        let flags = if self.dnssec_ok { DNSSEC_OK } else { 0 };
        let options = self.size() - FIXED_LEN + error.map_or(0, |_| ERROR_LEN);
        let mut fixed = [0; FIXED_LEN]; // the owner is the root
        fixed[1..3].copy_from_slice(&types::OPT.to_be_bytes());
        fixed[3..5].copy_from_slice(&MOST_PAYLOAD.to_be_bytes());
        fixed[5..7].copy_from_slice(&[(rcode >> 4) as u8, VERSION]);
        fixed[7..9].copy_from_slice(&flags.to_be_bytes());
        fixed[9..].copy_from_slice(&(options as u16).to_be_bytes());
        out.extend_from_slice(&fixed);
        if let Some(identity) = self.identity {
            put_option(NSID, identity, out);
        }
        if let Some((_, cookie)) = &self.cookie {
            put_option(COOKIE, cookie, out);
        }
        if let Some(error) = error {
            put_option(EXTENDED_ERROR, &(error as u16).to_be_bytes(), out);
        }
        Section::Additional.count_one(out);
    }
}

fn put_option(code: u16, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
}

impl<'q> Options<'q> {
    /// None where the options do not fill their space, or one that has a fixed form breaks it.
    ///
    /// Unknown options are ignored (RFC 6891 section 6.1.2).
    fn read(mut rest: &'q [u8]) -> Option<Options<'q>> {
        let mut options = Options::default();
        while !rest.is_empty() {
            let (head, after) = rest.split_first_chunk::<OPTION_HEAD>()?;
            let code = u16::from_be_bytes([head[0], head[1]]);
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let (value, after) = after.split_at_checked(length)?;
            match code {
                // Its value means nothing in a query (RFC 5001 section 2.1).
                NSID => options.identity = true,
                // Only the first one counts (RFC 7873 section 5.2).
                COOKIE if options.cookie.is_none() => {
                    options.cookie = Some(value).filter(|value| cookies::is_well_formed(value));
                    options.cookie?;
                }
                CLIENT_SUBNET if !is_client_subnet(value) => return None,
                _ => (),
            }
            rest = after;
        }
        Some(options)
    }
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
