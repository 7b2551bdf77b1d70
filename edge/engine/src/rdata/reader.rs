//! The fields of one record, token by token.

use super::faults::{Fault, excerpt};
use super::tokens::{Token, Tokens};
use super::values;

/// A key, and its value where it has one; an empty value is one.
pub type Pair<'a> = (&'a [u8], Option<&'a [u8]>);

/// Reads the rdata of one logical line.
pub struct Reader<'t, 'a> {
    tokens: &'t mut Tokens<'a>,
    syntax: &'static str,
    ended: bool,
}

impl<'t, 'a> Reader<'t, 'a> {
    /// `syntax` is what a message says should be written.
    pub fn new(tokens: &'t mut Tokens<'a>, syntax: &'static str) -> Self {
        Reader {
            tokens,
            syntax,
            ended: false,
        }
    }

    pub fn next(&mut self) -> Result<Token<'a>, Fault> {
        if self.ended {
            return Ok(Token::End);
        }
        let token = self.tokens.next().map_err(Fault::syntax)?;
        self.ended = token == Token::End;
        Ok(token)
    }

    pub fn end(&mut self) -> Result<(), Fault> {
        match self.next()? {
            Token::End => Ok(()),
            _ => Err(Fault::rdata(format!(
                "too many fields, write {}",
                self.syntax
            ))),
        }
    }

    pub fn ends_early(&self) -> Fault {
        Fault::rdata(format!("too few fields, write {}", self.syntax))
    }

    pub fn word(&mut self) -> Result<&'a [u8], Fault> {
        self.word_or_end()?.ok_or_else(|| self.ends_early())
    }

    pub fn word_or_end(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        match self.next()? {
            Token::Word(word) => Ok(Some(word)),
            Token::Quoted(_) => Err(quoted()),
            Token::End => Ok(None),
        }
    }

    pub fn text(&mut self) -> Result<&'a [u8], Fault> {
        match self.next()? {
            Token::Word(text) | Token::Quoted(text) => Ok(text),
            Token::End => Err(self.ends_early()),
        }
    }

    /// `KEY`, `KEY=VALUE` or `KEY="VALUE"` (RFC 9460 section 2.1).
    pub fn pair(&mut self) -> Result<Option<Pair<'a>>, Fault> {
        let Some(word) = self.word_or_end()? else {
            return Ok(None);
        };
        let Some(at) = word.iter().position(|&octet| octet == b'=') else {
            return Ok(Some((word, None)));
        };
        let (key, value) = (&word[..at], &word[at + 1..]);
        let value = match value {
            [] if self.tokens.at_quote() => self.text()?,
            value => value,
        };
        if self.tokens.touches_next() {
            return Err(Fault::syntax("a blank is missing behind a quoted value"));
        }
        Ok(Some((key, Some(value))))
    }

    /// All words to the end as one.
    pub fn rest(&mut self) -> Result<Vec<u8>, Fault> {
        let mut rest = Vec::new();
        while let Some(word) = self.word_or_end()? {
            rest.extend_from_slice(word);
        }
        Ok(rest)
    }

    pub fn some_rest(&mut self) -> Result<Vec<u8>, Fault> {
        let rest = self.rest()?;
        if rest.is_empty() {
            Err(self.ends_early())
        } else {
            Ok(rest)
        }
    }

    pub fn number(&mut self, most: u32) -> Result<u32, Fault> {
        let word = self.word()?;
        values::number(word, most).ok_or_else(|| wrong(word, &format!("a number from 0 to {most}")))
    }

    /// A number, or one of the words that stand for numbers.
    pub fn named(&mut self, names: &[(&str, u32)], most: u32) -> Result<u32, Fault> {
        let word = self.word()?;
        let named = names
            .iter()
            .find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word))
            .map(|&(_, number)| number);
        named.or_else(|| values::number(word, most)).ok_or_else(|| {
            let known: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            wrong(
                word,
                &format!("a number from 0 to {most}, or one of {known}"),
            )
        })
    }

    /// A value that `read` knows, else a message that says what is `expected`.
    pub fn value<T>(
        &mut self,
        read: impl FnOnce(&[u8]) -> Option<T>,
        expected: &str,
    ) -> Result<T, Fault> {
        let word = self.word()?;
        read(word).ok_or_else(|| wrong(word, expected))
    }
}

pub fn quoted() -> Fault {
    Fault::syntax("quotes around a field that is no text")
}

pub fn wrong(word: &[u8], expected: &str) -> Fault {
    Fault::rdata(format!("\"{}\" is not {expected}", excerpt(word)))
}
