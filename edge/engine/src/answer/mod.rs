//! The authoritative answer to one query, without allocating and without knowing about sockets.
//!
//! ```text
//! octets ─ query ──► Query ─ catalog ──► Zone ─ stages ──► Message ─► octets
//!          (what is           (step 2 of RFC 1034            (whole RRsets, compressed,
//!           asked, EDNS)       section 4.3.2)  │              up to a limit)
//!                                              ├ lookup      step 3: the walk from the apex
//!                                              └ additional  step 6: glue and addresses
//! ```
//!
//! The answer depends on the zone and the query alone: not on the time, the shard or the client.

mod additional;
mod compression;
mod edns;
mod lookup;
mod message;
mod query;
pub mod rcode;
mod signatures;
mod sname;
mod stages;
#[cfg(test)]
mod tests;

use crate::catalog::Catalog;
use crate::rdata::types;
use message::{Message, QNAME};
use query::{Query, Question};
use sname::Sname;
use stages::{Stages, Task};
use std::net::IpAddr;

/// Class IN; no other is served.
const IN: u16 = 1;
/// The largest message that a length of two octets can announce (RFC 1035 section 4.2.2).
const TCP_LIMIT: usize = 65_535;

/// What carried the query: it decides how large a reply may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One datagram each way.
    Udp,
    /// A stream.
    Tcp,
}

/// Who asks, and how the reply gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The source of the query; IPv4 is never written as an IPv4-mapped IPv6 address.
    pub address: IpAddr,
    /// What carried the query.
    pub transport: Transport,
}

impl Client {
    /// A client; an IPv4-mapped address (RFC 4291 section 2.5.5.2) is the IPv4 address in it.
    pub fn new(address: IpAddr, transport: Transport) -> Client {
        Client {
            address: address.to_canonical(),
            transport,
        }
    }
}

/// What a reply was, for the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The response code, extended by EDNS (BADVERS is 16).
    pub rcode: u16,
    /// Whether TC is set.
    pub truncated: bool,
}

/// Answers one query; the reply is left in `out`, which is cleared first.
///
/// None means that nothing may be sent: too short for a header, or itself a reply.
pub fn respond(
    catalog: &Catalog,
    query: &[u8],
    client: Client,
    out: &mut Vec<u8>,
) -> Option<Outcome> {
    out.clear();
    let query = Query::read(query)?;
    let limit = match client.transport {
        Transport::Udp => edns::udp_limit(query.edns.as_ref()),
        Transport::Tcp => TCP_LIMIT,
    };
    let mut message = Message::new(out, &query, limit);
    let rcode = match &query.question {
        Some(question) if query.fault == rcode::NOERROR => {
            answer(catalog, &query, question, client.transport, &mut message)
        }
        _ => query.fault,
    };
    let truncated = message.is_truncated();
    message.finish(rcode, query.edns.as_ref());
    Some(Outcome { rcode, truncated })
}

/// Fills the sections of the reply to a well-formed query and returns the response code.
fn answer(
    catalog: &Catalog,
    query: &Query,
    question: &Question,
    transport: Transport,
    message: &mut Message,
) -> u16 {
    // It marks absent names in NSEC records and cannot be asked for (RFC 9824 section 3.5).
    if question.rtype == types::NXNAME {
        return rcode::FORMERR;
    }
    if question.class != IN || matches!(question.rtype, types::AXFR | types::IXFR) {
        return rcode::REFUSED;
    }
    let sname = Sname::new(question.name, QNAME);
    let Some(zone) = catalog.find(sname.folded(), question.rtype) else {
        return rcode::REFUSED;
    };
    let dnssec = query.dnssec_ok() && signatures::is_signed(zone);
    if dnssec {
        message.include_signatures();
    }
    let any_gets_all = transport == Transport::Tcp;
    let task = Task {
        zone,
        rtype: question.rtype,
        any_gets_all,
        dnssec,
    };
    Stages::new(task, sname, message).run()
}
