//! Servers that follow each other on one address while clients ask: no query is lost.
//!
//! `HANDOVER_QUERIES` is how many clients ask at least in each handover, 5,000 by default.

use super::*;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

/// Sockets that keep their ports, each with a query under way.
const FIXED: usize = 16;
/// After that a query is lost. A test machine may be busy for longer than a client would wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// What clients saw.
#[derive(Default)]
struct Seen {
    fixed: AtomicU64,
    new_ports: AtomicU64,
    connections: AtomicU64,
    lost: AtomicU64,
    over: AtomicBool,
}

impl Seen {
    fn goes_on(&self) -> bool {
        !self.over.load(Relaxed)
    }

    fn each(&self) -> [u64; 3] {
        [&self.fixed, &self.new_ports, &self.connections].map(|count| count.load(Relaxed))
    }

    fn note(&self, kind: &AtomicU64, is_answered: bool) {
        kind.fetch_add(1, Relaxed);
        self.lost.fetch_add(u64::from(!is_answered), Relaxed);
    }
}

fn client(address: SocketAddr) -> UdpSocket {
    let socket = udp_to(address);
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn answers(socket: &UdpSocket, expected: &[u8]) -> bool {
    let mut reply = [0; 512];
    let begun = Instant::now();
    match socket.recv(&mut reply) {
        Ok(length) if reply[..length] == *expected => true,
        other => {
            println!("UDP: {other:?} after {:?}", begun.elapsed());
            false
        }
    }
}

fn ask_from_fixed_ports(address: SocketAddr, seen: &Seen) {
    let sockets: Vec<UdpSocket> = (0..FIXED).map(|_| client(address)).collect();
    for id in (0..=u16::MAX).cycle() {
        if !seen.goes_on() {
            return;
        }
        // A refused port is told by the next send.
        let label = |index: usize| format!("n{index}");
        for (index, socket) in sockets.iter().enumerate() {
            let _ = socket.send(&query(id, &label(index)));
        }
        for (index, socket) in sockets.iter().enumerate() {
            seen.note(&seen.fixed, answers(socket, &echo(id, &label(index))));
        }
    }
}

fn ask_from_new_ports(address: SocketAddr, seen: &Seen) {
    for id in (0..=u16::MAX).cycle() {
        if !seen.goes_on() {
            return;
        }
        let socket = client(address);
        let _ = socket.send(&query(id, "new"));
        seen.note(&seen.new_ports, answers(&socket, &echo(id, "new")));
    }
}

fn ask_over_connections(address: SocketAddr, seen: &Seen) {
    for id in (0..=u16::MAX).cycle() {
        if !seen.goes_on() {
            return;
        }
        let exchange = || -> std::io::Result<Vec<u8>> {
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(&framed(&query(id, "tcp")))?;
            let mut reply = vec![0; echo(id, "tcp").len() + 2];
            stream.read_exact(&mut reply)?;
            Ok(reply.split_off(2))
        };
        let result = exchange();
        if let Err(error) = &result {
            println!("TCP: {error:?}");
        }
        let is_answered = result.is_ok_and(|reply| reply == echo(id, "tcp"));
        seen.note(&seen.connections, is_answered);
        // Each leaves its port in TIME_WAIT, and the machine has 28,000.
        thread::sleep(Duration::from_millis(2));
    }
}

/// Ask in all ways while `act` runs and until there were enough queries; how many were lost.
fn lost_while(address: SocketAddr, act: impl FnOnce()) -> u64 {
    let wanted = std::env::var("HANDOVER_QUERIES").map_or(5_000, |text| text.parse().unwrap());
    let seen = Seen::default();
    thread::scope(|scope| {
        scope.spawn(|| ask_from_fixed_ports(address, &seen));
        scope.spawn(|| ask_from_new_ports(address, &seen));
        scope.spawn(|| ask_over_connections(address, &seen));
        let end = Instant::now() + 30 * LIMIT;
        while seen.each().contains(&0) {
            thread::yield_now();
        }
        act();
        while seen.each().iter().sum::<u64>() < wanted && Instant::now() < end {
            thread::yield_now();
        }
        seen.over.store(true, Relaxed);
    });
    let [fixed, new_ports, connections] = seen.each();
    let lost = seen.lost.load(Relaxed);
    println!(
        "{lost} lost of {fixed} on fixed ports, {new_ports} on new ones, {connections} by TCP"
    );
    assert!(fixed + new_ports + connections >= wanted);
    lost
}

/// A server that joins another one at its address.
fn join(other: &Server, shards: usize) -> Server {
    other.group().steer().unwrap();
    let options = joining(other, shards);
    Server::start(Arc::new(Echo), other.local_addrs(), options).unwrap()
}

fn joining(other: &Server, shards: usize) -> Options {
    let mut options = Options::with_shards(shards);
    options.joins = other.local_addrs().to_vec();
    options.sockets = other.group().sockets();
    options
}

fn one_follows_another_and_loses_nothing(listen: &str) {
    let mut old = start(listen, 2);
    let address = old.local_addrs()[0];
    for shards in [2, 1, 3, 3, 1] {
        let (before, mut next) = (Some(old), None);
        let lost = lost_while(address, || {
            let old = before.unwrap();
            let new = join(&old, shards);
            old.group().hand_over(new.group().sockets()).unwrap();
            old.close();
            new.group().steer().unwrap();
            old.stop();
            next = Some(new);
        });
        assert_eq!(lost, 0, "as {shards} shards took over at {listen}");
        old = next.unwrap();
    }
    assert!(old.steering_error().is_none());
}

#[test]
fn one_server_follows_another_over_ipv4() {
    one_follows_another_and_loses_nothing(V4);
}

#[test]
fn one_server_follows_another_over_ipv6() {
    one_follows_another_and_loses_nothing(V6);
}

#[test]
fn a_server_that_goes_before_the_one_that_it_joined_hands_back() {
    let old = start(V4, 2);
    let lost = lost_while(old.local_addrs()[0], || {
        for shards in [2, 3] {
            let new = join(&old, shards);
            new.group().hand_back(old.group().sockets()).unwrap();
            new.stop();
            old.group().steer().unwrap();
        }
    });
    assert_eq!(lost, 0);
}

#[test]
fn the_one_before_answers_all_until_it_hands_over_and_nothing_afterwards() {
    for (before, after) in [(2, 2), (1, 1), (1, 3), (2, 3), (3, 1)] {
        let old = start(V4, before);
        let new = join(&old, after);
        let asks = |id| {
            for number in 0..32 {
                let query = query(id, &format!("n{number}"));
                ask(&udp(&old), &query);
                let mut stream = tcp(&old);
                stream.write_all(&framed(&query)).unwrap();
                read_message(&mut stream);
            }
            [&old, &new].map(|server| {
                ["queries_udp4", "queries_tcp4"].map(|transport| count(server, transport))
            })
        };
        assert_eq!(asks(1), [[32, 32], [0, 0]], "{before} before {after}");
        old.group().hand_over(new.group().sockets()).unwrap();
        assert_eq!(asks(2), [[32, 32], [32, 32]], "{after} after {before}");
        new.stop();
    }
}

#[test]
fn a_server_that_is_refused_another_address_takes_nothing_from_the_one_it_joins() {
    let old = start(V4, 1);
    let foreign = start(V4, 1);
    let listen = [old.local_addrs()[0], foreign.local_addrs()[0]];
    let lost = lost_while(listen[0], || {
        for _ in 0..100 {
            let options = joining(&old, 1);
            assert!(Server::start(Arc::new(Echo), &listen, options).is_err());
        }
    });
    assert_eq!(lost, 0);
}

#[test]
fn the_next_server_steers_before_a_client_has_taken_its_replies() {
    let old = start(V4, 1);
    let address = old.local_addrs()[0];
    let stream = tcp(&old);
    stream.set_nonblocking(true).unwrap();
    let mut long = query(1, "large");
    long.resize(LARGE, 0);
    while (&stream).write(&framed(&long)).is_ok() {}
    let begun = Instant::now();
    old.close();
    let closed = begun.elapsed();
    let next = Server::start(Arc::new(Echo), &[address], Options::with_shards(1)).unwrap();
    assert_eq!(ask(&udp(&next), &query(3, "next")), echo(3, "next"));
    old.stop();
    let waited = begun.elapsed();
    assert!(waited > 2 * closed, "{closed:?} of {waited:?}");
}

#[test]
fn who_joins_shares_no_address_but_those_it_was_told_of() {
    let (other, foreign) = (start(V4, 1), start(V4, 1));
    let listen = [other.local_addrs()[0], foreign.local_addrs()[0]];
    let mut options = Options::with_shards(1);
    options.joins = vec![listen[0]];
    let refused = Server::start(Arc::new(Echo), &listen, options)
        .err()
        .unwrap();
    assert_eq!(refused.kind(), std::io::ErrorKind::AddrInUse);
    assert!(refused.to_string().starts_with(&listen[1].to_string()));
}
