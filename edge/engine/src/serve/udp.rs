//! Queries and replies over UDP, a batch per system call, in memory that is allocated once.
//!
//! The kernel fills `headers[0..n]`, each pointing at its own query, peer address and control data.
//! Replies are packed to the front of the same headers: they keep peer and control data, and point
//! at the reply instead. On a wildcard address the control data names the local address that the
//! query was sent to, and hence where the reply comes from.

use super::sockets;
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv6Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::ptr::null_mut;

/// Queries taken by one system call: they share its cost, and few enough for the memory of a batch to
/// stay in the processor's cache.
const BATCH: usize = 32;

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

/// The memory for one batch.
pub struct Batch {
    queries: Box<[[u8; QUERY_SIZE]]>,
    replies: Box<[Vec<u8>]>,
    peers: Box<[libc::sockaddr_in6]>,
    controls: Box<[Control]>,
    vectors: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
    /// Headers that do not point at empty queries any more.
    used: usize,
}

// SAFETY: the pointers of vectors and headers point at memory that the batch owns.
unsafe impl Send for Batch {}

impl Batch {
    /// Memory for `BATCH` queries and replies.
    pub fn new() -> Self {
        // SAFETY: these are C structs of integers and pointers, for which zero is a value.
        let (peer, vector, header) = unsafe { (zeroed(), zeroed(), zeroed()) };
        Self {
            queries: vec![[0; QUERY_SIZE]; BATCH].into(),
            replies: (0..BATCH).map(|_| Vec::with_capacity(REPLY_SIZE)).collect(),
            peers: vec![peer; BATCH].into(),
            controls: vec![Control([0; CONTROL_SIZE]); BATCH].into(),
            vectors: vec![vector; BATCH].into(),
            headers: vec![header; BATCH].into(),
            used: BATCH,
        }
    }

    /// Take the queries that wait at `socket`; 0 where none do.
    pub fn receive(&mut self, socket: &UdpSocket) -> usize {
        for index in 0..self.used {
            self.vectors[index] = libc::iovec {
                iov_base: self.queries[index].as_mut_ptr().cast(),
                iov_len: QUERY_SIZE,
            };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = (&raw mut self.peers[index]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            header.msg_iov = &raw mut self.vectors[index];
            header.msg_iovlen = 1;
            header.msg_control = (&raw mut self.controls[index]).cast();
            header.msg_controllen = CONTROL_SIZE as _;
            header.msg_flags = 0;
        }
        // SAFETY: every header points at memory of this batch, with its length.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT,
                null_mut(),
            )
        };
        self.used = count.max(0) as usize;
        self.used
    }

    /// Answer the first `count` queries with `answer`, which gets query and peer and tells whether
    /// there is a reply, and pack the replies to the front; how many there are.
    pub fn answer(
        &mut self,
        count: usize,
        mut answer: impl FnMut(&[u8], IpAddr, &mut Vec<u8>) -> bool,
    ) -> usize {
        let mut packed = 0;
        for index in 0..count {
            let length = self.headers[index].msg_len as usize;
            let peer = sockets::ip_of(&self.peers[index]);
            let reply = &mut self.replies[index];
            if !answer(&self.queries[index][..length], peer, reply) {
                continue;
            }
            self.vectors[index] = libc::iovec {
                iov_base: reply.as_mut_ptr().cast(),
                iov_len: reply.len(),
            };
            let mut header = self.headers[index];
            forget_interface(&mut header.msg_hdr);
            if header.msg_hdr.msg_controllen == 0 {
                header.msg_hdr.msg_control = null_mut();
            }
            self.headers[packed] = header;
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
            let headers = &mut self.headers[done..count];
            // SAFETY: the headers point at replies, peers and control data of this batch.
            let sent = unsafe {
                libc::sendmmsg(
                    socket.as_raw_fd(),
                    headers.as_mut_ptr(),
                    headers.len() as libc::c_uint,
                    libc::MSG_DONTWAIT,
                )
            };
            if sent > 0 {
                done += sent as usize;
                continue;
            }
            match io::Error::last_os_error().kind() {
                io::ErrorKind::Interrupted => (),
                io::ErrorKind::WouldBlock => return lost + count - done,
                _ => {
                    done += 1;
                    lost += 1;
                }
            }
        }
        lost
    }
}

/// Clear the interface in the control data, so that routing decides where the reply leaves; a
/// link-local address keeps it, as it means nothing without.
fn forget_interface(header: &mut libc::msghdr) {
    // SAFETY: the kernel wrote the control messages that msg_controllen covers.
    unsafe {
        let control = libc::CMSG_FIRSTHDR(header);
        if control.is_null() {
            return;
        }
        match ((*control).cmsg_level, (*control).cmsg_type) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                let info = libc::CMSG_DATA(control).cast::<libc::in_pktinfo>();
                (*info).ipi_ifindex = 0;
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                let info = libc::CMSG_DATA(control).cast::<libc::in6_pktinfo>();
                let address = Ipv6Addr::from((*info).ipi6_addr.s6_addr);
                if !address.is_unicast_link_local() {
                    (*info).ipi6_ifindex = 0;
                }
            }
            _ => (),
        }
    }
}
