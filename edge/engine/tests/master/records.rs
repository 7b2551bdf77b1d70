//! What lines and directives stand for.

use super::read_from;

/// The records of a file without problems, origin `example.`, default TTL 60.
fn records(text: &str) -> Vec<String> {
    let kept = read_from(&format!("$TTL 60\n{text}"), Some("example."));
    assert_eq!(kept.problems, Vec::<String>::new(), "{text}");
    kept.records
}

#[test]
fn names_with_letters_outside_ascii_are_in_a_labels() {
    for (line, expected) in [
        ("tür A 192.0.2.1", "xn--3.example. 60 A 192.0.2.1"),
        (
            "*.tür.example. A 192.0.2.1",
            "*.xn--3.example. 60 A 192.0.2.1",
        ),
        ("a CNAME tür", "a.example. 60 CNAME xn--3.example."),
        ("a DNAME tür.", "a.example. 60 DNAME xn--3."),
        ("a NS tür", "a.example. 60 NS xn--3.example."),
        ("a PTR tür", "a.example. 60 PTR xn--3.example."),
        (
            "a MX ( 10 ; ü\n tür ) ; ü",
            "a.example. 60 MX 10 xn--3.example.",
        ),
        ("a SRV 1 2 3 tür", "a.example. 60 SRV 1 2 3 xn--3.example."),
        ("a SVCB 1 tür", "a.example. 60 SVCB 1 xn--3.example."),
        (
            "a HTTPS 1 tür alpn=\"h2\" (\n port=5 )",
            "a.example. 60 HTTPS 1 xn--3.example. alpn=\"h2\" port=5",
        ),
        (
            "$GENERATE 1-1 ü$ CNAME tü$",
            "xn--2.example. 60 CNAME xn--3.example.",
        ),
        (
            "$ORIGIN tür\na A 192.0.2.1",
            "a.xn--3.example. 60 A 192.0.2.1",
        ),
        // Octets, not letters.
        ("a TXT tür", "a.example. 60 TXT \"t\\195\\188r\""),
        (
            "t\\195\\188r A 192.0.2.1",
            "t\\195\\188r.example. 60 A 192.0.2.1",
        ),
        ("a RP tür .", "a.example. 60 RP t\\195\\188r.example. ."),
    ] {
        assert_eq!(records(line), [expected], "{line}");
    }
}

#[test]
fn each_file_says_for_itself_whether_it_is_ascii() {
    let include = "$INCLUDE \"two words\" tür\n";
    let text = format!("{include}a CNAME tür\n{include}b CNAME tür");
    assert_eq!(
        records(&text),
        [
            "c.xn--3.example. 60 A 192.0.2.4",
            "a.example. 60 CNAME xn--3.example.",
            "c.xn--3.example. 60 A 192.0.2.4",
            "b.example. 60 CNAME xn--3.example.",
        ]
    );
}

#[test]
fn every_way_to_write_a_record() {
    for (text, expected) in [
        ("a A 192.0.2.1", "a.example. 60 A 192.0.2.1"),
        ("A.EXAMPLE. a 192.0.2.1", "a.example. 60 A 192.0.2.1"),
        ("a 5 A 192.0.2.1\n", "a.example. 5 A 192.0.2.1"),
        ("a IN A 192.0.2.1\r\n", "a.example. 60 A 192.0.2.1"),
        ("a 5 IN A 192.0.2.1", "a.example. 5 A 192.0.2.1"),
        ("a in 5 A 192.0.2.1", "a.example. 5 A 192.0.2.1"),
        (
            "a CLASS1 1h30M TYPE1 192.0.2.1",
            "a.example. 5400 A 192.0.2.1",
        ),
        ("\ta\n", ""),
        ("a 0 A \\# 4 C0000201", "a.example. 0 A 192.0.2.1"),
        (
            "a 2147483647 A 192.0.2.1",
            "a.example. 2147483647 A 192.0.2.1",
        ),
        ("@ NS @", "example. 60 NS example."),
        (
            "a ( 5 ; comment (\n\n IN\n) A\t192.0.2.1 ; end",
            "a.example. 5 A 192.0.2.1",
        ),
        ("(a A (192.0.2.1))", "a.example. 60 A 192.0.2.1"),
        (
            "; only a comment\n\n \t \na A 192.0.2.1",
            "a.example. 60 A 192.0.2.1",
        ),
        ("a\\.b A 192.0.2.1", "a\\.b.example. 60 A 192.0.2.1"),
        (
            "\\065\\;\\ x A 192.0.2.1",
            "a\\;\\032x.example. 60 A 192.0.2.1",
        ),
        ("in IN A 192.0.2.1", "in.example. 60 A 192.0.2.1"),
        ("5 A 192.0.2.1", "5.example. 60 A 192.0.2.1"),
        ("* TXT x;y", "*.example. 60 TXT \"x\""),
        ("a TXT \"x;y\" z", "a.example. 60 TXT \"x;y\" \"z\""),
        ("a TXT ( \"x\"\n\"y\" )", "a.example. 60 TXT \"x\" \"y\""),
        ("a TYPE65280 \\# 1 ff", "a.example. 60 TYPE65280 \\# 1 FF"),
        (
            "a SVCB ( 1\n b alpn=\"h2\" )",
            "a.example. 60 SVCB 1 b.example. alpn=\"h2\"",
        ),
        ("a MX 10 ( mail ) ", "a.example. 60 MX 10 mail.example."),
        ("\\$ORIGIN A 192.0.2.1", "\\$origin.example. 60 A 192.0.2.1"),
    ] {
        if expected.is_empty() {
            assert_eq!(
                read_from(text, Some("example.")).records,
                Vec::<String>::new()
            );
        } else {
            assert_eq!(records(text), [expected], "{text}");
        }
    }
}

