//! Text that is read, and how it is written again.

use super::{parse, to_text};
use dnsfleet_engine::rdata;

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
            "A 5 3 86400 20030322173103 1045848663 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg",
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
        ("SVCB", "\\# 3 000100", "1 ."),
        (
            "SVCB",
            "1 b ( port=\"53\" alpn=\"h2,h3\" key667=\"\\233 x\" )",
            "1 b.example.com. alpn=\"h2,h3\" port=53 key667=\"\\233 x\"",
        ),
        (
            "HTTPS",
            r#"1 . alpn="f\\\\oo\\,bar,h2""#,
            r#"1 . alpn="f\\\\oo\\,bar,h2""#,
        ),
        (
            "NSEC3",
            "1 0 12 aabb 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX NS",
            "1 0 12 AABB 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS MX",
        ),
        (
            "LOC",
            "52 22 23 N 4 53 E 0.29",
            "52 22 23.000 N 4 53 0.000 E 0.29m 1m 10000m 10m",
        ),
        ("LOC", "\\# 3 010203", "\\# 3 010203"),
        ("URI", "1 2 \"a\\233\\\"\"", "1 2 \"a\\233\\\"\""),
        ("IPSECKEY", "10 0 0 .", "10 0 0 ."),
        ("APL", "1:192.0.2.0/24 !2:::/0", "1:192.0.2.0/24 !2:::/0"),
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
fn long_unquoted_text_is_split() {
    let wire = parse("TXT", &"x".repeat(600)).unwrap();
    assert_eq!([wire[0], wire[256], wire[512]], [255, 255, 90]);
    assert_eq!(wire.len(), 603);
}
