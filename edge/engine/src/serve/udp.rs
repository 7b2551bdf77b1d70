//! Queries and replies over UDP, a batch per system call, in memory that is allocated once.
//!
//! The kernel fills `incoming[0..n]`, each header pointing at its own query, peer address and control
//! data. Replies are packed to the front of `outgoing`, whose headers take peer and control data from
//! the query. On a wildcard address the control data names the local address that the query was
//! sent to, and hence where the reply comes from. What does not differ from batch to batch is
//! written once.

use super::sys;
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, UdpSocket};
use std::os::fd::AsFd;

/// Queries taken by one system call: they share its cost, and few enough for the memory of a batch to
/// stay in the processor's cache.
pub const BATCH: usize = 32;

/// Octets of a query that are read. Queries have a few hundred; what is cut off here is answered
/// with FORMERR, as the message is then incomplete.
const QUERY_SIZE: usize = 4096;

/// Octets that a reply has room for before it needs more memory: above the limit of replies.
const REPLY_SIZE: usize = 2048;

/// Room for one IP_PKTINFO or IPV6_PKTINFO message.
const CONTROL_SIZE: usize = 64;

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL_SIZE]);

/// One cache line longer than a page, so that the starts of queries do not all compete for the same
/// few lines of the processor's cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Query([u8; QUERY_SIZE + 64]);

/// The memory for one batch.
pub struct Batch {
    queries: Box<[Query]>,
    replies: Box<[Vec<u8>]>,
    peers: Box<[libc::sockaddr_in6]>,
    controls: Box<[Control]>,
    incoming: Headers,
    outgoing: Headers,
    /// Headers of `incoming` that the kernel wrote to.
    used: usize,
}

/// Headers and what each points at.
struct Headers {
    vectors: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
}

impl Headers {
    fn new() -> Headers {
        // SAFETY: these are C structs of integers and pointers, for which zero is a value.
        let (vector, header) = unsafe { (zeroed(), zeroed()) };
        let mut vectors: Box<[libc::iovec]> = vec![vector; BATCH].into();
        let mut headers: Box<[libc::mmsghdr]> = vec![header; BATCH].into();
        for (header, vector) in headers.iter_mut().zip(&mut vectors) {
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
        }
        Headers { vectors, headers }
    }
}

// SAFETY: the pointers of vectors and headers point at memory that the batch owns.
unsafe impl Send for Batch {}

impl Batch {
    /// Memory for `BATCH` queries and replies.
    pub fn new() -> Self {
        // SAFETY: a C struct of integers, for which zero is a value.
        let peer = unsafe { zeroed() };
        let mut batch = Self {
            queries: vec![Query([0; _]); BATCH].into(),
            replies: (0..BATCH).map(|_| Vec::with_capacity(REPLY_SIZE)).collect(),
            peers: vec![peer; BATCH].into(),
            controls: vec![Control([0; CONTROL_SIZE]); BATCH].into(),
            incoming: Headers::new(),
            outgoing: Headers::new(),
            used: BATCH,
        };
        for index in 0..BATCH {
            batch.incoming.vectors[index] = libc::iovec {
                iov_base: batch.queries[index].0.as_mut_ptr().cast(),
                iov_len: QUERY_SIZE,
            };
            let header = &mut batch.incoming.headers[index].msg_hdr;
            header.msg_name = (&raw mut batch.peers[index]).cast();
            header.msg_control = (&raw mut batch.controls[index]).cast();
        }
        batch
    }

    /// Take the queries that wait at `socket`; 0 where none do.
    pub fn receive(&mut self, socket: &UdpSocket) -> usize {
        for header in &mut self.incoming.headers[..self.used] {
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            header.msg_hdr.msg_controllen = CONTROL_SIZE as _;
        }
        // SAFETY: every header points at memory of this batch, with its length.
        let received = unsafe { sys::receive(socket.as_fd(), &mut self.incoming.headers) };
        self.used = received.unwrap_or(0);
        self.used
    }

    /// The queries of the last `receive`.
    pub fn queries(&self) -> impl Iterator<Item = &[u8]> {
        let headers = &self.incoming.headers[..self.used];
        let queries = headers.iter().zip(&self.queries);
        queries.map(|(header, query)| &query.0[..header.msg_len as usize])
    }

    /// Answer the queries of the last `receive` with `answer`, which gets query and peer and tells
    /// whether there is a reply, and pack the replies to the front; how many there are.
    pub fn answer(&mut self, mut answer: impl FnMut(&[u8], IpAddr, &mut Vec<u8>) -> bool) -> usize {
        let mut packed = 0;
        for index in 0..self.used {
            let query = &self.incoming.headers[index];
            let peer = sys::ip_of(&self.peers[index]);
            let reply = &mut self.replies[index];
            let octets = &self.queries[index].0[..query.msg_len as usize];
            if !answer(octets, peer, reply) {
                continue;
            }
            self.outgoing.vectors[packed] = libc::iovec {
                iov_base: reply.as_mut_ptr().cast(),
                iov_len: reply.len(),
            };
            let header = &mut self.outgoing.headers[packed].msg_hdr;
            header.msg_name = query.msg_hdr.msg_name;
            header.msg_namelen = query.msg_hdr.msg_namelen;
            header.msg_control = query.msg_hdr.msg_control;
            header.msg_controllen = query.msg_hdr.msg_controllen;
            // SAFETY: the kernel wrote the control data that the header covers.
            unsafe { sys::forget_interface(header) };
            packed += 1;
        }
        packed
    }

    /// Send the first `count` packed replies; how many the network did not take.
    ///
    /// A full send buffer drops the rest of the batch, as a full link would: clients ask again, and
    /// waiting would make every other client wait too.
    pub fn send(&mut self, socket: &UdpSocket, count: usize) -> usize {
        let (mut done, mut lost) = (0, 0);
        while done < count {
            let headers = &mut self.outgoing.headers[done..count];
            // SAFETY: the headers point at replies, peers and control data of this batch.
            match unsafe { sys::send(socket.as_fd(), headers) } {
                Ok(sent) => done += sent,
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => (),
                    io::ErrorKind::WouldBlock => return lost + count - done,
                    _ => {
                        done += 1;
                        lost += 1;
                    }
                },
            }
        }
        lost
    }
}
