//! Text that is refused, and what the message says is allowed.

use super::parse;

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
