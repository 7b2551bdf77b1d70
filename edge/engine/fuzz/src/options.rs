//! What OPT must and must not say in a reply (RFC 6891), and how large it lets a reply be.

use crate::packets::{BADVERS, FORMERR, REFUSED};
use crate::queries::{self, Edns, Query};
use crate::replies::Reply;
use crate::worlds::IDENTITY;

const OPT: u16 = 41;
const NSID: u16 = 3;
const CLIENT_SUBNET: u16 = 8;
/// The option of RFC 7873.
pub const COOKIE: u16 = 10;
const EXTENDED_ERROR: u16 = 15;

/// Octets of a client cookie.
const CLIENT: usize = 8;
/// Octets of a client cookie with a server cookie of ours behind it.
const WHOLE: usize = 24;

const LEAST_UDP: u16 = 512;
const MOST_UDP: u16 = 1232;
const DO: u32 = 0x8000;

/// Largest UDP reply; a reply to a malformed query is smaller than any limit.
pub fn udp_limit(query: &Query) -> usize {
    let payload = query.opts.first().map_or(LEAST_UDP, |opt| opt.payload);
    usize::from(payload.clamp(LEAST_UDP, MOST_UDP))
}

/// Whether the client wants DNSSEC records (RFC 3225).
pub fn wants_dnssec(query: &Query) -> bool {
    let opt = query.opts.first();
    opt.is_some_and(|opt| opt.ttl & DO != 0)
}

/// Whether every option that has a fixed form has it. Only the first cookie counts.
pub fn are_well_formed(edns: &Edns) -> bool {
    let options = edns.options.iter().flatten();
    let mut subnets = options.clone().filter(|(code, _)| *code == CLIENT_SUBNET);
    let cookie = options.clone().find(|(code, _)| *code == COOKIE);
    subnets.all(|(_, value)| is_subnet(value))
        && cookie.is_none_or(|(_, value)| matches!(value.len(), CLIENT | 16..=40))
}

/// Family, prefix lengths, and an address of just the octets and bits of the source prefix
/// (RFC 7871 section 6).
fn is_subnet(value: &[u8]) -> bool {
    let [family_high, family, source, scope, address @ ..] = value else {
        return false;
    };
    let whole = match (family_high, family) {
        (0, 1) => 4,
        (0, 2) => 16,
        _ => return true,
    };
    let bits = address
        .iter()
        .flat_map(|octet| (0..8).map(move |bit| octet << bit & 0x80 != 0));
    *scope == 0
        && usize::from(*source) <= whole * 8
        && address.len() == usize::from(source.div_ceil(8))
        && bits.skip(usize::from(*source)).all(|bit| !bit)
}

/// OPT comes where it was asked for, once, and repeats nothing but DO.
pub fn check(query: &Query, reply: &Reply) {
    let mut records = reply.sections.iter().flatten();
    assert!(records.all(|record| record.rtype != OPT), "a second OPT");
    let Some(opt) = &reply.opt else {
        let may_lack = !query.well_formed || !query.is_read();
        assert!(query.opts.is_empty() || may_lack, "OPT is missing");
        return;
    };
    assert!(!query.opts.is_empty(), "OPT that was not asked for");
    assert_eq!((&opt.owner[..], opt.class), (&[0][..], MOST_UDP));
    let flags = opt.ttl & 0x00ff_ffff;
    let copied = |edns: &Edns| edns.ttl & DO == flags;
    assert!(query.opts.iter().any(copied), "not version 0 and DO");
    check_options(query, reply, &opt.rdata);
}

/// Only what was asked for comes, and an extended error beside an error.
fn check_options(query: &Query, reply: &Reply, rdata: &[u8]) {
    let options = queries::read_options(rdata).expect("well-formed options");
    for (index, (code, value)) in options.iter().enumerate() {
        let again = options[..index].iter().any(|(earlier, _)| earlier == code);
        assert!(!again, "option {code} again");
        let asked = || query.opts.iter().filter_map(|opt| opt.get(*code));
        let may_be = match *code {
            NSID => asked().next().is_some() && value == IDENTITY.as_bytes(),
            COOKIE => asked().any(|sent| value.len() == WHOLE && sent[..CLIENT] == value[..CLIENT]),
            EXTENDED_ERROR => [FORMERR, REFUSED].contains(&reply.rcode()),
            _ => false,
        };
        assert!(may_be, "option {code}");
    }
    let read = query.well_formed && ![FORMERR, BADVERS].contains(&reply.rcode());
    for code in [NSID, COOKIE] {
        let missing = options.iter().all(|(found, _)| *found != code);
        let asked = query.opts.iter().any(|opt| opt.has(code));
        assert!(!(read && asked && missing), "option {code} is missing");
    }
}
