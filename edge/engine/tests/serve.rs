//! The server over real loopback sockets, with a responder that the tests can steer by name.

use dnsfleet_engine::answer::subject::Subject;
use dnsfleet_engine::answer::{Client, Outcome, Transport};
use dnsfleet_engine::rings;
use dnsfleet_engine::serve::{Options, Responder, Server};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(10);
const V4: &str = "127.0.0.1:0";
const V6: &str = "[::1]:0";

/// Octets of the reply to `large.`.
const LARGE: usize = 60_000;

/// Echoes queries with QR set; some names do more, see `respond`.
struct Echo;

impl Responder for Echo {
    type View = ();
    type Memory = ();

    fn view(&self) {}

    fn look_ahead<'q>((): &(), (): &mut (), _: impl Iterator<Item = &'q [u8]>) {}

    fn respond(
        (): &(),
        (): &mut (),
        query: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> Option<Outcome> {
        out.clear();
        out.extend_from_slice(query);
        *out.get_mut(2)? |= 0x80;
        let (mut rcode, mut truncated) = (0, false);
        match query.get(13..18)? {
            b"panic" => panic!("asked for by the test"),
            b"quiet" => return None,
            b"slow0" => std::thread::sleep(Duration::from_millis(20)),
            b"large" if client.transport == Transport::Udp => truncated = true,
            b"large" => out.resize(LARGE, 0),
            b"wrong" => rcode = 16,
            b"whoam" => out.extend(client.address.to_string().bytes()),
            _ => (),
        }
        Some(Outcome {
            rcode,
            truncated,
            cookie: None,
            hit: None,
            subject: Subject::default(),
        })
    }

    fn slip((): &(), _: &[u8], _: Client, _: &mut Vec<u8>) -> Option<Outcome> {
        None
    }
}

fn start(listen: &str, shards: usize) -> Server {
    Server::start(
        Arc::new(Echo),
        &[listen.parse().unwrap()],
        Options::with_shards(shards),
    )
    .unwrap()
}

/// A query for `LABEL.` A IN; the label has at most 63 octets.
fn query(id: u16, label: &str) -> Vec<u8> {
    let mut query = id.to_be_bytes().to_vec();
    query.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0, label.len() as u8]);
    query.extend_from_slice(label.as_bytes());
    query.extend([0, 0, 1, 0, 1]);
    query
}

/// What the echo makes of a query.
fn echo(id: u16, label: &str) -> Vec<u8> {
    let mut reply = query(id, label);
    reply[2] |= 0x80;
    reply
}

/// What the echo makes of `whoami.` from an address.
fn whoami(id: u16, address: IpAddr) -> Vec<u8> {
    [echo(id, "whoami"), address.to_string().into_bytes()].concat()
}

fn udp(server: &Server) -> UdpSocket {
    let address = server.local_addrs()[0];
    let local = if address.is_ipv4() { V4 } else { V6 };
    let socket = UdpSocket::bind(local).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket.connect(address).unwrap();
    socket
}

fn ask(socket: &UdpSocket, query: &[u8]) -> Vec<u8> {
    socket.send(query).unwrap();
    receive(socket)
}

fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut reply = [0; 4096];
    let length = socket.recv(&mut reply).unwrap();
    reply[..length].to_vec()
}

fn tcp(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.local_addrs()[0]).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap();
    [&length.to_be_bytes(), message].concat()
}

fn read_message(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message).unwrap();
    message
}

/// The sum of one counter over all shards.
fn count(server: &Server, name: &str) -> u64 {
    server.counters().iter().map(|row| row.get(name)).sum()
}

/// Wait for what has no reply to wait for.
fn wait_for_count(server: &Server, name: &str, value: u64) {
    let end = Instant::now() + LIMIT;
    while count(server, name) != value {
        assert!(Instant::now() < end, "{name} is {}", count(server, name));
        std::thread::yield_now();
    }
}

#[test]
fn udp_and_tcp_answer_over_both_families_on_one_port() {
    for (listen, family) in [(V4, "4"), (V6, "6")] {
        let server = start(listen, 2);
        assert_ne!(server.local_addrs()[0].port(), 0);
        assert_eq!(ask(&udp(&server), &query(1, "a")), echo(1, "a"));
        let mut stream = tcp(&server);
        stream.write_all(&framed(&query(2, "b"))).unwrap();
        assert_eq!(read_message(&mut stream), echo(2, "b"));
        for transport in ["udp", "tcp"] {
            assert_eq!(count(&server, &format!("queries_{transport}{family}")), 1);
        }
        assert_eq!(count(&server, "rcode_noerror"), 2);
        server.stop();
    }
}

