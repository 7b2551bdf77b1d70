//! One TCP connection: messages with a length before each (RFC 1035 section 4.2.2), any number of
//! them in flight (RFC 7766 section 6.2.1), in pieces of any size.
//!
//! A server may send replies in any order (RFC 7766 sections 6.2.1.1 and 7), so that no reply waits
//! for a slower one. Here no reply is slower: each is made from memory as soon as its query is
//! read. So the replies are sent in the order of the queries.
//!
//! While more than `OUTPUT_LIMIT` octets of replies wait to be taken, no query is read or answered.
//! So a client that does not read its replies cannot send queries either, and takes no more memory.

use super::proxies::{Header, Opening};
use crate::answer::{Client, Transport};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::Instant;

/// Octets of replies that may wait before a connection is not read any more: one reply of the
/// largest size. A connection holds at most twice this in replies.
const OUTPUT_LIMIT: usize = 64 << 10;

/// Octets of a buffer that an idle connection keeps: usual queries and replies fit.
const KEPT_BUFFER: usize = 4 << 10;

/// What a connection waits for once everything possible is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// For a query: everything that came is answered and sent.
    Idle,
    /// For its client to take replies, or for its own turn to read on.
    Busy,
    /// For nothing: the client is gone, or has ended its side and has all replies.
    Closed,
    /// For nothing: it began without the PROXY header that it needs, or with one that it may not
    /// have.
    Refused,
}

/// A connection and what is not done yet.
pub struct Connection {
    stream: TcpStream,
    /// Who is at the other end, as far as it is known.
    pub client: Client,
    /// What has to come before the first message, as long as it has not come.
    opening: Option<Opening>,
    /// When a query was last answered or a part of a reply taken. Octets of a query do not count: a
    /// client that sends one now and then must not keep its connection for ever.
    pub progress: Instant,
    input: Vec<u8>,
    output: Vec<u8>,
    ended: bool,
}

/// Turns a query of a client into a reply; false where there is none.
pub type Answer<'a> = dyn FnMut(Client, &[u8], &mut Vec<u8>) -> bool + 'a;

impl Connection {
    /// A connection that was just accepted, in non-blocking mode.
    pub fn new(stream: TcpStream, client: Client, opening: Opening, now: Instant) -> Self {
        Self {
            stream,
            client,
            opening: Some(opening),
            progress: now,
            input: Vec::new(),
            output: Vec::new(),
            ended: false,
        }
    }

    /// The epoll events it waits for.
    pub fn interest(&self) -> libc::c_int {
        let input = if self.wants_input() { libc::EPOLLIN } else { 0 };
        let output = if !self.output.is_empty() {
            libc::EPOLLOUT
        } else {
            0
        };
        input | output
    }

    /// Read once, at most as much as `scratch` holds, then answer and send what can be.
    ///
    /// `reply` is memory for one reply.
    pub fn advance(
        &mut self,
        scratch: &mut [u8],
        reply: &mut Vec<u8>,
        answer: &mut Answer,
        now: Instant,
    ) -> State {
        self.try_advance(scratch, reply, answer, now)
            .unwrap_or(State::Closed)
    }

    fn try_advance(
        &mut self,
        scratch: &mut [u8],
        reply: &mut Vec<u8>,
        answer: &mut Answer,
        now: Instant,
    ) -> io::Result<State> {
        let read = if self.wants_input() {
            self.read(scratch)?
        } else {
            0
        };
        if let Some(opening) = self.opening {
            match opening.read(&self.input) {
                Header::Whole(client, octets) => self.open(client, octets),
                Header::Incomplete if self.ended => return Ok(State::Closed),
                Header::Incomplete => return Ok(State::Idle),
                Header::Malformed => return Ok(State::Refused),
            }
        }
        // Sending makes room for more replies; answering ends when the input or the room does.
        loop {
            self.flush(now)?;
            if !self.answer_waiting(reply, answer, now) {
                break;
            }
        }
        Ok(match (self.output.len(), self.ended) {
            (0, true) => State::Closed,
            (0, false) if read == 0 => State::Idle,
            _ => State::Busy,
        })
    }

    /// Take the client from the header, which has this many octets, and go on behind it.
    fn open(&mut self, client: Option<IpAddr>, octets: usize) {
        if let Some(address) = client {
            self.client = Client::new(address, Transport::Tcp);
        }
        self.input.drain(..octets);
        self.opening = None;
    }

    fn wants_input(&self) -> bool {
        !self.ended && self.output.len() < OUTPUT_LIMIT
    }

    fn read(&mut self, scratch: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(scratch) {
            Ok(0) => self.ended = true,
            Ok(length) => {
                self.input.extend_from_slice(&scratch[..length]);
                return Ok(length);
            }
            Err(error) if is_transient(&error) => (),
            Err(error) => return Err(error),
        }
        Ok(0)
    }

    /// Answer complete queries while there is room for replies; whether there was any query.
    fn answer_waiting(&mut self, reply: &mut Vec<u8>, answer: &mut Answer, now: Instant) -> bool {
        let mut start = 0;
        while self.output.len() < OUTPUT_LIMIT {
            let Some((length, rest)) = self.input[start..].split_first_chunk::<2>() else {
                break;
            };
            let Some(query) = rest.get(..usize::from(u16::from_be_bytes(*length))) else {
                break;
            };
            start += 2 + query.len();
            if answer(self.client, query, reply) {
                // A reply has at most 65,535 octets: that is what the responder promises.
                self.output.extend((reply.len() as u16).to_be_bytes());
                self.output.extend_from_slice(reply);
                self.progress = now;
            }
        }
        self.input.drain(..start);
        if self.input.is_empty() && self.input.capacity() > KEPT_BUFFER {
            self.input = Vec::new();
        }
        start > 0
    }

    fn flush(&mut self, now: Instant) -> io::Result<()> {
        let mut written = 0;
        while written < self.output.len() {
            match self.stream.write(&self.output[written..]) {
                Ok(length) => written += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) => return Err(error),
            }
        }
        if written > 0 {
            self.progress = now;
            self.output.drain(..written);
            if self.output.is_empty() {
                self.output.shrink_to(KEPT_BUFFER);
            }
        }
        Ok(())
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests;
