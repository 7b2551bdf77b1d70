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
