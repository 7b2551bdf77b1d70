//! What a reply is about: the data that it is made of, which many names may share.
//!
//! The rate limiter counts replies with one subject together. Anybody can make up thousands of
//! names below a wildcard, below a DNAME or in a zone; all replies to them have one subject.

use super::wire::HEADER;
use crate::name;

/// What is there at the subject's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// There is no answer: the query is malformed, not supported, for a name that is in none of our
    /// zones, or in one that is withheld.
    #[default]
    Error,
    /// Records of the name itself.
    Answer,
    /// Records that a wildcard or a DNAME gives to any name below the subject.
    Synthesis,
    /// A zone cut.
    Referral,
    /// A zone that has nothing of the kind: NODATA or NXDOMAIN.
    Negative,
}

const KINDS: [Kind; 5] = [
    Kind::Error,
    Kind::Answer,
    Kind::Synthesis,
    Kind::Referral,
    Kind::Negative,
];

impl Kind {
    /// The kind that `as u8` made a number of.
    pub fn from_number(number: u8) -> Kind {
        KINDS.get(usize::from(number)).copied().unwrap_or_default()
    }
}

/// The subject of a reply. Its name is at or above the question's, and is stored as a part of that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// What is there.
    pub kind: Kind,
    /// How many of the last octets of the question's name are the subject's; 0 for an error, unless
    /// a zone is withheld.
    pub octets: u8,
}

impl Subject {
    /// A subject whose name has this many octets.
    pub fn new(kind: Kind, octets: usize) -> Subject {
        // A name has at most 255 octets.
        Subject {
            kind,
            octets: octets as u8,
        }
    }

    /// The subject's name in the query that was answered, in the client's letter case.
    pub fn name<'q>(&self, query: &'q [u8]) -> &'q [u8] {
        let name = query.get(HEADER..).unwrap_or_default();
        let length = name::wire_len(name).unwrap_or(0);
        let start = length.saturating_sub(self.octets.into());
        &name[start..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_comes_back_from_its_number() {
        for kind in KINDS {
            assert_eq!(Kind::from_number(kind as u8), kind);
        }
    }

    #[test]
    fn the_name_is_the_end_of_the_one_in_the_question() {
        let query = [&[0; HEADER], &b"\x03www\x04Test\x00\x00\x01\x00\x01"[..]].concat();
        for (octets, name) in [
            (0, &b""[..]),
            (6, b"\x04Test\x00"),
            (10, b"\x03www\x04Test\x00"),
        ] {
            assert_eq!(Subject::new(Kind::Answer, octets).name(&query), name);
        }
        assert_eq!(Subject::default().name(&query[..HEADER]), b"");
    }
}
