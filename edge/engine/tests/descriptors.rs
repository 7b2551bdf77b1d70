//! Open files. Their limit is that of the whole process, so the tests take turns.

use dnsfleet_engine::answer::settings::Settings;
use dnsfleet_engine::authority::Authority;
use dnsfleet_engine::serve::{Options, Server};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// All connections that one shard takes.
const CONNECTIONS: usize = 256;
/// More files than are open by then, and fewer than there are connections.
const SOFT_LIMIT: libc::rlim_t = 64;

static TURN: Mutex<()> = Mutex::new(());

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

fn start() -> Server {
    let authority = Arc::new(Authority::new(Settings::default()));
    let listen = ["127.0.0.1:0".parse().unwrap()];
    Server::start(authority, &listen, Options::with_shards(1)).unwrap()
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.local_addrs()[0]).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
}

/// A connection with a reply, so that the server has taken it: a header gets FORMERR.
fn served(server: &Server) -> TcpStream {
    let mut stream = connect(server);
    stream
        .write_all(&[&[0, 12][..], &[0; 12]].concat())
        .unwrap();
    stream.read_exact(&mut [0; 14]).unwrap();
    stream
}

#[test]
fn connections_leave_files_to_the_rest_of_the_process() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    lower_limit();
    let server = start();
    let streams: Vec<_> = (0..CONNECTIONS).map(|_| served(&server)).collect();
    File::open("/dev/null").unwrap();
    drop(streams);
}

#[test]
fn who_connects_when_there_are_no_files_is_not_left_waiting() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let server = start();
    lower_limit();
    let open = std::iter::from_fn(|| File::open("/dev/null").ok());
    let mut files: Vec<_> = open.collect();
    for _ in 0..3 {
        files.pop().expect("a file for the client");
        let mut stream = connect(&server);
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        drop(stream);
        files.push(File::open("/dev/null").unwrap());
    }
    drop(files);
    served(&server);
}
