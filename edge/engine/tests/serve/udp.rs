//! Datagrams: which shard gets them, and where replies come from.

use super::*;
use dnsfleet_engine::rings;

#[test]
fn a_wildcard_address_replies_from_the_address_that_was_asked() {
    for (listen, asked) in [("0.0.0.0:0", "127.0.0.53"), ("[::]:0", "::1")] {
        let server = start(listen, 1);
        let asked: IpAddr = asked.parse().unwrap();
        let peer = SocketAddr::new(asked, server.local_addrs()[0].port());
        assert_eq!(ask(&udp_to(peer), &query(1, "a")), echo(1, "a"));
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
fn datagrams_that_find_a_full_buffer_are_counted() {
    let server = start(V4, 1);
    let socket = udp(&server);
    // Each keeps the shard for 20 ms, and most of a queue of 4 MiB is more than enough for it.
    let mut slow = query(1, "slow0");
    slow.resize(60_000, 0);
    let end = Instant::now() + LIMIT;
    while count(&server, "receive_drops") == 0 {
        assert!(Instant::now() < end);
        socket.send(&slow).unwrap();
    }
    let before = count(&server, "receive_drops");
    let last = server.stop();
    assert!(last[0].get("receive_drops") >= before);
}

#[test]
fn one_response_in_64_is_measured() {
    let server = start(V4, 1);
    let socket = udp(&server);
    let mut stream = tcp(&server);
    for number in 0..640 {
        let is_measured = number % 64 == 63;
        ask(
            &socket,
            &query(number, if is_measured { "slow0" } else { "a" }),
        );
        stream.write_all(&framed(&query(number, "a"))).unwrap();
        read_message(&mut stream);
    }
    let measured = |transport: &str, bounds: &[&str]| -> u64 {
        let names = bounds
            .iter()
            .map(|bound| format!("duration_{transport}_{bound}"));
        names.map(|name| count(&server, &name)).sum()
    };
    let short = [
        "2", "5", "10", "20", "50", "100", "200", "500", "1000", "2000", "5000", "10000",
    ];
    let long = ["20000", "50000", "100000", "inf"];
    let all = [&short[..], &long].concat();
    // The clock is read when the client may have its response already.
    let end = Instant::now() + LIMIT;
    while measured("udp", &all) + measured("tcp", &all) < 20 {
        assert!(Instant::now() < end);
    }
    assert_eq!((measured("udp", &all), measured("tcp", &all)), (10, 10));
    assert_eq!(measured("udp", &long[1..]), 10, "each took 20 ms and more");
    assert!(count(&server, "duration_udp_ns") >= 200_000_000);
}
