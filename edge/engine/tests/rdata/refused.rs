//! Text that is refused, and what the message says is allowed.

use super::parse;

/// What is wrong with a text, behind the type and the text, as far as a message shows it.
fn fault(rtype: &str, text: &str) -> (&'static str, String) {
    let error = parse(rtype, text).expect_err(text);
    let mut shown: String = text.replace('\n', "\u{fffd}").chars().take(60).collect();
    if text.len() > 60 {
        shown.push('…');
    }
    let fault = error
        .message
        .strip_prefix(&format!("{rtype} rdata \"{shown}\": "));
    let fault = fault.unwrap_or_else(|| panic!("{rtype} {text}: {error}"));
    (error.reason, fault.to_owned())
}

#[test]
fn rdata_that_its_type_does_not_have() {
    let long_text = format!("\"{}\"", "b".repeat(256));
    for (rtype, text, expected) in [
        ("A", "127.0.0.300", "not an IPv4 address"),
        ("A", "127.0.0.01", "not an IPv4 address"),
        ("A", "", "too few fields, write ADDRESS"),
        ("A", "192.0.2.1 x", "too many fields, write ADDRESS"),
        ("AAAA", "192.0.2.1", "not an IPv6 address"),
        ("MX", "mail", "\"mail\" is not a number from 0 to 65535"),
        (
            "MX",
            "65536 mail",
            "\"65536\" is not a number from 0 to 65535",
        ),
        ("MX", "10", "too few fields, write PREFERENCE EXCHANGE"),
        (
            "TXT",
            &long_text,
            "string of 256 octets, at most 255 allowed",
        ),
        (
            "SOA",
            "a b 1 2 3 4 5x",
            "\"5x\" is not seconds from 0 to 4294967295",
        ),
        (
            "CAA",
            "0 is-sue x",
            "\"is-sue\" is not a tag of letters and digits",
        ),
        ("DS", "1 8 2 00", "digest of 1 octets, type 2 has 32"),
        ("DS", "1 8 5 0", "not an even number of hex digits"),
        (
            "DS",
            "1 8 5",
            "too few fields, write KEY-TAG ALGORITHM DIGEST-TYPE DIGEST",
        ),
        ("DNSKEY", "257 3 8 A", "not Base 64"),
        ("A", "\\# 3 010203", "not the wire form of ADDRESS"),
        ("A", "\\# 4 010203", "3 octets, but the length says 4"),
        ("NS", "\\# 2 C000", "not the wire form of NSDNAME"),
        ("TYPE65280", "x", "write it as \\# LENGTH HEX"),
        (
            "SVCB",
            "\\# 2 0001",
            "not the wire form of PRIORITY TARGET KEY=VALUE…",
        ),
        (
            "SVCB",
            "1 . alpn= \"h2\"",
            "\"\" is not a value of alpn: a list of strings of 1 to 255 octets",
        ),
        ("LOC", "90 1 N 0 E 0", "more than 90 degrees N or S"),
    ] {
        assert_eq!(fault(rtype, text), ("BadRdata", expected.to_owned()));
    }
}

#[test]
fn names_and_types_that_there_are_not() {
    let long = "a".repeat(64);
    let label = "label of 64 octets, at most 63 allowed";
    let meta = "a type for queries and messages, no zone holds it";
    for (rtype, text, reason, expected) in [
        ("NS", "a..b", "BadName", "empty label"),
        ("NS", &long, "BadName", label),
        (
            "NSEC",
            "host BOGUS",
            "UnknownType",
            "\"BOGUS\" is not a type or TYPEnnn",
        ),
        ("ANY", "\\# 0", "UnknownType", meta),
    ] {
        assert_eq!(fault(rtype, text), (reason, expected.to_owned()));
    }
}

#[test]
fn text_that_is_no_presentation_format() {
    let escape = "bad escape, write \\ and a character or \\ and three digits up to 255";
    let lines = "more than one line, use parentheses to go on over line ends";
    for (rtype, text, expected) in [
        (
            "A",
            "\"192.0.2.1\"",
            "quotes around a field that is no text",
        ),
        ("A", "192.0.2.1\n192.0.2.2", lines),
        ("TXT", "\"\\300\"", escape),
    ] {
        assert_eq!(fault(rtype, text), ("BadSyntax", expected.to_owned()));
    }
    // Where a line has no tokens, the message shows those before.
    for (rtype, text, expected) in [
        (
            "TXT",
            "\"a",
            "TXT rdata \"\": a quoted string does not end on its line",
        ),
        (
            "A",
            "192.0.2.1 )",
            "A rdata \"192.0.2.1\": a parenthesis was not opened",
        ),
        (
            "A",
            "( 192.0.2.1",
            "A rdata \"192.0.2.1\": a parenthesis is not closed",
        ),
    ] {
        let error = parse(rtype, text).expect_err(text);
        assert_eq!((error.reason, &*error.message), ("BadSyntax", expected));
    }
}
