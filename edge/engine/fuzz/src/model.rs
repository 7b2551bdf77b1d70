//! A zone in the plainest form there is, with its own reader and writer of the encodings.
//!
//! It shares no code with the engine but the hash function: what both make of the same octets can
//! be compared. It checks nothing, since it is asked only about octets that the engine accepted.

use std::collections::BTreeMap;

use blake2::{Blake2b256, Digest as _};

const RRSIG: u16 = 46;
const NSEC3: u16 = 50;

/// A folded name as labels from the root down: canonical order is that of these lists (RFC 4034
/// section 6.1), and a name is at or below the names that it starts with.
pub type Name = Vec<Vec<u8>>;

/// The labels of a name in wire form.
pub fn labels(wire: &[u8]) -> Name {
    let mut labels = Vec::new();
    let mut rest = wire;
    while let [len, after @ ..] = rest
        && *len > 0
    {
        let (label, after) = after.split_at(usize::from(*len));
        labels.push(label.to_ascii_lowercase());
        rest = after;
    }
    labels.reverse();
    labels
}

/// The uncompressed name that octets begin with, in wire form; None where there is none.
pub fn name_at(octets: &[u8]) -> Option<&[u8]> {
    let mut len = 0;
    while *octets.get(len)? != 0 {
        if octets[len] > 63 {
            return None;
        }
        len += 1 + usize::from(octets[len]);
    }
    octets.get(..=len)
}

/// The wire form of a name.
pub fn wire(name: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.iter().rev() {
        wire.push(label.len() as u8);
        wire.extend_from_slice(label);
    }
    wire.push(0);
    wire
}

/// Records of one owner and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rrset {
    /// Seconds.
    pub ttl: u32,
    /// Uncompressed, in canonical order.
    pub rdatas: Vec<Vec<u8>>,
}

/// The RRsets of one owner by type number.
pub type Node = BTreeMap<u16, Rrset>;

/// Whether a node is there for an NSEC3 record alone.
fn is_of_nsec3(node: &Node) -> bool {
    node.contains_key(&NSEC3) && node.keys().all(|rtype| [RRSIG, NSEC3].contains(rtype))
}

/// All records of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The apex.
    pub origin: Name,
    /// Owners with records; empty non-terminals are not here.
    pub nodes: BTreeMap<Name, Node>,
}

impl Model {
    /// Reads a snapshot.
    pub fn read(snapshot: &[u8]) -> Model {
        let mut reader = Reader { rest: snapshot };
        let mut model = Model {
            origin: reader.head(),
            nodes: BTreeMap::new(),
        };
        model.read_rrsets(&mut reader);
        model
    }

    /// Makes the change of a delta.
    pub fn apply(&mut self, delta: &[u8]) {
        let mut reader = Reader { rest: delta };
        assert_eq!(reader.head(), self.origin);
        for _ in 0..reader.number(4) {
            let (owner, rtype) = (reader.name(), reader.number(2) as u16);
            self.remove(&owner, rtype);
        }
        self.read_rrsets(&mut reader);
    }

    fn read_rrsets(&mut self, reader: &mut Reader) {
        for _ in 0..reader.number(4) {
            let (owner, rtype) = (reader.name(), reader.number(2) as u16);
            let ttl = reader.number(4);
            let rdatas = (0..reader.number(2)).map(|_| reader.rdata()).collect();
            self.set(owner, rtype, Rrset { ttl, rdatas });
        }
        assert!(reader.rest.is_empty(), "octets behind the last RRset");
    }

    /// Puts an RRset in its place.
    pub fn set(&mut self, owner: Name, rtype: u16, rrset: Rrset) {
        self.nodes.entry(owner).or_default().insert(rtype, rrset);
    }

    /// Takes an RRset away that is there.
    pub fn remove(&mut self, owner: &Name, rtype: u16) {
        let node = self.nodes.get_mut(owner).expect("an owner");
        node.remove(&rtype).expect("an RRset");
        if node.is_empty() {
            self.nodes.remove(owner);
        }
    }

    /// The RRset of an owner and type.
    pub fn get(&self, owner: &[Vec<u8>], rtype: u16) -> Option<&Rrset> {
        self.nodes.get(owner)?.get(&rtype)
    }

