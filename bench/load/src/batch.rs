//! Many datagrams a system call, in memory that is allocated once.

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, RawFd};
use std::ptr::null_mut;

/// Datagrams of one system call: as many as the engine takes, so that the floor is its floor.
pub const BATCH: usize = 32;

/// Octets of a datagram that are kept: above every query and every reply without fragments.
const SIZE: usize = 2048;

/// Room for `BATCH` datagrams and the addresses that they came from.
pub struct Batch {
    datagrams: Box<[[u8; SIZE]]>,
    peers: Box<[libc::sockaddr_in]>,
    vectors: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
}

impl Default for Batch {
    fn default() -> Self {
        // SAFETY: these are C structs of integers and pointers, for which zero is a value.
        let (peer, vector, header) = unsafe { (zeroed(), zeroed(), zeroed()) };
        Self {
            datagrams: vec![[0; SIZE]; BATCH].into(),
            peers: vec![peer; BATCH].into(),
            vectors: vec![vector; BATCH].into(),
            headers: vec![header; BATCH].into(),
        }
    }
}

impl Batch {
    /// Take what waits at `socket`, with `flags` of recvmmsg(2); how many datagrams, 0 where none.
    pub fn receive(&mut self, socket: &impl AsRawFd, flags: libc::c_int) -> io::Result<usize> {
        for index in 0..BATCH {
            self.point(index, SIZE);
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = (&raw mut self.peers[index]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
        }
        let room = BATCH as libc::c_uint;
        // SAFETY: every header points at memory of this batch, with its length.
        let count = unsafe {
            let headers = self.headers.as_mut_ptr();
            libc::recvmmsg(socket.as_raw_fd(), headers, room, flags, null_mut())
        };
        if count < 0 {
            return none_or_error();
        }
        Ok(count as usize)
    }

    /// A datagram of the last `receive`.
    pub fn datagram(&mut self, index: usize) -> &mut [u8] {
        let length = self.headers[index].msg_len as usize;
        &mut self.datagrams[index][..length]
    }

    /// Make a datagram to the peer of a connected socket; `write` fills it and gives its length.
    pub fn set(&mut self, index: usize, write: impl FnOnce(&mut [u8]) -> usize) {
        let length = write(&mut self.datagrams[index]);
        self.point(index, length);
        let header = &mut self.headers[index].msg_hdr;
        header.msg_name = null_mut();
        header.msg_namelen = 0;
    }

    /// Let a received datagram go back to where it came from.
    pub fn turn(&mut self, index: usize) {
        self.vectors[index].iov_len = self.headers[index].msg_len as usize;
    }

    /// Send the first `count` datagrams; how many the kernel took.
    pub fn send(&mut self, socket: &impl AsRawFd, count: usize) -> io::Result<usize> {
        send(socket.as_raw_fd(), &mut self.headers[..count])
    }

    fn point(&mut self, index: usize, length: usize) {
        self.vectors[index] = libc::iovec {
            iov_base: self.datagrams[index].as_mut_ptr().cast(),
            iov_len: length,
        };
        let header = &mut self.headers[index].msg_hdr;
        header.msg_iov = &raw mut self.vectors[index];
        header.msg_iovlen = 1;
        header.msg_flags = 0;
    }
}

fn send(socket: RawFd, headers: &mut [libc::mmsghdr]) -> io::Result<usize> {
    let mut done = 0;
    while done < headers.len() {
        let rest = &mut headers[done..];
        // SAFETY: the headers point at datagrams and peers of a batch that outlives the call.
        let sent = unsafe {
            let count = rest.len() as libc::c_uint;
            libc::sendmmsg(socket, rest.as_mut_ptr(), count, libc::MSG_DONTWAIT)
        };
        if sent < 0 {
            return none_or_error().map(|_| done);
        }
        done += sent as usize;
    }
    Ok(done)
}

/// A refused datagram (nobody listens) is a lost one; only what cannot go on is an error.
fn none_or_error() -> io::Result<usize> {
    let error = io::Error::last_os_error();
    match error.kind() {
        io::ErrorKind::WouldBlock
        | io::ErrorKind::Interrupted
        | io::ErrorKind::ConnectionRefused => Ok(0),
        _ => Err(error),
    }
}
