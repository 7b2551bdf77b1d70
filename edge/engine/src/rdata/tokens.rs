//! The tokens of presentation format (RFC 1035 section 5.1).
//!
//! A record is a logical line: parentheses let it go on over line ends, a `;` comment runs to the
//! end of its line. Tokens are slices of the text with their escapes still in them, since `\.` and
//! `.` differ in a name: only the reader of a field can resolve them. After an error the reader
//! goes on, so a caller can always skip to the end of the record and read the next one.

/// A piece of a logical line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// Text between blanks.
    Word(&'a [u8]),
    /// Text between double quotes, without them.
    Quoted(&'a [u8]),
    /// The end of the logical line.
    End,
}

/// Why a text cannot be read as tokens.
pub type SyntaxError = &'static str;

/// Reads tokens from a text that may hold many records. Copy it to look ahead.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    parentheses: u32,
    comment: &'a [u8],
}

const NOT_CLOSED: SyntaxError = "a parenthesis is not closed";

/// Octets that end a word or need a closer look.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let special = b" \t\r\n;()\"\\";
    let mut i = 0;
    while i < special.len() {
        table[special[i] as usize] = true;
        i += 1;
    }
    table
};

impl<'a> Tokens<'a> {
    /// Starts at line 1.
    pub fn new(text: &'a [u8]) -> Self {
        Tokens {
            text,
            at: 0,
            line: 1,
            parentheses: 0,
            comment: b"",
        }
    }

    /// The line of the next octet, counted from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Octets read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether all text has been read.
    pub fn is_empty(&self) -> bool {
        self.at == self.text.len()
    }

    /// The last comment that was read since the last call, from its `;` on; empty for none.
    pub fn take_comment(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.comment)
    }

    /// The text that was read since `start`, a former `position`.
    pub fn since(&self, start: usize) -> &'a [u8] {
        &self.text[start..self.at]
    }

    /// Whether the next octet is a blank; at the start of a record it means "same owner as before".
    pub fn at_blank(&self) -> bool {
        matches!(self.text.get(self.at), Some(b' ' | b'\t'))
    }

    /// Whether a quoted string is next, without a blank before it.
    pub fn at_quote(&self) -> bool {
        self.text.get(self.at) == Some(&b'"')
    }

    /// Whether a token follows without anything between.
    pub fn touches_next(&self) -> bool {
        let next = self.text.get(self.at);
        next.is_some_and(|octet| !b" \t\r\n;()".contains(octet))
    }

    /// The next token. A `\r` is a blank.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator would stop at the first End"
    )]
    pub fn next(&mut self) -> Result<Token<'a>, SyntaxError> {
        loop {
            let Some(&octet) = self.text.get(self.at) else {
                return match std::mem::take(&mut self.parentheses) {
                    0 => Ok(Token::End),
                    _ => Err(NOT_CLOSED),
                };
            };
            match octet {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    if self.parentheses == 0 {
                        return Ok(Token::End);
                    }
                }
                b';' => {
                    let rest = &self.text[self.at..];
                    let length = rest.iter().position(|&o| o == b'\n').unwrap_or(rest.len());
                    self.comment = &rest[..length];
                    self.at += length;
                }
                b'(' => {
                    self.at += 1;
                    self.parentheses += 1;
                }
                b')' => {
                    self.at += 1;
                    self.parentheses = self
                        .parentheses
                        .checked_sub(1)
                        .ok_or("a parenthesis was not opened")?;
                }
                b'"' => return self.quoted(),
                _ => return self.word(),
            }
        }
    }

    fn word(&mut self) -> Result<Token<'a>, SyntaxError> {
        let start = self.at;
        while let Some(&octet) = self.text.get(self.at) {
            if !SPECIAL[usize::from(octet)] {
                self.at += 1;
            } else if octet == b'\\' {
                self.escape()?;
            } else {
                break;
            }
        }
        Ok(Token::Word(self.since(start)))
    }

    fn quoted(&mut self) -> Result<Token<'a>, SyntaxError> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Token::Quoted(&self.text[start..self.at - 1]));
                }
                Some(b'\\') => self.escape()?,
                Some(b'\n') | None => return Err("a quoted string does not end on its line"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        self.at += 1;
        match self.text.get(self.at) {
            None | Some(b'\r' | b'\n') => Err("a \\ at the end of a line"),
            Some(_) => {
                self.at += 1;
                Ok(())
            }
        }
    }

    /// Goes to the end of the logical line, whatever is in it; an error where a parenthesis makes it
    /// the end of the text.
    pub fn skip_record(&mut self) -> Result<(), SyntaxError> {
        loop {
            match self.next() {
                Ok(Token::End) => return Ok(()),
                Err(NOT_CLOSED) => return Err(NOT_CLOSED),
                _ => {}
            }
        }
    }

    /// The rest of the logical line in one line: one blank between tokens that are apart, no
    /// comments, no parentheses.
    pub fn flatten(&mut self, out: &mut Vec<u8>) -> Result<(), SyntaxError> {
        loop {
            let is_apart = !self.touches_next();
            let token = self.next()?;
            if token != Token::End && is_apart && !out.is_empty() {
                out.push(b' ');
            }
            match token {
                Token::Word(word) => out.extend_from_slice(word),
                Token::Quoted(text) => {
                    out.push(b'"');
                    out.extend_from_slice(text);
                    out.push(b'"');
                }
                Token::End => return Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
