//! Connections: queries in pieces and in numbers, clients that are slow, and too many of them.

use super::*;
use std::io::ErrorKind;

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
