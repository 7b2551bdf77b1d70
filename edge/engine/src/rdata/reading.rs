//! Presentation format to wire rdata, field by field.

use super::faults::{Fault, excerpt};
use super::shapes::{Field, Shape};
use super::strings::{MAX_STRING, push_string, unescape_into};
use super::tokens::{Token, Tokens};
use super::types::rtype_from_text;
use super::values;
use crate::name;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Appends the rdata of one logical line; the whole line is read.
pub fn read_fields(
    shape: Shape,
    tokens: &mut Tokens<'_>,
    origin: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let mut reader = Reader {
        tokens,
        syntax: shape.syntax,
        ended: false,
    };
    for &field in shape.fields {
        reader.field(field, origin, out)?;
    }
    reader.end()
}

/// Appends the rdata of `\# LENGTH HEX` (RFC 3597 section 5).
pub fn read_generic(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut reader = Reader {
        tokens,
        syntax: "\\# LENGTH HEX",
        ended: false,
    };
    reader.word()?;
    let length = reader.integer(Field::U16)?;
    let start = out.len();
    let digits = reader.rest()?;
    values::hex(&digits, out).ok_or_else(|| Fault::rdata("not an even number of hex digits"))?;
    match out.len() - start {
        found if found == length as usize => Ok(()),
        found => Err(Fault::rdata(format!(
            "{found} octets, but the length says {length}"
        ))),
    }
}

struct Reader<'t, 'a> {
    tokens: &'t mut Tokens<'a>,
    syntax: &'static str,
    ended: bool,
}

impl<'a> Reader<'_, 'a> {
    fn next(&mut self) -> Result<Token<'a>, Fault> {
        if self.ended {
            return Ok(Token::End);
        }
        let token = self.tokens.next().map_err(Fault::syntax)?;
        self.ended = token == Token::End;
        Ok(token)
    }

    fn end(&mut self) -> Result<(), Fault> {
        match self.next()? {
            Token::End => Ok(()),
            _ => Err(Fault::rdata(format!(
                "too many fields, write {}",
                self.syntax
            ))),
        }
    }

    fn ends_early(&self) -> Fault {
        Fault::rdata(format!("too few fields, write {}", self.syntax))
    }

    fn word(&mut self) -> Result<&'a [u8], Fault> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            Token::Quoted(_) => Err(quoted()),
            Token::End => Err(self.ends_early()),
        }
    }

    /// All words to the end as one.
    fn rest(&mut self) -> Result<Vec<u8>, Fault> {
        let mut rest = Vec::new();
        loop {
            match self.next()? {
                Token::Word(word) => rest.extend_from_slice(word),
                Token::Quoted(_) => return Err(quoted()),
                Token::End => return Ok(rest),
            }
        }
    }

    fn some_rest(&mut self) -> Result<Vec<u8>, Fault> {
        let rest = self.rest()?;
        if rest.is_empty() {
            Err(self.ends_early())
        } else {
            Ok(rest)
        }
    }

    fn field(
        &mut self,
        field: Field,
        origin: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        match field {
            Field::U8 | Field::Algorithm => out.push(self.integer(field)? as u8),
            Field::U16 | Field::Type => out.extend((self.integer(field)? as u16).to_be_bytes()),
            Field::U32 | Field::Seconds | Field::Time => {
                out.extend(self.integer(field)?.to_be_bytes());
            }
            Field::Ipv4 => {
                let address = address::<Ipv4Addr>(self.word()?);
                out.extend(address.ok_or(Fault::rdata("not an IPv4 address"))?.octets());
            }
            Field::Ipv6 => {
                let address = address::<Ipv6Addr>(self.word()?);
                out.extend(address.ok_or(Fault::rdata("not an IPv6 address"))?.octets());
            }
            Field::Name => name::parse_into(self.word()?, origin, out)?,
            Field::Text => push_string(self.text()?, out)?,
            Field::Texts => {
                push_string(self.text()?, out)?;
                while let Token::Word(text) | Token::Quoted(text) = self.next()? {
                    push_string(text, out)?;
                }
            }
            Field::Tag => {
                let word = self.word()?;
                if word.len() > MAX_STRING || !word.iter().all(u8::is_ascii_alphanumeric) {
                    return Err(wrong(word, "a tag of letters and digits"));
                }
                push_string(word, out)?;
            }
            Field::Value => unescape_into(self.text()?, out)?,
            Field::Hex => {
                let read = values::hex(&self.some_rest()?, out);
                read.ok_or(Fault::rdata("not an even number of hex digits"))?;
            }
            Field::Base64 => {
                let read = values::base64(&self.some_rest()?, out);
                read.ok_or(Fault::rdata("not Base 64"))?;
            }
            Field::Bitmap => self.bitmap(out)?,
        }
        Ok(())
    }

    /// The value of a field that is a number in wire form.
    fn integer(&mut self, field: Field) -> Result<u32, Fault> {
        let word = self.word()?;
        let (value, expected) = match field {
            Field::U8 => (values::number(word, 255), "a number from 0 to 255"),
            Field::U16 => (values::number(word, 65_535), "a number from 0 to 65535"),
            Field::Seconds => {
                let seconds = values::seconds(word).and_then(|seconds| u32::try_from(seconds).ok());
                (seconds, "seconds from 0 to 4294967295")
            }
            Field::Time => (
                values::time(word),
                "a time as YYYYMMDDHHmmSS from 1970 to 2106",
            ),
            Field::Type => return read_type(word).map(u32::from),
            Field::Algorithm => (values::algorithm(word).map(u32::from), "an algorithm"),
            _ => (
                values::number(word, u32::MAX),
                "a number from 0 to 4294967295",
            ),
        };
        value.ok_or_else(|| wrong(word, expected))
    }

    fn text(&mut self) -> Result<&'a [u8], Fault> {
        match self.next()? {
            Token::Word(text) | Token::Quoted(text) => Ok(text),
            Token::End => Err(self.ends_early()),
        }
    }

    fn bitmap(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut types = Vec::new();
        loop {
            match self.next()? {
                Token::Word(word) => types.push(read_type(word)?),
                Token::Quoted(_) => return Err(quoted()),
                Token::End => break,
            }
        }
        types.sort_unstable();
        for window in types.chunk_by(|a, b| a >> 8 == b >> 8) {
            let mut bits = [0u8; 32];
            for rtype in window {
                bits[usize::from(rtype & 0xff) / 8] |= 0x80 >> (rtype & 7);
            }
            let len = 1 + usize::from(window[window.len() - 1] & 0xff) / 8;
            out.extend([(window[0] >> 8) as u8, len as u8]);
            out.extend(&bits[..len]);
        }
        Ok(())
    }
}

fn quoted() -> Fault {
    Fault::syntax("quotes around a field that is no text")
}

fn read_type(word: &[u8]) -> Result<u16, Fault> {
    rtype_from_text(word).ok_or_else(|| Fault {
        reason: "UnknownType",
        ..wrong(word, "a type or TYPEnnn")
    })
}

fn address<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    str::from_utf8(word).ok()?.parse().ok()
}

fn wrong(word: &[u8], expected: &str) -> Fault {
    Fault::rdata(format!("\"{}\" is not {expected}", excerpt(word)))
}
