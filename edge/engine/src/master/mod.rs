//! Master files: the text form of zones (RFC 1035 section 5, RFC 2308 section 4, RFC 3597 section 5).
//!
//! A file is read once from front to back, one logical line at a time, and every record goes to a
//! [`Sink`] as folded owner, type, TTL and wire rdata: no record is kept here. A line that can not be
//! read becomes a problem with its file and line, and reading goes on at the next line, so that one
//! run shows all that is wrong.
//!
//! What a record leaves out comes from the lines before it: the owner of the last record, the origin
//! of the last `$ORIGIN`, the TTL of `$TTL`, else of the last record, else the MINIMUM of the SOA that
//! starts the file. An included file begins with the origin and TTL of the line that includes it,
//! and changes neither for the lines below that one.

mod generate;
mod heads;
mod reader;

use crate::name::Name;
use crate::rdata::RdataError;
use reader::{Inherited, Reader};

pub use crate::rdata::Convert;

/// Highest TTL in seconds (RFC 2181 section 8).
pub const MAX_TTL: u32 = 0x7fff_ffff;

/// Most problems that are reported: who reads more fixes the first ones first.
const MAX_PROBLEMS: usize = 100;

/// Octets read between two calls of `progress`.
const PROGRESS_STEP: usize = 1 << 20;

/// A place in a master file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Where {
    /// What `Sink::file` returned for the file.
    pub file: u32,
    /// The line, counted from 1, on which the record or directive begins.
    pub line: u32,
}

/// Takes what a master file holds, in the order of the file.
pub trait Sink {
    /// A file is about to be read; the number stands for it in every `Where`.
    fn file(&mut self, name: &str) -> u32;

    /// A record: folded owner in wire form, type, TTL in seconds, uncompressed wire rdata.
    fn record(&mut self, owner: &[u8], rtype: u16, ttl: u32, rdata: &[u8], place: Where);

    /// A record or directive that could not be read: CamelCase reason and message.
    fn problem(&mut self, reason: &'static str, message: String, place: Where);
}

/// (path as written, name of the file that includes it) to (name, text), or a reason
/// (`IncludeFailed`, `IncludeOutsideFolder`) and message.
pub type Include<'a> =
    dyn FnMut(&str, &str) -> Result<(String, Vec<u8>), (&'static str, String)> + 'a;

/// Reads a master file. Without an origin, relative names are refused until `$ORIGIN` or the first
/// SOA gives one. `progress` gets (octets read, octets in all), for the outermost file alone.
pub fn read(
    text: &[u8],
    name: &str,
    origin: Option<Name>,
    include: &mut Include<'_>,
    convert: &mut Convert<'_>,
    progress: &mut dyn FnMut(usize, usize),
    sink: &mut dyn Sink,
) {
    Reader::new(include, convert, progress, sink).read_file(text, name, Inherited::new(origin));
    progress(text.len(), text.len());
}

/// Why a record or directive can not be read.
struct Problem {
    reason: &'static str,
    message: String,
}

impl Problem {
    fn new(reason: &'static str, message: impl Into<String>) -> Problem {
        Problem {
            reason,
            message: message.into(),
        }
    }

    fn syntax(message: impl Into<String>) -> Problem {
        Problem::new("BadSyntax", message)
    }
}

/// From a reader of tokens.
impl From<&'static str> for Problem {
    fn from(message: &'static str) -> Problem {
        Problem::syntax(message)
    }
}

impl From<RdataError> for Problem {
    fn from(error: RdataError) -> Problem {
        Problem::new(error.reason, error.message)
    }
}
