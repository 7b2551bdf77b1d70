//! Any message to the engine: what holds for header, question and size of the reply.
//!
//! An input is one octet that picks the zones that are served, then the message. It is asked over
//! UDP and over TCP, and once more in the other letter case. [`options`](crate::options) checks
//! what OPT says, [`rules`](crate::rules) what the sections hold.

use dnsfleet_engine::answer::Transport;

use crate::options;
use crate::queries::{Query, Question};
use crate::replies::Reply;
use crate::rules;
use crate::worlds::{IDENTITY, WORLDS, World};

const NOERROR: u16 = 0;
/// Malformed.
pub const FORMERR: u16 = 1;
const NXDOMAIN: u16 = 3;
const NOTIMP: u16 = 4;
/// Never answered, or never here.
pub const REFUSED: u16 = 5;
const YXDOMAIN: u16 = 6;
/// Signed by a key that is not known.
const NOTAUTH: u16 = 9;
/// Another version of EDNS.
pub const BADVERS: u16 = 16;
const BADCOOKIE: u16 = 23;

const TXT: u16 = 16;
const NXNAME: u16 = 128;
const IXFR: u16 = 251;
const AXFR: u16 = 252;

const IN: u16 = 1;
const CHAOS: u16 = 3;
/// `id.server.` and `hostname.bind.`, from the root down.
const IDENTITY_NAMES: [[&[u8]; 2]; 2] = [[b"server", b"id"], [b"bind", b"hostname"]];

/// See the module.
pub fn check(input: &[u8]) {
    if let Some((&settings, message)) = input.split_first() {
        ask(&WORLDS[usize::from(settings) % WORLDS.len()], message);
    }
}

/// Asks a world and checks all that must hold.
pub fn ask(world: &World, message: &[u8]) {
    let replies = [Transport::Udp, Transport::Tcp].map(|way| world.ask(message, way));
    let [Some(udp), Some(tcp)] = replies else {
        let silent = message.len() < 12 || message[2] & 0x80 != 0;
        assert!(silent && replies.iter().all(Option::is_none), "no reply");
        return;
    };
    let query = Query::read(message);
    let udp_limit = options::udp_limit(&query);
    for (reply, limit) in [(&udp, udp_limit), (&tcp, 65_535)] {
        assert!(reply.octets.len() <= limit, "{} octets", reply.octets.len());
        let answered = world.ask(&reply.octets, Transport::Udp);
        assert!(answered.is_none(), "a reply is answered");
        check_head(message, &query, reply);
        options::check(&query, reply);
        check_rcode(world, &query, reply);
        check_signature(&query, reply, limit);
    }
    assert!(!tcp.header.tc(), "truncated over TCP");
    if let Some(question) = looked_up(&query, &udp) {
        check_case(world, message, question, &udp);
        if let Some(zone) = world.zone_of(&question.name, question.rtype) {
            let wants_dnssec = options::wants_dnssec(&query);
            rules::check_sections(zone, question, wants_dnssec, &udp);
            rules::check_sections(zone, question, wants_dnssec, &tcp);
            rules::check_services(&zone.records, question, &tcp);
            rules::check_truncation(question, &udp, &tcp, udp_limit);
        }
    }
}

/// The question, where it was looked up in a zone.
fn looked_up<'q>(query: &'q Query, reply: &Reply) -> Option<&'q Question> {
    let found = [NOERROR, NXDOMAIN, YXDOMAIN].contains(&reply.rcode());
    let question = query.question.as_ref();
    question.filter(|question| found && question.class == IN)
}

fn check_head(message: &[u8], query: &Query, reply: &Reply) {
    let (asked, header) = (query.header, reply.header);
    assert!(header.qr());
    assert_eq!(header.id(), asked.id());
    assert_eq!(header.opcode(), asked.opcode());
    assert_eq!(header.rd(), asked.rd());
    assert!(!(header.ra() || header.z() || header.ad() || header.cd()));
    let counted = (reply.outcome.rcode, reply.outcome.truncated);
    assert_eq!(counted, (reply.rcode(), header.tc()), "counted, and sent");
    assert_eq!(reply.question, message[12..][..reply.question.len()]);
    if query.well_formed && query.is_read() {
        let len = query.question.as_ref().map(|question| question.len);
        assert_eq!(Some(reply.question.len()), len, "the question comes back");
    }
}