#[test]
fn the_responder_is_told_who_asks() {
    for (listen, local) in [(V4, "127.0.0.9:0"), (V6, V6)] {
        let server = start(listen, 1);
        let socket = UdpSocket::bind(local).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        socket.connect(server.local_addrs()[0]).unwrap();
        let address = socket.local_addr().unwrap().ip();
        let reply = ask(&socket, &query(1, "whoami"));
        assert_eq!(reply, whoami(1, address));
        let mut stream = tcp(&server);
        stream.write_all(&framed(&query(2, "whoami"))).unwrap();
        let address = stream.local_addr().unwrap().ip();
        assert_eq!(read_message(&mut stream), whoami(2, address));
        server.stop();
    }
}

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
    let stranger = UdpSocket::bind("127.0.0.9:0").unwrap();
    stranger.set_read_timeout(Some(LIMIT)).unwrap();
    stranger.connect(server.local_addrs()[0]).unwrap();
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

#[test]
fn several_addresses_are_served_at_once_and_their_order_is_kept() {
    let listen = [V6.parse().unwrap(), V4.parse().unwrap()];
    let server = Server::start(Arc::new(Echo), &listen, Options::with_shards(3)).unwrap();
    let families: Vec<bool> = server
        .local_addrs()
        .iter()
        .map(SocketAddr::is_ipv4)
        .collect();
    assert_eq!(families, [false, true]);
    for address in server.local_addrs() {
        let local = if address.is_ipv4() { V4 } else { V6 };
        let socket = UdpSocket::bind(local).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        socket.connect(address).unwrap();
        assert_eq!(ask(&socket, &query(7, "x")), echo(7, "x"));
    }
}

#[test]
fn a_wildcard_address_replies_from_the_address_that_was_asked() {
    for (listen, asked) in [("0.0.0.0:0", "127.0.0.53"), ("[::]:0", "::1")] {
        let server = start(listen, 1);
        let asked: IpAddr = asked.parse().unwrap();
        let socket = UdpSocket::bind(if asked.is_ipv4() { V4 } else { V6 }).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        // A connected socket takes datagrams from its peer only.
        let peer = SocketAddr::new(asked, server.local_addrs()[0].port());
        socket.connect(peer).unwrap();
        assert_eq!(ask(&socket, &query(1, "a")), echo(1, "a"));
    }
}

