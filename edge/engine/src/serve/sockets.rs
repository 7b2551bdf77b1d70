//! Making the sockets of all shards, all of them or none.
//!
//! Every shard has its own UDP socket and its own TCP listener on each address (`SO_REUSEPORT`).
//! The option would also let another server of the same user share the port, silently. So the
//! first socket on an address binds without it, which fails where anyone else is there, and gets
//! the option afterwards; the ones of the other shards then join. UDP sockets join in the order of
//! their shards, because the BPF program names a socket by that order. Where a server before this
//! one leaves its address to it, all of them join those that are there (see `handover`).
//!
//! What came to a socket that joined is lost if it is closed again. So all that may be refused is
//! done first: the addresses of nobody else, then those that are joined, and TCP, whose sockets
//! join when they listen, listens last.

mod descriptors;

use super::bpf;
use super::options::Options;
use super::sys::{self, set_option};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Octets of queries that may wait in one UDP socket. They hold 10,000 small queries (measured: the
/// kernel doubles the number and counts 830 octets for each), 50 ms of what one shard can answer:
/// the time another thread may have its core. `net.core.rmem_max` may lower it.
const RECEIVE_BUFFER: libc::c_int = 4 << 20;

/// Octets of replies that may wait in one UDP socket, for a full batch of large ones.
const SEND_BUFFER: libc::c_int = 1 << 20;

/// TCP connections that may wait to be accepted, per shard. One shard may get those of all for a
/// moment (see `handover`), and its thread may have to wait for its core: 20,000 a second for
/// 50 ms. `net.core.somaxconn` may lower it; what is too much is asked for again after 1 s.
const BACKLOG: libc::c_int = 1024;

/// How often to look for a port that is free for both UDP and TCP where none was asked for.
const PORT_ATTEMPTS: usize = 16;

/// The sockets of one shard on one address.
pub struct Pair {
    /// The address that both are bound to.
    pub address: SocketAddr,
    /// Takes datagrams.
    pub udp: Arc<UdpSocket>,
    /// Takes connections.
    pub tcp: Arc<TcpListener>,
}

/// What `bind` made.
pub struct Bound {
    /// In the order in which they were asked for.
    pub addresses: Vec<SocketAddr>,
    /// One list of pairs a shard; the first ones are in the order of the addresses.
    pub shards: Vec<Vec<Pair>>,
    /// The error with which the kernel refused the BPF program, if it did. It then chooses the
    /// shard of a query by its client and not by its name. Every shard answers every name, so only
    /// the caches work less well.
    pub steering_error: Option<io::Error>,
}

/// Bind every address for every shard.
///
/// Errors name the address and the transport; then nothing stays open.
pub fn bind(listen: &[SocketAddr], options: &Options) -> io::Result<Bound> {
    let shards = options.shards;
    descriptors::make_room(shards)?;
    let mut groups = bind_all(listen, options)?;
    let mut steering_error = None;
    for group in &groups {
        if shards > 1 && !group.joins {
            let attached = bpf::attach(group.pairs[0].udp.as_fd(), 0..shards);
            steering_error = attached.err().or(steering_error);
        }
        for pair in &group.pairs {
            sys::listen(pair.tcp.as_fd(), BACKLOG)
                .map_err(|error| explain(pair.address, "tcp", &error))?;
        }
    }
    groups.sort_by_key(|group| group.place);
    let addresses = groups.iter().map(|group| group.pairs[0].address).collect();
    Ok(Bound {
        addresses,
        shards: deal(groups, shards),
        steering_error,
    })
}

/// The sockets of all shards on one address.
struct Bind {
    /// Of the address among those that were asked for.
    place: usize,
    joins: bool,
    pairs: Vec<Pair>,
}

/// Bind sockets that do not listen yet; those that join others are the last.
fn bind_all(listen: &[SocketAddr], options: &Options) -> io::Result<Vec<Bind>> {
    let asked = listen.iter().enumerate();
    let asked = asked.map(|(place, address)| (options.joins.contains(address), place, *address));
    let mut asked: Vec<_> = asked.collect();
    asked.sort();
    let mut bound = Vec::new();
    for (joins, place, address) in asked {
        let mut pairs = vec![bind_first(address, !joins)?];
        while pairs.len() < options.sockets() {
            pairs.push(bind_pair(pairs[0].address, false)?);
        }
        bound.push(Bind {
            place,
            joins,
            pairs,
        });
    }
    Ok(bound)
}

/// Give each shard its pairs: one of each address, and then its part of those that are more.
fn deal(groups: Vec<Bind>, shards: usize) -> Vec<Vec<Pair>> {
    let mut all: Vec<Vec<Pair>> = (0..shards).map(|_| Vec::new()).collect();
    let mut more: Vec<(usize, Pair)> = Vec::new();
    for group in groups {
        for (index, pair) in group.pairs.into_iter().enumerate() {
            match all.get_mut(index) {
                Some(own) => own.push(pair),
                None => more.push((index % shards, pair)),
            }
        }
    }
    for (shard, pair) in more {
        all[shard].push(pair);
    }
    all
}

/// The pair of shard 0. Port 0 takes one that is free for UDP and TCP.
fn bind_first(address: SocketAddr, alone: bool) -> io::Result<Pair> {
    let mut attempts = if address.port() == 0 {
        PORT_ATTEMPTS
    } else {
        1
    };
    loop {
        attempts -= 1;
        match bind_pair(address, alone) {
            Err(error) if attempts > 0 && error.kind() == io::ErrorKind::AddrInUse => (),
            result => return result,
        }
    }
}

/// The pair of any shard. `alone` refuses an address that anyone else is bound to.
fn bind_pair(address: SocketAddr, alone: bool) -> io::Result<Pair> {
    let udp = bind_udp(address, alone).map_err(|error| explain(address, "udp", &error))?;
    let udp = UdpSocket::from(udp);
    let address = udp.local_addr()?;
    let tcp = bind_tcp(address, alone).map_err(|error| explain(address, "tcp", &error))?;
    let tcp = Arc::new(TcpListener::from(tcp));
    Ok(Pair {
        address,
        udp: Arc::new(udp),
        tcp,
    })
}

fn bind_udp(address: SocketAddr, alone: bool) -> io::Result<OwnedFd> {
    let socket = open(address, libc::SOCK_DGRAM)?;
    let fd = socket.as_fd();
    set_option(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, &RECEIVE_BUFFER)?;
    set_option(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, &SEND_BUFFER)?;
    // OMIT ignores path MTUs that anyone can forge by ICMP, and sends without "don't fragment".
    let on: libc::c_int = 1;
    match address {
        SocketAddr::V4(address) => {
            let omit = libc::IP_PMTUDISC_OMIT;
            set_option(fd, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, &omit)?;
            if address.ip().is_unspecified() {
                set_option(fd, libc::IPPROTO_IP, libc::IP_PKTINFO, &on)?;
            }
        }
        SocketAddr::V6(address) => {
            let omit = libc::IPV6_PMTUDISC_OMIT;
            set_option(fd, libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, &omit)?;
            if address.ip().is_unspecified() {
                set_option(fd, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, &on)?;
            }
        }
    }
    if alone {
        found_group(fd)?;
    }
    bind_socket(fd, address, alone)?;
    Ok(socket)
}

/// Have a group of one, so that a program can be attached to it before others join. The kernel makes
/// one where a second socket joins, or for a program that is attached before the bind. If it refuses
/// that, it refuses others too, which is told where they are attached.
fn found_group(socket: BorrowedFd) -> io::Result<()> {
    let share = |on: i32| set_option(socket, libc::SOL_SOCKET, libc::SO_REUSEPORT, &on);
    share(1)?;
    let _refused = bpf::attach_any(socket, 0..1);
    share(0)
}

fn bind_tcp(address: SocketAddr, alone: bool) -> io::Result<OwnedFd> {
    let socket = open(address, libc::SOCK_STREAM)?;
    // Old connections of a server that just stopped must not keep the port from the next one.
    set_option(socket.as_fd(), libc::SOL_SOCKET, libc::SO_REUSEADDR, &1i32)?;
    bind_socket(socket.as_fd(), address, alone)?;
    Ok(socket)
}

fn open(address: SocketAddr, kind: libc::c_int) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() {
        libc::AF_INET
    } else {
        libc::AF_INET6
    };
    let socket = sys::socket(family, kind)?;
    if address.is_ipv6() {
        // So that `0.0.0.0` and `::` can be served side by side, each with its own counters.
        set_option(socket.as_fd(), libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, &1i32)?;
    }
    Ok(socket)
}

fn bind_socket(socket: BorrowedFd, address: SocketAddr, alone: bool) -> io::Result<()> {
    let share = || set_option(socket, libc::SOL_SOCKET, libc::SO_REUSEPORT, &1i32);
    if !alone {
        share()?;
    }
    sys::bind(socket, address)?;
    if alone {
        share()?;
    }
    Ok(())
}

fn explain(address: SocketAddr, transport: &str, error: &io::Error) -> io::Error {
    let (kind, reason) = match error.kind() {
        kind @ io::ErrorKind::AddrInUse => (
            kind,
            "address already in use: stop the server that has it or choose another port".into(),
        ),
        kind @ io::ErrorKind::AddrNotAvailable => (
            kind,
            "address not available: choose an address of this machine".into(),
        ),
        kind @ io::ErrorKind::PermissionDenied => (
            kind,
            "permission denied: ports below 1024 need CAP_NET_BIND_SERVICE".into(),
        ),
        _ => (io::ErrorKind::Other, error.to_string()),
    };
    io::Error::new(kind, format!("{address}/{transport}: {reason}"))
}
