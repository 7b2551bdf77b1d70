//! Names in presentation format (RFC 1035 section 5.1): labels with a dot behind each, where `\X`
//! and `\DDD` stand for octets that would mean something else or cannot be written.

use super::errors::NameError;
use super::wire::{MAX_LABEL, MAX_NAME, labels};
use std::fmt::Write;

/// Appends the wire form of a name in presentation format to `out`; on an error `out` is unchanged.
pub fn parse_into(text: &[u8], origin: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), NameError> {
    let start = out.len();
    let result = append_name(text, origin, out).and_then(|()| match out.len() - start {
        len if len > MAX_NAME => Err(NameError::NameTooLong(len)),
        _ => Ok(()),
    });
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn append_name(text: &[u8], origin: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), NameError> {
    match text {
        b"" => return Err(NameError::Empty),
        b"." => {
            out.push(0);
            return Ok(());
        }
        b"@" => {
            out.extend_from_slice(origin.ok_or(NameError::NoOrigin)?);
            return Ok(());
        }
        _ => {}
    }
    let mut label = out.len();
    out.push(0);
    let mut rest = text;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        match octet {
            b'.' => {
                close_label(label, out)?;
                label = out.len();
                out.push(0);
                if rest.is_empty() {
                    return Ok(());
                }
            }
            b'\\' => {
                let (octet, after) = unescape(rest).ok_or(NameError::BadEscape)?;
                out.push(octet);
                rest = after;
            }
            octet => out.push(octet),
        }
    }
    close_label(label, out)?;
    out.extend_from_slice(origin.ok_or(NameError::NoOrigin)?);
    Ok(())
}

fn close_label(at: usize, out: &mut [u8]) -> Result<(), NameError> {
    match out.len() - at - 1 {
        0 => Err(NameError::EmptyLabel),
        len if len > MAX_LABEL => Err(NameError::LabelTooLong(len)),
        len => {
            out[at] = len as u8;
            Ok(())
        }
    }
}

/// The octet that an escape stands for, and the text behind the escape (RFC 1035 section 5.1).
/// `text` begins behind the `\`.
pub fn unescape(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [a, b, c, rest @ ..] if a.is_ascii_digit() => {
            if !b.is_ascii_digit() || !c.is_ascii_digit() {
                return None;
            }
            let number = [a, b, c]
                .iter()
                .fold(0, |n, d| n * 10 + u32::from(**d - b'0'));
            u8::try_from(number).ok().map(|octet| (octet, rest))
        }
        [a, rest @ ..] if !a.is_ascii_digit() => Some((*a, rest)),
        _ => None,
    }
}

/// The presentation format of a wire name, absolute.
pub fn to_text(wire: &[u8]) -> String {
    let mut text = String::with_capacity(wire.len());
    write_text(wire, &mut text);
    text
}

/// Appends presentation format, absolute, with everything escaped that a master file could misread.
pub fn write_text(wire: &[u8], out: &mut String) {
    if wire == [0] {
        out.push('.');
        return;
    }
    for label in labels(wire) {
        for &octet in label {
            match octet {
                b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => {
                    out.push('\\');
                    out.push(char::from(octet));
                }
                0x21..=0x7e => out.push(char::from(octet)),
                _ => {
                    let _ = write!(out, "\\{octet:03}");
                }
            }
        }
        out.push('.');
    }
}
