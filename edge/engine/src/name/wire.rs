//! Names as slices of wire octets that were checked before: labels, suffixes and order.
//!
//! A length octet is below 64 and therefore no letter: ASCII case can be folded over the whole slice
//! without finding the labels first.

use std::cmp::Ordering;

/// Longest label in octets (RFC 1035 section 2.3.4).
pub const MAX_LABEL: usize = 63;
/// Longest name in wire octets, the root label included (RFC 1035 section 2.3.4).
pub const MAX_NAME: usize = 255;
/// Most labels a name can have, the root not counted: one octet each, and a length octet.
pub(crate) const MAX_LABELS: usize = MAX_NAME / 2;

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
