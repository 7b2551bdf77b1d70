//! HIP (RFC 8005): the tag and the key of a host, and its rendezvous servers.

use std::fmt::Write;

use crate::name;
use crate::rdata::faults::Fault;
use crate::rdata::reader::Reader;
use crate::rdata::values;

/// Octets before the tag: its length, the algorithm, and the length of the key in two.
const HEAD: usize = 4;

pub fn read(
    reader: &mut Reader<'_, '_>,
    origin: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let algorithm = reader.number(255)? as u8;
    let (mut tag, mut key) = (Vec::new(), Vec::new());
    let read = values::hex(reader.word()?, &mut tag);
    read.ok_or(Fault::rdata("the tag is not an even number of hex digits"))?;
    let read = values::base64(reader.word()?, &mut key);
    read.ok_or(Fault::rdata("the key is not Base 64"))?;
    let tag_len = u8::try_from(tag.len());
    let tag_len = tag_len.map_err(|_| Fault::rdata("a tag of more than 255 octets"))?;
    let key_len = u16::try_from(key.len());
    let key_len = key_len.map_err(|_| Fault::rdata("a key of more than 65535 octets"))?;
    out.extend([tag_len, algorithm]);
    out.extend(key_len.to_be_bytes());
    out.extend(tag);
    out.extend(key);
    while let Some(word) = reader.word_or_end()? {
        name::parse_into(word, origin, out)?;
    }
    Ok(())
}

/// Tag, key and the names of the servers.
fn split(octets: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (head, rest) = octets.split_at_checked(HEAD)?;
    let (tag, rest) = rest.split_at_checked(usize::from(head[0]))?;
    let key_len = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let (key, servers) = rest.split_at_checked(key_len)?;
    (!tag.is_empty() && !key.is_empty()).then_some((tag, key, servers))
}

pub fn is_well_formed(octets: &[u8]) -> bool {
    let Some((_, _, mut servers)) = split(octets) else {
        return false;
    };
    while !servers.is_empty() {
        let Some(len) = name::wire_len(servers) else {
            return false;
        };
        servers = &servers[len..];
    }
    true
}

pub fn write(octets: &[u8], out: &mut String) -> bool {
    let Some((tag, key, mut servers)) = split(octets) else {
        return false;
    };
    let _ = write!(out, "{} ", octets[1]);
    values::write_hex(tag, out);
    out.push(' ');
    values::write_base64(key, out);
    while let Some(len) = name::wire_len(servers) {
        out.push(' ');
        name::write_text(&servers[..len], out);
        servers = &servers[len..];
    }
    true
}
