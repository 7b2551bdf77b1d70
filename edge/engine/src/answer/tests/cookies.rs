//! Cookies in whole messages; what is in a cookie is tested beside `cookies`.

use super::options::{ask_with, opt};
use super::*;
use crate::answer::cookies;

const WWW: &str = "an www.test. 60 A 192.0.2.1";
const CLIENT_COOKIE: [u8; 8] = *b"12345678";

fn secret() -> Settings {
    Settings::default().with_secrets(&[vec![7; 16]]).unwrap()
}

/// The COOKIE option that the client of the tests is given at `NOW`.
fn given() -> Vec<u8> {
    let address = client(Transport::Udp).address;
    let secrets = secret();
    let answered = cookies::answer(secrets.secrets(), &CLIENT_COOKIE, address, NOW);
    option(10, &answered.unwrap().1)
}

fn forged() -> Vec<u8> {
    let mut option = given();
    *option.last_mut().unwrap() ^= 1;
    option
}

/// A query without a question (RFC 7873 section 5.4).
fn no_question(options: &[u8]) -> Vec<u8> {
    let header = [0xab, 0xcd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    with_opt(header.to_vec(), 1232, 0, options)
}

#[test]
fn every_cookie_is_answered_by_a_valid_one() {
    for transport in [Transport::Udp, Transport::Tcp] {
        for presented in [option(10, &CLIENT_COOKIE), given(), forged()] {
            let query = with_opt(query("www.test. A"), 1232, 0, &presented);
            let reply = ask_with(&secret(), &query, transport);
            assert_eq!(reply, ["NOERROR aa", WWW, &opt(&[given()])]);
        }
    }
}

#[test]
fn no_cookie_comes_unasked_or_without_a_secret() {
    let ask = |settings: &Settings, options: &[u8]| {
        let query = with_opt(query("www.test. A"), 1232, 0, options);
        ask_with(settings, &query, Transport::Udp)
    };
    let plain = ["NOERROR aa", WWW, &opt(&[])];
    assert_eq!(ask(&secret(), &[]), plain);
    assert_eq!(ask(&Settings::default(), &given()), plain);
    let without_edns = ask_with(&secret(), &query("www.test. A"), Transport::Udp);
    assert_eq!(without_edns, ["NOERROR aa", WWW]);
}

#[test]
fn only_the_first_cookie_counts() {
    let options = [given(), forged(), option(10, b"short")].concat();
    let query = with_opt(query("www.test. A"), 1232, 0, &options);
    let reply = ask_with(&secret(), &query, Transport::Udp);
    assert_eq!(reply, ["NOERROR aa", WWW, &opt(&[given()])]);
}

#[test]
fn a_query_may_ask_for_nothing_but_a_cookie() {
    let fresh = option(10, &CLIENT_COOKIE);
    let given_back = opt(&[given()]);
    for (what, settings, options, expected) in [
        ("a new client", secret(), &fresh, ["NOERROR", &given_back]),
        (
            "a cookie of ours",
            secret(),
            &given(),
            ["NOERROR", &given_back],
        ),
        (
            "another cookie",
            secret(),
            &forged(),
            ["BADCOOKIE", &badcookie()],
        ),
        (
            "no cookies here",
            Settings::default(),
            &fresh,
            ["FORMERR", &opt(&[])],
        ),
        ("no cookie", secret(), &vec![], ["FORMERR", &opt(&[])]),
        (
            "malformed",
            secret(),
            &option(10, &[1; 9]),
            ["FORMERR", &opt(&[])],
        ),
    ] {
        let reply = ask_with(&settings, &no_question(options), Transport::Udp);
        assert_eq!(reply, expected, "{what}");
    }
}

/// The OPT record with the upper bits of BADCOOKIE (23) and a good cookie.
fn badcookie() -> String {
    format!("ar OPT 1232 0x1000000 {:?}", given())
}

#[test]
fn the_outcome_tells_what_was_presented() {
    let outcome = |options: &[u8]| {
        let source = Source {
            catalog: &catalog(""),
            settings: &secret(),
            now: NOW,
        };
        let query = with_opt(query("test. SOA"), 1232, 0, options);
        respond_from(source, &query, client(Transport::Udp), &mut Vec::new())
    };
    for (options, expected) in [
        (vec![], None),
        (option(10, &CLIENT_COOKIE), Some(Presented::Client)),
        (given(), Some(Presented::Valid)),
        (forged(), Some(Presented::Invalid)),
    ] {
        assert_eq!(outcome(&options).unwrap().cookie, expected);
    }
}

#[test]
fn the_largest_error_and_all_options_stay_below_512_octets() {
    let settings = Settings::new(Some(&"i".repeat(128)))
        .and_then(|settings| settings.with_secrets(&[vec![7; 16]]))
        .unwrap();
    let label = "x".repeat(61);
    let longest = format!("{label}.{label}.{label}.{label}.other. A");
    let options = [option(3, b""), forged()].concat();
    let query = with_opt(query(&longest), 512, 0, &options);
    let source = Source {
        catalog: &catalog(""),
        settings: &settings,
        now: NOW,
    };
    let mut out = Vec::new();
    let outcome = respond_from(source, &query, client(Transport::Udp), &mut out).unwrap();
    assert_eq!((outcome.rcode, outcome.truncated), (rcode::REFUSED, false));
    assert!(out.len() <= 512, "{}", out.len());
}

#[test]
fn secrets_have_a_length_and_a_number() {
    let settings = Settings::default();
    assert!(settings.with_secrets(&vec![vec![0; 16]; 4]).is_ok());
    let errors = [
        (vec![vec![0; 16]; 5], "5 cookie secrets: use at most 4"),
        (
            vec![vec![0; 15]],
            "a cookie secret of another length: it has 16 octets",
        ),
    ];
    for (secrets, expected) in errors {
        assert_eq!(settings.with_secrets(&secrets).unwrap_err(), expected);
    }
}
