//! One owner's records: nodes and RRsets, packed as they are encoded.

use std::cmp::Ordering;
use std::fmt;

use crate::rdata;

/// Most octets of an RRset's records in a reply that holds nothing else: a message has at most
/// 65,535, of which the header takes 12, the longest question 259 and an OPT record 11.
const MAX_RRSET: usize = 65_535 - 12 - 259 - 11;
/// Octets of a record besides its rdata: a compressed owner, type, class, TTL and length.
const RECORD_OVERHEAD: usize = 12;

/// Why records make no RRset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RrsetError {
    /// No record.
    Empty,
    /// This many octets in a message.
    TooLarge(usize),
}

impl fmt::Display for RrsetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RrsetError::Empty => write!(f, "an RRset without records"),
            RrsetError::TooLarge(size) => {
                write!(
                    f,
                    "{size} octets of records, at most {MAX_RRSET} fit into a message"
                )
            }
        }
    }
}

/// The RRsets of one owner name.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// Sorted by type number, one each; empty for an empty non-terminal.
    pub rrsets: Box<[Rrset]>,
    /// How many names that are exactly one label longer exist.
    pub children: u32,
}

impl Node {
    /// The RRset of a type.
    pub fn get(&self, rtype: u16) -> Option<&Rrset> {
        self.rrsets.iter().find(|rrset| rrset.rtype == rtype)
    }

    /// Puts an RRset in its place and returns the one that was there.
    pub(super) fn replace(&mut self, rrset: Rrset) -> Option<Rrset> {
        match self
            .rrsets
            .binary_search_by_key(&rrset.rtype, |old| old.rtype)
        {
            Ok(at) => Some(std::mem::replace(&mut self.rrsets[at], rrset)),
            Err(at) => {
                let mut rrsets = std::mem::take(&mut self.rrsets).into_vec();
                rrsets.reserve_exact(1);
                rrsets.insert(at, rrset);
                self.rrsets = rrsets.into();
                None
            }
        }
    }

    /// Takes the RRset of a type out.
    pub(super) fn take(&mut self, rtype: u16) -> Option<Rrset> {
        let at = self.rrsets.iter().position(|rrset| rrset.rtype == rtype)?;
        let mut rrsets = std::mem::take(&mut self.rrsets).into_vec();
        let rrset = rrsets.remove(at);
        self.rrsets = rrsets.into();
        Some(rrset)
    }
}

/// Records of one owner and type; at least one, each different, in canonical order
/// (RFC 4034 section 6.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rrset {
    /// Type number.
    pub rtype: u16,
    /// Seconds.
    pub ttl: u32,
    /// `u16 count`, then for each record `u16 length` and the rdata.
    packed: Box<[u8]>,
}

impl Rrset {
    /// Packs uncompressed wire rdata; sorts it and drops records that repeat another.
    pub fn new(rtype: u16, ttl: u32, rdatas: &mut Vec<&[u8]>) -> Result<Rrset, RrsetError> {
        if rdatas.len() > 1 {
            rdatas.sort_by(|a, b| canonical_cmp(rtype, a, b));
            rdatas.dedup_by(|a, b| canonical_cmp(rtype, a, b).is_eq());
        }
        if rdatas.is_empty() {
            return Err(RrsetError::Empty);
        }
        let size = rdatas
            .iter()
            .map(|rdata| RECORD_OVERHEAD + rdata.len())
            .sum();
        if size > MAX_RRSET {
            return Err(RrsetError::TooLarge(size));
        }
        let octets = rdatas.iter().map(|rdata| 2 + rdata.len()).sum::<usize>();
        let mut packed = Vec::with_capacity(2 + octets);
        packed.extend_from_slice(&(rdatas.len() as u16).to_be_bytes());
        for rdata in rdatas {
            packed.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
            packed.extend_from_slice(rdata);
        }
        Ok(Rrset {
            rtype,
            ttl,
            packed: packed.into(),
        })
    }

    /// How many records.
    pub fn count(&self) -> usize {
        usize::from(u16::from_be_bytes([self.packed[0], self.packed[1]]))
    }

    /// Uncompressed wire rdata of each record, in canonical order.
    pub fn rdatas(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let mut rest = &self.packed[2..];
        std::iter::from_fn(move || {
            let (len, after) = rest.split_first_chunk::<2>()?;
            let (rdata, after) = after.split_at(usize::from(u16::from_be_bytes(*len)));
            rest = after;
            Some(rdata)
        })
    }

    /// Rdata of each record in presentation form.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.rdatas().map(|octets| {
            let mut text = String::new();
            rdata::to_text(self.rtype, octets, &mut text);
            text
        })
    }

    /// Octets of wire rdata in all.
    pub fn rdata_size(&self) -> usize {
        self.packed.len() - 2 - 2 * self.count()
    }

    /// Appends the encoded RRset: `u8 owner length | owner | u16 type | u32 TTL | packed records`.
    pub(super) fn encode(&self, owner: &[u8], out: &mut Vec<u8>) {
        out.push(owner.len() as u8);
        out.extend_from_slice(owner);
        out.extend_from_slice(&self.rtype.to_be_bytes());
        out.extend_from_slice(&self.ttl.to_be_bytes());
        out.extend_from_slice(&self.packed);
    }
}

/// Canonical order of rdata (RFC 4034 section 6.3), with the names of section 6.2 in lower case.
pub(crate) fn canonical_cmp(rtype: u16, a: &[u8], b: &[u8]) -> Ordering {
    if a == b || !(may_fold(a) || may_fold(b)) {
        return a.cmp(b);
    }
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    rdata::fold_names(rtype, &mut a);
    rdata::fold_names(rtype, &mut b);
    a.cmp(&b)
}

fn may_fold(rdata: &[u8]) -> bool {
    rdata.iter().any(u8::is_ascii_uppercase)
}