#[test]
fn the_kernel_gives_each_name_to_its_owner() {
    for shards in [1, 2, 5] {
        let server = start(V4, shards);
        let socket = udp(&server);
        let mut expected = vec![0; shards];
        for number in 0..200u16 {
            let label = match number % 3 {
                0 => format!("Name-{number}"),
                1 => format!("{number}{}", "x".repeat(58)),
                _ => "long".repeat(15) + &number.to_string(),
            };
            let query = query(number, &label);
            expected[rings::owner(&query[12..], shards)] += 1;
            assert_eq!(ask(&socket, &query), echo(number, &label));
        }
        let seen: Vec<u64> = server
            .counters()
            .iter()
            .map(|row| row.get("queries_udp4"))
            .collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn what_has_no_whole_name_goes_to_shard_0_and_is_judged_there() {
    let server = start(V4, 4);
    let socket = udp(&server);
    let broken = [
        &b""[..],
        b"\0",
        &[0; 11],
        &query(1, "name")[..14],
        &query(1, "name")[..12],
    ];
    for datagram in broken {
        socket.send(datagram).unwrap();
    }
    wait_for_count(&server, "dropped", broken.len() as u64);
    assert_eq!(
        server.counters()[0].get("queries_udp4"),
        broken.len() as u64
    );
}

#[test]
fn a_panic_costs_that_query_a_servfail_and_nothing_else() {
    let server = start(V4, 1);
    let socket = udp(&server);
    let mut failed = echo(5, "panic");
    failed[3] = 2;
    assert_eq!(ask(&socket, &query(5, "panic")), failed);
    assert_eq!(ask(&socket, &query(6, "next")), echo(6, "next"));
    let mut stream = tcp(&server);
    let both = [framed(&query(7, "panic")), framed(&query(8, "next"))].concat();
    stream.write_all(&both).unwrap();
    failed[1] = 7;
    assert_eq!(read_message(&mut stream), failed);
    assert_eq!(read_message(&mut stream), echo(8, "next"));
    assert_eq!(count(&server, "panics"), 2);
    assert_eq!(count(&server, "rcode_servfail"), 2);
    assert_eq!(count(&server, "rcode_noerror"), 2);
}

#[test]
fn a_panic_over_a_broken_question_gets_a_bare_header() {
    let server = start(V4, 1);
    let mut broken = query(9, "panic");
    broken.truncate(20);
    let header = [0, 9, 0x81, 2, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(ask(&udp(&server), &broken), header);
}

#[test]
fn outcomes_are_counted() {
    let server = start(V4, 1);
    let socket = udp(&server);
    socket.send(&query(1, "quiet")).unwrap();
    ask(&socket, &query(2, "large"));
    ask(&socket, &query(3, "wrong"));
    for (name, value) in server.counters()[0].rows() {
        let expected = match name {
            "queries_udp4" => 3,
            "rcode_noerror" | "rcode_badvers" | "truncated" | "dropped" => 1,
            _ => 0,
        };
        assert_eq!(value, expected, "{name}");
    }
}

#[test]
fn pipelined_queries_are_answered_in_order() {
    let server = start(V4, 1);
    let mut stream = tcp(&server);
    let all: Vec<u8> = (0..2000)
        .flat_map(|id| framed(&query(id, "pipelined")))
        .collect();
    stream.write_all(&all).unwrap();
    for id in 0..2000 {
        assert_eq!(read_message(&mut stream), echo(id, "pipelined"));
    }
}

#[test]
fn queries_in_odd_pieces_get_all_their_replies_while_others_are_served() {
    let server = start(V4, 1);
    let mut stream = tcp(&server);
    stream.set_nodelay(true).unwrap();
    let labels = ["a", "pipelined", "large", "some-longer-name-than-these"];
    let label = |id: u16| labels[usize::from(id) % labels.len()];
    let all: Vec<u8> = (0..1000)
        .flat_map(|id| framed(&query(id, label(id))))
        .collect();
    let mut reader = stream.try_clone().unwrap();
    let replies = std::thread::spawn(move || {
        let read = |_| read_message(&mut reader);
        (0..1000).map(read).collect::<Vec<_>>()
    });
    let mut rest = &all[..];
    for length in [1, 2, 3, 17, 29, 30, 31, 64, 1021].into_iter().cycle() {
        let (piece, after) = rest.split_at(length.min(rest.len()));
        stream.write_all(piece).unwrap();
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(ask(&udp(&server), &query(7, "other")), echo(7, "other"));
    let mut found: Vec<_> = replies.join().unwrap();
    found.sort_by_key(|reply| u16::from_be_bytes([reply[0], reply[1]]));
    for (id, reply) in (0..1000).zip(found) {
        let mut expected = echo(id, label(id));
        if label(id) == "large" {
            expected.resize(LARGE, 0);
        }
        assert!(reply == expected, "{id}");
    }
}

#[test]
fn a_query_may_come_octet_by_octet() {
    let server = start(V6, 1);
    let mut stream = tcp(&server);
    stream.set_nodelay(true).unwrap();
    for id in 0..3 {
        for octet in framed(&query(id, "split")) {
            stream.write_all(&[octet]).unwrap();
        }
        assert_eq!(read_message(&mut stream), echo(id, "split"));
    }
}

#[test]
fn the_largest_message_goes_both_ways() {
    let server = start(V4, 1);
    let mut stream = tcp(&server);
    let mut largest = query(3, "big");
    largest.resize(65_535, 0xff);
    stream.write_all(&framed(&largest)).unwrap();
    largest[2] |= 0x80;
    assert_eq!(read_message(&mut stream), largest);
}

#[test]
fn a_client_that_ends_its_side_still_gets_its_replies() {
    let server = start(V4, 1);
    let mut stream = tcp(&server);
    let all: Vec<u8> = (0..100)
        .flat_map(|id| framed(&query(id, "large")))
        .collect();
    stream.write_all(&all).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut replies = Vec::new();
    stream.read_to_end(&mut replies).unwrap();
    assert_eq!(replies.len(), 100 * (2 + LARGE));
}

/// The server stops reading a client that does not read, so the client's own writes block; other
/// clients are served meanwhile, and the slow one gets every reply once it reads.
#[test]
fn a_slow_reader_is_held_back_and_loses_nothing() {
    let server = start(V4, 1);
    let mut slow = tcp(&server);
    slow.set_nonblocking(true).unwrap();
    // Large queries too, so that the kernel's buffers hold few of them.
    let mut long = query(1, "large");
    long.resize(LARGE, 0);
    let frame = framed(&long);
    let (mut sent, mut blocked) = (0, 0);
    let end = Instant::now() + LIMIT;
    // Fifty refusals in a row with work for the server between them: it is not reading any more.
    while blocked < 50 {
        assert!(Instant::now() < end, "{sent} octets taken without a pause");
        match slow.write(&frame[sent % frame.len()..]) {
            Ok(length) => (sent, blocked) = (sent + length, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                blocked += 1;
                assert_eq!(ask(&udp(&server), &query(2, "other")), echo(2, "other"));
            }
            Err(error) => panic!("{error}"),
        }
    }
    slow.set_nonblocking(false).unwrap();
    let mut reader = slow.try_clone().unwrap();
    let rest = frame[sent % frame.len()..].to_vec();
    let whole = sent.div_ceil(frame.len());
    let writer = std::thread::spawn(move || {
        if rest.len() < frame.len() {
            slow.write_all(&rest).unwrap();
        }
        slow.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let mut replies = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match reader.read(&mut buffer).unwrap() {
            0 => break,
            length => replies += length,
        }
    }
    writer.join().unwrap();
    assert_eq!(replies, whole * (2 + LARGE));
}

#[test]
fn the_oldest_connection_makes_room_for_a_new_one() {
    let server = start(V4, 1);
    let mut streams: Vec<TcpStream> = Vec::new();
    for id in 0..257 {
        let mut stream = tcp(&server);
        stream.write_all(&framed(&query(id, "full"))).unwrap();
        assert_eq!(read_message(&mut stream), echo(id, "full"));
        streams.push(stream);
    }
    assert_eq!(streams[0].read(&mut [0]).unwrap(), 0, "the first is closed");
    let last = streams.len() - 1;
    for index in [1, last] {
        streams[index]
            .write_all(&framed(&query(9, "kept")))
            .unwrap();
        assert_eq!(read_message(&mut streams[index]), echo(9, "kept"));
    }
}

#[test]
fn a_port_in_use_is_refused_and_nothing_stays_open() {
    let busy_udp = UdpSocket::bind(V4).unwrap();
    let busy_tcp = TcpListener::bind(V4).unwrap();
    for (busy, transport) in [
        (busy_udp.local_addr().unwrap(), "udp"),
        (busy_tcp.local_addr().unwrap(), "tcp"),
    ] {
        let other = free_address();
        let error = Server::start(Arc::new(Echo), &[other, busy], Options::with_shards(2))
            .err()
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let reason = "address already in use: stop the server that has it or choose another port";
        assert_eq!(error.to_string(), format!("{busy}/{transport}: {reason}"));
        UdpSocket::bind(other).unwrap();
        TcpListener::bind(other).unwrap();
    }
}

#[test]
fn another_server_of_the_same_user_does_not_share_the_port() {
    let server = start(V4, 2);
    let address = server.local_addrs()[0];
    let error = Server::start(Arc::new(Echo), &[address], Options::with_shards(2))
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert_eq!(ask(&udp(&server), &query(1, "still")), echo(1, "still"));
}

#[test]
fn a_foreign_address_and_a_silly_number_of_shards_are_refused() {
    let foreign = "192.0.2.1:5301".parse().unwrap();
    let error = Server::start(Arc::new(Echo), &[foreign], Options::with_shards(1))
        .err()
        .unwrap();
    let reason = "address not available: choose an address of this machine";
    assert_eq!(error.to_string(), format!("192.0.2.1:5301/udp: {reason}"));
    for shards in [0, rings::MAX_SHARDS + 1] {
        let error = Server::start(Arc::new(Echo), &[], Options::with_shards(shards))
            .err()
            .unwrap();
        assert_eq!(error.to_string(), format!("{shards} shards: use 1 to 64"));
    }
}

#[test]
fn stop_answers_what_has_come_and_frees_the_port_at_once() {
    let server = start(V4, 1);
    let address = server.local_addrs()[0];
    let socket = udp(&server);
    let mut stream = tcp(&server);
    // The shard is busy with these while it is told to stop.
    for id in 0..10 {
        socket.send(&query(id, "slow0")).unwrap();
        stream.write_all(&framed(&query(id, "slow0"))).unwrap();
    }
    let begin = Instant::now();
    server.stop();
    assert!(begin.elapsed() < Duration::from_secs(3));
    for id in 0..10 {
        assert_eq!(receive(&socket), echo(id, "slow0"));
        assert_eq!(read_message(&mut stream), echo(id, "slow0"));
    }
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    let again = Server::start(Arc::new(Echo), &[address], Options::with_shards(1)).unwrap();
    assert_eq!(ask(&socket, &query(3, "again")), echo(3, "again"));
    again.stop();
}

#[test]
fn stop_does_not_wait_for_a_client_that_never_reads() {
    let server = start(V4, 1);
    let mut stream = tcp(&server);
    stream.set_nonblocking(true).unwrap();
    let mut long = query(1, "large");
    long.resize(LARGE, 0);
    let frame = framed(&long);
    while stream.write(&frame).is_ok() {}
    let begin = Instant::now();
    server.stop();
    assert!(begin.elapsed() < Duration::from_secs(3));
}

/// An address that was free for UDP and TCP a moment ago.
fn free_address() -> SocketAddr {
    loop {
        let udp = UdpSocket::bind(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)).unwrap();
        let address = udp.local_addr().unwrap();
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
