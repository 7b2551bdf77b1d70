//! Logical lines to records.

mod directives;

use super::heads::{Head, head, minimum, word};
use super::{Convert, Include, MAX_PROBLEMS, PROGRESS_STEP, Problem, Sink, Where};
use crate::name::{self, Name};
use crate::rdata::tokens::{Token, Tokens};
use crate::rdata::{self, excerpt, types};
use directives::Asked;

/// What the lines before give to the next one.
#[derive(Clone)]
pub struct Inherited {
    /// Where relative names end.
    origin: Option<Name>,
    /// From `$TTL`, or the MINIMUM of an SOA without TTL.
    default_ttl: Option<u32>,
    last_ttl: Option<u32>,
    owner: Owner,
}

impl Inherited {
    /// For the first line of all.
    pub fn new(origin: Option<Name>) -> Inherited {
        Inherited {
            origin,
            default_ttl: None,
            last_ttl: None,
            owner: Owner::None,
        }
    }
}

/// What a line that begins with a blank stands for.
#[derive(Clone, Copy)]
enum Owner {
    None,
    /// The one in `Reader::owner`.
    Last,
    /// The last owner could not be read and was reported; its other records would be noise.
    Refused,
}

/// Reads one master file and all that it includes.
pub struct Reader<'r> {
    include: &'r mut Include<'r>,
    convert: &'r mut Convert<'r>,
    progress: &'r mut dyn FnMut(usize, usize),
    sink: &'r mut dyn Sink,
    /// The file that is read and those above it.
    files: Vec<String>,
    /// What its directives asked for.
    asked: Asked,
    problems: usize,
    owner: Vec<u8>,
    rdata: Vec<u8>,
}

impl<'r> Reader<'r> {
    pub fn new(
        include: &'r mut Include<'r>,
        convert: &'r mut Convert<'r>,
        progress: &'r mut dyn FnMut(usize, usize),
        sink: &'r mut dyn Sink,
    ) -> Self {
        Reader {
            include,
            convert,
            progress,
            sink,
            files: Vec::new(),
            asked: Asked::default(),
            problems: 0,
            owner: Vec::new(),
            rdata: Vec::new(),
        }
    }

    /// Reads one file to its end, or until there are too many problems.
    pub fn read_file(&mut self, text: &[u8], name: &str, mut inherited: Inherited) {
        let file = self.sink.file(name);
        self.files.push(name.to_owned());
        let mut tokens = Tokens::new(text);
        let mut reported = 0;
        while !tokens.is_empty() && self.problems < MAX_PROBLEMS {
            let (before, place) = (
                tokens,
                Where {
                    file,
                    line: tokens.line(),
                },
            );
            if let Err(problem) = self.line(&mut tokens, &mut inherited, place) {
                tokens = before;
                let skipped = tokens.skip_record();
                self.report(skipped.err().map_or(problem, Problem::from), place);
            }
            if self.files.len() == 1 && tokens.position() - reported >= PROGRESS_STEP {
                reported = tokens.position();
                (self.progress)(reported, text.len());
            }
        }
        self.files.pop();
    }

    fn report(&mut self, problem: Problem, place: Where) {
        self.problems += 1;
        self.sink.problem(problem.reason, problem.message, place);
        if self.problems == MAX_PROBLEMS {
            let message = format!("{MAX_PROBLEMS} problems, the lines below were not read");
            self.sink.problem("TooManyProblems", message, place);
        }
    }

    fn line(
        &mut self,
        tokens: &mut Tokens<'_>,
        inherited: &mut Inherited,
        place: Where,
    ) -> Result<(), Problem> {
        let same_owner = tokens.at_blank();
        let first = match tokens.next()? {
            Token::Word(word) => word,
            Token::Quoted(_) => return Err(Problem::syntax("quotes around an owner name")),
            Token::End => return Ok(()),
        };
        if first[0] == b'$' {
            return self.directive(first, tokens, inherited, place);
        }
        let head = if same_owner {
            match inherited.owner {
                Owner::Last => {}
                Owner::None => return Err(Problem::syntax("no owner name in this line or above")),
                Owner::Refused => return Ok(tokens.skip_record()?),
            }
            head(first, tokens)?
        } else {
            self.set_owner(first, inherited)?;
            head(word(tokens)?, tokens)?
        };
        self.record(head, tokens, inherited, place)
    }

    fn set_owner(&mut self, text: &[u8], inherited: &mut Inherited) -> Result<(), Problem> {
        inherited.owner = Owner::Refused;
        self.owner.clear();
        name::parse_into(text, wire(&inherited.origin), &mut self.owner)
            .map_err(|error| bad_name("owner", text, error))?;
        name::fold_in_place(&mut self.owner);
        inherited.owner = Owner::Last;
        Ok(())
    }

    /// A record of the current owner; `tokens` stands before the rdata.
    fn record(
        &mut self,
        head: Head<'_>,
        tokens: &mut Tokens<'_>,
        inherited: &mut Inherited,
        place: Where,
    ) -> Result<(), Problem> {
        if inherited.origin.is_none() && head.mnemonic.eq_ignore_ascii_case(b"SOA") {
            inherited.origin = Name::from_wire(&self.owner).ok();
        }
        self.rdata.clear();
        let origin = wire(&inherited.origin);
        let rtype = rdata::read(head.mnemonic, tokens, origin, self.convert, &mut self.rdata)?;
        let ttl = match head.ttl.or(inherited.default_ttl).or(inherited.last_ttl) {
            Some(ttl) => ttl,
            None if rtype == types::SOA => *inherited.default_ttl.insert(minimum(&self.rdata)?),
            None => {
                let message = "no TTL, write one in the record or $TTL above it";
                return Err(Problem::new("BadTTL", message));
            }
        };
        inherited.last_ttl = Some(ttl);
        self.sink
            .record(&self.owner, rtype, ttl, &self.rdata, place);
        Ok(())
    }
}

fn bad_name(what: &str, text: &[u8], error: name::NameError) -> Problem {
    Problem::new("BadName", format!("{what} \"{}\": {error}", excerpt(text)))
}

fn wire(origin: &Option<Name>) -> Option<&[u8]> {
    origin.as_ref().map(Name::as_wire)
}
