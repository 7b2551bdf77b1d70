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
//! The body, which is all but OPT, depends on the zone, the question, DO, the transport and the room
//! that there is: not on the time, the shard or who asks. OPT comes behind it (`edns`).

mod additional;
mod chaos;
mod compression;
pub mod cookies;
mod edns;
mod extended_error;
mod lookup;
mod message;
mod query;
pub mod rcode;
pub mod settings;
mod signatures;
mod sname;
mod stages;
#[cfg(test)]
mod tests;

use crate::catalog::Catalog;
use crate::rdata::types;
use cookies::Presented;
use edns::Opt;
use extended_error::ExtendedError;
use message::{Message, QNAME};
use query::{Query, Question};
use settings::Settings;
use sname::Sname;
use stages::{Stages, Task};
use std::net::IpAddr;

/// Class IN; of another one only the name of the server is served.
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
    /// What the query's cookie proves, where there was one and cookies are spoken.
    pub cookie: Option<Presented>,
}

/// What replies are made from: with the query and the client it determines the reply.
#[derive(Clone, Copy)]
pub struct Source<'s> {
    /// The zones.
    pub catalog: &'s Catalog,
    /// What the operator decided.
    pub settings: &'s Settings,
    /// Unix time in seconds, for cookies.
    pub now: u32,
}

/// Answers one query; the reply is left in `out`, which is cleared first.
///
/// None means that nothing may be sent: too short for a header, or itself a reply.
pub fn respond(source: Source, query: &[u8], client: Client, out: &mut Vec<u8>) -> Option<Outcome> {
    out.clear();
    let mut query = Query::read(query)?;
    let edns = query.edns.as_ref();
    let opt = edns.map(|edns| Opt::new(edns, client, source));
    let cookie = opt.as_ref().and_then(Opt::presented);
    if query.question.is_none() && query.fault == rcode::NOERROR {
        query.fault = without_question(cookie);
    }
    let limit = match client.transport {
        Transport::Udp => edns::udp_limit(query.edns.as_ref()),
        Transport::Tcp => TCP_LIMIT,
    };
    let room = limit - opt.as_ref().map_or(0, Opt::size);
    let body = write_body(source, &query, client.transport, room, out);
    if let Some(opt) = opt {
        opt.write(body.rcode, body.error, out);
    }
    Some(Outcome {
        rcode: body.rcode,
        truncated: body.truncated,
        cookie,
    })
}

/// The response code to a query for nothing but a cookie (RFC 7873 section 5.4).
fn without_question(cookie: Option<Presented>) -> u16 {
    match cookie {
        Some(Presented::Client | Presented::Valid) => rcode::NOERROR,
        Some(Presented::Invalid) => rcode::BADCOOKIE,
        None => rcode::FORMERR,
    }
}

/// What a body says, beside its octets.
struct Body {
    /// The header has the lower four bits of it.
    rcode: u16,
    truncated: bool,
    /// Why there are no records.
    error: Option<ExtendedError>,
}

/// Writes all of a reply but OPT, in at most `room` octets.
fn write_body(
    source: Source,
    query: &Query,
    transport: Transport,
    room: usize,
    out: &mut Vec<u8>,
) -> Body {
    let mut message = Message::new(out, query, room);
    let answered = match &query.question {
        Some(question) if query.fault == rcode::NOERROR => {
            answer(source, query, question, transport, &mut message)
        }
        _ => Err((query.fault, None)),
    };
    let (rcode, error) = match answered {
        Ok(rcode) => (rcode, None),
        Err(refusal) => refusal,
    };
    let truncated = message.is_truncated();
    message.finish(rcode);
    Body {
        rcode,
        truncated,
        error,
    }
}

/// A response code without records, and more about its reason.
type Refusal = (u16, Option<ExtendedError>);

/// Fills the sections of the reply to a well-formed query and returns the response code.
fn answer(
    source: Source,
    query: &Query,
    question: &Question,
    transport: Transport,
    message: &mut Message,
) -> Result<u16, Refusal> {
    if question.rtype == types::NXNAME {
        return Err((rcode::FORMERR, Some(ExtendedError::InvalidQueryType)));
    }
    let not_supported = (rcode::REFUSED, Some(ExtendedError::NotSupported));
    if question.class == chaos::CLASS {
        let answered = chaos::answer(source.settings, question, message);
        return answered.map(|()| rcode::NOERROR).ok_or(not_supported);
    }
    if question.class != IN || matches!(question.rtype, types::AXFR | types::IXFR) {
        return Err(not_supported);
    }
    let sname = Sname::new(question.name, QNAME);
    let zone = source
        .catalog
        .find(sname.folded(), question.rtype)
        .ok_or((rcode::REFUSED, Some(ExtendedError::NotAuthoritative)))?;
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
    Ok(Stages::new(task, sname, message).run())
}
