//! Character-strings (RFC 1035 section 3.3): octets after a length octet, as text with escapes.

use super::faults::Fault;
use crate::name::{self, NameError};

/// Longest character-string in octets: its length is one octet (RFC 1035 section 3.3).
pub const MAX_STRING: usize = 255;

/// Appends one string.
pub fn push_string(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    out.push(0);
    unescape_into(text, out)?;
    let len = out.len() - start - 1;
    out[start] = u8::try_from(len).map_err(|_| {
        Fault::rdata(format!(
            "string of {len} octets, at most {MAX_STRING} allowed"
        ))
    })?;
    Ok(())
}

/// Appends the octets that a text with escapes stands for.
pub fn unescape_into(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&octet| octet == b'\\') {
        out.extend_from_slice(&rest[..at]);
        let (octet, after) = name::unescape(&rest[at + 1..])
            .ok_or_else(|| Fault::syntax(NameError::BadEscape.to_string()))?;
        out.push(octet);
        rest = after;
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// Appends one text as strings of 255 octets, as many as it needs.
pub fn split_text(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut octets = Vec::with_capacity(text.len());
    unescape_into(text, &mut octets)?;
    for string in octets.chunks(MAX_STRING) {
        out.push(string.len() as u8);
        out.extend_from_slice(string);
    }
    Ok(())
}
