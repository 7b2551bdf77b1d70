//! What stands in front of rdata: TTL, class and type, and single fields of directives.

use super::problem::Problem;
use crate::rdata::tokens::{Token, Tokens};
use crate::rdata::{MAX_TTL, excerpt, types, values};

/// What stands between owner and rdata; the class can only be IN.
pub struct Head<'a> {
    /// Seconds, where the record has a TTL.
    pub ttl: Option<u32>,
    /// The type as written.
    pub mnemonic: &'a [u8],
}

/// TTL, class and type, of which the first word has been read; TTL and class may be missing and may
/// stand in either order.
pub fn head<'a>(first: &'a [u8], tokens: &mut Tokens<'a>) -> Result<Head<'a>, Problem> {
    let (mut found_ttl, mut found_class) = (None, false);
    let mut next = first;
    loop {
        if next[0].is_ascii_digit() && found_ttl.is_none() {
            found_ttl = Some(ttl(next)?);
        } else if !found_class && is_class(next)? {
            found_class = true;
        } else if next[0] == b'[' && next.to_ascii_uppercase().starts_with(b"[AGE:") {
            return Err(Problem::syntax(format!(
                "{} is the time stamp that Windows gives a record which a host registered; remove \
                 it from all lines: sed 's/\\[AGE:[0-9]*\\]//'",
                excerpt(next)
            )));
        } else {
            return Ok(Head {
                ttl: found_ttl,
                mnemonic: next,
            });
        }
        next = word(tokens)?;
    }
}

fn is_class(word: &[u8]) -> Result<bool, Problem> {
    let is = |class: &str| word.eq_ignore_ascii_case(class.as_bytes());
    if is("IN") {
        return Ok(true);
    }
    match types::numbered(word, b"CLASS") {
        Some(1) => Ok(true),
        None if !["CS", "CH", "HS", "NONE"].iter().any(|class| is(class)) => Ok(false),
        _ => Err(Problem::syntax(format!(
            "class {}: only IN is allowed",
            excerpt(word)
        ))),
    }
}

/// A field that must be there and has no quotes.
pub fn word<'a>(tokens: &mut Tokens<'a>) -> Result<&'a [u8], Problem> {
    match tokens.next()? {
        Token::Word(word) => Ok(word),
        Token::Quoted(_) => Err(Problem::syntax("quotes around a field that is no text")),
        Token::End => Err(Problem::syntax("the line ends too early")),
    }
}

/// The end of a directive; `usage` is what to write.
pub fn end(tokens: &mut Tokens<'_>, usage: &str) -> Result<(), Problem> {
    match tokens.next()? {
        Token::End => Ok(()),
        _ => Err(Problem::syntax(format!("too many fields, write {usage}"))),
    }
}

/// A TTL in seconds.
pub fn ttl(text: &[u8]) -> Result<u32, Problem> {
    let refused = |message| Err(Problem::new("BadTTL", format!("TTL {message}")));
    match values::seconds(text) {
        Some(seconds) if seconds <= u64::from(MAX_TTL) => Ok(seconds as u32),
        Some(_) => refused(format!("{}: at most {MAX_TTL} allowed", excerpt(text))),
        None => refused(format!(
            "\"{}\": write seconds, or units as in 1h30m",
            excerpt(text)
        )),
    }
}

/// The MINIMUM of SOA rdata, as TTL.
pub fn minimum(soa: &[u8]) -> Result<u32, Problem> {
    let minimum = soa
        .last_chunk()
        .map_or(0, |octets| u32::from_be_bytes(*octets));
    ttl(minimum.to_string().as_bytes())
}
