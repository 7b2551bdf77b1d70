//! The memory of a zone that is replaced while shards answer from it.

use dnsfleet_engine::answer::settings::Settings;
use dnsfleet_engine::authority::Authority;
use dnsfleet_engine::builder::Builder;
use dnsfleet_engine::name::Name;
use dnsfleet_engine::serve::{Options, Server};
use dnsfleet_engine::zone::Zone;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(10);

/// A query for `test.` SOA.
const QUERY: &[u8] = b"\x07\x07\0\0\0\x01\0\0\0\0\0\0\x04test\0\0\x06\0\x01";

fn zone(serial: u32) -> Zone {
    let text = format!("$ORIGIN test.\n@ 60 SOA ns.a. host.a. {serial} 2 3 4 600\n@ 60 NS ns.a.\n");
    let mut builder = Builder::new(None);
    builder.add_file(
        text.as_bytes(),
        "test",
        &mut |_, _| unreachable!("no $INCLUDE"),
        &mut |_| unreachable!("no letters outside ASCII"),
        &mut |_, _| (),
    );
    let (zone, found) = builder.finish();
    zone.unwrap_or_else(|| panic!("{found:?}"))
}

/// Sends queries without a pause until `done`, and throws the replies away.
fn keep_asking(server: &Server, done: &AtomicBool) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server.local_addrs()[0]).unwrap();
    socket.set_nonblocking(true).unwrap();
    while !done.load(Relaxed) {
        let _ = socket.send(QUERY);
        while socket.recv(&mut [0; 512]).is_ok() {}
    }
}

/// Whether a condition comes true in time.
fn becomes(condition: impl Fn() -> bool) -> bool {
    let end = Instant::now() + LIMIT;
    while !condition() {
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

#[test]
fn a_replaced_zone_is_freed_under_load_before_another_change() {
    let authority = Arc::new(Authority::new(Settings::default()));
    authority.zones.load(zone(0));
    let listen = ["127.0.0.1:0".parse().unwrap()];
    let server = Server::start(Arc::clone(&authority), &listen, Options::with_shards(1)).unwrap();
    let (done, origin) = (AtomicBool::new(false), Name::parse(b"test.", None).unwrap());
    let answered = || server.counters()[0].get("rcode_noerror");
    let served = || Arc::downgrade(authority.zones.current().get(origin.as_wire()).unwrap());
    let fault = thread::scope(|scope| {
        scope.spawn(|| keep_asking(&server, &done));
        let fault = (1..=100).find_map(|serial| {
            let before = answered();
            if !becomes(|| answered() >= before + 20) {
                return Some(format!("no answers before serial {serial}"));
            }
            let replaced = served();
            authority.zones.load(zone(serial));
            let is_freed = becomes(|| replaced.strong_count() == 0);
            (!is_freed).then(|| format!("the zone that serial {serial} replaced is not freed"))
        });
        done.store(true, Relaxed);
        fault
    });
    assert_eq!(fault, None);
}
