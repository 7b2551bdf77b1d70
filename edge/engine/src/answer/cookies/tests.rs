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