#[test]
fn lines_inherit_from_lines_before() {
    let text = "a A 192.0.2.1\n A 192.0.2.2\n\n\tTXT x\n$ORIGIN b\n@ A 192.0.2.3\n\
                $ORIGIN c.b\nd 7 A 192.0.2.4\n$TTL 8\ne A 192.0.2.5\n$origin .\nf A 192.0.2.6";
    assert_eq!(
        records(text),
        [
            "a.example. 60 A 192.0.2.1",
            "a.example. 60 A 192.0.2.2",
            "a.example. 60 TXT \"x\"",
            "b.example. 60 A 192.0.2.3",
            "d.c.b.b.example. 7 A 192.0.2.4",
            "e.c.b.b.example. 8 A 192.0.2.5",
            "f. 8 A 192.0.2.6",
        ]
    );
}

#[test]
fn a_missing_ttl_comes_from_the_soa_or_the_record_before() {
    for (text, ttls) in [
        (
            "@ SOA . . 1 2 3 4 5\na A 192.0.2.1\nb 7 A 192.0.2.1\nc A 192.0.2.1",
            vec![5, 5, 7, 5],
        ),
        (
            "@ 9 SOA . . 1 2 3 4 5\na A 192.0.2.1\nb 7 A 192.0.2.1\nc A 192.0.2.1",
            vec![9, 9, 7, 7],
        ),
        (
            "$TTL 6\n@ SOA . . 1 2 3 4 5\na 7 A 192.0.2.1\nb A 192.0.2.1",
            vec![6, 7, 6],
        ),
    ] {
        let kept = read_from(text, Some("example."));
        let found: Vec<_> = kept
            .records
            .iter()
            .map(|record| record.split(' ').nth(1).unwrap())
            .collect();
        assert_eq!(
            found,
            ttls.iter().map(u32::to_string).collect::<Vec<_>>(),
            "{text}"
        );
    }
}

#[test]
fn the_first_soa_gives_a_missing_origin() {
    let kept = read_from("Example. 1 SOA ns . 1 2 3 4 5\na A 192.0.2.1", None);
    assert_eq!(
        kept.records,
        [
            "example. 1 SOA ns.example. . 1 2 3 4 5",
            "a.example. 1 A 192.0.2.1"
        ]
    );
    let kept = read_from("@ 1 SOA ns . 1 2 3 4 5\n", None);
    let message =
        "relative name without an origin, end it with a dot, set $ORIGIN or give --origin";
    assert_eq!(
        kept.problems,
        [format!("z:1: BadName: owner \"@\": {message}")]
    );
}

#[test]
fn included_files_change_nothing_for_the_lines_below() {
    let text = "x A 192.0.2.9\n$INCLUDE hosts sub\n A 192.0.2.8\n$INCLUDE \"two words\"; c\n";
    assert_eq!(
        records(text),
        [
            "x.example. 60 A 192.0.2.9",
            "a.sub.example. 60 A 192.0.2.1",
            "a.sub.example. 60 A 192.0.2.2",
            "b.deep.sub.example. 9 A 192.0.2.3",
            "x.example. 60 A 192.0.2.8",
            "c.example. 60 A 192.0.2.4",
        ]
    );
}

#[test]
fn generate_makes_records() {
    for (text, expected) in [
        (
            "$GENERATE 1-2 h$ A 192.0.2.$",
            vec!["h1.example. 60 A 192.0.2.1", "h2.example. 60 A 192.0.2.2"],
        ),
        (
            "$GENERATE 0-2/2 ${0,3} 9 IN PTR h-${1,2,x}.b.",
            vec!["000.example. 9 PTR h-01.b.", "002.example. 9 PTR h-03.b."],
        ),
        (
            "$GENERATE 5-5 h$ MX \"10 m$\"",
            vec!["h5.example. 60 MX 10 m5.example."],
        ),
        (
            "$GENERATE 5-5 h$ MX 10 m$",
            vec!["h5.example. 60 MX 10 m5.example."],
        ),
        (
            "$GENERATE 5-5 h$ TXT \"\\\"a $\\\"\"",
            vec!["h5.example. 60 TXT \"a 5\""],
        ),
        (
            "$GENERATE 5-5 @ NS n$$",
            vec!["example. 60 NS n\\$.example."],
        ),
        (
            "$GENERATE 26-26 ${0,3,n}.r CNAME $\n A 192.0.2.1",
            vec![
                "a.1.r.example. 60 CNAME 26.example.",
                "a.1.r.example. 60 A 192.0.2.1",
            ],
        ),
    ] {
        assert_eq!(records(text), expected, "{text}");
    }
    assert_eq!(records("$GENERATE 0-65535 h$ A 192.0.2.1").len(), 65_536);
}
