//! A message to the engine as an independent parser reads it, as far as it can.

use domain::base::name::{ToLabelIter, ToName};
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

/// The TSIG record of a query.
pub struct Tsig {
    /// The key's name, uncompressed, in the letter case of the query.
    pub key: Vec<u8>,
    /// The algorithm's name, the time when it was signed, and by how much that may be wrong.
    pub algorithm_and_time: Vec<u8>,
    /// The ID of the message that was signed.
    pub original_id: Vec<u8>,
}

/// A message to the engine.
pub struct Query {
    /// The first four octets.
    pub header: Header,
    /// The one question; None where there is none, more than one, or no readable one.
    pub question: Option<Question>,
    /// The OPT records that could be read in the additional section.
    pub opts: Vec<Edns>,
    /// The TSIG record, where it is the last one.
    pub tsig: Option<Tsig>,
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
            tsig: None,
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

    /// Whether more of it than its header is read: opcodes QUERY, NOTIFY and UPDATE.
    pub fn is_read(&self) -> bool {
        [0, 4, 5].contains(&self.header.opcode().to_int())
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
            let owner = read_name(&mut parser.clone());
            whole &= owner.is_some();
            ParsedName::skip(&mut parser)?;
            let rtype = Rtype::parse(&mut parser)?;
            let (payload, ttl) = (parser.parse_u16_be()?, parser.parse_u32_be()?);
            let len = parser.parse_u16_be()?;
            let rdata_parser = parser;
            let rdata = parser.parse_octets(len.into())?;
            whole &= are_names(rtype, rdata_parser, rdata.len());
            if rtype == Rtype::TSIG {
                let is_last = index + 1 == records && index >= before_additional;
                self.tsig =
                    owner.and_then(|key| read_tsig(key, payload, rdata_parser, rdata.len()));
                whole &= is_last && self.tsig.is_some();
            }
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

/// The name at the parser, which is left behind it; None for a malformed one, and for one with more
/// pointers than a name has labels.
fn read_name(parser: &mut Parser<'_, [u8]>) -> Option<Vec<u8>> {
    let before = *parser;
    let (octets, mut at) = (before.as_slice(), before.pos());
    let name = ParsedName::parse(parser).ok()?;
    let mut pointers = 0;
    while octets[at] != 0 {
        at = match octets[at] {
            label @ ..0x40 => at + 1 + usize::from(label),
            high => {
                pointers += 1;
                usize::from(high & 0x3f) << 8 | usize::from(octets[at + 1])
            }
        };
    }
    (pointers <= 127).then(|| name.to_name::<Vec<u8>>().as_slice().to_vec())
}

/// Whether the names in rdata are well formed and not cut off, in the types of which that is known.
fn are_names(rtype: Rtype, mut parser: Parser<'_, [u8]>, len: usize) -> bool {
    let (before, texts, names) = match rtype.to_int() {
        // NS, MD, MF, CNAME, MB, MG, MR, PTR, NXT, DNAME and NSEC.
        2 | 3 | 4 | 5 | 7 | 8 | 9 | 12 | 30 | 39 | 47 => (0, 0, 1),
        // SOA, MINFO and RP.
        6 | 14 | 17 => (0, 0, 2),
        // MX, AFSDB, RT, KX and LP; PX.
        15 | 18 | 21 | 36 | 107 => (2, 0, 1),
        26 => (2, 0, 2),
        // SRV; NAPTR; SIG and RRSIG.
        33 => (6, 0, 1),
        35 => (4, 3, 1),
        24 | 46 => (18, 0, 1),
        _ => return true,
    };
    let end = parser.pos() + len;
    let mut read = || {
        parser.advance(before).ok()?;
        for _ in 0..texts {
            let len = parser.parse_u8().ok()?;
            parser.advance(len.into()).ok()?;
        }
        for _ in 0..names {
            read_name(&mut parser)?;
        }
        (parser.pos() <= end).then_some(())
    };
    len == 0 || read().is_some()
}

/// RFC 8945 section 4.2: class ANY, and fields that fill the rdata.
fn read_tsig(key: Vec<u8>, class: u16, mut parser: Parser<'_, [u8]>, len: usize) -> Option<Tsig> {
    let end = parser.pos() + len;
    let algorithm = read_name(&mut parser)?;
    let time = parser.parse_octets(8).ok()?;
    let algorithm_and_time = [&algorithm[..], time].concat();
    let mac = parser.parse_u16_be().ok()?;
    parser.advance(mac.into()).ok()?;
    let original_id = parser.parse_octets(2).ok()?.to_vec();
    parser.advance(2).ok()?;
    let other = parser.parse_u16_be().ok()?;
    parser.advance(other.into()).ok()?;
    let is_whole = class == 255 && parser.pos() == end;
    is_whole.then_some(Tsig {
        key,
        algorithm_and_time,
        original_id,
    })
}

/// The options in the rdata of OPT; None where they do not fill it.
pub fn read_options(rdata: &[u8]) -> Option<Vec<EdnsOption>> {
    let opt = Opt::from_slice(rdata).ok()?;
    let options = opt.iter::<UnknownOptData<_>>();
    let read = |option: UnknownOptData<&[u8]>| (option.code().to_int(), option.data().to_vec());
    options.map(|option| option.ok().map(read)).collect()
}
