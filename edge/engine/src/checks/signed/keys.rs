//! The keys of a zone, as signatures name them.

use crate::name;
use crate::rdata::types::DNSKEY;
use crate::zone::{Rrset, Zone};

/// The flag of a key that signs a zone (RFC 4034 section 2.1.1), in the first octet of the rdata.
const ZONE_KEY: u8 = 1;
/// Octets of RRSIG rdata in front of the signer's name (RFC 4034 section 3.1).
const FIELDS: usize = 18;

/// The keys of an apex.
pub(super) struct Keys<'z> {
    origin: &'z [u8],
    /// Algorithm and tag of each, in order.
    known: Vec<(u8, u16)>,
}

impl<'z> Keys<'z> {
    pub(super) fn of(zone: &'z Zone) -> Keys<'z> {
        let keys = zone.apex().get(DNSKEY).into_iter().flat_map(Rrset::rdatas);
        let known = keys.filter_map(|key| match key {
            [flags, _, _, algorithm, ..] if flags & ZONE_KEY != 0 => Some((*algorithm, tag(key))),
            _ => None,
        });
        let mut known: Vec<_> = known.collect();
        known.sort_unstable();
        Keys {
            origin: zone.origin().as_wire(),
            known,
        }
    }

    /// Whether one of them made a signature, as far as that names its key.
    pub(super) fn made(&self, signature: &[u8]) -> bool {
        let Some((fields, rest)) = signature.split_first_chunk::<FIELDS>() else {
            return false;
        };
        let tag = u16::from_be_bytes([fields[16], fields[17]]);
        self.known.binary_search(&(fields[2], tag)).is_ok() && has_signer(rest, self.origin)
    }
}

fn has_signer(rest: &[u8], origin: &[u8]) -> bool {
    let signer = name::wire_len(rest).map(|len| &rest[..len]);
    signer.is_some_and(|signer| signer.eq_ignore_ascii_case(origin))
}

/// The tag of a key (RFC 4034 appendix B).
fn tag(key: &[u8]) -> u16 {
    let words = key.chunks(2).map(|word| match word {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        word => u32::from(word[0]) << 8,
    });
    let sum: u32 = words.sum();
    (sum + (sum >> 16)) as u16
}
