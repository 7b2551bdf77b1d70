//! What a reader of master files gives to its caller, and what it asks for.

/// A place in a master file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Where {
    /// What `Sink::file` returned for the file.
    pub file: u32,
    /// The line, counted from 1, on which the record or directive begins.
    pub line: u32,
}

impl Where {
    /// Whether it is a line of a file; a single record that was added by itself has line 0.
    pub fn is_in_file(self) -> bool {
        self.line > 0
    }
}

/// Takes what a master file holds, in the order of the file.
pub trait Sink {
    /// A file is about to be read; the number stands for it in every `Where`.
    fn file(&mut self, name: &str) -> u32;

    /// A record: folded owner in wire form, type, TTL in seconds, uncompressed wire rdata.
    fn record(&mut self, owner: &[u8], rtype: u16, ttl: u32, rdata: &[u8], place: Where);

    /// A record or directive that could not be read: CamelCase reason and message.
    fn problem(&mut self, reason: &'static str, message: String, place: Where);

    /// What the writer of a record that was read should know: CamelCase reason and message.
    fn warning(&mut self, reason: &'static str, message: String, place: Where);
}

/// (path as written, name of the file that includes it) to (name, text), or a reason
/// (`IncludeFailed`, `IncludeOutsideFolder`) and message.
pub type Include<'a> =
    dyn FnMut(&str, &str) -> Result<(String, Vec<u8>), (&'static str, String)> + 'a;
