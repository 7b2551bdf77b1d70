//! Start and stop: addresses that are taken, all of them or none, and left again.

use super::*;
use dnsfleet_engine::rings::MAX_SHARDS;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};

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
        assert_eq!(ask(&udp_to(*address), &query(7, "x")), echo(7, "x"));
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
        let error = refusal(&[other, busy], 2);
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
    let error = refusal(&[address], 2);
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert_eq!(ask(&udp(&server), &query(1, "still")), echo(1, "still"));
}

#[test]
fn a_foreign_address_and_a_silly_number_of_shards_are_refused() {
    let foreign = "192.0.2.1:5301".parse().unwrap();
    let error = refusal(&[foreign], 1);
    let reason = "address not available: choose an address of this machine";
    assert_eq!(error.to_string(), format!("192.0.2.1:5301/udp: {reason}"));
    for shards in [0, MAX_SHARDS + 1] {
        let error = refusal(&[], shards);
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

/// Why a server does not start.
fn refusal(listen: &[SocketAddr], shards: usize) -> io::Error {
    let started = Server::start(Arc::new(Echo), listen, Options::with_shards(shards));
    started.err().unwrap()
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
