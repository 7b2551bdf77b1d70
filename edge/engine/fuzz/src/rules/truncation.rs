//! What is left out of a reply where there is no room.

use super::{ADDITIONAL, ANY, AUTHORITY, NS, grouped};
use crate::model;
use crate::queries::Question;
use crate::replies::{Record, Reply};

/// A reply is truncated exactly where what must be in it does not fit, and is otherwise the same over
/// both transports, but for addresses that are left out.
pub fn check_truncation(question: &Question, udp: &Reply, tcp: &Reply, limit: usize) {
    if question.rtype == ANY {
        // Over UDP one RRset stands for all (RFC 8482 section 4.1).
        return;
    }
    let opt = tcp.octets.len() - tcp.end_of(ADDITIONAL);
    let needed = opt + needed_end(tcp);
    assert_eq!(
        udp.header.tc(),
        needed > limit,
        "{needed} octets needed of {limit}"
    );
    if !udp.header.tc() {
        assert_eq!(udp.rcode(), tcp.rcode(), "response code by transport");
        assert_eq!(udp.sections[..ADDITIONAL], tcp.sections[..ADDITIONAL]);
    }
    let offered = grouped(tcp.sections.iter().flatten());
    for key in grouped(udp.sections.iter().flatten()).keys() {
        assert!(offered.contains_key(key), "more over UDP than over TCP");
    }
}

/// Where the last record ends that must not be left out: authority, or glue below the cut
/// (RFC 9471 section 3.1).
fn needed_end(reply: &Reply) -> usize {
    let mut servers = reply.sections[AUTHORITY]
        .iter()
        .filter(|record| record.rtype == NS);
    let Some(first) = servers.next() else {
        return reply.end_of(AUTHORITY);
    };
    let cut = model::labels(&first.owner);
    let below = |record: &&Record| model::labels(&record.owner).starts_with(&cut);
    let glue = reply.sections[ADDITIONAL].iter().rfind(below);
    glue.map_or(reply.end_of(AUTHORITY), |record| record.end)
}