/// Which response codes there can be, and that errors come alone.
fn check_rcode(world: &World, query: &Query, reply: &Reply) {
    let rcode = reply.rcode();
    if ![NOERROR, NXDOMAIN, YXDOMAIN].contains(&rcode) {
        let records = reply.sections.iter().flatten().count();
        assert_eq!(records, 0, "an error with records");
        assert!(!reply.header.aa());
        assert!(!reply.header.tc() || rcode == NOTAUTH);
    }
    if !query.is_read() {
        assert_eq!((rcode, reply.octets.len()), (NOTIMP, 12));
        return;
    }
    let allowed = match &query.question {
        None if query.opts.iter().any(|opt| opt.has(options::COOKIE)) => {
            &[NOERROR, FORMERR, NOTIMP, NOTAUTH, BADVERS, BADCOOKIE][..]
        }
        None => &[FORMERR, BADVERS],
        Some(_) if !query.well_formed => &[FORMERR, BADVERS],
        Some(question) => allowed(world, query, question),
    };
    assert!(allowed.contains(&rcode), "{rcode}, not one of {allowed:?}");
    if allowed == [NOERROR] {
        check_identity(reply);
    }
}

/// The response codes that a well-formed query can get.
fn allowed(world: &World, query: &Query, question: &Question) -> &'static [u16] {
    let opt = query.opts.first();
    let asks_who = question.rtype == TXT && question.class == CHAOS;
    let zone = world.zone_of(&question.name, question.rtype);
    match question.rtype {
        _ if opt.is_some_and(|opt| opt.version() != 0) => &[BADVERS],
        _ if opt.is_some_and(|opt| !options::are_well_formed(opt)) => &[FORMERR],
        _ if query.tsig.is_some() => &[NOTAUTH],
        _ if !query.is_query() => &[NOTIMP],
        NXNAME => &[FORMERR],
        _ if asks_who && IDENTITY_NAMES.iter().any(|name| question.name == *name) => &[NOERROR],
        AXFR | IXFR => &[REFUSED],
        _ if question.class != IN || zone.is_none() => &[REFUSED],
        _ => &[NOERROR, NXDOMAIN, YXDOMAIN],
    }
}

/// RFC 8945 section 5.2.1: what signed a query comes back, with BADKEY for the signature. It is left
/// out, with TC, only where the reply would be too long.
fn check_signature(query: &Query, reply: &Reply, limit: usize) {
    if reply.rcode() != NOTAUTH {
        assert!(reply.tsig.is_none(), "TSIG without a reason");
        return;
    }
    let asked = query.tsig.as_ref().expect("a signed query");
    let fields = [&[0; 2][..], &asked.original_id, &[0, 17, 0, 0]].concat();
    let rdata = [&asked.algorithm_and_time[..], &fields].concat();
    match &reply.tsig {
        Some(tsig) => {
            assert_eq!((&tsig.owner, &tsig.rdata), (&asked.key, &rdata));
            assert_eq!((tsig.class, tsig.ttl), (255, 0));
            assert!(!reply.header.tc());
        }
        None => {
            let needed = reply.octets.len() + asked.key.len() + 10 + rdata.len();
            assert!(reply.header.tc() && needed > limit);
        }
    }
}

/// The server's name, and nothing else.
fn check_identity(reply: &Reply) {
    let [[record], [], []] = reply.sections.each_ref().map(Vec::as_slice) else {
        panic!("not the identity alone")
    };
    assert_eq!((record.rtype, record.class), (TXT, CHAOS));
    assert_eq!(&record.rdata[1..], IDENTITY.as_bytes());
}

/// Letter case decides nothing, so the same name in the other case gets the same octets but for it.
fn check_case(world: &World, message: &[u8], question: &Question, reply: &Reply) {
    let mut flipped = message.to_vec();
    for octet in &mut flipped[12..12 + question.len - 4] {
        if octet.is_ascii_alphabetic() {
            *octet ^= 0x20;
        }
    }
    let other = world.ask(&flipped, Transport::Udp).expect("a reply");
    assert_eq!(other.outcome, reply.outcome);
    let (other, octets) = (&other.octets, &reply.octets);
    assert_eq!(other.to_ascii_lowercase(), octets.to_ascii_lowercase());
}
