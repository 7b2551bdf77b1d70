//! Open files. One test, since their limit is that of the whole process.

use dnsfleet_engine::answer::settings::Settings;
use dnsfleet_engine::authority::Authority;
use dnsfleet_engine::serve::{Options, Server};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// All connections that one shard takes.
const CONNECTIONS: usize = 256;
/// Files that are open by then are fewer.
const SOFT_LIMIT: libc::rlim_t = 64;

fn lower_limit() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the limit is written to and read from a place of this function.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = SOFT_LIMIT;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
    }
}

#[test]
fn connections_leave_files_to_the_rest_of_the_process() {
    lower_limit();
    let authority = Arc::new(Authority::new(Settings::default()));
    let listen = ["127.0.0.1:0".parse().unwrap()];
    let server = Server::start(authority, &listen, Options::with_shards(1)).unwrap();
    let connect = |_| {
        let mut stream = TcpStream::connect(server.local_addrs()[0]).unwrap();
        // A header that asks for nothing: FORMERR, and the connection is there.
        stream
            .write_all(&[&[0, 12][..], &[0; 12]].concat())
            .unwrap();
        let mut reply = [0; 14];
        stream.read_exact(&mut reply).unwrap();
        stream
    };
    let streams: Vec<_> = (0..CONNECTIONS).map(connect).collect();
    File::open("/dev/null").unwrap();
    drop(streams);
}
