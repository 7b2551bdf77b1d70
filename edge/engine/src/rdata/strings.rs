//! Character-strings (RFC 1035 section 3.3): octets after a length octet, as text with escapes.

use super::faults::Fault;
use crate::name::{self, NameError};
use std::fmt::Write;

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

/// Appends strings behind length octets, each in quotes.
pub fn write_texts(mut octets: &[u8], out: &mut String) {
    while let Some((&len, rest)) = octets.split_first() {
        let (text, rest) = rest.split_at(usize::from(len));
        write_quoted(text, out);
        if !rest.is_empty() {
            out.push(' ');
        }
        octets = rest;
    }
}

/// Appends octets in quotes.
pub fn write_quoted(octets: &[u8], out: &mut String) {
    out.push('"');
    for &octet in octets {
        match octet {
            b'"' | b'\\' => out.extend(['\\', char::from(octet)]),
            0x20..=0x7e => out.push(char::from(octet)),
            _ => {
                let _ = write!(out, "\\{octet:03}");
            }
        }
    }
    out.push('"');
}
