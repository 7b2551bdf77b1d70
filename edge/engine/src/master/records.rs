//! One record at a time: its owner and TTL, which the lines before may give, and its rdata.

use super::heads::{Head, minimum};
use super::letters::{ALabels, Letters};
use super::problem::Problem;
use super::sink::{Include, Sink, Where};
use crate::name::{self, Name};
use crate::rdata::tokens::Tokens;
use crate::rdata::{self, excerpt, types};

/// What the lines before give to the next one.
#[derive(Clone)]
pub struct Inherited {
    /// Where relative names end.
    pub(super) origin: Option<Name>,
    /// From `$TTL`, or the MINIMUM of an SOA without TTL.
    pub(super) default_ttl: Option<u32>,
    pub(super) last_ttl: Option<u32>,
    pub(super) owner: Owner,
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
pub(super) enum Owner {
    None,
    /// The one in `Reader::owner`.
    Last,
    /// The last owner could not be read and was reported; its other records would be noise.
    Refused,
}

/// What all directives of one read asked for together.
#[derive(Default)]
pub(super) struct Asked {
    /// Files to include.
    pub(super) files: usize,
    /// Records to generate.
    pub(super) records: u64,
    /// Octets of the texts of their rdata, at least.
    pub(super) text: usize,
    /// Octets of the owners and rdata that were generated.
    pub(super) octets: usize,
}

/// Reads one master file and all that it includes.
pub struct Reader<'r> {
    pub(super) include: &'r mut Include<'r>,
    pub(super) letters: Letters<'r>,
    pub(super) progress: &'r mut dyn FnMut(usize, usize),
    pub(super) sink: &'r mut dyn Sink,
    /// The file that is read and those above it.
    pub(super) files: Vec<String>,
    /// What its directives asked for.
    pub(super) asked: Asked,
    pub(super) problems: usize,
    pub(super) owner: Vec<u8>,
    pub(super) rdata: Vec<u8>,
}

impl<'r> Reader<'r> {
    pub fn new(
        include: &'r mut Include<'r>,
        a_labels: &'r mut ALabels<'r>,
        progress: &'r mut dyn FnMut(usize, usize),
        sink: &'r mut dyn Sink,
    ) -> Self {
        Reader {
            include,
            letters: Letters::new(a_labels),
            progress,
            sink,
            files: Vec::new(),
            asked: Asked::default(),
            problems: 0,
            owner: Vec::new(),
            rdata: Vec::new(),
        }
    }

    /// Takes a new owner, for this record and for those after it that leave theirs out.
    pub(super) fn set_owner(
        &mut self,
        text: &[u8],
        inherited: &mut Inherited,
    ) -> Result<(), Problem> {
        inherited.owner = Owner::Refused;
        self.owner.clear();
        let text = &*self.letters.name("owner", text)?;
        name::parse_into(text, wire(&inherited.origin), &mut self.owner)
            .map_err(|error| bad_name("owner", text, error))?;
        name::fold_in_place(&mut self.owner);
        inherited.owner = Owner::Last;
        Ok(())
    }

    /// A record of the current owner; `tokens` stands before the rdata.
    pub(super) fn record(
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
        let rewritten = self.letters.target(head.mnemonic, tokens)?;
        let (origin, out) = (wire(&inherited.origin), &mut self.rdata);
        let rtype = match &rewritten {
            Some(line) => rdata::read(head.mnemonic, &mut Tokens::new(line), origin, out)?,
            None => rdata::read(head.mnemonic, tokens, origin, out)?,
        };
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

pub(super) fn bad_name(what: &str, text: &[u8], error: name::NameError) -> Problem {
    Problem::new("BadName", format!("{what} \"{}\": {error}", excerpt(text)))
}

fn wire(origin: &Option<Name>) -> Option<&[u8]> {
    origin.as_ref().map(Name::as_wire)
}
