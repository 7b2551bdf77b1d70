//! Lines that begin with a `$`: `$ORIGIN` and `$INCLUDE` (RFC 1035 section 5.1), `$TTL` (RFC 2308
//! section 4), and `$GENERATE`.
//!
//! `$INCLUDE` and `$GENERATE` make many lines of one. So what all of them in a master file add is
//! limited as a whole: files, records and octets.

use super::generate::{Range, Template, rdata_template};
use super::heads::{Head, end, head, ttl, word};
use super::problem::Problem;
use super::records::{Inherited, Owner, Reader, bad_name};
use super::sink::Where;
use crate::name::Name;
use crate::rdata::excerpt;
use crate::rdata::tokens::{Token, Tokens};

/// Most files above an included one: more is a chain nobody can follow.
const MAX_INCLUDE_DEPTH: usize = 16;

/// Most $INCLUDE directives of one file and those it includes: files that include each other twice
/// would double the work at every level.
const MAX_INCLUDES: usize = 1_000;

/// Most records that all $GENERATE directives of one read make together: a short file must not ask
/// for more memory than a long one.
const MAX_GENERATED: u64 = 1_048_576;

/// Most octets of their owners and rdata together: `MAX_GENERATED` records of 64 octets, which few
/// exceed. The texts that the rdata is read from have the same limit: they may be long where the
/// rdata is short, and reading them takes time.
const MAX_GENERATED_OCTETS: usize = 64 << 20;

/// A file to read in the place of the line that includes it.
pub(super) struct Included {
    /// What the reader calls it in places.
    pub(super) name: String,
    /// All of it.
    pub(super) text: Vec<u8>,
    /// What its first line begins with.
    pub(super) inherited: Inherited,
}

impl Reader<'_> {
    /// Does what a directive asks for. The file that it includes is left to the caller to read.
    pub(super) fn directive(
        &mut self,
        directive: &[u8],
        tokens: &mut Tokens<'_>,
        inherited: &mut Inherited,
        place: Where,
    ) -> Result<Option<Included>, Problem> {
        match directive.to_ascii_uppercase().as_slice() {
            b"$ORIGIN" => {
                let text = word(tokens)?;
                inherited.origin = Some(self.origin("$ORIGIN", text, inherited)?);
                end(tokens, "$ORIGIN NAME")?;
            }
            b"$TTL" => {
                inherited.default_ttl = Some(ttl(word(tokens)?)?);
                end(tokens, "$TTL SECONDS")?;
            }
            b"$INCLUDE" => return self.include(tokens, inherited).map(Some),
            b"$GENERATE" => self.generate(tokens, inherited, place)?,
            _ => {
                return Err(Problem::syntax(format!(
                    "directive \"{}\" is none of $ORIGIN, $TTL, $INCLUDE and $GENERATE",
                    excerpt(directive)
                )));
            }
        }
        Ok(None)
    }

    fn include(
        &mut self,
        tokens: &mut Tokens<'_>,
        inherited: &Inherited,
    ) -> Result<Included, Problem> {
        let usage = "$INCLUDE FILE [ORIGIN]";
        let path = match tokens.next()? {
            Token::Word(path) | Token::Quoted(path) => path,
            Token::End => return Err(Problem::syntax(format!("too few fields, write {usage}"))),
        };
        let path = String::from_utf8_lossy(path);
        let mut inner = Inherited {
            owner: Owner::None,
            ..inherited.clone()
        };
        match tokens.next()? {
            Token::Word(origin) => {
                inner.origin = Some(self.origin("$INCLUDE origin", origin, inherited)?);
                end(tokens, usage)?;
            }
            Token::Quoted(_) => return Err(Problem::syntax("quotes around an origin")),
            Token::End => {}
        }
        let failed = |message| Err(Problem::new("IncludeFailed", message));
        self.asked.files += 1;
        if self.files.len() > MAX_INCLUDE_DEPTH {
            return failed(format!(
                "$INCLUDE \"{path}\": {} files deep, at most {MAX_INCLUDE_DEPTH} allowed",
                self.files.len()
            ));
        }
        if self.asked.files > MAX_INCLUDES {
            return failed(format!(
                "$INCLUDE \"{path}\": file number {}, at most {MAX_INCLUDES} allowed",
                self.asked.files
            ));
        }
        let includer = &self.files[self.files.len() - 1];
        let (name, text) = (self.include)(&path, includer)
            .map_err(|(reason, message)| Problem { reason, message })?;
        if self.files.contains(&name) {
            return failed(format!("$INCLUDE \"{path}\": the file includes itself"));
        }
        Ok(Included {
            name,
            text,
            inherited: inner,
        })
    }

    fn generate(
        &mut self,
        tokens: &mut Tokens<'_>,
        inherited: &mut Inherited,
        place: Where,
    ) -> Result<(), Problem> {
        let range = Range::parse(word(tokens)?)?;
        let owner = Template::parse(word(tokens)?)?;
        let Head { ttl, mnemonic } = head(word(tokens)?, tokens)?;
        let data = rdata_template(tokens)?;
        self.asked.records += range.count();
        if self.asked.records > MAX_GENERATED {
            let message = format!(
                "$GENERATE directives of {} records together, at most {MAX_GENERATED} allowed",
                self.asked.records
            );
            return Err(Problem::new("GenerateTooLarge", message));
        }
        self.asked.text += range.count() as usize * data.octets();
        if self.asked.text > MAX_GENERATED_OCTETS {
            return Err(too_many_octets());
        }
        let mut text = Vec::new();
        for number in range.numbers() {
            owner.fill(number, &mut text)?;
            self.set_owner(&text, inherited)?;
            data.fill(number, &mut text)?;
            self.record(
                Head { ttl, mnemonic },
                &mut Tokens::new(&text),
                inherited,
                place,
            )?;
            self.asked.octets += self.owner.len() + self.rdata.len();
            if self.asked.octets > MAX_GENERATED_OCTETS {
                return Err(too_many_octets());
            }
        }
        Ok(())
    }

    fn origin(&mut self, what: &str, text: &[u8], inherited: &Inherited) -> Result<Name, Problem> {
        let text = &*self.letters.name(what, text)?;
        Name::parse(text, inherited.origin.as_ref()).map_err(|error| bad_name(what, text, error))
    }
}

fn too_many_octets() -> Problem {
    Problem::new(
        "GenerateTooLarge",
        format!(
            "$GENERATE directives of more than {MAX_GENERATED_OCTETS} octets of owners and rdata \
             together"
        ),
    )
}
