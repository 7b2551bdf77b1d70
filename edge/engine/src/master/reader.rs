//! Logical lines to records and directives.

use super::generate::{Range, Template, rdata_template};
use super::heads::{Head, end, head, minimum, ttl, word};
use super::{
    Convert, Include, MAX_INCLUDE_DEPTH, MAX_INCLUDES, MAX_PROBLEMS, PROGRESS_STEP, Problem, Sink,
    Where,
};
use crate::name::{self, Name};
use crate::rdata::tokens::{Token, Tokens};
use crate::rdata::{self, excerpt, types};

/// Most records that all $GENERATE directives of one read make together: a short file must not ask
/// for more memory than a long one.
const MAX_GENERATED: u64 = 1_048_576;

/// Most octets of their owners and rdata: as many records of 64 octets, which few exceed.
const MAX_GENERATED_OCTETS: usize = 64 << 20;

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
    included: usize,
    generated: u64,
    generated_octets: usize,
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
            included: 0,
            generated: 0,
            generated_octets: 0,
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

    fn directive(
        &mut self,
        directive: &[u8],
        tokens: &mut Tokens<'_>,
        inherited: &mut Inherited,
        place: Where,
    ) -> Result<(), Problem> {
        match directive.to_ascii_uppercase().as_slice() {
            b"$ORIGIN" => {
                let text = word(tokens)?;
                inherited.origin = Some(parse_origin("$ORIGIN", text, inherited)?);
                end(tokens, "$ORIGIN NAME")
            }
            b"$TTL" => {
                inherited.default_ttl = Some(ttl(word(tokens)?)?);
                end(tokens, "$TTL SECONDS")
            }
            b"$INCLUDE" => self.include(tokens, inherited),
            b"$GENERATE" => self.generate(tokens, inherited, place),
            _ => Err(Problem::syntax(format!(
                "directive \"{}\" is none of $ORIGIN, $TTL, $INCLUDE and $GENERATE",
                excerpt(directive)
            ))),
        }
    }

    fn include(&mut self, tokens: &mut Tokens<'_>, inherited: &Inherited) -> Result<(), Problem> {
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
                inner.origin = Some(parse_origin("$INCLUDE origin", origin, inherited)?);
                end(tokens, usage)?;
            }
            Token::Quoted(_) => return Err(Problem::syntax("quotes around an origin")),
            Token::End => {}
        }
        let failed = |message| Err(Problem::new("IncludeFailed", message));
        self.included += 1;
        if self.files.len() > MAX_INCLUDE_DEPTH {
            return failed(format!(
                "$INCLUDE \"{path}\": {} files deep, at most {MAX_INCLUDE_DEPTH} allowed",
                self.files.len()
            ));
        }
        if self.included > MAX_INCLUDES {
            return failed(format!(
                "$INCLUDE \"{path}\": file number {}, at most {MAX_INCLUDES} allowed",
                self.included
            ));
        }
        let includer = &self.files[self.files.len() - 1];
        let (name, text) = (self.include)(&path, includer)
            .map_err(|(reason, message)| Problem { reason, message })?;
        if self.files.contains(&name) {
            return failed(format!("$INCLUDE \"{path}\": the file includes itself"));
        }
        let owner = self.owner.clone();
        self.read_file(&text, &name, inner);
        self.owner = owner;
        Ok(())
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
        self.generated += range.count();
        if self.generated > MAX_GENERATED {
            let message = format!(
                "$GENERATE directives of {} records together, at most {MAX_GENERATED} allowed",
                self.generated
            );
            return Err(Problem::new("GenerateTooLarge", message));
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
            self.generated_octets += self.owner.len() + self.rdata.len();
            if self.generated_octets > MAX_GENERATED_OCTETS {
                let message = format!(
                    "$GENERATE directives of more than {MAX_GENERATED_OCTETS} octets of owners and \
                     rdata together"
                );
                return Err(Problem::new("GenerateTooLarge", message));
            }
        }
        Ok(())
    }
}

fn parse_origin(what: &str, text: &[u8], inherited: &Inherited) -> Result<Name, Problem> {
    Name::parse(text, inherited.origin.as_ref()).map_err(|error| bad_name(what, text, error))
}

fn bad_name(what: &str, text: &[u8], error: name::NameError) -> Problem {
    Problem::new("BadName", format!("{what} \"{}\": {error}", excerpt(text)))
}

fn wire(origin: &Option<Name>) -> Option<&[u8]> {
    origin.as_ref().map(Name::as_wire)
}
