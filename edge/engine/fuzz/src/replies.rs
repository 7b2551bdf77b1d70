//! A reply as an independent parser reads it: NLnet Labs' `domain`.

use dnsfleet_engine::answer::Outcome;
use domain::base::name::ToName;
use domain::base::rdata::ComposeRecordData;
use domain::base::{Header, Message, ParsedName, ParsedRecord, Rtype};
use domain::rdata::AllRecordData;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Wire form, uncompressed, in the letter case of the reply.
    pub owner: Vec<u8>,
    /// Type number.
    pub rtype: u16,
    /// Class number.
    pub class: u16,
    /// Seconds.
    pub ttl: u32,
    /// With uncompressed names, for the types whose names may be compressed.
    pub rdata: Vec<u8>,
    /// Where the reply has its end.
    pub end: usize,
}

/// A reply, read to its last octet.
pub struct Reply {
    /// As it was sent.
    pub octets: Vec<u8>,
    /// What the engine says about it.
    pub outcome: Outcome,
    /// The first four octets.
    pub header: Header,
    /// Name, type and class of the question, as they were sent; empty without a question.
    pub question: Vec<u8>,
    /// Answer, authority and additional section, without OPT and TSIG.
    pub sections: [Vec<Record>; 3],
    /// The OPT record, which is the last one but TSIG.
    pub opt: Option<Record>,
    /// The TSIG record, which is the last one.
    pub tsig: Option<Record>,
}

impl Reply {
    /// Reads a reply; a panic says what no reply may be.
    pub fn read(octets: Vec<u8>, outcome: Outcome) -> Reply {
        let message = Message::from_slice(&octets).expect("a header");
        let mut questions = message.question();
        let questions_found = (&mut questions).map(|question| question.expect("a question"));
        assert_eq!(
            questions_found.count(),
            usize::from(message.header_counts().qdcount())
        );
        let question = octets[12..12 + questions.pos() - 12].to_vec();

        let mut sections = [const { Vec::new() }; 3];
        let mut next = Some(message.answer().expect("an answer section"));
        let mut end = 0;
        for records in &mut sections {
            let mut section = next.take().expect("three sections");
            while let Some(record) = section.next() {
                records.push(read_record(
                    &octets,
                    record.expect("a record"),
                    section.pos(),
                ));
            }
            end = section.pos();
            next = section.next_section().expect("well-formed records");
        }
        assert_eq!(end, octets.len(), "octets behind the last record");
        let mut pop = |rtype: Rtype| sections[2].pop_if(|record| record.rtype == rtype.to_int());
        let (tsig, opt) = (pop(Rtype::TSIG), pop(Rtype::OPT));
        Reply {
            header: message.header(),
            outcome,
            question,
            sections,
            opt,
            tsig,
            octets,
        }
    }

    /// The response code with the bits that OPT has (RFC 6891 section 6.1.3).
    pub fn rcode(&self) -> u16 {
        let high = self.opt.as_ref().map_or(0, |opt| opt.ttl >> 24);
        (high as u16) << 4 | u16::from(self.header.rcode().to_int())
    }

    /// Where the last record of a section ends.
    pub fn end_of(&self, section: usize) -> usize {
        let records = self.sections[..=section].iter().flatten();
        records
            .last()
            .map_or(12 + self.question.len(), |record| record.end)
    }
}

fn read_record(octets: &[u8], record: ParsedRecord<'_, [u8]>, end: usize) -> Record {
    let rdata = &octets[end - usize::from(record.rdlen())..end];
    let rdata = match record.rtype() {
        Rtype::NS
        | Rtype::MD
        | Rtype::MF
        | Rtype::CNAME
        | Rtype::SOA
        | Rtype::MB
        | Rtype::MG
        | Rtype::MR
        | Rtype::PTR
        | Rtype::MINFO
        | Rtype::MX => {
            let record = record.to_any_record::<AllRecordData<_, ParsedName<_>>>();
            let mut whole = Vec::new();
            let record = record.expect("rdata of the type");
            record.data().compose_rdata(&mut whole).expect("memory");
            whole
        }
        _ => rdata.to_vec(),
    };
    Record {
        owner: record.owner().to_name::<Vec<u8>>().as_slice().to_vec(),
        rtype: record.rtype().to_int(),
        class: record.class().to_int(),
        ttl: record.ttl().as_secs(),
        rdata,
        end,
    }
}
