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
