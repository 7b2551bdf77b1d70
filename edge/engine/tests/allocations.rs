//! A shard that answers over UDP takes no memory and waits for nobody, whether the cache has the
//! answer or not.
//!
//! The allocator of this program counts what the shard's thread takes, and the kernel ends the
//! program if that thread makes the system call that every contended lock needs.

#[path = "common/seccomp.rs"]
mod seccomp;

use dnsfleet_engine::answer::settings::Settings;
use dnsfleet_engine::answer::{Ahead, Cache, Client, Outcome};
use dnsfleet_engine::authority::{Authority, View};
use dnsfleet_engine::builder::Builder;
use dnsfleet_engine::serve::{Options, Responder, Server};
use dnsfleet_engine::zone::Zone;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Allocations of the shard's thread since its first batch.
static TAKEN: AtomicU64 = AtomicU64::new(0);
/// Asks the shard's thread to allocate once.
static PROBE: AtomicBool = AtomicBool::new(false);

thread_local! {
    static IS_SHARD: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_SHARD.try_with(Cell::get).unwrap_or(false) {
            TAKEN.fetch_add(1, SeqCst);
        }
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// An authority whose shard is watched from its first batch on.
struct Watched(Authority);

impl Responder for Watched {
    type View = View;
    type Memory = Cache;
    type Ahead<'v> = Ahead<'v>;

    fn evictions(cache: &Cache) -> u64 {
        Authority::evictions(cache)
    }

    fn view(&self) -> View {
        if !IS_SHARD.replace(true) {
            seccomp::forbid(libc::SYS_futex, None, libc::SECCOMP_RET_KILL_PROCESS);
        }
        if PROBE.swap(false, SeqCst) {
            drop(std::hint::black_box(Box::new(1)));
        }
        self.0.view()
    }

    fn look_ahead<'v, 'q>(
        view: &'v View,
        cache: &mut Cache,
        queries: impl Iterator<Item = &'q [u8]>,
        ahead: &mut [Ahead<'v>],
    ) {
        Authority::look_ahead(view, cache, queries, ahead);
    }

    fn respond<'v>(
        view: &'v View,
        cache: &mut Cache,
        ahead: Ahead<'v>,
        query: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> Option<Outcome> {
        Authority::respond(view, cache, ahead, query, client, out)
    }

    fn slip(view: &View, query: &[u8], client: Client, out: &mut Vec<u8>) -> Option<Outcome> {
        Authority::slip(view, query, client, out)
    }
}

fn zone(serial: u32) -> Zone {
    let large = format!("{} ", "x".repeat(250)).repeat(200);
    let text = [
        "$ORIGIN test.",
        &format!("@ 60 SOA ns.test. host.test. {serial} 2 3 4 600"),
        "@ NS ns",
        "ns A 192.0.2.1",
        "www A 192.0.2.2",
        "mail MX 10 www",
        "svc HTTPS \\# 12 0000 03777777 0474657374 00",
        "www HTTPS \\# 3 000100",
        "alias CNAME www",
        "*.wild TXT text",
        "d DNAME www",
        "sub NS ns.sub",
        "sub NS ns.other.",
        "ns.sub A 192.0.2.3",
        &format!("large TXT {large}"),
        "",
    ]
    .join("\n");
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

/// A query without EDNS, with it, and with what it asks: NSID and a cookie.
fn queries(name: &str, rtype: u16) -> [Vec<u8>; 3] {
    let mut query = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        query.push(label.len() as u8);
        query.extend_from_slice(label.as_bytes());
    }
    query.push(0);
    query.extend(rtype.to_be_bytes());
    query.extend([0, 1]);
    let mut with_opt = query.clone();
    with_opt[11] = 1;
    with_opt.extend([0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0]);
    let mut with_options = with_opt.clone();
    *with_options.last_mut().unwrap() = 16;
    with_options.extend(*b"\0\x03\0\0\0\x0a\0\x08clientco");
    [query, with_opt, with_options]
}

fn ask(socket: &UdpSocket, query: &[u8]) {
    socket.send(query).unwrap();
    let mut reply = [0; 4096];
    let length = socket.recv(&mut reply).unwrap();
    assert_eq!(reply[..2], query[..2]);
    assert!(length >= query.len().min(12));
}

#[test]
fn answers_take_no_memory_and_no_lock() {
    let settings = Settings::new(Some("ams1")).and_then(|it| it.with_secrets(&[vec![7; 16]]));
    let authority = Arc::new(Watched(Authority::new(settings.unwrap())));
    authority.0.zones.load(zone(1));
    let listen = ["127.0.0.1:0".parse().unwrap()];
    let mut options = Options::with_shards(1);
    options.proxies.push("127.0.0.2/32".parse().unwrap());
    let server = Server::start(Arc::clone(&authority), &listen, options).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server.local_addrs()[0]).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let asked: Vec<_> = [
        ("www.test", 1),
        ("www.test", 28),
        ("mail.test", 15),
        ("svc.test", 65),
        ("alias.test", 1),
        ("a.wild.test", 16),
        ("a.d.test", 1),
        ("a.sub.test", 1),
        ("absent.test", 1),
        ("large.test", 16),
        ("www.test", 255),
        ("not.served", 1),
    ]
    .iter()
    .flat_map(|&(name, rtype)| queries(name, rtype))
    .collect();
    let count = |name: &str| server.counters()[0].get(name);

    ask(&socket, &asked[0]);
    TAKEN.store(0, SeqCst);
    PROBE.store(true, SeqCst);
    ask(&socket, &asked[0]);
    assert_eq!(TAKEN.swap(0, SeqCst), 1, "what the shard takes is counted");

    // Every kind of answer, first without the cache and then from it, while zones change.
    for round in 0..200 {
        if round % 20 == 0 {
            authority.0.zones.load(zone(round));
        }
        for query in &asked {
            ask(&socket, query);
        }
    }
    assert!(count("cache_hits") > 1_000 && count("cache_misses") > 200);
    assert!(count("duration_udp_ns") > 0, "some were measured");

    // Names that are asked once, as in an attack.
    let misses = count("cache_misses");
    for number in 0..2_000 {
        ask(
            &socket,
            &queries(&format!("random-{number}.test"), 1)[number % 3],
        );
    }
    assert_eq!(count("cache_misses") - misses, 2_000);
    assert_eq!(TAKEN.load(SeqCst), 0);

    // A client that gets too much, behind a proxy, as loopback has no limits.
    let proxy = UdpSocket::bind("127.0.0.2:0").unwrap();
    proxy.connect(server.local_addrs()[0]).unwrap();
    let header = b"\r\n\r\n\0\r\nQUIT\n\x21\x12\0\x0c\xc0\0\x02\x01\xcb\0\x71\x01\0\x35\0\x35";
    let end = Instant::now() + Duration::from_secs(10);
    while count("rate_limit_slipped") < 500 || count("rate_limit_dropped") < 500 {
        assert!(Instant::now() < end);
        for query in &asked {
            proxy.send(&[&header[..], query].concat()).unwrap();
        }
    }
    assert!(count("rcode_badcookie") > 0);
    assert_eq!(TAKEN.load(SeqCst), 0);
    // The end of a thread may need a futex.
    std::mem::forget(server);
}
