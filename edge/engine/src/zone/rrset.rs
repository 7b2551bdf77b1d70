//! One owner's records: views of octets that lie in a bucket, packed as they are encoded.

use std::cmp::Ordering;
use std::fmt;

use crate::rdata;

/// Most octets of an RRset's records in a reply that holds nothing else: a message has at most
/// 65,535, of which the header takes 12, the longest question 259 and an OPT record 11.
const MAX_RRSET: usize = 65_535 - 12 - 259 - 11;
/// Most octets of an RRset as it is encoded: their number has two (`Rrset::pack`).
const MAX_ENCODED: usize = 65_535;
/// Octets of a record besides its rdata: a compressed owner, type, class, TTL and length.
const RECORD_OVERHEAD: usize = 12;
/// Octets of a packed RRset besides its records.
const PACKED_HEAD: usize = 2 + 4 + 2;

/// Why records make no RRset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RrsetError {
    /// No record.
    Empty,
    /// This many octets in a message.
    TooLarge(usize),
    /// This many octets as it is encoded, where no name is compressed.
    TooLong(usize),
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
            RrsetError::TooLong(size) => {
                write!(
                    f,
                    "{size} octets of rdata and its lengths, at most {MAX_ENCODED} allowed"
                )
            }
        }
    }
}

/// The RRsets of one owner name.
#[derive(Debug, Clone, Copy)]
pub struct Node<'z> {
    /// How many names that are exactly one label longer exist.
    pub children: u32,
    /// How many RRsets.
    count: u16,
    /// RRset after RRset as [`Rrset::pack`] writes them, and whatever comes behind.
    octets: &'z [u8],
}

impl<'z> Node<'z> {
    /// A node of the first `count` RRsets in these octets.
    pub(super) fn new(children: u32, count: u16, octets: &'z [u8]) -> Node<'z> {
        Node {
            children,
            count,
            octets,
        }
    }

    /// By type number, one each; none for an empty non-terminal.
    pub fn rrsets(self) -> impl Iterator<Item = Rrset<'z>> + Clone {
        let mut rest = self.octets;
        (0..self.count).map(move |_| {
            let rrset;
            (rrset, rest) = Rrset::unpack(rest);
            rrset
        })
    }

    /// The RRset of a type.
    pub fn get(self, rtype: u16) -> Option<Rrset<'z>> {
        self.rrsets().find(|rrset| rrset.rtype == rtype)
    }

    /// Whether this is an empty non-terminal.
    pub fn is_empty(self) -> bool {
        self.count == 0
    }

    /// How many octets the RRsets take.
    pub(super) fn packed_size(self) -> usize {
        self.rrsets().map(Rrset::packed_size).sum()
    }
}

/// Records of one owner and type; at least one, each different, in canonical order
/// (RFC 4034 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rrset<'z> {
    /// Type number.
    pub rtype: u16,
    /// Seconds.
    pub ttl: u32,
    /// `u16 count`, then for each record `u16 length` and the rdata.
    records: &'z [u8],
}

