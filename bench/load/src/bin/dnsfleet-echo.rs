//! `dnsfleet-echo ADDR:PORT`: send every query back as its own reply.
//!
//! It is the floor under every server: what the kernel takes to bring a query in and a reply out,
//! with the batches and socket options of the engine and nothing in between. Over UDP that is two
//! system calls a batch. Over TCP a query is sent back when it is whole.

use dnsfleet_load::batch::{BATCH, Batch};
use dnsfleet_load::{HEADER, QR, options, tcp};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::collections::HashMap;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

/// The engine's buffers (`edge/engine/src/serve/sockets.rs`).
const RECEIVE_BUFFER: libc::c_int = 4 << 20;
const SEND_BUFFER: libc::c_int = 1 << 20;

/// Octets read from a connection at once, as in the engine.
const READ_SIZE: usize = 16 << 10;

const LISTENER: Token = Token(usize::MAX);

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("dnsfleet-echo ADDR:PORT")?;
    let address: SocketAddr = address.parse()?;
    let socket = UdpSocket::bind(address)?;
    configure(&socket)?;
    let listener = TcpListener::bind(address)?;
    std::thread::spawn(move || serve_tcp(listener).expect("TCP goes on"));
    println!("answering at {address}");
    serve_udp(&socket)?;
    Ok(())
}

fn configure(socket: &UdpSocket) -> io::Result<()> {
    for (level, name, value) in [
        (libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_BUFFER),
        (libc::SOL_SOCKET, libc::SO_SNDBUF, SEND_BUFFER),
        (libc::SOL_SOCKET, libc::SO_REUSEPORT, 1),
        (
            libc::IPPROTO_IP,
            libc::IP_MTU_DISCOVER,
            libc::IP_PMTUDISC_OMIT,
        ),
    ] {
        options::set_option(socket, level, name, value)?;
    }
    Ok(())
}

fn serve_udp(socket: &UdpSocket) -> io::Result<()> {
    let mut batch = Batch::default();
    loop {
        let count = batch.receive(socket, libc::MSG_WAITFORONE)?;
        for index in 0..count {
            let message = batch.datagram(index);
            if message.len() >= HEADER {
                message[2] |= QR;
            }
            batch.turn(index);
        }
        batch.send(socket, count)?;
    }
}

fn serve_tcp(mut listener: TcpListener) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(BATCH);
    let mut streams: HashMap<usize, (TcpStream, Vec<u8>)> = HashMap::new();
    let mut scratch = vec![0; READ_SIZE];
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let key = stream.as_raw_fd() as usize;
                    poll.registry()
                        .register(&mut stream, Token(key), Interest::READABLE)?;
                    streams.insert(key, (stream, Vec::new()));
                }
            } else if let Some((stream, input)) = streams.get_mut(&event.token().0)
                && echo(stream, input, &mut scratch).is_err()
            {
                streams.remove(&event.token().0);
            }
        }
    }
}

/// Send back what came whole on one connection; an error ends the connection.
fn echo(stream: &mut TcpStream, input: &mut Vec<u8>, scratch: &mut [u8]) -> io::Result<()> {
    loop {
        match stream.read(scratch) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => input.extend_from_slice(&scratch[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
        let mut end = 0;
        while let Some(length) = tcp::whole(&input[end..]).map(<[u8]>::len) {
            if length >= HEADER {
                input[end + 4] |= QR;
            }
            end += 2 + length;
        }
        // The generator never leaves so much unread that there is no room.
        stream.write_all(&input[..end])?;
        input.drain(..end);
    }
}
