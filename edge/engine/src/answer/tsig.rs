//! TSIG: signed queries (RFC 8945), and what a server without keys says to them.
//!
//! A client that signs wants to know who answers. A reply that ignores the signature would tell it
//! nothing, so each signed query gets an error that repeats the key's name (RFC 8945 section 5.2.1).

use super::record::{self, Record};
use super::wire::Section;
use crate::rdata::types;

/// Class ANY, which the record always has (RFC 8945 section 4.2).
const ANY: u16 = 255;
/// The TSIG error for a key, or an algorithm, that the server does not know.
const BADKEY: u16 = 17;

/// The TSIG record of a query.
pub struct Tsig<'q> {
    message: &'q [u8],
    /// Where the message has the key's name.
    key_at: usize,
    /// Where it has that of the algorithm.
    algorithm_at: usize,
    /// 48 bits of Unix time, and the seconds by which it may be wrong.
    time_and_fudge: [u8; 8],
    original_id: [u8; 2],
}

impl<'q> Tsig<'q> {
    /// The record with its fields, which must fill its rdata.
    #[cold]
    pub fn read(message: &'q [u8], record: &Record<'q>) -> Option<Tsig<'q>> {
        let (at, rdata) = (record.rdata_at, record.rdata);
        let message_up_to_it = &message[..at + rdata.len()];
        let rest = &rdata[record::name_len(message_up_to_it, at)?..];
        let (time_and_fudge, rest) = rest.split_first_chunk()?;
        let rest = behind_value(rest)?; // the MAC
        let (&[id_high, id_low, _, _], rest) = rest.split_first_chunk()?;
        let is_whole = record.class == ANY && behind_value(rest)?.is_empty();
        is_whole.then_some(Tsig {
            message,
            key_at: record.owner_at,
            algorithm_at: at,
            time_and_fudge: *time_and_fudge,
            original_id: [id_high, id_low],
        })
    }

    /// Appends the record with BADKEY in place of the signature.
    fn write_badkey(&self, out: &mut Vec<u8>) {
        record::copy_name(self.message, self.key_at, out);
        out.extend_from_slice(&types::TSIG.to_be_bytes());
        out.extend_from_slice(&ANY.to_be_bytes());
        out.extend_from_slice(&[0; 4]); // TTL
        let length_at = out.len();
        out.extend_from_slice(&[0; 2]);
        record::copy_name(self.message, self.algorithm_at, out);
        out.extend_from_slice(&self.time_and_fudge);
        out.extend_from_slice(&[0; 2]); // no MAC
        out.extend_from_slice(&self.original_id);
        out.extend_from_slice(&BADKEY.to_be_bytes());
        out.extend_from_slice(&[0; 2]); // no other data
        let length = (out.len() - length_at - 2) as u16;
        out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }
}

/// Appends what the TSIG record at `at` of a query gets, and counts it; false, and nothing is written,
/// where the reply would have more than `limit` octets.
#[cold]
pub fn write_badkey(query: &[u8], mut at: usize, limit: usize, out: &mut Vec<u8>) -> bool {
    let end = out.len();
    let record = Record::read(query, &mut at).expect("a record that was read before");
    let tsig = Tsig::read(query, &record).expect("as it was read before");
    tsig.write_badkey(out);
    if out.len() > limit {
        out.truncate(end);
        return false;
    }
    Section::Additional.count_one(out);
    true
}

/// What follows a length of two octets and as many octets.
fn behind_value(octets: &[u8]) -> Option<&[u8]> {
    let (length, rest) = octets.split_first_chunk()?;
    rest.get(usize::from(u16::from_be_bytes(*length))..)
}
