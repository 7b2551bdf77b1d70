//! Signs a model: a whole chain, and signatures that nobody verifies.

use std::collections::BTreeMap;

use crate::chains::{self, Chain, Hashing, OPT_OUT};
use crate::model::{self, Model, Name, Rrset};
use crate::rules::is_hidden;

const NS: u16 = 2;
const DS: u16 = 43;
const RRSIG: u16 = 46;
const NSEC: u16 = 47;
const DNSKEY: u16 = 48;
const NSEC3: u16 = 50;
const NSEC3PARAM: u16 = 51;

const TTL: u32 = 2;
/// The key of all zones, and its tag (RFC 4034 appendix B).
const KEY: [u8; 5] = [1, 1, 3, 13, 7];
const TAG: [u8; 2] = [0x0b, 0x0e];

/// How a zone proves what is not there.
#[derive(Clone, Copy)]
pub enum Way {
    /// By names in order.
    Nsec,
    /// By hashes of all names.
    Nsec3,
    /// By hashes of names that are not unsigned delegations.
    OptOut,
}

/// The zone with a chain and signatures in place of those it had.
pub fn sign(zone: &Model, way: Way) -> Model {
    let mut signed = without_dnssec(zone);
    let hashing = match way {
        Way::Nsec => None,
        Way::Nsec3 => Some((1, vec![0xab])),
        Way::OptOut => Some((0, Vec::new())),
    };
    let hashing = hashing.map(|(iterations, salt)| Hashing { iterations, salt });
    let apex = signed.origin.clone();
    signed.set(apex.clone(), DNSKEY, rrset(KEY.to_vec()));
    if let Some(hashing) = &hashing {
        signed.set(apex, NSEC3PARAM, rrset(hashing.write(0)));
    }
    let is_opt_out = matches!(way, Way::OptOut);
    let names = chains::names(&signed, hashing.is_some(), is_opt_out);
    let place = |name: &Name| chains::place(&signed.origin, hashing.as_ref(), name);
    let owners = names.into_iter().map(|name| (place(&name), name));
    let owners: BTreeMap<Name, Name> = owners.collect();
    let nexts = owners.keys().cycle().skip(1);
    for ((owner, name), next) in owners.iter().zip(nexts) {
        let types = bitmap(types(&signed, name, hashing.is_some()));
        let (rtype, rdata) = match &hashing {
            None => (NSEC, [&model::wire(next)[..], &types].concat()),
            Some(hashing) => {
                let (head, next) = (hashing.write(u8::from(is_opt_out) * OPT_OUT), next.last());
                let next = octets(next.expect("a hash"));
                (NSEC3, [&head[..], &[20], &next, &types].concat())
            }
        };
        signed.set(owner.clone(), rtype, rrset(rdata));
    }
    add_signatures(&mut signed);
    assert!(Chain::of(&signed).is_some(), "a whole chain");
    signed
}

fn rrset(rdata: Vec<u8>) -> Rrset {
    let rdatas = vec![rdata];
    Rrset { ttl: TTL, rdatas }
}

fn without_dnssec(zone: &Model) -> Model {
    let mut plain = zone.clone();
    for (owner, rtype, _) in zone.rrsets() {
        if [RRSIG, NSEC, DNSKEY, NSEC3, NSEC3PARAM].contains(&rtype) {
            plain.remove(owner, rtype);
        }
    }
    plain
}

/// The types of a name that a record of a chain lists, in order: those that the zone has there, and
/// what the chain itself adds (RFC 4035 section 2.3, RFC 5155 section 7.1).
fn types(zone: &Model, name: &Name, is_hashed: bool) -> Vec<u16> {
    let Some(node) = zone.nodes.get(name) else {
        return Vec::new();
    };
    let is_cut = *name != zone.origin && node.contains_key(&NS);
    let own = node.keys().copied();
    let own = own.filter(|rtype| ![NSEC, NSEC3].contains(rtype));
    let mut types: Vec<u16> = own
        .filter(|rtype| !is_cut || [NS, DS].contains(rtype))
        .collect();
    let is_signed = !is_cut || types.contains(&DS);
    types.extend((!is_hashed || is_signed).then_some(RRSIG));
    types.extend((!is_hashed).then_some(NSEC));
    types.sort_unstable();
    types
}

/// A bitmap in windows (RFC 4034 section 4.1.2).
fn bitmap(types: Vec<u16>) -> Vec<u8> {
    let mut bitmap = Vec::new();
    for window in types.chunk_by(|a, b| a >> 8 == b >> 8) {
        let highest = usize::from(*window.last().expect("a chunk") & 0xff);
        let mut bits = vec![0; highest / 8 + 1];
        for rtype in window {
            bits[usize::from(rtype & 0xff) / 8] |= 0x80 >> (rtype % 8);
        }
        bitmap.extend([(window[0] >> 8) as u8, bits.len() as u8]);
        bitmap.extend(bits);
    }
    bitmap
}

/// One signature for each RRset that is not hidden; of a zone cut only DS and the chain are signed
/// (RFC 4035 section 2.2).
fn add_signatures(zone: &mut Model) {
    let signer = model::wire(&zone.origin);
    for (owner, node) in zone.clone().nodes {
        let is_cut = owner != zone.origin && node.contains_key(&NS);
        let is_hash = node.contains_key(&NSEC3);
        let types = node
            .keys()
            .filter(|rtype| !is_cut || [DS, NSEC, NSEC3].contains(rtype));
        let fields = [&[13, 1][..], &[0; 12], &TAG, &signer, &[1]].concat();
        let rdatas: Vec<_> = types
            .map(|rtype| [&rtype.to_be_bytes()[..], &fields].concat())
            .collect();
        if !rdatas.is_empty() && (is_hash || !is_hidden(zone, &owner)) {
            zone.set(owner, RRSIG, Rrset { ttl: TTL, rdatas });
        }
    }
}

/// What Base 32 with the extended hex alphabet encodes.
fn octets(label: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> = label
        .iter()
        .map(|digit| match digit {
            b'0'..=b'9' => digit - b'0',
            _ => digit - b'a' + 10,
        })
        .flat_map(|digit| (0..5).rev().map(move |bit| digit >> bit & 1))
        .collect();
    let octets = bits.chunks(8);
    octets
        .map(|bits| bits.iter().fold(0, |octet, bit| octet << 1 | bit))
        .collect()
}
