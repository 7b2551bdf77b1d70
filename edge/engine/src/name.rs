//! Domain names in uncompressed wire form (RFC 1035 sections 2.3 and 3.1).
//!
//! [`Name`] owns a checked name; the free functions work on wire slices that were checked before,
//! so that a lookup needs no allocation. A length octet is below 64 and therefore no letter: ASCII
//! case can be folded over the whole slice without finding the labels first.

mod folded;
mod presentation;

use std::cmp::Ordering;
use std::fmt;

pub use folded::{Folded, WORD, folded_words};
pub use presentation::{parse_into, to_text, unescape, write_text};

/// Longest label in octets (RFC 1035 section 2.3.4).
pub const MAX_LABEL: usize = 63;
/// Longest name in wire octets, the root label included (RFC 1035 section 2.3.4).
pub const MAX_NAME: usize = 255;
/// Most labels a name can have, the root not counted: one octet each, and a length octet.
pub(crate) const MAX_LABELS: usize = MAX_NAME / 2;

/// Why bytes are no domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// No text at all.
    Empty,
    /// Two dots in a row, or a dot in front.
    EmptyLabel,
    /// A label of that many octets.
    LabelTooLong(usize),
    /// A name of that many wire octets.
    NameTooLong(usize),
    /// A `\` that is not followed by a character or by a number from 000 to 255.
    BadEscape,
    /// A relative name where no origin is known.
    NoOrigin,
    /// Wire octets that end inside the name, go on after it, or hold a compression pointer.
    BadWire,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => write!(f, "empty name"),
            NameError::EmptyLabel => write!(f, "empty label"),
            NameError::LabelTooLong(n) => {
                write!(f, "label of {n} octets, at most {MAX_LABEL} allowed")
            }
            NameError::NameTooLong(n) => {
                write!(f, "name of {n} octets, at most {MAX_NAME} allowed")
            }
            NameError::BadEscape => {
                write!(
                    f,
                    "bad escape, write \\ and a character or \\ and three digits up to 255"
                )
            }
            NameError::NoOrigin => {
                write!(
                    f,
                    "relative name without an origin, end it with a dot or set $ORIGIN"
                )
            }
            NameError::BadWire => write!(f, "not a domain name in wire form"),
        }
    }
}

impl std::error::Error for NameError {}

/// An absolute domain name; keeps the letter case it was given.
///
/// `==` compares octets, so it is exact; compare folded names for DNS equality.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(Box<[u8]>);

impl Name {
    /// The root.
    pub fn root() -> Name {
        Name(Box::new([0]))
    }

    /// Reads presentation format; `@` is the origin, and relative names end in it.
    pub fn parse(text: &[u8], origin: Option<&Name>) -> Result<Name, NameError> {
        let mut wire = Vec::with_capacity(text.len() + 2);
        parse_into(text, origin.map(Name::as_wire), &mut wire)?;
        Ok(Name(wire.into()))
    }

    /// Takes an uncompressed name that fills the whole slice.
    pub fn from_wire(wire: &[u8]) -> Result<Name, NameError> {
        match wire_len(wire) {
            Some(len) if len == wire.len() => Ok(Name(wire.into())),
            _ => Err(NameError::BadWire),
        }
    }

    /// The wire octets, the root label included.
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// The name in lower case.
    pub fn to_folded(&self) -> Name {
        Name(self.0.to_ascii_lowercase().into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_text(&self.0))
    }
}

/// Octets of the uncompressed name at the start of `bytes`; None where there is no valid one.
pub fn wire_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let len = usize::from(*bytes.get(at)?);
        if len > MAX_LABEL {
            return None;
        }
        at += 1 + len;
        if at > MAX_NAME {
            return None;
        }
        if len == 0 {
            return Some(at);
        }
    }
}

/// Lower-cases ASCII letters.
pub fn fold_in_place(wire: &mut [u8]) {
    wire.make_ascii_lowercase();
}

/// The labels from left to right, the root not included.
pub fn labels(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = wire;
    std::iter::from_fn(move || {
        let (&len, after) = rest.split_first()?;
        if len == 0 {
            return None;
        }
        let (label, after) = after.split_at_checked(usize::from(len))?;
        rest = after;
        Some(label)
    })
}

/// The name without its leftmost label; None for the root.
pub fn parent(wire: &[u8]) -> Option<&[u8]> {
    match wire.first() {
        None | Some(0) => None,
        Some(&len) => wire.get(1 + usize::from(len)..),
    }
}

/// Whether `name` equals `ancestor` or lies below it; letter case does not matter.
pub fn is_at_or_below(name: &[u8], ancestor: &[u8]) -> bool {
    let mut rest = name;
    while rest.len() > ancestor.len() {
        match parent(rest) {
            Some(up) => rest = up,
            None => return false,
        }
    }
    rest.eq_ignore_ascii_case(ancestor)
}

/// Canonical order (RFC 4034 section 6.1): by the rightmost labels first, letter case ignored.
pub fn canonical_cmp(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a_starts, mut b_starts) = ([0; MAX_LABELS], [0; MAX_LABELS]);
    let a_labels = label_starts(a, &mut a_starts);
    let b_labels = label_starts(b, &mut b_starts);
    for (&i, &j) in a_labels.iter().rev().zip(b_labels.iter().rev()) {
        let order = cmp_folded(label_at(a, i), label_at(b, j));
        if order.is_ne() {
            return order;
        }
    }
    a_labels.len().cmp(&b_labels.len())
}

/// Where each label starts, from left to right, in an array of the caller.
pub(crate) fn label_starts<'a>(wire: &[u8], starts: &'a mut [u8; MAX_LABELS]) -> &'a [u8] {
    let (mut at, mut count) = (0, 0);
    while let Some(&len) = wire.get(at)
        && len != 0
        && count < MAX_LABELS
    {
        starts[count] = at as u8;
        count += 1;
        at += 1 + usize::from(len);
    }
    &starts[..count]
}

/// The label that starts at an offset.
pub(crate) fn label_at(wire: &[u8], at: u8) -> &[u8] {
    let at = usize::from(at);
    &wire[at + 1..at + 1 + usize::from(wire[at])]
}

fn cmp_folded(a: &[u8], b: &[u8]) -> Ordering {
    let fold = |octet: &u8| octet.to_ascii_lowercase();
    a.iter().map(fold).cmp(b.iter().map(fold))
}

#[cfg(test)]
mod tests;
