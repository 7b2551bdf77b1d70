//! Master files: the text form of zones (RFC 1035 section 5, RFC 2308 section 4, RFC 3597 section 5).
//!
//! A file is read once from front to back, one logical line at a time, and every record goes to a
//! [`Sink`] as folded owner, type, TTL and wire rdata: no record is kept here. A line that cannot
//! be read becomes a problem with its file and line, and reading goes on at the next line, so that
//! one run shows all that is wrong.
//!
//! What a record leaves out comes from the lines before it: the owner of the last record, the origin
//! of the last `$ORIGIN`, the TTL of `$TTL`, else of the last record, else the MINIMUM of the SOA that
//! starts the file. An included file begins with the origin and TTL of the line that includes it,
//! and changes neither for the lines below that one.

mod comments;
mod directives;
mod generate;
mod heads;
mod letters;
mod marks;
mod owners;
mod problem;
mod reader;
mod records;
mod sink;

use crate::name::Name;
use records::{Inherited, Reader};

pub use letters::ALabels;
pub use sink::{Include, Sink, Where};

/// Reads a master file. Without an origin, relative names are refused until `$ORIGIN` or the first
/// SOA gives one. `progress` gets (octets read, octets in all), for the outermost file alone.
pub fn read(
    text: &[u8],
    name: &str,
    origin: Option<Name>,
    include: &mut Include<'_>,
    a_labels: &mut ALabels<'_>,
    progress: &mut dyn FnMut(usize, usize),
    sink: &mut dyn Sink,
) {
    Reader::new(include, a_labels, progress, sink).read_file(text, name, Inherited::new(origin));
    progress(text.len(), text.len());
}
