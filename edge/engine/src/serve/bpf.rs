//! The ring function (`rings.rs`) as a classic BPF program, attached to a group of UDP sockets.
//!
//! The kernel runs it for each datagram and takes the result as the index of a socket, counted in
//! the order in which the group was bound. The program sees the datagram without its UDP header, so
//! the qname of the first question starts at octet 12. A load past the end of the datagram ends the
//! program with 0: a datagram that is too short, or has a name that does not end, goes to shard 0,
//! which decides what to do with it. Nothing is dropped here.
//!
//! Where sockets of another server come first in the group, the index is counted behind those.
//!
//! A group of TCP listeners is asked at the first segment of a connection, which has no query yet:
//! its program takes any of the sockets that it may take.
//!
//! Classic BPF has an accumulator A, a register X, sixteen words of memory and jumps forward by at
//! most 255 when they are conditional. Loops are unrolled, over the octets and over the shards.

use super::sys::set_option;
use crate::rings::{FNV_OFFSET, FNV_PRIME, MIX, NAME_OCTETS, constant};
use libc::{
    BPF_A, BPF_ABS, BPF_ADD, BPF_ALU, BPF_B, BPF_IMM, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JMP,
    BPF_K, BPF_LD, BPF_LDX, BPF_MEM, BPF_MISC, BPF_MOD, BPF_MUL, BPF_OR, BPF_RET, BPF_RSH, BPF_ST,
    BPF_STX, BPF_TAX, BPF_W, BPF_X, BPF_XOR, SKF_AD_OFF, SKF_AD_RANDOM, sock_filter, sock_fprog,
};
use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;

/// Where the qname of the first question starts in a DNS message.
const QNAME: usize = 12;

/// Words of memory: the hash of the name, the highest weight so far and the shard that has it.
const HASH: u32 = 0;
const WEIGHT: u32 = 1;
const SHARD: u32 = 2;

/// Attach the ring function over these sockets of the group that `socket` belongs to.
pub fn attach(socket: BorrowedFd, sockets: Range<usize>) -> io::Result<()> {
    attach_program(socket, program(sockets))
}

/// Give each connection to any of these listeners of the group that `socket` belongs to.
pub fn attach_any(socket: BorrowedFd, sockets: Range<usize>) -> io::Result<()> {
    attach_program(socket, any(sockets))
}

fn attach_program(socket: BorrowedFd, mut code: Vec<sock_filter>) -> io::Result<()> {
    let program = sock_fprog {
        len: u16::try_from(code.len()).map_err(io::Error::other)?,
        filter: code.as_mut_ptr(),
    };
    set_option(
        socket,
        libc::SOL_SOCKET,
        libc::SO_ATTACH_REUSEPORT_CBPF,
        &program,
    )
}

fn program(sockets: Range<usize>) -> Vec<sock_filter> {
    if sockets.len() == 1 {
        return any(sockets); // there is no choice that needs the name
    }
    let mut code = hash();
    for shard in 0..sockets.len() {
        code.extend(weigh(shard));
    }
    code.push(plain(BPF_LD | BPF_MEM, SHARD));
    code.extend(behind(sockets.start));
    code
}

fn any(sockets: Range<usize>) -> Vec<sock_filter> {
    let random = (SKF_AD_OFF + SKF_AD_RANDOM) as u32;
    let mut code = vec![
        plain(BPF_LD | BPF_W | BPF_ABS, random),
        plain(BPF_ALU | BPF_MOD | BPF_K, sockets.len() as u32),
    ];
    code.extend(behind(sockets.start));
    code
}

/// Return the accumulator, counted from this socket on.
fn behind(first: usize) -> [sock_filter; 2] {
    [
        plain(BPF_ALU | BPF_ADD | BPF_K, first as u32),
        plain(BPF_RET | BPF_A, 0),
    ]
}

/// Leave the hash of the qname in memory.
fn hash() -> Vec<sock_filter> {
    let mut code = vec![
        plain(BPF_LD | BPF_IMM, FNV_OFFSET),
        plain(BPF_MISC | BPF_TAX, 0),
    ];
    for index in 0..NAME_OCTETS {
        let octet = [
            plain(BPF_LD | BPF_B | BPF_ABS, (QNAME + index) as u32),
            jump(BPF_JEQ | BPF_K, 0, 0, 1),
            plain(BPF_JMP | BPF_JA, 0), // to the end of the loop, set below
            jump(BPF_JGT | BPF_K, u32::from(b'Z'), 2, 0),
            jump(BPF_JGE | BPF_K, u32::from(b'A'), 0, 1),
            plain(BPF_ALU | BPF_OR | BPF_K, 0x20),
            plain(BPF_ALU | BPF_XOR | BPF_X, 0),
            plain(BPF_ALU | BPF_MUL | BPF_K, FNV_PRIME),
            plain(BPF_MISC | BPF_TAX, 0),
        ];
        code.extend(octet);
    }
    let end = code.len();
    for (index, instruction) in code.iter_mut().enumerate() {
        if u32::from(instruction.code) == BPF_JMP | BPF_JA {
            instruction.k = (end - index - 1) as u32;
        }
    }
    code.push(plain(BPF_STX, HASH));
    code
}

/// Compute the weight of one shard and remember it if it is the highest so far.
fn weigh(shard: usize) -> Vec<sock_filter> {
    let mut code = vec![
        plain(BPF_LD | BPF_MEM, HASH),
        plain(BPF_ALU | BPF_XOR | BPF_K, constant(shard)),
    ];
    for (shift, factor) in MIX {
        code.extend([
            plain(BPF_MISC | BPF_TAX, 0),
            plain(BPF_ALU | BPF_RSH | BPF_K, shift),
            plain(BPF_ALU | BPF_XOR | BPF_X, 0),
        ]);
        if factor != 1 {
            code.push(plain(BPF_ALU | BPF_MUL | BPF_K, factor));
        }
    }
    // Memory that was not written may not be read, so the first shard does not compare.
    if shard > 0 {
        code.push(plain(BPF_LDX | BPF_MEM, WEIGHT));
        code.push(jump(BPF_JGT | BPF_X, 0, 0, 3));
    }
    code.extend([
        plain(BPF_ST, WEIGHT),
        plain(BPF_LD | BPF_IMM, shard as u32),
        plain(BPF_ST, SHARD),
    ]);
    code
}

fn plain(code: u32, k: u32) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    }
}

/// A conditional jump over `jt` instructions where it holds, over `jf` where it does not.
fn jump(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter {
        code: (BPF_JMP | code) as u16,
        jt,
        jf,
        k,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rings::MAX_SHARDS;
    use crate::serve::Options;
    use std::os::fd::AsFd;

    #[test]
    fn the_largest_program_is_one_the_kernel_takes() {
        let code = program(MAX_SHARDS..2 * MAX_SHARDS);
        assert!(code.len() <= 4096, "{} instructions", code.len());
        let listen = ["127.0.0.1:0".parse().unwrap()];
        let bound = crate::serve::sockets::bind(&listen, &Options::with_shards(2)).unwrap();
        let pair = &bound.shards[0][0];
        attach(pair.udp.as_fd(), MAX_SHARDS..2 * MAX_SHARDS).unwrap();
        attach_any(pair.tcp.as_fd(), 0..2).unwrap();
    }
}
