use super::*;
use std::net::TcpListener;
use std::time::Duration;

/// Octets that the tests read in a turn.
const SCRATCH: usize = 16 << 10;
/// Octets of every reply.
const LARGE: usize = 60_000;

/// A client and the server's end of its connection, which took place at `begin`.
fn pair(begin: Instant) -> (TcpStream, Connection) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, peer) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    let peer = Client::new(peer.ip(), Transport::Tcp);
    (client, Connection::new(stream, peer, Opening::Any, begin))
}

fn advance(connection: &mut Connection, now: Instant) -> State {
    let mut answer = |_: Client, _: &[u8], reply: &mut Vec<u8>| {
        reply.clear();
        reply.resize(LARGE, 0);
        true
    };
    connection.advance(&mut [0; SCRATCH], &mut Vec::new(), &mut answer, now)
}

#[test]
fn a_client_that_never_reads_costs_bounded_memory() {
    let begin = Instant::now();
    let (mut client, mut connection) = pair(begin);
    client.set_nonblocking(true).unwrap();
    let queries = [0, 12].repeat(1 << 14);
    let mut refused = 0;
    while refused < 100 {
        refused += u32::from(client.write(&queries).is_err());
        advance(&mut connection, begin);
        assert!(connection.output.capacity() <= 4 * OUTPUT_LIMIT);
        assert!(connection.input.capacity() <= 4 * (SCRATCH + (64 << 10)));
    }
    assert!(connection.output.len() >= OUTPUT_LIMIT);
    assert_eq!(connection.interest(), libc::EPOLLOUT);
}

#[test]
fn octets_that_make_no_query_are_no_progress() {
    let begin = Instant::now();
    let (mut client, mut connection) = pair(begin);
    for (seconds, octet, progress) in [(1, 0, 0), (2, 2, 0), (3, b'?', 0), (4, b'?', 4)] {
        client.write_all(&[octet]).unwrap();
        let now = begin + Duration::from_secs(seconds);
        let end = Instant::now() + Duration::from_secs(10);
        while connection.input.len() as u64 != seconds && connection.progress == begin {
            assert!(Instant::now() < end, "octet {seconds} did not arrive");
            advance(&mut connection, now);
        }
        let expected = begin + Duration::from_secs(progress);
        assert_eq!(connection.progress, expected, "{seconds}");
    }
}
