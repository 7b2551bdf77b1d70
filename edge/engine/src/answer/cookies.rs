//! DNS cookies (RFC 7873), in the form that servers of one address can share (RFC 9018).
//!
//! A client sends a number of its own. It gets back that number and a server cookie: a keyed hash
//! over the number, the client's address and the time. Whoever returns the server cookie has
//! received a reply at the address that it asks from, so it did not forge it. The server keeps
//! nothing but the key, the *secret*, and every edge that has the same secret makes and accepts the
//! same cookies.
//!
//! ```text
//! client cookie (8)  │ version 1 │ reserved (3) │ timestamp (4) │ hash (8)
//!                    └───────────── server cookie ────────────────────┘
//! hash = SipHash-2-4(secret, client cookie │ version … timestamp │ client address)
//! ```
//!
//! The first of several secrets makes cookies and all are accepted, so a secret can be known
//! everywhere before it is used, and for some time after (`dnsfleet.cookies` tells when). Without a
//! secret the option is ignored like an unknown one.

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

/// What makes and proves server cookies.
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
    let Some((age, by)) = prove(secrets, client, server, address, now) else {
        return Some((Presented::Invalid, renewed()));
    };
    // One made with another secret would end with that secret.
    let kept = age <= RENEWAL && by == current;
    let cookie = match server.try_into() {
        Ok(server) if kept => reply(server),
        _ => renewed(),
    };
    Some((Presented::Valid, cookie))
}

/// The age of a server cookie in seconds, and the secret that made it; None where it is no good.
fn prove<'s>(
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
mod tests {
    use super::*;
    use std::slice;

    fn octets<const N: usize>(hex: &str) -> [u8; N] {
        let digit = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
        assert_eq!(hex.len(), 2 * N);
        std::array::from_fn(digit)
    }

    fn secret(hex: &str) -> Secret {
        Secret::new(octets(hex))
    }

    const CLIENT_COOKIE: &str = "2464c4abcf10c957";

    /// The secret of appendices A.1 to A.3.
    fn known() -> Secret {
        secret("e5e973e5a6b2a43f48e7dc849e37bfcf")
    }

    /// A cookie that the client at 192.0.2.1 got at a time.
    fn given(by: &Secret, at: u32) -> Cookie {
        let client: [u8; 8] = octets(CLIENT_COOKIE);
        let (presented, cookie) = answer(slice::from_ref(by), &client, address(), at).unwrap();
        assert_eq!(presented, Presented::Client);
        cookie
    }

    fn address() -> IpAddr {
        "192.0.2.1".parse().unwrap()
    }

    #[test]
    fn the_vectors_of_rfc_9018_appendix_a() {
        let (old, new) = (
            secret("dd3bdf9344b678b185a6f5cb60fca715"),
            secret("445536bcd2513298075a5d379663c962"),
        );
        let ipv6 = "2001:db8:220:1:59de:d0f4:8769:82b8";
        for (what, secrets, address, option, now, presented, reply) in [
            (
                "A.1",
                &[known()][..],
                "198.51.100.100",
                &octets::<8>(CLIENT_COOKIE)[..],
                1_559_731_985,
                Presented::Client,
                "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
            ),
            (
                "A.2",
                &[known()],
                "198.51.100.100",
                &octets::<24>("2464c4abcf10c957010000005cf79f111f8130c3eee29480"),
                1_559_734_385,
                Presented::Valid,
                "2464c4abcf10c957010000005cf7a871d4a564a1442aca77",
            ),
            (
                // Its cookie is older than an hour.
                "A.3",
                &[known()],
                "203.0.113.203",
                &octets::<24>("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"),
                1_559_734_700,
                Presented::Invalid,
                "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e",
            ),
            (
                "A.4",
                &[new, old],
                ipv6,
                &octets::<24>("22681ab97d52c298010000005cf7c57926556bd0934c72f8"),
                1_559_741_961,
                Presented::Valid,
                "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
            ),
        ] {
            let address = address.parse().unwrap();
            let found = answer(secrets, option, address, now).unwrap();
            assert_eq!(found, (presented, octets(reply)), "{what}");
        }
    }

    #[test]
    fn the_reserved_octets_are_part_of_what_is_proved() {
        let option = octets::<24>("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5");
        let address = "203.0.113.203".parse().unwrap();
        let at = u32::from_be_bytes(octets("5cf78f71"));
        let (presented, reply) = answer(&[known()], &option, address, at).unwrap();
        assert_eq!((presented, reply), (Presented::Valid, option));
    }

    #[test]
    fn a_cookie_has_a_time() {
        const NOW: u32 = 1_800_000_000;
        for (age, presented, kept) in [
            (0, Presented::Valid, true),
            (1800, Presented::Valid, true),
            (1801, Presented::Valid, false),
            (3600, Presented::Valid, false),
            (3601, Presented::Invalid, false),
            (-300, Presented::Valid, true),
            (-301, Presented::Invalid, false),
        ] {
            for now in [NOW, 100] {
                let made = now.wrapping_sub(age as u32);
                let cookie = given(&known(), made);
                let (found, reply) = answer(&[known()], &cookie, address(), now).unwrap();
                assert_eq!(found, presented, "{age}");
                let expected = if kept { made } else { now };
                assert_eq!(reply, given(&known(), expected), "{age}");
            }
        }
    }

    #[test]
    fn a_cookie_proves_one_client_at_one_address() {
        let cookie = given(&known(), 1000);
        let judge =
            |option: &[u8], address: IpAddr| answer(&[known()], option, address, 1000).unwrap().0;
        assert_eq!(judge(&cookie, address()), Presented::Valid);
        for other in ["192.0.2.2", "::ffff:192.0.2.1", "2001:db8::1"] {
            assert_eq!(judge(&cookie, other.parse().unwrap()), Presented::Invalid);
        }
        for at in 0..cookie.len() {
            let mut changed = cookie;
            changed[at] ^= 1;
            assert_eq!(judge(&changed, address()), Presented::Invalid, "{at}");
        }
        for length in 9..cookie.len() {
            assert_eq!(judge(&cookie[..length], address()), Presented::Invalid);
        }
        let longer = [&cookie[..], &[0]].concat();
        assert_eq!(judge(&longer, address()), Presented::Invalid);
    }

    #[test]
    fn the_first_secret_makes_and_all_are_accepted() {
        let (old, new) = (Secret::new([1; 16]), Secret::new([2; 16]));
        let judge =
            |secrets: &[Secret], cookie: Cookie| answer(secrets, &cookie, address(), 1000).unwrap();
        let (by_old, by_new) = (given(&old, 1000), given(&new, 1000));
        for (secrets, cookie, expected) in [
            (
                &[old.clone(), new.clone()][..],
                by_old,
                (Presented::Valid, by_old),
            ),
            (
                &[old.clone(), new.clone()],
                by_new,
                (Presented::Valid, by_old),
            ),
            (
                &[new.clone(), old.clone()],
                by_old,
                (Presented::Valid, by_new),
            ),
            (&[new], by_old, (Presented::Invalid, by_new)),
        ] {
            assert_eq!(judge(secrets, cookie), expected);
        }
        assert_eq!(answer(&[], &by_old, address(), 1000), None);
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new([7; 16])), "Secret(…)");
    }
}
