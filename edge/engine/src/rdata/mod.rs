//! Resource record data: text to wire form and back, for every type.
//!
//! The types of `shapes` are read and written here. Every type, these included, also has the form
//! `\# LENGTH HEX` (RFC 3597 section 5); for all others it is the only one.

mod bitmaps;
mod faults;
pub mod fields;
mod foreign;
mod own;
mod reader;
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

pub(crate) use bitmaps::types as bitmap_types;
pub use faults::excerpt;
pub(crate) use own::svc_params;
pub use shapes::{additional_name, compressed_names, fold_names, names};
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

/// The wire form of one rdata text of a type by number.
pub fn parse(rtype: u16, text: &[u8], origin: &Name) -> Result<Vec<u8>, RdataError> {
    let mnemonic = rtype_to_text(rtype);
    parse_any(mnemonic.as_bytes(), text, origin).map(|(_, rdata)| rdata)
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
    let rtype = read(mnemonic, &mut tokens, Some(origin.as_wire()), &mut rdata)?;
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
    out: &mut Vec<u8>,
) -> Result<u16, RdataError> {
    let (before, start) = (*tokens, out.len());
    let result = read_known(mnemonic, tokens, origin, out);
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

fn read_known(
    mnemonic: &[u8],
    tokens: &mut Tokens<'_>,
    origin: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<u16, Fault> {
    let unknown = |message: &'static str| Fault {
        reason: "UnknownType",
        message: message.into(),
    };
    let Some(rtype) = rtype_from_text(mnemonic) else {
        return Err(unknown(foreign::explain(mnemonic).unwrap_or(UNKNOWN_TYPE)));
    };
    if is_meta(rtype) {
        return Err(unknown("a type for queries and messages, no zone holds it"));
    }
    let start = out.len();
    if is_generic(*tokens) {
        reading::read_generic(tokens, out)?;
        check_fault(shapes::form(rtype), rtype, &out[start..])?;
        return entry_limits(rtype, &out[start..]).map(|()| rtype);
    }
    let Some(shape) = shapes::form(rtype) else {
        return Err(Fault::rdata("write it as \\# LENGTH HEX"));
    };
    reading::read_fields(shape, tokens, origin, out)?;
    limits(rtype, &out[start..])?;
    entry_limits(rtype, &out[start..]).map(|()| rtype)
}

fn is_generic(mut tokens: Tokens<'_>) -> bool {
    tokens.next() == Ok(Token::Word(b"\\#"))
}

/// Whether wire rdata is uncompressed and well formed; any octets are for a type without a shape.
pub fn check(rtype: u16, rdata: &[u8]) -> Result<(), RdataError> {
    check_fault(shape(rtype), rtype, rdata).map_err(|fault| RdataError {
        reason: fault.reason,
        message: format!(
            "{} rdata of {} octets: {}",
            rtype_to_text(rtype),
            rdata.len(),
            fault.message
        ),
    })
}

fn check_fault(shape: Option<Shape>, rtype: u16, rdata: &[u8]) -> Result<(), Fault> {
    if rdata.len() > MAX_RDATA {
        return Err(Fault::rdata(format!("at most {MAX_RDATA} octets allowed")));
    }
    match shape {
        Some(shape) if !shapes::fits(shape, rdata) => {
            let Shape { syntax, .. } = shape;
            Err(Fault::rdata(format!("not the wire form of {syntax}")))
        }
        _ => limits(rtype, rdata),
    }
}

/// What one field requires of another, wherever the rdata comes from.
fn limits(rtype: u16, rdata: &[u8]) -> Result<(), Fault> {
    match rtype {
        types::DS | types::CDS => digest_limit(rdata),
        _ => Ok(()),
    }
}

/// What one field requires of another where the rdata enters; see `shapes`.
fn entry_limits(rtype: u16, rdata: &[u8]) -> Result<(), Fault> {
    match (rtype, rdata) {
        (types::TA | types::DLV, _) => digest_limit(rdata),
        (types::ZONEMD, [_, _, _, _, _, algorithm, digest @ ..]) => {
            zone_digest_limit(*algorithm, digest.len())
        }
        (types::RKEY, [_, _, _, _]) => Err(Fault::rdata("the key is missing")),
        (types::RKEY, [flags, more_flags, ..]) if flags | more_flags != 0 => Err(Fault::rdata(
            "the flags are not 0, which is all that they may be",
        )),
        (types::KEY, [flags, _, _, _, key @ ..]) => {
            let has_none = flags & NO_KEY == NO_KEY;
            match key.is_empty() == has_none {
                true => Ok(()),
                false if has_none => Err(Fault::rdata("flags that say no key, and a key")),
                false => Err(Fault::rdata("the key is missing")),
            }
        }
        _ => Ok(()),
    }
}

/// The bits of the flags of a KEY that say it has none (RFC 2535 section 3.1.2).
const NO_KEY: u8 = 0xc0;

/// The digest type of a DS gives the length of the digest (RFC 4034 section 5.1.4 and the IANA
/// registry "DS RR Type Digest Algorithms").
fn digest_limit(rdata: &[u8]) -> Result<(), Fault> {
    let [_, _, _, digest_type, digest @ ..] = rdata else {
        return Ok(());
    };
    match (digest_type, digest.len()) {
        (1, found) => has_octets(found, 20, 1),
        (2 | 3, found) => has_octets(found, 32, *digest_type),
        (4, found) => has_octets(found, 48, 4),
        _ => Ok(()),
    }
}

/// The least octets of the digest of a zone (RFC 8976 section 2.2.4).
const MIN_ZONE_DIGEST: usize = 12;

/// The algorithm of a ZONEMD gives the length of the digest (RFC 8976 section 2.2.3).
fn zone_digest_limit(algorithm: u8, found: usize) -> Result<(), Fault> {
    match algorithm {
        1 => has_octets(found, 48, 1),
        2 => has_octets(found, 64, 2),
        _ if found < MIN_ZONE_DIGEST => Err(Fault::rdata(format!(
            "digest of {found} octets, at least {MIN_ZONE_DIGEST} wanted"
        ))),
        _ => Ok(()),
    }
}

fn has_octets(found: usize, wanted: usize, digest_type: u8) -> Result<(), Fault> {
    if found == wanted {
        return Ok(());
    }
    Err(Fault::rdata(format!(
        "digest of {found} octets, type {digest_type} has {wanted}"
    )))
}
