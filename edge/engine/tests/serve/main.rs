//! The server over real loopback sockets, with a responder that the tests can steer by name.

mod handover;
mod lifecycle;
mod proxies;
#[path = "../common/seccomp.rs"]
mod seccomp;
mod spreading;
mod tcp;
mod udp;

use dnsfleet_engine::answer::subject::Subject;
use dnsfleet_engine::answer::{Client, Outcome, Transport};
use dnsfleet_engine::serve::{Options, Responder, Server};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
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
    /// The id of the query.
    type Ahead<'v> = Option<[u8; 2]>;

    fn evictions((): &()) -> u64 {
        0
    }

    fn view(&self) {}

    fn look_ahead<'v, 'q>(
        (): &'v (),
        (): &mut (),
        queries: impl Iterator<Item = &'q [u8]>,
        ahead: &mut [Option<[u8; 2]>],
    ) {
        for (ahead, query) in ahead.iter_mut().zip(queries) {
            *ahead = query.first_chunk().copied();
        }
    }

    fn respond(
        (): &(),
        (): &mut (),
        ahead: Option<[u8; 2]>,
        query: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> Option<Outcome> {
        assert!(ahead.is_none() || ahead == query.first_chunk().copied());
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
            qtype: Some(1),
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
    udp_to(server.local_addrs()[0])
}

/// A socket that takes datagrams from this peer only.
fn udp_to(peer: SocketAddr) -> UdpSocket {
    udp_from(if peer.is_ipv4() { V4 } else { V6 }, peer)
}

fn udp_from(local: &str, peer: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind(local).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket.connect(peer).unwrap();
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
        let socket = udp_from(local, server.local_addrs()[0]);
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
    assert_eq!(count(&server, "type_A"), 4);
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
    assert_eq!(count(&server, "type_other"), 1);
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
            "type_A" => 2,
            "rcode_noerror" | "rcode_badvers" | "truncated" | "dropped" => 1,
            _ => 0,
        };
        assert_eq!(value, expected, "{name}");
    }
}
