//! DNS cookies (RFC 7873), in the form that servers of one address can share (RFC 9018).
//!
//! A client sends a number of its own. It gets back that number and a server cookie: a keyed hash
//! over the number, the client's address and the time. A client that returns the server cookie has
//! received a reply at the address that it asks from, so the address is not forged. The server
//! stores only the key, the *secret*. All edges that have the same secret make and accept the same
//! cookies.
//!
//! ```text
//! client cookie (8)  │ version 1 │ reserved (3) │ timestamp (4) │ hash (8)
//!                    └───────────── server cookie ────────────────────┘
//! hash = SipHash-2-4(secret, client cookie │ version … timestamp │ client address)
//! ```
//!
//! The first of several secrets makes cookies, and cookies of all of them are accepted. So every
//! edge can have a secret before it is used, and for some time after (`dnsfleet.cookies` tells
//! when). Without a secret the option is ignored like an unknown one.

use siphasher::sip::SipHasher24;
use std::fmt;
use std::net::IpAddr;

/// Octets of a secret.
pub const SECRET_OCTETS: usize = 16;
/// Most secrets: a rotation needs three at a time, and a wrong cookie is tried with each.
pub const MAX_SECRETS: usize = 4;

const CLIENT: usize = 8;
const SERVER: usize = 16;
const VERSION: u8 = 1;
/// Seconds from its timestamp on that a server cookie is accepted (RFC 9018 section 4.3).
const LIFETIME: i32 = 3600;
/// Seconds by which the clock of the edge that made a cookie may be ahead of ours.
const CLOCK_SKEW: i32 = 300;
/// Seconds after which a valid server cookie is replaced, so that the client always has one.
const RENEWAL: i32 = 1800;

/// The value of a COOKIE option of a reply: client cookie and server cookie.
pub type Cookie = [u8; CLIENT + SERVER];

/// The key that makes and verifies server cookies.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SECRET_OCTETS]);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// What a query with a COOKIE option has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// A client cookie alone: a client that asks for the first time.
    Client,
    /// A server cookie of ours: the client is at its address.
    Valid,
    /// Another server cookie: too old, for another address, or forged.
    Invalid,
}

impl Secret {
    /// A secret from random octets.
    pub fn new(octets: [u8; SECRET_OCTETS]) -> Secret {
        Secret(octets)
    }

    /// The server cookie that starts with `head` (version, reserved octets and timestamp).
    fn server_cookie(&self, client: &[u8; CLIENT], head: [u8; 8], address: IpAddr) -> [u8; SERVER] {
        let mut input = [0; CLIENT + 8 + 16];
        input[..CLIENT].copy_from_slice(client);
        input[CLIENT..CLIENT + 8].copy_from_slice(&head);
        let length = match address {
            IpAddr::V4(address) => {
                input[CLIENT + 8..CLIENT + 12].copy_from_slice(&address.octets());
                CLIENT + 12
            }
            IpAddr::V6(address) => {
                input[CLIENT + 8..].copy_from_slice(&address.octets());
                CLIENT + 24
            }
        };
        let hash = SipHasher24::new_with_key(&self.0).hash(&input[..length]);
        let mut cookie = [0; SERVER];
        cookie[..8].copy_from_slice(&head);
        cookie[8..].copy_from_slice(&hash.to_le_bytes());
        cookie
    }
}

/// Whether the value of a COOKIE option has a length that it may have (RFC 7873 section 5.2.2).
pub fn is_well_formed(option: &[u8]) -> bool {
    option.len() == CLIENT || (CLIENT + 8..=CLIENT + 32).contains(&option.len())
}

/// Judges the COOKIE option of a query from `address`, and makes the one of the reply.
///
/// `now` is the Unix time in seconds. None where there is no secret, or no client cookie.
pub fn answer(
    secrets: &[Secret],
    option: &[u8],
    address: IpAddr,
    now: u32,
) -> Option<(Presented, Cookie)> {
    let current = secrets.first()?;
    let (client, server) = option.split_first_chunk::<CLIENT>()?;
    let reply = |server: [u8; SERVER]| {
        let mut cookie = [0; CLIENT + SERVER];
        cookie[..CLIENT].copy_from_slice(client);
        cookie[CLIENT..].copy_from_slice(&server);
        cookie
    };
    let renewed = || {
        let [a, b, c, d] = now.to_be_bytes();
        reply(current.server_cookie(client, [VERSION, 0, 0, 0, a, b, c, d], address))
    };
    if server.is_empty() {
        return Some((Presented::Client, renewed()));
    }
    let Some((age, by)) = verify(secrets, client, server, address, now) else {
        return Some((Presented::Invalid, renewed()));
    };
    // A cookie of another secret would stop being accepted together with that secret.
    let is_fresh = age <= RENEWAL && by == current;
    let cookie = match server.try_into() {
        Ok(server) if is_fresh => reply(server),
        _ => renewed(),
    };
    Some((Presented::Valid, cookie))
}

/// The age of a server cookie in seconds, and the secret that made it; None where it is no good.
fn verify<'s>(
    secrets: &'s [Secret],
    client: &[u8; CLIENT],
    server: &[u8],
    address: IpAddr,
    now: u32,
) -> Option<(i32, &'s Secret)> {
    let server: &[u8; SERVER] = server.try_into().ok()?;
    let head = *server.first_chunk::<8>()?;
    let [version, _, _, _, timestamp @ ..] = head;
    // Serial number arithmetic (RFC 1982): the seconds wrap in 2106.
    let age = now
        .wrapping_sub(u32::from_be_bytes(timestamp))
        .cast_signed();
    if version != VERSION || !(-CLOCK_SKEW..=LIFETIME).contains(&age) {
        return None;
    }
    let made = |secret: &&Secret| secret.server_cookie(client, head, address) == *server;
    secrets.iter().find(made).map(|secret| (age, secret))
}

#[cfg(test)]
mod tests;
