//! Any octets as a snapshot: what an edge reads from its replica and from its disk.
//!
//! Octets that are refused cost no more memory than they are long. Those that are accepted come back
//! from `encode`, count and hash as the model says, can be written as text and read again, and are
//! answered from as any zone is, whatever combination of records they hold.

use dnsfleet_engine::name::Name;
use dnsfleet_engine::rdata::{self, shapes};
use dnsfleet_engine::zone::Zone;

use crate::allocations;
use crate::model::{self, Model};
use crate::packets;
use crate::worlds::World;

/// Octets in use for each of the input: a name of 127 labels makes 127 nodes, each with its name.
const OCTETS_PER_OCTET: usize = 256;
/// Octets in use for any input.
const LEAST_OCTETS: usize = 64 * 1024;

/// Most owners that are asked about: the rest are like them.
const MOST_ASKED: usize = 8;

const A: u16 = 1;
const ANY: u16 = 255;

/// See the module.
pub fn check(input: &[u8]) {
    let limit = LEAST_OCTETS + OCTETS_PER_OCTET * input.len();
    let Ok(zone) = allocations::within(limit, || Zone::decode(input)) else {
        return;
    };
    assert_eq!(zone.encode(), input);
    let model = Model::read(input);
    check_zone(&zone, &model);
    check_text(&zone, &model);
    check_signatures(&zone);
    check_answers(zone, &model);
}

/// What a zone says about itself is what its model says.
pub fn check_zone(zone: &Zone, model: &Model) {
    assert_eq!(model::labels(zone.origin().as_wire()), model.origin);
    assert_eq!(zone.rrsets(), model.rrsets().count());
    assert_eq!(zone.records(), model.records());
    assert_eq!(zone.digest(), model.digest());
}

/// What begins last and what ends first are signatures of RRsets that the zone has.
fn check_signatures(zone: &Zone) {
    let period = zone.signature_period(0);
    for moment in period.iter().flat_map(|each| [each.begins, each.ends]) {
        let node = zone.node(moment.owner).expect("a node");
        assert!(node.get(moment.rtype).is_some());
    }
}

/// All rdata comes back from its text, so that a zone can be shown and taken over elsewhere. Of types
/// that edges take as octets (`shapes`), a publisher of another version may let through what is
/// refused where rdata enters. Text of that is shown, and never read as other octets.
fn check_text(zone: &Zone, model: &Model) {
    for (owner, rtype, rrset) in model.rrsets() {
        let node = zone.node(&model::wire(owner)).expect("a node");
        let texts: Vec<_> = node.get(rtype).expect("an RRset").texts().collect();
        assert_eq!(texts.len(), rrset.rdatas.len());
        let is_taken_unchecked = shapes::shape(rtype).is_none() && shapes::form(rtype).is_some();
        for (text, octets) in texts.iter().zip(&rrset.rdatas) {
            match rdata::parse(rtype, text.as_bytes(), &Name::root()) {
                Err(_) if is_taken_unchecked => {}
                back => assert_eq!(back.as_ref(), Ok(octets), "{text}"),
            }
        }
    }
    let lines = zone.to_text().lines().count();
    assert_eq!(lines, model.records(), "one line a record");
}

/// Asks for each owner, and below and above it.
fn check_answers(zone: Zone, model: &Model) {
    let world = World::of([zone]);
    for (owner, node) in model.nodes.iter().take(MOST_ASKED) {
        let wire = model::wire(owner);
        for rtype in node.keys().copied().chain([A, ANY]) {
            packets::ask(&world, &query(&wire, rtype));
        }
        packets::ask(&world, &query(&[b"\x01x", &wire[..]].concat(), A));
        packets::ask(
            &world,
            &query(&model::wire(&owner[..owner.len().saturating_sub(1)]), A),
        );
    }
}

/// A query with EDNS and DO.
pub fn query(name: &[u8], rtype: u16) -> Vec<u8> {
    let mut query = b"\0\0\0\0\0\x01\0\0\0\0\0\x01".to_vec();
    query.extend_from_slice(name);
    query.extend(rtype.to_be_bytes());
    query.extend(b"\0\x01\0\0\x29\x04\xd0\0\0\x80\0\0\0");
    query
}
