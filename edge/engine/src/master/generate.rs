//! `$GENERATE`: BIND's directive for records that differ in a number.
//!
//! `$GENERATE START-STOP[/STEP] OWNER [TTL] [IN] TYPE RDATA`: in owner and rdata a `$` stands for the
//! number, `${OFFSET[,WIDTH[,RADIX]]}` for the number plus the offset, filled with zeros up to the
//! width, in the radix d, o, x, X or as nibbles of a reverse name (n, N); `$$` and `\$` are a dollar.

use super::problem::Problem;
use crate::rdata::tokens::{Token, Tokens};
use crate::rdata::{excerpt, values};
use std::fmt::Write;

/// Most records of one directive: a /16 of addresses.
const MAX_RECORDS: u64 = 65_536;

/// Widest number in characters: a name has no more.
const MAX_WIDTH: usize = 255;

/// The numbers of a directive.
pub struct Range {
    start: u32,
    stop: u32,
    step: u32,
}

impl Range {
    /// Reads `START-STOP[/STEP]`.
    pub fn parse(text: &[u8]) -> Result<Range, Problem> {
        let range = parse_range(text).ok_or_else(|| {
            let text = excerpt(text);
            Problem::syntax(format!(
                "$GENERATE \"{text}\": write START-STOP or START-STOP/STEP"
            ))
        })?;
        match range.count() {
            count if count > MAX_RECORDS => Err(Problem::new(
                "GenerateTooLarge",
                format!("$GENERATE of {count} records, at most {MAX_RECORDS} allowed"),
            )),
            _ => Ok(range),
        }
    }

    /// How many numbers.
    pub fn count(&self) -> u64 {
        u64::from((self.stop - self.start) / self.step) + 1
    }

    /// The numbers in ascending order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        (self.start..=self.stop).step_by(self.step as usize)
    }
}

fn parse_range(text: &[u8]) -> Option<Range> {
    let text = str::from_utf8(text).ok()?;
    let (bounds, step) = text.split_once('/').unwrap_or((text, "1"));
    let (start, stop) = bounds.split_once('-')?;
    let number = |text: &str| values::number(text.as_bytes(), i32::MAX as u32);
    let range = Range {
        start: number(start)?,
        stop: number(stop)?,
        step: number(step)?,
    };
    (range.start <= range.stop && range.step > 0).then_some(range)
}

enum Piece {
    Literal(Vec<u8>),
    Number {
        offset: i64,
        width: usize,
        radix: u8,
    },
}

/// Owner or rdata with numbers to fill in.
pub struct Template(Vec<Piece>);

impl Template {
    /// Reads a text with `$` in it.
    pub fn parse(text: &[u8]) -> Result<Template, Problem> {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut rest = text;
        while let Some((&octet, after)) = rest.split_first() {
            rest = after;
            match (octet, after) {
                (b'\\', [escaped, after @ ..]) => {
                    literal.extend([b'\\', *escaped]);
                    rest = after;
                }
                (b'$', [b'$', after @ ..]) => {
                    literal.push(b'$');
                    rest = after;
                }
                (b'$', _) => {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    let (modifiers, after) = match after {
                        [b'{', after @ ..] => {
                            let end = after.iter().position(|&octet| octet == b'}');
                            let end = end.ok_or_else(|| bad_modifiers(after))?;
                            (&after[..end], &after[end + 1..])
                        }
                        after => (&b"0"[..], after),
                    };
                    pieces
                        .push(parse_modifiers(modifiers).ok_or_else(|| bad_modifiers(modifiers))?);
                    rest = after;
                }
                _ => literal.push(octet),
            }
        }
        pieces.push(Piece::Literal(literal));
        Ok(Template(pieces))
    }

    /// Octets that the text for any number has at least.
    pub fn octets(&self) -> usize {
        let octets = |piece: &Piece| match piece {
            Piece::Literal(literal) => literal.len(),
            Piece::Number { width, .. } => *width.max(&1),
        };
        self.0.iter().map(octets).sum()
    }

    /// Puts the text for one number into `out`.
    pub fn fill(&self, number: u32, out: &mut Vec<u8>) -> Result<(), Problem> {
        out.clear();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => out.extend_from_slice(literal),
                Piece::Number {
                    offset,
                    width,
                    radix,
                } => {
                    let value = u32::try_from(i64::from(number) + offset).map_err(|_| {
                        Problem::syntax(format!("$GENERATE: {number}{offset:+} is out of range"))
                    })?;
                    out.extend_from_slice(format_number(value, *width, *radix).as_bytes());
                }
            }
        }
        Ok(())
    }
}

/// The rdata template of `$GENERATE`: the rest of the line, or what one quoted string holds.
pub fn rdata_template(tokens: &mut Tokens<'_>) -> Result<Template, Problem> {
    let mut ahead = *tokens;
    let mut data = Vec::new();
    match ahead.next()? {
        Token::Quoted(quoted) if ahead.next()? == Token::End => {
            *tokens = ahead;
            let mut rest = quoted;
            while let Some((&octet, after)) = rest.split_first() {
                // Only `\"` loses its backslash here: the other escapes belong to the rdata.
                if !(octet == b'\\' && after.first() == Some(&b'"')) {
                    data.push(octet);
                }
                rest = after;
            }
        }
        _ => tokens.flatten(&mut data)?,
    }
    Template::parse(&data)
}

fn bad_modifiers(text: &[u8]) -> Problem {
    let text = excerpt(text);
    Problem::syntax(format!(
        "$GENERATE modifiers \"{text}\": write ${{OFFSET,WIDTH,RADIX}} with a width up to {MAX_WIDTH} \
         and a radix of d, o, x, X, n or N"
    ))
}

fn parse_modifiers(text: &[u8]) -> Option<Piece> {
    let mut parts = str::from_utf8(text).ok()?.split(',');
    let offset: i32 = parts.next()?.parse().ok()?;
    let width = match parts.next() {
        Some(width) => width.parse().ok().filter(|width| *width <= MAX_WIDTH)?,
        None => 0,
    };
    let radix = match parts.next() {
        Some(radix) => *radix.as_bytes().first().filter(|_| radix.len() == 1)?,
        None => b'd',
    };
    let known = b"doxXnN".contains(&radix) && parts.next().is_none();
    known.then_some(Piece::Number {
        offset: i64::from(offset),
        width,
        radix,
    })
}

fn format_number(value: u32, width: usize, radix: u8) -> String {
    match radix {
        b'o' => format!("{value:0width$o}"),
        b'x' => format!("{value:0width$x}"),
        b'X' => format!("{value:0width$X}"),
        b'n' => nibbles(value, width),
        b'N' => nibbles(value, width).to_ascii_uppercase(),
        _ => format!("{value:0width$}"),
    }
}

/// Hexadecimal digits from the lowest up with dots between; the width counts the dots too.
fn nibbles(mut value: u32, width: usize) -> String {
    let mut text = String::new();
    loop {
        let _ = write!(text, "{:x}", value & 15);
        value >>= 4;
        if value == 0 && text.len() >= width {
            return text;
        }
        text.push('.');
    }
}

#[cfg(test)]
mod tests;
