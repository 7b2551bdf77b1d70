//! Letters outside ASCII in names: U-labels (RFC 5890 section 2.3.2.1), which become A-labels.
//!
//! They are taken where a resource takes them too: in owners, in origins, and in the targets of
//! records. The rules of IDNA 2008 are the caller's, so that files and resources have the same ones.
//! Elsewhere such octets stay as they are: in texts, and in names that nobody looks up. Who means
//! octets writes `\DDD`.

use std::borrow::Cow;

use super::problem::Problem;
use crate::rdata::tokens::{Token, Tokens};
use crate::rdata::{self, excerpt, types};

/// A name with U-labels to the same with A-labels, or the message why it is none.
pub type ALabels<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// Most octets of names with letters outside ASCII in one read: 50,000 names of 20. An octet takes up
/// to 4 µs, so these take some seconds, and a short file with `$GENERATE` no more.
const MAX_OCTETS: usize = 1 << 20;

/// Puts names into A-labels while one master file, and all that it includes, is read.
pub struct Letters<'r> {
    a_labels: &'r mut ALabels<'r>,
    /// Octets of the names so far that had letters outside ASCII.
    octets: usize,
    /// Whether the file that is read is ASCII, as nearly all are: then there is nothing to do.
    pub ascii: bool,
}

impl<'r> Letters<'r> {
    pub fn new(a_labels: &'r mut ALabels<'r>) -> Self {
        Letters {
            a_labels,
            octets: 0,
            ascii: true,
        }
    }

    /// A name as it is written, with its U-labels as A-labels.
    #[inline]
    pub fn name<'t>(&mut self, what: &str, text: &'t [u8]) -> Result<Cow<'t, [u8]>, Problem> {
        if self.ascii || text.is_ascii() {
            return Ok(Cow::Borrowed(text));
        }
        self.written(what, text).map(Cow::Owned)
    }

    #[cold]
    fn written(&mut self, what: &str, text: &[u8]) -> Result<Vec<u8>, Problem> {
        let Ok(name) = str::from_utf8(text) else {
            return Err(Problem::new(
                "BadName",
                format!(
                    "{what} \"{}\" has octets that are no UTF-8; save the file as UTF-8, or write \
                     \\DDD for each octet",
                    excerpt(text)
                ),
            ));
        };
        self.octets += text.len();
        if self.octets > MAX_OCTETS {
            let message = format!(
                "names with letters outside ASCII have more than {MAX_OCTETS} octets together; write \
                 A-labels (xn--...)"
            );
            return Err(Problem::new("BadName", message));
        }
        let written = (self.a_labels)(name).map_err(|message| Problem::new("BadName", message))?;
        Ok(written.into_bytes())
    }

    /// The rdata before which `tokens` stands, in one line and with its target in A-labels; None,
    /// and nothing read, where the target is ASCII or there is none.
    #[inline]
    pub fn target(
        &mut self,
        mnemonic: &[u8],
        tokens: &mut Tokens<'_>,
    ) -> Result<Option<Vec<u8>>, Problem> {
        if self.ascii {
            return Ok(None);
        }
        self.rewritten(mnemonic, tokens)
    }

    fn rewritten(
        &mut self,
        mnemonic: &[u8],
        tokens: &mut Tokens<'_>,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let Some(field) = rdata::rtype_from_text(mnemonic).and_then(target_field) else {
            return Ok(None);
        };
        let (mut ahead, mut line) = (*tokens, Vec::new());
        for _ in 0..field {
            let Ok(Token::Word(word)) = ahead.next() else {
                return Ok(None); // whoever reads the fields says what is wrong
            };
            line.extend_from_slice(word);
            line.push(b' ');
        }
        match ahead.next() {
            Ok(Token::Word(target)) if !target.is_ascii() => {
                line.extend_from_slice(&self.name("target", target)?);
            }
            _ => return Ok(None),
        }
        ahead.flatten(&mut line)?;
        *tokens = ahead;
        Ok(Some(line))
    }
}

/// Which field of the rdata leads to another name.
fn target_field(rtype: u16) -> Option<usize> {
    match rtype {
        types::CNAME | types::DNAME | types::NS | types::PTR => Some(0),
        types::MX | types::SVCB | types::HTTPS => Some(1),
        types::SRV => Some(3),
        _ => None,
    }
}
