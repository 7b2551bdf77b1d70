//! The options of a reply: identity and extended errors; and class CHAOS.

use super::*;

const OWN_NAME: &str = "ams1";
const IDENTITY: &[u8] = b"ams1";

fn named() -> Settings {
    Settings::new(Some(OWN_NAME)).unwrap()
}

/// A query in class CHAOS.
fn chaos(asked: &str) -> Vec<u8> {
    let mut query = query(asked);
    *query.last_mut().unwrap() = 3;
    query
}

/// The reply of a server with settings, as lines.
pub fn ask_with(settings: &Settings, query: &[u8], transport: Transport) -> Vec<String> {
    let source = Source {
        catalog: &catalog("www.test. 60 A 192.0.2.1"),
        settings,
        now: NOW,
    };
    let mut out = Vec::new();
    let outcome = respond_from(source, query, client(transport), &mut out).unwrap();
    read(&out, outcome)
}

/// The line of an OPT record with options.
pub fn opt(options: &[Vec<u8>]) -> String {
    format!("ar OPT 1232 0x0 {:?}", options.concat())
}

#[test]
fn nsid_is_answered_where_there_is_an_identity_and_it_is_asked_for() {
    let www = "an www.test. 60 A 192.0.2.1";
    let nsid = option(3, b"");
    let own = opt(&[option(3, IDENTITY)]);
    let ask = |settings: &Settings, options: &[u8]| {
        let query = with_opt(query("www.test. A"), 1232, 0, options);
        ask_with(settings, &query, Transport::Udp)
    };
    assert_eq!(ask(&named(), &nsid), ["NOERROR aa", www, &own]);
    // What a client puts into it is ignored, and so is a second one (RFC 5001 section 2.1).
    let odd = [option(3, b"who"), nsid.clone()].concat();
    assert_eq!(ask(&named(), &odd), ["NOERROR aa", www, &own]);
    assert_eq!(ask(&named(), &[]), ["NOERROR aa", www, &opt(&[])]);
    assert_eq!(
        ask(&Settings::default(), &nsid),
        ["NOERROR aa", www, &opt(&[])]
    );
}

#[test]
fn nsid_is_in_errors_too_but_not_where_the_options_could_not_be_read() {
    let nsid = option(3, b"");
    let own = option(3, IDENTITY);
    let broken = [nsid.clone(), vec![0, 10, 0]].concat();
    let ask = |query: Vec<u8>| ask_with(&named(), &query, Transport::Udp);
    let refused = with_opt(query("x.other. A"), 512, 0, &nsid);
    let reason = option(15, &[0, 20]);
    assert_eq!(ask(refused), ["REFUSED", &opt(&[own, reason])]);
    let malformed = with_opt(query("www.test. A"), 512, 0, &broken);
    assert_eq!(ask(malformed), ["FORMERR", &opt(&[])]);
    let version = with_opt(query("www.test. A"), 512, 0x1_0000, &nsid);
    assert_eq!(ask(version), ["BADVERS", "ar OPT 1232 0x1000000 []"]);
}

#[test]
fn the_body_gets_exactly_the_room_that_the_options_leave() {
    // The records fill a message of 512 octets to the last one when the identity has `fits`.
    let overhead = 12 + 10 + 4 + 2 + 10 + 11 + 4;
    let fits = 32;
    let text = "x".repeat(512 - overhead - fits - 2);
    let (first, second) = text.split_at(255);
    let records = format!("www.test. 60 TXT \"{first}\" \"{second}\"");
    let catalog = catalog(&records);
    let query = with_opt(query("www.test. TXT"), 512, 0, &option(3, b""));
    for (octets, size, truncated) in [
        (fits - 1, 511, false),
        (fits, 512, false),
        (fits + 1, 74, true),
    ] {
        let settings = Settings::new(Some(&"i".repeat(octets))).unwrap();
        let source = Source {
            catalog: &catalog,
            settings: &settings,
            now: NOW,
        };
        let mut out = Vec::new();
        let outcome = respond_from(source, &query, client(Transport::Udp), &mut out).unwrap();
        assert_eq!(
            (out.len(), outcome.truncated),
            (size, truncated),
            "{octets}"
        );
    }
}

#[test]
fn an_identity_has_a_length() {
    assert!(Settings::new(Some(&"x".repeat(128))).is_ok());
    for text in [String::new(), "x".repeat(129)] {
        let error = Settings::new(Some(&text)).unwrap_err();
        assert_eq!(
            error,
            format!("identity: {} octets, use 1 to 128", text.len())
        );
    }
}

#[test]
fn chaos_tells_the_identity_and_nothing_else() {
    let refused = ["REFUSED"];
    for (asked, expected) in [
        (
            "id.server. TXT",
            &["NOERROR aa", "an id.server. 0 TXT \"ams1\""][..],
        ),
        (
            "HostName.Bind. TXT",
            &["NOERROR aa", "an HostName.Bind. 0 TXT \"ams1\""],
        ),
        ("id.server. A", &refused),
        ("id.server. ANY", &refused),
        ("x.id.server. TXT", &refused),
        ("version.bind. TXT", &refused),
        ("version.server. TXT", &refused),
        ("authors.bind. TXT", &refused),
        ("www.test. A", &refused),
    ] {
        for transport in [Transport::Udp, Transport::Tcp] {
            assert_eq!(ask_with(&named(), &chaos(asked), transport), expected);
            let unnamed = ask_with(&Settings::default(), &chaos(asked), transport);
            assert_eq!(unnamed, refused, "{asked}");
        }
    }
    // The same name in class IN is a name like any other.
    let internet = ask_with(&named(), &query("id.server. TXT"), Transport::Udp);
    assert_eq!(internet, refused);
}

#[test]
fn a_chaos_reply_has_the_class_that_was_asked_for() {
    let source = Source {
        catalog: &catalog(""),
        settings: &named(),
        now: NOW,
    };
    let mut out = Vec::new();
    let query = chaos("id.server. TXT");
    respond_from(source, &query, client(Transport::Udp), &mut out).unwrap();
    let record = &out[query.len()..];
    assert_eq!(record[..6], [0xc0, 12, 0, 16, 0, 3]);
}

#[test]
fn extended_errors_tell_why_and_only_with_edns() {
    let class = |class, asked| {
        let mut query = query(asked);
        *query.last_mut().unwrap() = class;
        query
    };
    for (query, rcode, code) in [
        (query("x.other. A"), "REFUSED", Some(20)),
        (query("other. DS"), "REFUSED", Some(20)),
        (query("test. AXFR"), "REFUSED", Some(21)),
        (query("test. IXFR"), "REFUSED", Some(21)),
        (class(255, "www.test. A"), "REFUSED", Some(21)),
        (class(4, "www.test. A"), "REFUSED", Some(21)),
        (chaos("version.bind. TXT"), "REFUSED", Some(21)),
        (query("www.test. TYPE128"), "FORMERR", Some(30)),
        (query("www.test. A"), "NOERROR aa", None),
        (query("nothing.test. A"), "NXDOMAIN aa", None),
    ] {
        let plain = ask_with(&Settings::default(), &query, Transport::Udp);
        assert_eq!(plain[0], rcode);
        assert!(!plain.iter().any(|line| line.starts_with("ar OPT")));
        let reply = ask_with(
            &Settings::default(),
            &with_opt(query, 1232, 0, &[]),
            Transport::Udp,
        );
        let error = code.map(|code| option(15, &[0, code]));
        assert_eq!(reply[0], rcode);
        assert_eq!(*reply.last().unwrap(), opt(&Vec::from_iter(error)));
    }
}
