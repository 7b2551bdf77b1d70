//! A name and its node as octets, the way a bucket holds them.
//!
//! ```text
//! entry    u32 children │ u16 number of RRsets │ u8 length │ owner │ RRsets
//! RRset    u16 type │ u32 TTL │ u16 octets of records │ u16 count │ count × (u16 length │ rdata)
//! ```
//! Numbers are big-endian, and the records of an RRset are those of its encoding.

use super::rrset::{Node, Rrset};

/// Octets before the owner.
const HEAD: usize = 4 + 2 + 1;

/// A name and its node.
#[derive(Clone, Copy)]
pub struct Entry<'z> {
    /// Folded.
    pub owner: &'z [u8],
    /// The RRsets of it.
    pub node: Node<'z>,
}

impl<'z> Entry<'z> {
    /// The entry that some octets begin with.
    pub(super) fn first(octets: &'z [u8]) -> Entry<'z> {
        let (&[c0, c1, c2, c3, n0, n1, len], rest) = octets
            .split_first_chunk::<HEAD>()
            .expect("an entry has a head");
        let (owner, rrsets) = rest.split_at(usize::from(len));
        let children = u32::from_be_bytes([c0, c1, c2, c3]);
        let count = u16::from_be_bytes([n0, n1]);
        Entry {
            owner,
            node: Node::new(children, count, rrsets),
        }
    }

    /// The entries that fill some octets, and the octets of each.
    pub(super) fn each(octets: &'z [u8]) -> impl Iterator<Item = (Entry<'z>, &'z [u8])> {
        let mut rest = octets;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let entry = Entry::first(rest);
            let packed;
            (packed, rest) = rest.split_at(entry.size());
            Some((entry, packed))
        })
    }

    /// How many octets it takes.
    pub(super) fn size(self) -> usize {
        HEAD + self.owner.len() + self.node.packed_size()
    }
}

/// Entries in the making, one after the other.
#[derive(Default)]
pub(super) struct Entries {
    octets: Vec<u8>,
    /// Where the last one begins.
    last: usize,
}

impl Entries {
    /// Begins an entry without RRsets and returns where.
    pub(super) fn begin(&mut self, owner: &[u8], children: u32) -> usize {
        self.last = self.octets.len();
        self.octets.extend_from_slice(&children.to_be_bytes());
        self.octets.extend_from_slice(&[0, 0, owner.len() as u8]);
        self.octets.extend_from_slice(owner);
        self.last
    }

    /// Counts one child more for the name whose entry begins at `at`.
    pub(super) fn add_child(&mut self, at: usize) {
        let children = self.octets[at..].first_chunk_mut().expect("an entry");
        *children = (u32::from_be_bytes(*children) + 1).to_be_bytes();
    }

    /// Adds an RRset to the last entry, with a higher type number than those before.
    pub(super) fn push(&mut self, rrset: Rrset<'_>) {
        let count = &mut self.octets[self.last + 4..];
        let count = count.first_chunk_mut().expect("an entry");
        *count = (u16::from_be_bytes(*count) + 1).to_be_bytes();
        rrset.pack(&mut self.octets);
    }

    /// The octets of all.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Just this entry; its RRsets come by type number.
    pub(super) fn one<'r>(
        &mut self,
        owner: &[u8],
        children: u32,
        rrsets: impl IntoIterator<Item = Rrset<'r>>,
    ) -> &[u8] {
        self.octets.clear();
        self.begin(owner, children);
        for rrset in rrsets {
            self.push(rrset);
        }
        &self.octets
    }
}
