//! A connection of the generator, with any number of queries in flight.

use crate::drive::Channel;
use mio::event::Source;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

/// Octets read at once: the replies to a window of queries.
const READ_SIZE: usize = 64 << 10;

/// A stream and what is not yet sent or not yet whole.
pub struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Channel for Connection {
    type Scratch = Vec<u8>;

    fn open(server: SocketAddr) -> io::Result<Self> {
        // Connected before anything is measured, so that no run has handshakes in it.
        let stream = std::net::TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: TcpStream::from_std(stream),
            input: Vec::new(),
            output: Vec::new(),
        })
    }

    fn send(
        &mut self,
        scratch: &mut Vec<u8>,
        count: usize,
        mut write: impl FnMut(&mut [u8]) -> usize,
    ) -> io::Result<()> {
        scratch.resize(READ_SIZE, 0);
        for _ in 0..count {
            let length = write(scratch);
            self.output.extend((length as u16).to_be_bytes());
            self.output.extend_from_slice(&scratch[..length]);
        }
        self.flush()
    }

    fn receive(&mut self, scratch: &mut Vec<u8>, mut reply: impl FnMut(&[u8])) -> io::Result<()> {
        scratch.resize(READ_SIZE, 0);
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.input.extend_from_slice(&scratch[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let mut at = 0;
        while let Some(message) = whole(&self.input[at..]) {
            reply(message);
            at += 2 + message.len();
        }
        self.input.drain(..at);
        self.flush()
    }
}

impl Connection {
    fn flush(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(count) => drop(self.output.drain(..count)),
                // The event that there is room again comes to `receive`.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The first message after its length (RFC 1035 section 4.2.2), once all of it is there.
pub fn whole(stream: &[u8]) -> Option<&[u8]> {
    let (length, rest) = stream.split_first_chunk()?;
    rest.get(..usize::from(u16::from_be_bytes(*length)))
}

impl Source for Connection {
    fn register(&mut self, poll: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.stream.register(poll, token, interest)
    }

    fn reregister(&mut self, poll: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.stream.reregister(poll, token, interest)
    }

    fn deregister(&mut self, poll: &Registry) -> io::Result<()> {
        self.stream.deregister(poll)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_when_it_is_whole() {
        let stream = [0, 3, b'a', b'b', b'c', 0];
        for end in 0..5 {
            assert_eq!(whole(&stream[..end]), None);
        }
        assert_eq!(whole(&stream), Some(&b"abc"[..]));
        assert_eq!(whole(&stream[5..]), None);
    }
}
