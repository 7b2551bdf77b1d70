//! The wire form of messages (RFC 1035 section 4.1), as queries, replies and their subjects share it.

/// Octets of the header.
pub const HEADER: usize = 12;
/// Octets of a question behind its name.
pub const TYPE_AND_CLASS: usize = 4;
/// Where the question's name is.
pub const QNAME: u16 = HEADER as u16;

/// In the third octet of the header: this is a reply.
pub const QR: u8 = 0x80;
/// In the third octet of the header: the kind of query.
pub const OPCODE: u8 = 0x78;
/// In the third octet of the header: the reply is authoritative.
pub const AA: u8 = 0x04;
/// In the third octet of the header: records are missing.
pub const TC: u8 = 0x02;
/// In the third octet of the header: recursion is desired.
pub const RD: u8 = 0x01;

/// The two bits that make a length octet a pointer (RFC 1035 section 4.1.4).
pub const POINTER: u8 = 0xc0;

/// The sections behind the question; the value is where the header counts its records.
#[derive(Clone, Copy)]
pub enum Section {
    /// What was asked for.
    Answer = 6,
    /// Who knows more, or why there is no answer.
    Authority = 8,
    /// Addresses that save a query.
    Additional = 10,
}

impl Section {
    /// Counts one more record in the header of a message.
    pub fn count_one(self, message: &mut [u8]) {
        let at = self as usize;
        let count = u16::from_be_bytes([message[at], message[at + 1]]) + 1;
        message[at..at + 2].copy_from_slice(&count.to_be_bytes());
    }
}

/// All of them, in the order of a message.
pub const SECTIONS: [Section; 3] = [Section::Answer, Section::Authority, Section::Additional];
