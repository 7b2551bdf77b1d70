//! The PROXY protocol, version 2: a load balancer between us and the clients tells who asks.
//!
//! The header stands before each datagram, and before the first message of a connection:
//!
//! ```text
//! signature (12) │ version and command (1) │ family and protocol (1) │ length n (2) │ n octets:
//!                                            source address, destination address, ports, TLVs
//! ```
//!
//! A header is required of every sender in a prefix that the operator names, and only there is it
//! believed. Others may not send one: they could take the address of another client, and so its
//! limits and cookies. Without such prefixes nothing is taken for a header. The program by which
//! the kernel chooses a shard takes the header for the name. So behind a proxy queries for one name
//! come to different shards, and are found less often in their caches.

use super::prefixes::Prefix;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Octets before the addresses.
const HEAD: usize = 16;
/// Most octets behind the head: addresses and the TLVs of usual load balancers have a few hundred.
const MOST_OCTETS: usize = 2048;

const VERSION: u8 = 2 << 4;
/// The balancer itself asks: a health check.
const LOCAL: u8 = VERSION;
const PROXY: u8 = VERSION | 1;

/// What a datagram or a connection begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A header of this many octets; the client where it tells one.
    Whole(Option<IpAddr>, usize),
    /// The beginning of a header.
    Incomplete,
    /// No header, or one that makes no sense.
    Malformed,
}

/// What a datagram or a connection has to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A header.
    Header,
    /// Anything but a header.
    Message,
    /// Anything.
    Any,
}

impl Opening {
    /// What has to come first from an address, if these are the trusted proxies.
    pub fn of(address: IpAddr, proxies: &[Prefix]) -> Opening {
        if proxies.is_empty() {
            Opening::Any
        } else if proxies.iter().any(|prefix| prefix.contains(address)) {
            Opening::Header
        } else {
            Opening::Message
        }
    }

    /// Reads the beginning. Where no header has to be, the result is a header of no octets.
    pub fn read(self, octets: &[u8]) -> Header {
        match self {
            Opening::Any => Header::Whole(None, 0),
            Opening::Header => read(octets),
            Opening::Message => match common(octets) {
                length if length == SIGNATURE.len() => Header::Malformed,
                length if length == octets.len() => Header::Incomplete,
                _ => Header::Whole(None, 0),
            },
        }
    }
}

/// Who asks by a datagram, and the query in it; None if it begins with a header where none may be,
/// or without one where one must be.
pub fn open_datagram<'d>(
    peer: IpAddr,
    proxies: &[Prefix],
    datagram: &'d [u8],
) -> Option<(IpAddr, &'d [u8])> {
    let opening = Opening::of(peer, proxies);
    match opening.read(datagram) {
        Header::Whole(client, octets) => Some((client.unwrap_or(peer), &datagram[octets..])),
        // Too short for a header, and so for a query.
        Header::Incomplete if opening == Opening::Message => Some((peer, datagram)),
        Header::Incomplete | Header::Malformed => None,
    }
}

/// How many octets at the beginning are those of the signature.
fn common(octets: &[u8]) -> usize {
    let pairs = octets.iter().zip(SIGNATURE);
    pairs
        .take_while(|(octet, expected)| octet == expected)
        .count()
}

fn read(octets: &[u8]) -> Header {
    let Some((head, rest)) = octets.split_first_chunk::<HEAD>() else {
        let is_beginning = common(octets) == octets.len().min(SIGNATURE.len());
        return if is_beginning {
            Header::Incomplete
        } else {
            Header::Malformed
        };
    };
    let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if !head.starts_with(SIGNATURE) || length > MOST_OCTETS {
        return Header::Malformed;
    }
    let Some(body) = rest.get(..length) else {
        return Header::Incomplete;
    };
    match client(head[12], head[13], body) {
        Some(client) => Header::Whole(client, HEAD + length),
        None => Header::Malformed,
    }
}

/// The source address, where there is one; None where the header makes no sense.
fn client(command: u8, family: u8, body: &[u8]) -> Option<Option<IpAddr>> {
    match (command, family) {
        // Streams and datagrams; what carried the query to the balancer may differ from what
        // carries it to us.
        (PROXY, 0x11 | 0x12) => {
            let addresses: &[u8; 12] = body.first_chunk()?;
            let [a, b, c, d, ..] = *addresses;
            Some(Some(Ipv4Addr::new(a, b, c, d).into()))
        }
        (PROXY, 0x21 | 0x22) => {
            let addresses: &[u8; 36] = body.first_chunk()?;
            let source: &[u8; 16] = addresses.first_chunk()?;
            Some(Some(Ipv6Addr::from(*source).into()))
        }
        // The balancer itself, or a client whose address it does not know.
        (LOCAL, _) | (PROXY, 0x00) => Some(None),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
