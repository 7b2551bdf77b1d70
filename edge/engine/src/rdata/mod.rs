//! Resource record data: text to wire form and back, for every type.
//!
//! The types of `shapes` are read and written here. Every type, these included, also has the form
//! `\# LENGTH HEX` (RFC 3597 section 5). For all others the caller's [`Convert`] turns text into
//! octets, which are kept and sent as they are.

mod faults;
mod foreign;
mod reading;
pub mod shapes;
mod strings;
pub mod tokens;
pub mod types;
pub mod values;
mod writing;

use crate::name::Name;
use faults::Fault;
use shapes::{Shape, shape};
use tokens::{Token, Tokens};

pub use faults::excerpt;
pub use shapes::{additional_name, fold_names, is_compressible, names};
pub use types::{is_meta, rtype_from_text, rtype_to_text};
pub use writing::to_text;

/// Most octets of rdata: its length has two (RFC 1035 section 3.2.1).
pub const MAX_RDATA: usize = 65_535;

/// What to do about a word that is no type.
const UNKNOWN_TYPE: &str = "unknown type, write TYPEnnn and \\# LENGTH HEX for one without a name";

/// Highest TTL in seconds (RFC 2181 section 8).
pub const MAX_TTL: u32 = 0x7fff_ffff;

/// Why rdata is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RdataError {
    /// `BadSyntax`, `BadName`, `BadRdata` or `UnknownType`.
    pub reason: &'static str,
    /// What is wrong and what is allowed, with type and rdata.
    pub message: String,
}

impl std::fmt::Display for RdataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RdataError {}

/// (type, rdata text, origin) to (type number, wire rdata), or a message: for types without a
/// shape of their own.
pub type Convert<'a> = dyn FnMut(&str, &str, &str) -> Result<(u16, Vec<u8>), String> + 'a;

/// The wire form of one rdata text of a type that the engine reads itself, or of `\# LENGTH HEX`.
pub fn parse(rtype: u16, text: &[u8], origin: &Name) -> Result<Vec<u8>, RdataError> {
    let mut refuse = |_: &str, _: &str, _: &str| Err("write it as \\# LENGTH HEX".to_owned());
    let mnemonic = rtype_to_text(rtype);
    parse_any(mnemonic.as_bytes(), text, origin, &mut refuse).map(|(_, rdata)| rdata)
}

/// Type number and wire form of one rdata text, as a resource gives it.
///
/// It differs from a master file in one way: TXT that does not begin with a quote is one text. It
/// is kept octet by octet with its blanks and `;`, but without a line end behind it, and is split
/// into strings of 255 octets.
pub fn parse_any(
    mnemonic: &[u8],
    text: &[u8],
    origin: &Name,
    convert: &mut Convert<'_>,
) -> Result<(u16, Vec<u8>), RdataError> {
    let mut rdata = Vec::new();
    if let Some(rtype @ (types::TXT | types::SPF)) = rtype_from_text(mnemonic)
        && let Some(text) = unquoted(text)
    {
        return match strings::split_text(text, &mut rdata) {
            Ok(()) => Ok((rtype, rdata)),
            Err(fault) => Err(refusal(mnemonic, text, fault)),
        };
    }
    let text = text.trim_ascii();
    let mut tokens = Tokens::new(text);
    let rtype = read(
        mnemonic,
        &mut tokens,
        Some(origin.as_wire()),
        convert,
        &mut rdata,
    )?;
    if !tokens.is_empty() {
        let fault = Fault::syntax("more than one line, use parentheses to go on over line ends");
        return Err(refusal(mnemonic, text, fault));
    }
    Ok((rtype, rdata))
}

/// The text of a TXT without quotes, less the line end that a YAML block leaves behind it.
fn unquoted(text: &[u8]) -> Option<&[u8]> {
    let start = text.trim_ascii_start();
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let is_presentation = start.starts_with(b"\"") || start.starts_with(b"\\#");
    (!text.is_empty() && !is_presentation).then_some(text)
}

