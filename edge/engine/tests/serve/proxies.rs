//! Behind a load balancer that sends PROXY headers.

use super::*;
use std::net::Ipv4Addr;

/// A PROXY header, version 2, for UDP over IPv4 from an address.
fn proxy_header(client: [u8; 4]) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c".to_vec();
    header.extend(client);
    header.extend([203, 0, 113, 1, 1, 2, 0, 53]);
    header
}

/// A server that trusts the proxy at 127.0.0.1.
fn behind_proxy() -> Server {
    let mut options = Options::with_shards(1);
    options.proxies.push("127.0.0.1/32".parse().unwrap());
    Server::start(Arc::new(Echo), &[V4.parse().unwrap()], options).unwrap()
}

#[test]
fn a_trusted_proxy_tells_who_asks() {
    let server = behind_proxy();
    let client = [192, 0, 2, 7];
    let socket = udp(&server);
    let proxied = [proxy_header(client), query(1, "whoami")].concat();
    assert_eq!(ask(&socket, &proxied), whoami(1, client.into()));
    // In a connection there is one header, before all queries, in pieces of any size.
    let mut stream = tcp(&server);
    stream.set_nodelay(true).unwrap();
    for octet in proxy_header(client) {
        stream.write_all(&[octet]).unwrap();
    }
    for id in 2..4 {
        stream.write_all(&framed(&query(id, "whoami"))).unwrap();
        assert_eq!(read_message(&mut stream), whoami(id, client.into()));
    }
    let mut stream = tcp(&server);
    let at_once = [proxy_header(client), framed(&query(4, "whoami"))].concat();
    stream.write_all(&at_once).unwrap();
    assert_eq!(read_message(&mut stream), whoami(4, client.into()));
    assert_eq!(count(&server, "proxy_refused"), 0);
}

/// A proxy that has one socket for both families sees IPv4 clients as IPv4-mapped. They must not
/// become clients of one IPv6 network.
#[test]
fn an_ipv4_mapped_client_is_the_ipv4_client() {
    let server = behind_proxy();
    let client = Ipv4Addr::new(192, 0, 2, 7);
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x22\0\x24".to_vec();
    header.extend(client.to_ipv6_mapped().octets());
    header.extend(Ipv4Addr::new(203, 0, 113, 1).to_ipv6_mapped().octets());
    header.extend([1, 2, 0, 53]);
    let proxied = [&header[..], &query(1, "whoami")].concat();
    assert_eq!(ask(&udp(&server), &proxied), whoami(1, client.into()));
    let mut stream = tcp(&server);
    let proxied = [&header[..], &framed(&query(2, "whoami"))].concat();
    stream.write_all(&proxied).unwrap();
    assert_eq!(read_message(&mut stream), whoami(2, client.into()));
}

#[test]
fn a_proxy_that_speaks_for_itself_is_the_client() {
    let server = behind_proxy();
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    let proxied = [&local[..], &query(1, "whoami")].concat();
    let own = Ipv4Addr::LOCALHOST.into();
    assert_eq!(ask(&udp(&server), &proxied), whoami(1, own));
    let mut stream = tcp(&server);
    let proxied = [&local[..], &framed(&query(2, "whoami"))].concat();
    stream.write_all(&proxied).unwrap();
    assert_eq!(read_message(&mut stream), whoami(2, own));
}

#[test]
fn who_has_no_header_or_may_not_have_one_is_refused() {
    let server = behind_proxy();
    let plain = query(1, "plain");
    let proxied = [proxy_header([192, 0, 2, 7]), query(1, "whoami")].concat();
    let proxy = udp(&server);
    let stranger = udp_from("127.0.0.9:0", server.local_addrs()[0]);
    for (refused, socket, message) in [
        (1, &proxy, &plain[..]),
        (2, &proxy, &proxied[..20]),
        (3, &proxy, b"\r\n\r\n\0\r\nQUIT\n\x11\0\0\0"),
        (4, &stranger, &proxied),
    ] {
        socket.send(message).unwrap();
        wait_for_count(&server, "proxy_refused", refused);
    }
    // Whoever is no proxy is served as ever.
    assert_eq!(ask(&stranger, &query(2, "plain")), echo(2, "plain"));
    let mut stream = tcp(&server);
    stream.write_all(&framed(&plain)).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    wait_for_count(&server, "proxy_refused", 5);
    assert_eq!(
        count(&server, "queries_udp4") + count(&server, "queries_tcp4"),
        1
    );
}
