//! The body of a reply: all of it except OPT.
//!
//! A body is a refusal, or comes from the cache, or is made from a zone and then stored in the
//! cache.

use super::ahead::Ahead;
use super::cache::{Cache, Key, Validity};
use super::client::Transport;
use super::compression::Compression;
use super::extended_error::ExtendedError;
use super::message::Message;
use super::query::{Query, Question};
use super::sname::Sname;
use super::source::Source;
use super::stages::{Stages, Task};
use super::subject::{Kind, Subject};
use super::{chaos, rcode};
use crate::catalog::{Catalog, Member};
use crate::name::{Folded, Name};
use crate::rdata::types;
use crate::zone::Zone;

/// Class IN. Of the other classes only the identity of the server is answered.
const IN: u16 = 1;

/// What makes a reply faster without changing it.
#[derive(Default)]
pub struct Shortcuts<'s> {
    /// Answers that were given before.
    pub cache: Option<&'s mut Cache>,
    /// What `look_ahead` found for this very query in this catalog.
    pub ahead: Ahead<'s>,
}

/// What is known of a body beside its octets.
pub struct Body {
    /// The response code; the header has the lower four bits of it.
    pub rcode: u16,
    /// Whether TC is set.
    pub truncated: bool,
    /// Why there are no records.
    pub error: Option<ExtendedError>,
    /// Whether the cache had the answer; None if it was not asked.
    pub hit: Option<bool>,
    /// What it is about.
    pub subject: Subject,
}

/// Writes all of a reply except OPT, in at most `room` octets.
pub fn write(
    source: Source,
    shortcuts: Shortcuts,
    query: &Query,
    transport: Transport,
    room: usize,
    out: &mut Vec<u8>,
) -> Body {
    let mut names = Compression::new();
    let mut message = Message::new(out, &mut names, query, room);
    let answered = match &query.question {
        Some(question) if query.fault == rcode::NOERROR => {
            let asked = Asked {
                question,
                name: &Folded::new(question.name),
                dnssec_ok: query.dnssec_ok(),
                transport,
                ahead: shortcuts.ahead,
            };
            answer(source, shortcuts.cache, asked, &mut message)
        }
        _ => Err(Refusal::new(query.fault, None)),
    };
    let (rcode, error, hit) = match answered {
        Ok((rcode, hit)) => (rcode, None, hit),
        Err(refusal) => {
            message.subject = refusal.subject;
            (refusal.rcode, refusal.error, None)
        }
    };
    let (truncated, subject) = (message.is_truncated(), message.subject);
    message.finish(rcode);
    Body {
        rcode,
        truncated,
        error,
        hit,
        subject,
    }
}

/// What decides about the answer of a well-formed query.
#[derive(Clone, Copy)]
struct Asked<'q> {
    question: &'q Question<'q>,
    name: &'q Folded,
    dnssec_ok: bool,
    transport: Transport,
    ahead: Ahead<'q>,
}

impl<'q> Asked<'q> {
    /// The zone that answers.
    fn zone(&self, catalog: &'q Catalog) -> Result<&'q Zone, Refusal> {
        if let Some((zone, _)) = self.ahead.place {
            return Ok(zone);
        }
        match catalog.find(self.name.as_wire(), self.question.rtype) {
            Some(Member::Served(zone)) => Ok(zone),
            Some(Member::Withheld(origin)) => Err(Refusal::withheld(origin)),
            None => Err(Refusal::new(
                rcode::REFUSED,
                Some(ExtendedError::NotAuthoritative),
            )),
        }
    }
}

/// A reply without records.
struct Refusal {
    rcode: u16,
    /// More about its reason.
    error: Option<ExtendedError>,
    /// What it is about.
    subject: Subject,
}

impl Refusal {
    /// A refusal that is about no zone.
    fn new(rcode: u16, error: Option<ExtendedError>) -> Refusal {
        Refusal {
            rcode,
            error,
            subject: Subject::default(),
        }
    }

    /// The refusal of a zone that is withheld.
    fn withheld(origin: &Name) -> Refusal {
        Refusal {
            rcode: rcode::SERVFAIL,
            error: Some(ExtendedError::NotReady),
            subject: Subject::new(Kind::Error, origin.as_wire().len()),
        }
    }
}

/// A response code, and whether the cache had it.
type Answered = (u16, Option<bool>);

/// Fills the sections of the reply.
fn answer(
    source: Source,
    cache: Option<&mut Cache>,
    asked: Asked,
    message: &mut Message,
) -> Result<Answered, Refusal> {
    let question = asked.question;
    if question.rtype == types::NXNAME {
        let error = ExtendedError::InvalidQueryType;
        return Err(Refusal::new(rcode::FORMERR, Some(error)));
    }
    let not_supported = Refusal::new(rcode::REFUSED, Some(ExtendedError::NotSupported));
    if question.class == chaos::CLASS {
        let answered = chaos::answer(source.settings, question, message);
        return answered
            .map(|()| (rcode::NOERROR, None))
            .ok_or(not_supported);
    }
    if question.class != IN || matches!(question.rtype, types::AXFR | types::IXFR) {
        return Err(not_supported);
    }
    // The answer to ANY depends on the transport, which a key does not have.
    if let Some(cache) = cache
        && question.rtype != types::ANY
        && let Some(key) = cache.key(
            asked.name,
            question.rtype,
            asked.dnssec_ok,
            asked.ahead.hash,
        )
    {
        return from_cache(source.catalog, cache, key, asked, message);
    }
    let (rcode, _) = from_zone(source.catalog, asked, message)?;
    Ok((rcode, None))
}

/// An answer from the cache, or else from a zone and stored in the cache.
fn from_cache(
    catalog: &Catalog,
    cache: &mut Cache,
    key: Key,
    asked: Asked,
    message: &mut Message,
) -> Result<Answered, Refusal> {
    let generation = catalog.generation();
    let version = || asked.zone(catalog).ok().map(Zone::version);
    match cache.get(&key, generation, version) {
        Ok(cached) => {
            if message.put_cached(&cached) {
                return Ok((cached.rcode.into(), Some(true)));
            }
            let (rcode, _) = from_zone(catalog, asked, message)?;
            Ok((rcode, Some(false)))
        }
        Err(miss) => {
            let (rcode, version) = from_zone(catalog, asked, message)?;
            if let Some(cacheable) = message.cacheable(rcode) {
                cache.put(
                    &key,
                    miss,
                    Validity {
                        version,
                        generation,
                    },
                    &cacheable,
                );
            }
            Ok((rcode, Some(false)))
        }
    }
}

/// The response code, and the version of the zone that answered.
fn from_zone(
    catalog: &Catalog,
    asked: Asked,
    message: &mut Message,
) -> Result<(u16, u64), Refusal> {
    let Asked {
        question,
        name,
        dnssec_ok,
        transport,
        ahead,
    } = asked;
    let zone = asked.zone(catalog)?;
    let dnssec = dnssec_ok && zone.is_signed();
    if dnssec {
        message.include_signatures();
    }
    let task = Task {
        zone,
        rtype: question.rtype,
        any_gets_all: transport == Transport::Tcp,
        dnssec,
    };
    let mut sname = Sname::new(question.name, name, ahead.place.map(|(_, seek)| seek));
    Ok((Stages::new(task, &mut sname, message).run(), zone.version()))
}