impl<'z> Rrset<'z> {
    /// Sorts uncompressed wire rdata, drops repeated records, and writes the rest into `buffer`,
    /// which is cleared first.
    ///
    /// Where names of the type may be compressed, only [`Rrset::check_size`] can tell whether the
    /// records fit into a message.
    pub fn new(
        rtype: u16,
        ttl: u32,
        rdatas: &mut Vec<&[u8]>,
        buffer: &'z mut Vec<u8>,
    ) -> Result<Rrset<'z>, RrsetError> {
        if rdatas.len() > 1 {
            rdatas.sort_by(|a, b| canonical_cmp(rtype, a, b));
            rdatas.dedup_by(|a, b| canonical_cmp(rtype, a, b).is_eq());
        }
        check_sizes(rtype, rdatas.iter().map(|rdata| rdata.len()))?;
        buffer.clear();
        buffer.extend_from_slice(&(rdatas.len() as u16).to_be_bytes());
        for rdata in rdatas {
            buffer.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
            buffer.extend_from_slice(rdata);
        }
        Ok(Rrset::of(rtype, ttl, buffer))
    }

    /// An RRset of records that are encoded and checked.
    pub(super) fn of(rtype: u16, ttl: u32, records: &'z [u8]) -> Rrset<'z> {
        Rrset {
            rtype,
            ttl,
            records,
        }
    }

    /// How many records.
    pub fn count(self) -> usize {
        usize::from(u16::from_be_bytes([self.records[0], self.records[1]]))
    }

    /// Uncompressed wire rdata of each record, in canonical order.
    pub fn rdatas(self) -> impl Iterator<Item = &'z [u8]> + Clone {
        let mut rest = &self.records[2..];
        std::iter::from_fn(move || {
            let (len, after) = rest.split_first_chunk()?;
            let (rdata, after) = after.split_at(usize::from(u16::from_be_bytes(*len)));
            rest = after;
            Some(rdata)
        })
    }

    /// Rdata of each record in presentation format.
    pub fn texts(self) -> impl Iterator<Item = String> + 'z {
        self.rdatas().map(move |octets| {
            let mut text = String::new();
            rdata::to_text(self.rtype, octets, &mut text);
            text
        })
    }

    /// Whether both are the same records of the same owner in the same version of a zone.
    pub fn is_same(self, other: Rrset<'_>) -> bool {
        std::ptr::eq(self.records, other.records)
    }

    /// Octets of wire rdata in all.
    pub fn rdata_size(self) -> usize {
        self.records.len() - 2 - 2 * self.count()
    }

    /// Whether the records fit into a message; `compressed` tells how many octets of it they take.
    /// It is asked only where they would not fit with whole names.
    pub fn check_size(self, compressed: impl FnOnce(Self) -> usize) -> Result<(), RrsetError> {
        if self.rdata_size() + RECORD_OVERHEAD * self.count() <= MAX_RRSET {
            return Ok(());
        }
        fits_message(compressed(self))
    }

    /// The records as they are encoded: `u16 count`, then for each `u16 length` and the rdata.
    pub(super) fn records(self) -> &'z [u8] {
        self.records
    }

    /// Appends the RRset as a node has it.
    pub(super) fn pack(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.rtype.to_be_bytes());
        out.extend_from_slice(&self.ttl.to_be_bytes());
        out.extend_from_slice(&(self.records.len() as u16).to_be_bytes());
        out.extend_from_slice(self.records);
    }

    /// The RRset that some octets of a node begin with, and those that follow it.
    fn unpack(octets: &'z [u8]) -> (Rrset<'z>, &'z [u8]) {
        let (&[r0, r1, t0, t1, t2, t3, l0, l1], rest) = octets
            .split_first_chunk::<PACKED_HEAD>()
            .expect("an RRset has a head");
        let (records, rest) = rest.split_at(usize::from(u16::from_be_bytes([l0, l1])));
        let rtype = u16::from_be_bytes([r0, r1]);
        let ttl = u32::from_be_bytes([t0, t1, t2, t3]);
        (Rrset::of(rtype, ttl, records), rest)
    }

    fn packed_size(self) -> usize {
        PACKED_HEAD + self.records.len()
    }
}

/// Whether records with rdata of these lengths, none repeated, make an RRset.
pub(super) fn check_sizes(
    rtype: u16,
    rdatas: impl ExactSizeIterator<Item = usize>,
) -> Result<(), RrsetError> {
    let count = rdatas.len();
    if count == 0 {
        return Err(RrsetError::Empty);
    }
    let octets: usize = rdatas.sum();
    if rdata::compressed_names(rtype).1 == 0 {
        return fits_message(octets + RECORD_OVERHEAD * count);
    }
    match 2 + 2 * count + octets {
        size if size > MAX_ENCODED => Err(RrsetError::TooLong(size)),
        _ => Ok(()),
    }
}

/// Whether this many octets of records fit.
fn fits_message(size: usize) -> Result<(), RrsetError> {
    if size > MAX_RRSET {
        return Err(RrsetError::TooLarge(size));
    }
    Ok(())
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
