//! Rdata in text and in wire form: tables of what is read and refused, and round trips.

use dnsfleet_engine::name::Name;
use dnsfleet_engine::rdata::{self, types::*};
use proptest::prelude::*;

fn origin() -> Name {
    Name::parse(b"example.com.", None).unwrap()
}

fn parse(rtype: &str, text: &str) -> Result<Vec<u8>, rdata::RdataError> {
    let rtype = rdata::rtype_from_text(rtype.as_bytes()).unwrap();
    rdata::parse(rtype, text.as_bytes(), &origin())
}

fn to_text(rtype: u16, wire: &[u8]) -> String {
    let mut text = String::new();
    rdata::to_text(rtype, wire, &mut text);
    text
}

#[test]
fn is_written_as_its_rfc_shows() {
    let key = "AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8no";
    let dnskey = format!("256 3 5 {key}");
    let dnskey_spread = format!("256 3 RSASHA1 ( {} ; key\n {} )", &key[..10], &key[10..]);
    for (rtype, text, written) in [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
        ("AAAA", "::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("NS", "ns1", "ns1.example.com."),
        ("CNAME", "@", "example.com."),
        ("PTR", "Host.EXAMPLE.", "Host.EXAMPLE."),
        ("DNAME", ".", "."),
        ("MX", "10 mail", "10 mail.example.com."),
        ("SRV", "0 5 5060 sip.example.", "0 5 5060 sip.example."),
        (
            "SOA",
            "ns hostmaster\\.x (4294967295 ; serial\n 2h 15m 2w 1h30m)",
            "ns.example.com. hostmaster\\.x.example.com. 4294967295 7200 900 1209600 5400",
        ),
        ("TXT", r#""a b" "c;\"\\\200""#, r#""a b" "c;\"\\\200""#),
        ("TXT", r#""""#, r#""""#),
        ("TXT", "v=spf1 -all", r#""v=spf1 -all""#),
        ("TXT", " (aside) \n", r#"" (aside) ""#),
        ("TXT", " ", r#"" ""#),
        (
            "TXT",
            "v=DKIM1; k=rsa\\; p=(\"x",
            r#""v=DKIM1; k=rsa; p=(\"x""#,
        ),
        ("SPF", "\"v=spf1\" ( \n \"-all\" )", r#""v=spf1" "-all""#),
        ("HINFO", "PC \"Debian 12\"", "\"PC\" \"Debian 12\""),
        (
            "NAPTR",
            r#"100 10 "u" "E2U+sip" "!^.*$!sip:\\1@example.com!" ."#,
            r#"100 10 "u" "E2U+sip" "!^.*$!sip:\\1@example.com!" ."#,
        ),
        (
            "CAA",
            "0 issue ca.example.net",
            "0 issue \"ca.example.net\"",
        ),
        (
            "CAA",
            "128 iodef \"mailto:a@b;c\"",
            "128 iodef \"mailto:a@b;c\"",
        ),
        ("CAA", "0 issue \"\"", "0 issue \"\""),
        (
            "DS",
            "60485 5 1 ( 2BB183AF5F22588179A53B0A\n 98631FAD1A292118 )",
            "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
        ),
        ("CDS", "0 0 0 00", "0 0 0 00"),
        ("CDNSKEY", "0 3 0 AA==", "0 3 0 AA=="),
        ("DNSKEY", &dnskey_spread, &dnskey),
        (
            "NSEC",
            "host A MX RRSIG NSEC TYPE1234",
            "host.example.com. A MX RRSIG NSEC TYPE1234",
        ),
        ("NSEC", "Host CAA A A", "Host.example.com. A CAA"),
        ("NSEC", "host", "host.example.com."),
        (
            "RRSIG",
            "A 5 3 1d 20030322173103 1045848663 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg",
            "A 5 3 86400 20030322173103 20030221173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg",
        ),
        ("TLSA", "3 1 1 abcd EF01", "3 1 1 ABCDEF01"),
        (
            "SSHFP",
            "2 1 123456789abcdef67890123456789abcdef67890",
            "2 1 123456789ABCDEF67890123456789ABCDEF67890",
        ),
        ("TYPE65280", "\\# 4 0A00 0001", "\\# 4 0A000001"),
        ("TYPE65280", "\\# 0", "\\# 0"),
        ("SVCB", "\\# 3 000100", "\\# 3 000100"),
        ("A", "\\# 4 0a000001", "10.0.0.1"),
        ("TYPE1", "10.0.0.1", "10.0.0.1"),
        ("TXT", "\\# 2 0161", "\"a\""),
    ] {
        let number = rdata::rtype_from_text(rtype.as_bytes()).unwrap();
        let wire = parse(rtype, text).unwrap_or_else(|error| panic!("{rtype} {text}: {error}"));
        assert_eq!(to_text(number, &wire), written, "{rtype} {text}");
        assert_eq!(parse(rtype, written).unwrap(), wire, "{rtype} {written}");
        assert_eq!(rdata::check(number, &wire), Ok(()));
    }
}

#[test]
fn is_refused_with_what_is_allowed() {
    let long = "a".repeat(64);
    let long_text = format!("\"{}\"", "b".repeat(256));
    for (rtype, text, reason, message) in [
        (
            "A",
            "127.0.0.300",
            "BadRdata",
            "A rdata \"127.0.0.300\": not an IPv4 address",
        ),
        (
            "A",
            "127.0.0.01",
            "BadRdata",
            "A rdata \"127.0.0.01\": not an IPv4 address",
        ),
        (
            "A",
            "",
            "BadRdata",
            "A rdata \"\": too few fields, write ADDRESS",
        ),
        (
            "A",
            "192.0.2.1 x",
            "BadRdata",
            "A rdata \"192.0.2.1 x\": too many fields, write ADDRESS",
        ),
        (
            "A",
            "\"192.0.2.1\"",
            "BadSyntax",
            "A rdata \"\"192.0.2.1\"\": quotes around a field that is no text",
        ),
        (
            "A",
            "192.0.2.1\n192.0.2.2",
            "BadSyntax",
            "A rdata \"192.0.2.1\n192.0.2.2\": more than one line, use parentheses to go on over line ends",
        ),
        (
            "AAAA",
            "192.0.2.1",
            "BadRdata",
            "AAAA rdata \"192.0.2.1\": not an IPv6 address",
        ),
        (
            "MX",
            "mail",
            "BadRdata",
            "MX rdata \"mail\": \"mail\" is not a number from 0 to 65535",
        ),
        (
            "MX",
            "65536 mail",
            "BadRdata",
            "MX rdata \"65536 mail\": \"65536\" is not a number from 0 to 65535",
        ),
        (
            "MX",
            "10",
            "BadRdata",
            "MX rdata \"10\": too few fields, write PREFERENCE EXCHANGE",
        ),
        ("NS", "a..b", "BadName", "NS rdata \"a..b\": empty label"),
        (
            "NS",
            &long,
            "BadName",
            "label of 64 octets, at most 63 allowed",
        ),
        (
            "TXT",
            &long_text,
            "BadRdata",
            "string of 256 octets, at most 255 allowed",
        ),
        (
            "TXT",
            "\"a",
            "BadSyntax",
            "TXT rdata \"\": a quoted string does not end on its line",
        ),
        (
            "TXT",
            "\"\\300\"",
            "BadSyntax",
            "bad escape, write \\ and a character or \\ and three digits up to 255",
        ),
        (
            "SOA",
            "a b 1 2 3 4 5x",
            "BadRdata",
            "\"5x\" is not seconds from 0 to 4294967295",
        ),
        (
            "CAA",
            "0 is-sue x",
            "BadRdata",
            "\"is-sue\" is not a tag of letters and digits",
        ),
        (
            "DS",
            "1 8 2 00",
            "BadRdata",
            "DS rdata \"1 8 2 00\": digest of 1 octets, type 2 has 32",
        ),
        (
            "DS",
            "1 8 5 0",
            "BadRdata",
            "DS rdata \"1 8 5 0\": not an even number of hex digits",
        ),
        (
            "DS",
            "1 8 5",
            "BadRdata",
            "DS rdata \"1 8 5\": too few fields, write KEY-TAG ALGORITHM DIGEST-TYPE DIGEST",
        ),
        (
            "DNSKEY",
            "257 3 8 A",
            "BadRdata",
            "DNSKEY rdata \"257 3 8 A\": not Base 64",
        ),
        (
            "NSEC",
            "host BOGUS",
            "UnknownType",
            "NSEC rdata \"host BOGUS\": \"BOGUS\" is not a type or TYPEnnn",
        ),
        (
            "A",
            "\\# 3 010203",
            "BadRdata",
            "A rdata \"\\# 3 010203\": not the wire form of ADDRESS",
        ),
        (
            "A",
            "\\# 4 010203",
            "BadRdata",
            "A rdata \"\\# 4 010203\": 3 octets, but the length says 4",
        ),
        (
            "NS",
            "\\# 2 C000",
            "BadRdata",
            "NS rdata \"\\# 2 C000\": not the wire form of NSDNAME",
        ),
        (
            "TYPE65280",
            "x",
            "BadRdata",
            "TYPE65280 rdata \"x\": write it as \\# LENGTH HEX",
        ),
        (
            "ANY",
            "\\# 0",
            "UnknownType",
            "ANY rdata \"\\# 0\": a type for queries and messages, no zone holds it",
        ),
        (
            "A",
            "192.0.2.1 )",
            "BadSyntax",
            "A rdata \"192.0.2.1\": a parenthesis was not opened",
        ),
        (
            "A",
            "( 192.0.2.1",
            "BadSyntax",
            "A rdata \"192.0.2.1\": a parenthesis is not closed",
        ),
    ] {
        let error = parse(rtype, text).expect_err(text);
        assert_eq!(error.reason, reason, "{rtype} {text}: {error}");
        let expected = message.replace('\n', "\u{fffd}");
        assert!(
            error.message.ends_with(&expected),
            "{rtype} {text}: {error}"
        );
    }
}

#[test]
fn long_unquoted_text_is_split() {
    let wire = parse("TXT", &"x".repeat(600)).unwrap();
    assert_eq!([wire[0], wire[256], wire[512]], [255, 255, 90]);
    assert_eq!(wire.len(), 603);
}

#[test]
fn types_without_a_shape_are_converted() {
    let mut seen = Vec::new();
    let mut convert = |rtype: &str, text: &str, origin: &str| {
        seen.push([rtype, text, origin].map(str::to_owned));
        match rtype {
            "LOC" => Ok((29, vec![1, 2])),
            _ => Err("no such type".to_owned()),
        }
    };
    let text = b"( 1 2 ; degrees\n\"a b\" )";
    let read = rdata::parse_any(b"LOC", text, &origin(), &mut convert);
    assert_eq!(read, Ok((29, vec![1, 2])));
    for (rtype, reason) in [("BOGUS", "UnknownType"), ("APL", "BadRdata")] {
        let error = rdata::parse_any(rtype.as_bytes(), b"x", &origin(), &mut convert).unwrap_err();
        assert_eq!(error.reason, reason, "{error}");
    }
    assert_eq!(seen[0], ["LOC", "1 2 \"a b\"", "example.com."]);
}

#[test]
fn names_are_found_and_folded() {
    let mut soa = parse("SOA", "NS.a. Mail.b. 1 2 3 4 5").unwrap();
    let places: Vec<_> = rdata::names(SOA, &soa).collect();
    assert_eq!(places, [0..6, 6..14]);
    rdata::fold_names(SOA, &mut soa);
    assert_eq!(to_text(SOA, &soa), "ns.a. mail.b. 1 2 3 4 5");
    for (rtype, text, folded) in [
        ("SRV", "1 2 3 A.B.", "1 2 3 a.b."),
        ("TXT", "\"AbC\"", "\"AbC\""),
        // RFC 6840 section 5.1 against RFC 4034 section 6.2.
        ("NSEC", "A.B. A", "A.B. A"),
    ] {
        let number = rdata::rtype_from_text(rtype.as_bytes()).unwrap();
        let mut wire = parse(rtype, text).unwrap();
        rdata::fold_names(number, &mut wire);
        assert_eq!(to_text(number, &wire), folded);
    }
    let additional = |rtype, text| {
        let wire = rdata::parse(rtype, text, &origin()).unwrap();
        rdata::additional_name(rtype, &wire).map(<[u8]>::to_vec)
    };
    assert_eq!(additional(NS, b"a."), Some(b"\x01a\0".to_vec()));
    assert_eq!(additional(MX, b"1 a."), Some(b"\x01a\0".to_vec()));
    assert_eq!(additional(SRV, b"1 2 3 a."), Some(b"\x01a\0".to_vec()));
    assert_eq!(additional(PTR, b"a."), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Octets that begin like real rdata reach deeper than random ones alone.
    #[test]
    fn wire_form_comes_back(
        rtype in prop::sample::select(vec![
            A, NS, MD, CNAME, SOA, PTR, HINFO, MINFO, MX, TXT, RP, PX, AAAA, SRV, NAPTR, DNAME, DS,
            SSHFP, RRSIG, NSEC, DNSKEY, TLSA, CDS, CAA, 29, 65280,
        ]),
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..6),
            Just(b"\x03wWw\x04a.\\\xff\x00".to_vec()),
            Just(b"\x02\"\x00".to_vec()),
            Just(b"\x00\x02\x40\x01".to_vec()),
            Just(vec![0; 4]),
            Just(vec![0]),
        ], 0..7),
    ) {
        let wire = pieces.concat();
        let text = to_text(rtype, &wire);
        match rdata::check(rtype, &wire) {
            Ok(()) => prop_assert_eq!(rdata::parse(rtype, text.as_bytes(), &Name::root()), Ok(wire)),
            Err(_) => prop_assert!(rdata::parse(rtype, text.as_bytes(), &Name::root()).is_err()),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(rtype in 0u16..300, text in "[ -~\\n]{0,40}") {
        if let Ok(wire) = rdata::parse(rtype, text.as_bytes(), &origin()) {
            prop_assert_eq!(rdata::check(rtype, &wire), Ok(()));
        }
    }
}
