//! A source port of the generator.

use crate::batch::{BATCH, Batch};
use crate::drive::Channel;
use crate::options::set_option;
use mio::net::UdpSocket;
use std::io;
use std::net::SocketAddr;

/// Octets of replies that may wait in one socket, so that it is not the generator that loses them.
const RECEIVE_BUFFER: libc::c_int = 4 << 20;

impl Channel for UdpSocket {
    type Scratch = Batch;

    fn open(server: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::new([0, 0, 0, 0].into(), 0))?;
        // Connected, so that the kernel looks for the route once.
        socket.connect(server)?;
        set_option(&socket, libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_BUFFER)?;
        Ok(socket)
    }

    fn send(
        &mut self,
        batch: &mut Batch,
        count: usize,
        mut write: impl FnMut(&mut [u8]) -> usize,
    ) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            let count = left.min(BATCH);
            left -= count;
            for place in 0..count {
                batch.set(place, &mut write);
            }
            // What the kernel does not take stays unanswered, and so is lost.
            batch.send(self, count)?;
        }
        Ok(())
    }

    fn receive(&mut self, batch: &mut Batch, mut reply: impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            let count = batch.receive(self, libc::MSG_DONTWAIT)?;
            for place in 0..count {
                reply(batch.datagram(place));
            }
            if count < BATCH {
                return Ok(());
            }
        }
    }
}
