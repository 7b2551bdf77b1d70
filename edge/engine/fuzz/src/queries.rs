//! A message to the engine as an independent parser reads it, as far as it can.

use domain::base::name::ToLabelIter;
use domain::base::opt::{Opt, UnknownOptData};
use domain::base::wire::ParseError;
use domain::base::{Header, Message, ParsedName, Rtype};
use domain::dep::octseq::Parser;

use crate::model::{self, Name};

/// What a query asks for.
pub struct Question {
    /// Folded.
    pub name: Name,
    /// Type number.
    pub rtype: u16,
    /// Class number.
    pub class: u16,
    /// Octets in the message.
    pub len: usize,
}

/// The OPT record of a query.
pub struct Edns {
    /// The largest UDP reply that the client takes.
    pub payload: u16,
    /// Version and flags.
    pub ttl: u32,
    /// None where they do not fill their space.
    pub options: Option<Vec<EdnsOption>>,
}

/// Code and value of an option.
pub type EdnsOption = (u16, Vec<u8>);

impl Edns {
    /// The version of EDNS.
    pub fn version(&self) -> u8 {
        (self.ttl >> 16) as u8
    }

    /// The value of the first option of a code.
    pub fn get(&self, code: u16) -> Option<&[u8]> {
        let mut options = self.options.iter().flatten();
        let option = options.find(|(found, _)| *found == code);
        option.map(|(_, value)| &value[..])
    }

    /// Whether an option is there.
    pub fn has(&self, code: u16) -> bool {
        self.get(code).is_some()
    }
}

/// A message to the engine.
pub struct Query {
    /// The first four octets.
    pub header: Header,
    /// The one question; None where there is none, more than one, or no readable one.
    pub question: Option<Question>,
    /// The OPT records that could be read in the additional section.
    pub opts: Vec<Edns>,
    /// Whether nothing at all is wrong with it.
    pub well_formed: bool,
}

impl Query {
    /// Reads a message that has a header.
    pub fn read(octets: &[u8]) -> Query {
        let message = Message::from_slice(octets).expect("a header");
        let mut query = Query {
            header: message.header(),
            question: None,
            opts: Vec::new(),
            well_formed: false,
        };
        query.question = read_question(message);
        let whole = query.read_records(message).is_ok_and(|whole| whole);
        query.well_formed = query.question.is_some()
            && whole
            && query.opts.len() < 2
            && query.opts.iter().all(|opt| opt.options.is_some());
        query
    }

    /// Whether it is a query: of opcode 0.
    pub fn is_query(&self) -> bool {
        self.header.opcode().to_int() == 0
    }

    /// Gathers OPT, as long as records have an end; true if nothing is wrong with any of them.
    fn read_records(&mut self, message: &Message<[u8]>) -> Result<bool, ParseError> {
        let counts = message.header_counts();
        let before_additional = u32::from(counts.ancount()) + u32::from(counts.nscount());
        let records = before_additional + u32::from(counts.arcount());
        let mut parser = Parser::from_ref(message.as_slice());
        let mut questions = message.question();
        for question in questions.by_ref() {
            question?;
        }
        parser.seek(questions.pos())?;
        let mut whole = true;
        for index in 0..records {
            let start = parser.pos();
            whole &= ParsedName::parse(&mut parser.clone()).is_ok();
            ParsedName::skip(&mut parser)?;
            let rtype = Rtype::parse(&mut parser)?;
            let (payload, ttl) = (parser.parse_u16_be()?, parser.parse_u32_be()?);
            let len = parser.parse_u16_be()?;
            let rdata = parser.parse_octets(len.into())?;
            if rtype != Rtype::OPT {
                continue;
            }
            if index < before_additional {
                return Ok(false);
            }
            whole &= message.as_slice()[start] == 0;
            self.opts.push(Edns {
                payload,
                ttl,
                options: read_options(rdata),
            });
        }
        Ok(whole && parser.remaining() == 0)
    }
}

fn read_question(message: &Message<[u8]>) -> Option<Question> {
    let mut questions = message.question();
    let question = questions.next()?.ok()?;
    let len = questions.pos() - 12;
    let name = &message.as_slice()[12..12 + len - 4];
    // There is nothing before it that a pointer could lead to.
    let whole = usize::from(question.qname().compose_len()) == name.len();
    let single = message.header_counts().qdcount() == 1;
    (whole && single).then(|| Question {
        name: model::labels(name),
        rtype: question.qtype().to_int(),
        class: question.qclass().to_int(),
        len,
    })
}

/// The options in the rdata of OPT; None where they do not fill it.
pub fn read_options(rdata: &[u8]) -> Option<Vec<EdnsOption>> {
    let opt = Opt::from_slice(rdata).ok()?;
    let options = opt.iter::<UnknownOptData<_>>();
    let read = |option: UnknownOptData<&[u8]>| (option.code().to_int(), option.data().to_vec());
    options.map(|option| option.ok().map(read)).collect()
}
