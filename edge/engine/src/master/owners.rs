//! Owners in a spelling to which a master file gives another meaning than people or the exports of
//! providers do: right names, and not the ones that were meant.

use crate::rdata::excerpt;

/// The `*` of a wildcard in octal, as Route 53 escapes it.
const OCTAL_ASTERISK: &[u8] = b"\\052";

/// What is to be known of an owner with such a spelling; None for any other.
pub fn odd(owner: &[u8]) -> Option<String> {
    if let Some(relative) = owner.strip_suffix(b".@")
        && !relative.ends_with(b"\\")
    {
        return Some(format!(
            "owner \"{}\": an @ stands for the origin only where it is alone; write {}",
            excerpt(owner),
            excerpt(relative)
        ));
    }
    match owner.strip_prefix(OCTAL_ASTERISK) {
        Some(rest) if rest.is_empty() || rest[0] == b'.' => Some(format!(
            "owner \"{}\": escapes are decimal, so this begins with the label 4; if Route 53 wrote \
             it, in octal, write *{}",
            excerpt(owner),
            excerpt(rest)
        )),
        _ => None,
    }
}
