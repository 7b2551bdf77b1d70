//! The authoritative answer to one query, without allocating and without knowing about sockets.
//!
//! ```text
//! query       what is asked, and EDNS
//!   ▼
//! cache       a body that was made before, or else:
//!   ▼
//! zone        the one with the longest origin    step 2 of RFC 1034 section 4.3.2, in `catalog`
//!   ▼
//! lookup      where the name is in it            step 3
//!   ▼
//! stages      what that gives: referral, answer, …; aliases lead back to lookup
//! additional  glue and addresses                 step 6
//!   ▼
//! message     whole RRsets, compressed, up to a limit
//!   ▼
//! edns, tsig  OPT behind it, and what a signed query gets
//! ```
//!
//! The body, which is all except these, depends on the zone, the question, DO, the transport and the
//! room that there is. It does not depend on the time, the shard or who asks.

mod additional;
mod ahead;
mod body;
mod cache;
mod chaos;
mod client;
mod compression;
pub mod cookies;
mod denial;
mod edns;
mod extended_error;
mod lookup;
mod message;
mod query;
pub mod rcode;
mod record;
pub mod settings;
mod sname;
mod source;
mod stages;
pub mod subject;
#[cfg(test)]
mod tests;
mod tsig;
mod wire;

use crate::zone::Rrset;
pub use ahead::{Ahead, look_ahead};
pub use body::Shortcuts;
pub use cache::{Cache, Seed, hash};
pub use client::{Client, Transport};
use compression::Compression;
use cookies::Presented;
use edns::Opt;
use message::{Message, Owner};
use query::Query;
pub use source::Source;
use subject::Subject;
use wire::{QNAME, Section, TC};

/// The largest message that a length of two octets can announce (RFC 1035 section 4.2.2).
const TCP_LIMIT: usize = 65_535;

/// What a reply was, for the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The type that was asked for; None without a question that can be read.
    pub qtype: Option<u16>,
    /// The response code, extended by EDNS (BADVERS is 16).
    pub rcode: u16,
    /// Whether TC is set.
    pub truncated: bool,
    /// What the query's cookie proves; None without one, or if this server has no secret.
    pub cookie: Option<Presented>,
    /// Whether the cache had the answer; None if it was not asked.
    pub hit: Option<bool>,
    /// What the reply is about.
    pub subject: Subject,
}

/// Answers one query; the reply is left in `out`, which is cleared first.
///
/// None means that nothing may be sent: the query is too short for a header, or is itself a reply.
pub fn respond(
    source: Source,
    shortcuts: Shortcuts,
    asked: &[u8],
    client: Client,
    out: &mut Vec<u8>,
) -> Option<Outcome> {
    out.clear();
    let mut query = Query::read(asked)?;
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
    let mut body = body::write(source, shortcuts, &query, client.transport, room, out);
    if let Some(opt) = opt {
        opt.write(body.rcode, body.error, out);
    }
    // With names that are longer than any real key's it may need more than a datagram.
    if let Some(at) = query.tsig_at
        && !tsig::write_badkey(asked, at, limit, out)
    {
        out[2] |= TC;
        body.truncated = true;
    }
    Some(Outcome {
        qtype: query.question.map(|question| question.rtype),
        rcode: body.rcode,
        truncated: body.truncated,
        cookie,
        hit: body.hit,
        subject: body.subject,
    })
}

/// Answers a query of a client that gets too many replies, in place of the reply that `respond`
/// left.
///
/// The reply has no records, so it is hardly larger than the query. A client whose address is not
/// forged asks again and proves its address: with the cookie it gets, if it sent one, else over
/// TCP.
pub fn slip(source: Source, query: &[u8], client: Client, out: &mut Vec<u8>) -> Option<Outcome> {
    let query = Query::read(query)?;
    let edns = query.edns.as_ref();
    let opt = edns.map(|edns| Opt::new(edns, client, source));
    let cookie = opt.as_ref().and_then(Opt::presented);
    let mut names = Compression::new();
    let mut message = Message::new(out, &mut names, &query, TCP_LIMIT);
    let rcode = match cookie {
        Some(_) => rcode::BADCOOKIE,
        None => {
            message.set_truncated();
            rcode::NOERROR
        }
    };
    message.finish(rcode);
    if let Some(opt) = opt {
        opt.write(rcode, None, out);
    }
    Some(Outcome {
        qtype: query.question.map(|question| question.rtype),
        rcode,
        truncated: cookie.is_none(),
        cookie,
        hit: None,
        subject: Subject::default(),
    })
}

/// How many octets the records of an RRset take in a reply to a query for them, names compressed.
pub fn records_size(owner: &[u8], rrset: Rrset<'_>) -> usize {
    let head = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let asked = [&head[..], owner, &rrset.rtype.to_be_bytes(), &[0, 1]].concat();
    let query = Query::read(&asked).expect("a query");
    let (mut out, mut names) = (Vec::new(), Compression::new());
    let mut message = Message::new(&mut out, &mut names, &query, usize::MAX / 2);
    let owner = Owner::known(owner, QNAME);
    message
        .put_records(
            Section::Answer,
            owner,
            rrset.rtype,
            rrset.ttl,
            rrset.rdatas(),
        )
        .expect("no limit");
    out.len() - asked.len()
}

/// The response code to a query without a question, which asks for a cookie only (RFC 7873 section
/// 5.4).
fn without_question(cookie: Option<Presented>) -> u16 {
    match cookie {
        Some(Presented::Client | Presented::Valid) => rcode::NOERROR,
        Some(Presented::Invalid) => rcode::BADCOOKIE,
        None => rcode::FORMERR,
    }
}