/// Appends the wire form of the rdata that `tokens` stands before, and returns the type. On an
/// error the logical line may not have been read to its end.
pub fn read(
    mnemonic: &[u8],
    tokens: &mut Tokens<'_>,
    origin: Option<&[u8]>,
    convert: &mut Convert<'_>,
    out: &mut Vec<u8>,
) -> Result<u16, RdataError> {
    let (before, start) = (*tokens, out.len());
    let known = rtype_from_text(mnemonic);
    let result = match known {
        Some(rtype) if is_meta(rtype) => Err(Fault {
            reason: "UnknownType",
            message: "a type for queries and messages, no zone holds it".into(),
        }),
        Some(rtype) if is_generic(before) => read_generic(rtype, tokens, out).map(|()| rtype),
        _ => match known.and_then(|rtype| Some((rtype, shape(rtype)?))) {
            Some((rtype, shape)) => reading::read_fields(shape, tokens, origin, out)
                .and_then(|()| limits(rtype, &out[start..]))
                .map(|()| rtype),
            None => read_converted(mnemonic, tokens, origin, convert, out),
        },
    };
    let result = match out.len() - start {
        octets if octets > MAX_RDATA => Err(Fault::rdata(format!(
            "{octets} octets, at most {MAX_RDATA} allowed"
        ))),
        _ => result,
    };
    result.map_err(|fault| {
        let (mut line, mut rest) = (Vec::new(), before);
        // A line with a syntax error is shown up to the error.
        let _ = rest.flatten(&mut line);
        refusal(mnemonic, &line, fault)
    })
}

fn refusal(mnemonic: &[u8], text: &[u8], fault: Fault) -> RdataError {
    let (mnemonic, text) = (excerpt(mnemonic).to_ascii_uppercase(), excerpt(text));
    let message = format!("{mnemonic} rdata \"{text}\": {}", fault.message);
    RdataError {
        reason: fault.reason,
        message,
    }
}

fn is_generic(mut tokens: Tokens<'_>) -> bool {
    tokens.next() == Ok(Token::Word(b"\\#"))
}

fn read_generic(rtype: u16, tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    reading::read_generic(tokens, out)?;
    check_fault(rtype, &out[start..])
}

fn read_converted(
    mnemonic: &[u8],
    tokens: &mut Tokens<'_>,
    origin: Option<&[u8]>,
    convert: &mut Convert<'_>,
    out: &mut Vec<u8>,
) -> Result<u16, Fault> {
    let mut line = Vec::new();
    tokens.flatten(&mut line).map_err(Fault::syntax)?;
    let mut origin_text = String::new();
    crate::name::write_text(origin.unwrap_or(&[0]), &mut origin_text);
    let texts = (
        String::from_utf8_lossy(mnemonic),
        String::from_utf8_lossy(&line),
    );
    match convert(&texts.0, &texts.1, &origin_text) {
        Ok((rtype, rdata)) => {
            check_fault(rtype, &rdata)?;
            out.extend_from_slice(&rdata);
            Ok(rtype)
        }
        Err(_) if rtype_from_text(mnemonic).is_none() => Err(Fault {
            reason: "UnknownType",
            message: foreign::explain(mnemonic).unwrap_or(UNKNOWN_TYPE).into(),
        }),
        Err(message) => Err(Fault::rdata(message)),
    }
}

/// Whether wire rdata is uncompressed and well formed; any octets are for a type without a shape.
pub fn check(rtype: u16, rdata: &[u8]) -> Result<(), RdataError> {
    check_fault(rtype, rdata).map_err(|fault| RdataError {
        reason: fault.reason,
        message: format!(
            "{} rdata of {} octets: {}",
            rtype_to_text(rtype),
            rdata.len(),
            fault.message
        ),
    })
}

fn check_fault(rtype: u16, rdata: &[u8]) -> Result<(), Fault> {
    if rdata.len() > MAX_RDATA {
        return Err(Fault::rdata(format!("at most {MAX_RDATA} octets allowed")));
    }
    match shape(rtype) {
        Some(shape) if !shapes::fits(shape, rdata) => {
            let Shape { syntax, .. } = shape;
            Err(Fault::rdata(format!("not the wire form of {syntax}")))
        }
        _ => limits(rtype, rdata),
    }
}

/// What one field requires of another: the digest type of a DS gives the length of the digest (RFC
/// 4034 section 5.1.4 and the IANA registry "DS RR Type Digest Algorithms").
fn limits(rtype: u16, rdata: &[u8]) -> Result<(), Fault> {
    if let (types::DS | types::CDS, [_, _, _, digest_type, digest @ ..]) = (rtype, rdata) {
        let octets = match digest_type {
            1 => 20,
            2 | 3 => 32,
            4 => 48,
            _ => return Ok(()),
        };
        if digest.len() != octets {
            let found = digest.len();
            return Err(Fault::rdata(format!(
                "digest of {found} octets, type {digest_type} has {octets}"
            )));
        }
    }
    Ok(())
}
