//! The PROXY protocol, version 2: a load balancer between us and the clients tells who asks.
//!
//! The header stands before each datagram, and before the first message of a connection:
//!
//! ```text
//! signature (12) │ version and command (1) │ family and protocol (1) │ length n (2) │ n octets:
//!                                            source address, destination address, ports, TLVs
//! ```
//!
//! Only what comes from a prefix that the operator names is believed, and it must have a header.
//! Others must have none: they would choose whom limits and cookies are for. Without such prefixes
//! nobody looks for headers. The kernel's choice of a shard sees the header in the place of the
//! name, so queries for a name do not all come to one shard, and its cache has less of them.

use super::prefixes::Prefix;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Octets before the addresses.
const HEAD: usize = 16;
/// Most octets behind the head: addresses and the TLVs of usual load balancers have a few hundred.
const MOST_OCTETS: usize = 2048;

const VERSION: u8 = 2 << 4;
/// The balancer speaks for itself: it looks whether we are alive.
const LOCAL: u8 = VERSION;
const PROXY: u8 = VERSION | 1;

/// What stands at the beginning of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A header of this many octets; the client where it tells one.
    Whole(Option<IpAddr>, usize),
    /// The beginning of a header.
    Incomplete,
    /// No header, or one that makes no sense.
    Malformed,
}

/// What one who sends to us has to begin with.
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
    /// What an address has to begin with where these are the trusted proxies.
    pub fn of(address: IpAddr, proxies: &[Prefix]) -> Opening {
        if proxies.is_empty() {
            Opening::Any
        } else if proxies.iter().any(|prefix| prefix.contains(address)) {
            Opening::Header
        } else {
            Opening::Message
        }
    }

    /// Reads the beginning of what came: as a header of no octets where there has to be none.
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

/// Who asks by a datagram, and the query in it; None where its beginning is not as it has to be.
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

/// How many octets are those of the signature.
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u16).to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    const IPV4: [u8; 12] = [192, 0, 2, 1, 203, 0, 113, 1, 1, 2, 0, 53];

    fn ipv6() -> [u8; 36] {
        let mut body = [0; 36];
        body[..16].copy_from_slice(&Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).octets());
        body
    }

    #[test]
    fn a_header_tells_the_client() {
        let v4 = Some("192.0.2.1".parse().unwrap());
        let v6 = Some("2001:db8::1".parse().unwrap());
        let with_tlv = [&IPV4[..], &[4, 0, 1, 0]].concat();
        for (what, command, family, body, client) in [
            ("TCP over IPv4", 0x21, 0x11, &IPV4[..], v4),
            ("UDP over IPv4", 0x21, 0x12, &IPV4, v4),
            ("TCP over IPv6", 0x21, 0x21, &ipv6(), v6),
            ("UDP over IPv6", 0x21, 0x22, &ipv6(), v6),
            ("with a TLV", 0x21, 0x12, &with_tlv, v4),
            ("the balancer itself", 0x20, 0x00, &[], None),
            (
                "the balancer itself, with addresses",
                0x20,
                0x11,
                &IPV4,
                None,
            ),
            ("a client that is not known", 0x21, 0x00, &[], None),
        ] {
            let octets = header(command, family, body);
            let all = [&octets[..], b"rest"].concat();
            assert_eq!(read(&all), Header::Whole(client, octets.len()), "{what}");
            for length in 0..octets.len() {
                assert_eq!(read(&octets[..length]), Header::Incomplete, "{what}");
            }
        }
    }

    #[test]
    fn what_is_no_header_is_known_as_soon_as_it_can_be() {
        for at in 0..SIGNATURE.len() {
            let mut octets = header(0x21, 0x11, &IPV4);
            octets[at] ^= 1;
            assert_eq!(read(&octets[..=at]), Header::Malformed);
        }
        for (what, octets) in [
            ("version 1", header(0x11, 0x11, &IPV4)),
            ("a command that there is not", header(0x22, 0x11, &IPV4)),
            ("a Unix socket", header(0x21, 0x31, &[0; 216])),
            ("no protocol", header(0x21, 0x10, &IPV4)),
            ("too short for IPv4", header(0x21, 0x11, &IPV4[..11])),
            ("too short for IPv6", header(0x21, 0x22, &ipv6()[..35])),
            (
                "too long",
                header(0x21, 0x11, &[0; MOST_OCTETS + 1])[..HEAD].to_vec(),
            ),
        ] {
            assert_eq!(read(&octets), Header::Malformed, "{what}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(
            kept in 0..=SIGNATURE.len(),
            rest in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let octets = [&SIGNATURE[..kept], &rest].concat();
            let peer = "192.0.2.9".parse().unwrap();
            for proxies in [&["192.0.2.0/24"][..], &["192.0.3.0/24"], &[]] {
                let proxies: Vec<_> = proxies.iter().map(|text| text.parse().unwrap()).collect();
                if let Header::Whole(_, length) = Opening::of(peer, &proxies).read(&octets) {
                    prop_assert!(length <= octets.len());
                }
                if let Some((_, query)) = open_datagram(peer, &proxies, &octets) {
                    prop_assert!(octets.ends_with(query));
                }
            }
        }
    }

    #[test]
    fn only_trusted_proxies_begin_with_a_header() {
        let proxies = ["192.0.2.0/24".parse().unwrap()];
        let trusted = Opening::of("192.0.2.9".parse().unwrap(), &proxies);
        let other = Opening::of("192.0.3.9".parse().unwrap(), &proxies);
        let anyone = Opening::of("192.0.2.9".parse().unwrap(), &[]);
        let whole = header(0x21, 0x11, &IPV4);
        let none = Header::Whole(None, 0);
        for (opening, octets, expected) in [
            (trusted, &whole[..], read(&whole)),
            (trusted, b"query", Header::Malformed),
            (other, &whole, Header::Malformed),
            (other, &whole[..12], Header::Malformed),
            (other, &whole[..11], Header::Incomplete),
            (other, b"\r\nquery", none),
            (other, b"query", none),
            (anyone, &whole, none),
            (anyone, b"", none),
        ] {
            assert_eq!(opening.read(octets), expected, "{opening:?} {octets:?}");
        }
    }
}