    /// Whether a name exists: it or one below it owns records (RFC 4592 section 2.2), and not just
    /// NSEC3 with its signatures (RFC 5155 section 7.2.8).
    pub fn exists(&self, name: &[Vec<u8>]) -> bool {
        let from = self.nodes.range(name.to_vec()..);
        let mut owners = from.take_while(|(owner, _)| owner.starts_with(name));
        owners.any(|(owner, node)| owner != name || !is_of_nsec3(node))
    }

    /// All RRsets in canonical order.
    pub fn rrsets(&self) -> impl Iterator<Item = (&Name, u16, &Rrset)> {
        let nodes = self.nodes.iter();
        nodes.flat_map(|(owner, node)| {
            node.iter()
                .map(move |(&rtype, rrset)| (owner, rtype, rrset))
        })
    }

    /// How many records.
    pub fn records(&self) -> usize {
        self.rrsets().map(|(_, _, rrset)| rrset.rdatas.len()).sum()
    }

    /// The snapshot.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.head();
        out.extend((self.rrsets().count() as u32).to_be_bytes());
        for (owner, rtype, rrset) in self.rrsets() {
            write_rrset(owner, rtype, rrset, &mut out);
        }
        out
    }

    /// The delta that leads to `new`.
    pub fn encode_delta(&self, new: &Model) -> Vec<u8> {
        let is_gone = |(owner, rtype, _): &(&Name, u16, &Rrset)| new.get(owner, *rtype).is_none();
        let is_new =
            |(owner, rtype, rrset): &(&Name, u16, &Rrset)| self.get(owner, *rtype) != Some(*rrset);
        let mut out = self.head();
        out.extend((self.rrsets().filter(is_gone).count() as u32).to_be_bytes());
        for (owner, rtype, _) in self.rrsets().filter(is_gone) {
            write_name(owner, &mut out);
            out.extend(rtype.to_be_bytes());
        }
        out.extend((new.rrsets().filter(is_new).count() as u32).to_be_bytes());
        for (owner, rtype, rrset) in new.rrsets().filter(is_new) {
            write_rrset(owner, rtype, rrset, &mut out);
        }
        out
    }

    fn head(&self) -> Vec<u8> {
        let mut out = vec![1];
        write_name(&self.origin, &mut out);
        out
    }

    /// The sum modulo 2^256 of BLAKE2b-256 over each encoded RRset, octet by octet.
    pub fn digest(&self) -> [u8; 32] {
        let mut sum = [0; 32];
        for (owner, rtype, rrset) in self.rrsets() {
            let mut encoded = Vec::new();
            write_rrset(owner, rtype, rrset, &mut encoded);
            let mut carry = 0;
            for (octet, more) in sum.iter_mut().zip(Blake2b256::digest(&encoded)).rev() {
                carry += u16::from(*octet) + u16::from(more);
                *octet = carry as u8;
                carry >>= 8;
            }
        }
        sum
    }
}

fn write_name(name: &Name, out: &mut Vec<u8>) {
    let wire = wire(name);
    out.push(wire.len() as u8);
    out.extend(wire);
}

fn write_rrset(owner: &Name, rtype: u16, rrset: &Rrset, out: &mut Vec<u8>) {
    write_name(owner, out);
    out.extend(rtype.to_be_bytes());
    out.extend(rrset.ttl.to_be_bytes());
    out.extend((rrset.rdatas.len() as u16).to_be_bytes());
    for rdata in &rrset.rdatas {
        out.extend((rdata.len() as u16).to_be_bytes());
        out.extend_from_slice(rdata);
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }

    fn number(&mut self, octets: usize) -> u32 {
        let add = |number, octet: &u8| number << 8 | u32::from(*octet);
        self.take(octets).iter().fold(0, add)
    }

    fn head(&mut self) -> Name {
        assert_eq!(self.number(1), 1, "the format");
        self.name()
    }

    fn name(&mut self) -> Name {
        let len = self.number(1) as usize;
        labels(self.take(len))
    }

    fn rdata(&mut self) -> Vec<u8> {
        let len = self.number(2) as usize;
        self.take(len).to_vec()
    }
}
