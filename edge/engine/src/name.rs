//! Domain names in uncompressed wire form (RFC 1035 sections 2.3 and 3.1).
//!
//! [`Name`] owns a checked name; the free functions work on wire slices that were checked before,
//! so that a lookup needs no allocation.

mod errors;
mod folded;
mod presentation;
mod wire;

use std::fmt;

pub use errors::NameError;
pub use folded::{Folded, WORD, folded_words};
pub use presentation::{parse_into, to_text, unescape, write_text};
pub use wire::{
    MAX_LABEL, MAX_NAME, canonical_cmp, fold_in_place, is_at_or_below, labels, parent, wire_len,
};
pub(crate) use wire::{MAX_LABELS, label_at, label_starts};

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

#[cfg(test)]
mod tests;
