//! What is reported, and where.

use super::{read_from, read_octets};

#[test]
fn problems_say_where_and_reading_goes_on() {
    let label = "a".repeat(64);
    let part = "a".repeat(63);
    let name = format!("{part}.{part}.{part}.{}.", &part[1..]);
    for (text, problems) in [
        (
            "a A 127.0.0.300",
            vec!["1: BadRdata: A rdata \"127.0.0.300\": not an IPv4 address"],
        ),
        (
            "a 2147483648 A 192.0.2.1",
            vec!["1: BadTTL: TTL 2147483648: at most 2147483647 allowed"],
        ),
        (
            "$TTL 2147483648",
            vec!["1: BadTTL: TTL 2147483648: at most 2147483647 allowed"],
        ),
        (
            "a 1x A 192.0.2.1",
            vec!["1: BadTTL: TTL \"1x\": write seconds, or units as in 1h30m"],
        ),
        (
            "@ SOA . . 1 2 3 4 4294967295",
            vec!["1: BadTTL: TTL 4294967295: at most 2147483647 allowed"],
        ),
        (
            "a A 192.0.2.1",
            vec!["1: BadTTL: no TTL, write one in the record or $TTL above it"],
        ),
        (
            "a 1 CH A 192.0.2.1",
            vec!["1: BadSyntax: class CH: only IN is allowed"],
        ),
        (
            "a 1 CLASS3 A 192.0.2.1",
            vec!["1: BadSyntax: class CLASS3: only IN is allowed"],
        ),
        (
            "a 1 LOL x",
            vec![
                "1: UnknownType: LOL rdata \"x\": unknown type, write TYPEnnn and \\# LENGTH HEX for one without a name",
            ],
        ),
        (
            "a 1 ALIAS b.example.net.",
            vec![
                "1: UnknownType: ALIAS rdata \"b.example.net.\": no type of the DNS, the provider answered with the addresses of that name; write them as A and AAAA, or a CNAME where the owner has nothing else",
            ],
        ),
        (
            "a 1 IN aname b.example.net.",
            vec![
                "1: UnknownType: ANAME rdata \"b.example.net.\": no type of the DNS, the provider answered with the addresses of that name; write them as A and AAAA, or a CNAME where the owner has nothing else",
            ],
        ),
        (
            "a 86400 AWS ALIAS A d1.cloudfront.net. Z2FDTNDATAQYW2 false",
            vec![
                "1: UnknownType: AWS rdata \"ALIAS A d1.cloudfront.net. Z2FDTNDATAQYW2 false\": an alias of Route 53, which answered with the records of that name; write them, or a CNAME where the owner has nothing else",
            ],
        ),
        (
            "\n@ 0 WINS L2 C900 ( 192.0.2.1\n 192.0.2.2 )\na 1 A 1",
            vec![
                "2: UnknownType: WINS rdata \"L2 C900 192.0.2.1 192.0.2.2\": no type of the DNS, Windows asked WINS servers for names that are not here; remove the line, and write A for the hosts that only WINS knows",
                "4: BadRdata: A rdata \"1\": not an IPv4 address",
            ],
        ),
        (
            "@ 0 WINSR L2 C900 ( example.com. )",
            vec![
                "1: UnknownType: WINSR rdata \"L2 C900 example.com.\": no type of the DNS, Windows asked hosts for their NetBIOS names; remove the line, and write PTR for the addresses that have none",
            ],
        ),
        (
            "a [AGE:3674532] 1200 A 192.0.2.1\n [Age:3674533]\t1200 A 192.0.2.2",
            vec![
                "1: BadSyntax: [AGE:3674532] is the time stamp that Windows gives a record which a host registered; remove it from all lines: sed 's/\\[AGE:[0-9]*\\]//'",
                "2: BadSyntax: [Age:3674533] is the time stamp that Windows gives a record which a host registered; remove it from all lines: sed 's/\\[AGE:[0-9]*\\]//'",
            ],
        ),
        (
            "a 1 LUA A \"ifportup(443, {'192.0.2.1'})\"",
            vec![
                "1: UnknownType: LUA rdata \"A \"ifportup(443, {'192.0.2.1'})\"\": no type of the DNS, PowerDNS ran this program; write the records that clients are to get",
            ],
        ),
        (
            "a 1 URL301 https://www.example.com/",
            vec![
                "1: UnknownType: URL301 rdata \"https://www.example.com/\": no type of the DNS, the provider redirected HTTP; write the address of a web server that does",
            ],
        ),
        (
            "a 1 APL x",
            vec![
                "1: BadRdata: APL rdata \"x\": \"x\" is not a prefix as 1:192.0.2.0/24 or !2:2001:db8::/32",
            ],
        ),
        ("a 1", vec!["1: BadSyntax: the line ends too early"]),
        ("a", vec!["1: BadSyntax: the line ends too early"]),
        (
            " A 192.0.2.1",
            vec!["1: BadSyntax: no owner name in this line or above"],
        ),
        (
            "\"a\" A 192.0.2.1",
            vec!["1: BadSyntax: quotes around an owner name"],
        ),
        (
            "$FOO",
            vec![
                "1: BadSyntax: directive \"$FOO\" is none of $ORIGIN, $TTL, $INCLUDE and $GENERATE",
            ],
        ),
        (
            "$ORIGIN a..b",
            vec!["1: BadName: $ORIGIN \"a..b\": empty label"],
        ),
        (
            "$ORIGIN a b",
            vec!["1: BadSyntax: too many fields, write $ORIGIN NAME"],
        ),
        ("$TTL", vec!["1: BadSyntax: the line ends too early"]),
        (
            "\n\na 1 TXT \"x\nb 1 A 1",
            vec![
                "3: BadSyntax: TXT rdata \"\": a quoted string does not end on its line",
                "4: BadRdata: A rdata \"1\": not an IPv4 address",
            ],
        ),
        (
            "a 1 A ( 1\n)\n\nb 1 A 2 ",
            vec![
                "1: BadRdata: A rdata \"1\": not an IPv4 address",
                "4: BadRdata: A rdata \"2\": not an IPv4 address",
            ],
        ),
        (
            "a 1 A (192.0.2.1\nb 1 A 192.0.2.1\n",
            vec!["1: BadSyntax: a parenthesis is not closed"],
        ),
        // The records of an owner that was refused are not reported again.
        (
            "a..b 1 A 192.0.2.1\n 1 A 192.0.2.2\nc 1 A 1",
            vec![
                "1: BadName: owner \"a..b\": empty label",
                "3: BadRdata: A rdata \"1\": not an IPv4 address",
            ],
        ),
        (
            "$INCLUDE ../x",
            vec!["1: IncludeOutsideFolder: $INCLUDE \"../x\": outside"],
        ),
        (
            "$INCLUDE gone",
            vec!["1: IncludeFailed: $INCLUDE \"gone\": no such file"],
        ),
        (
            "$INCLUDE",
            vec!["1: BadSyntax: too few fields, write $INCLUDE FILE [ORIGIN]"],
        ),
        (
            "$INCLUDE a b c",
            vec!["1: BadSyntax: too many fields, write $INCLUDE FILE [ORIGIN]"],
        ),
        (
            "$GENERATE 0-65536 h$ 1 A 192.0.2.1",
            vec!["1: GenerateTooLarge: $GENERATE of 65537 records, at most 65536 allowed"],
        ),
        (
            "$GENERATE 0-255 h 1 A 192.0.300.$",
            vec!["1: BadRdata: A rdata \"192.0.300.0\": not an IPv4 address"],
        ),
        (
            "$GENERATE 0-1 .$ 1 A 192.0.2.$\n 1 A 192.0.2.1",
            vec!["1: BadName: owner \".0\": empty label"],
        ),
        (
            "$GENERATE 0-1 ${x} 1 A 192.0.2.$",
            vec![
                "1: BadSyntax: $GENERATE modifiers \"x\": write ${OFFSET,WIDTH,RADIX} with a width up to 255 and a radix of d, o, x, X, n or N",
            ],
        ),
        (
            &format!("{label} 1 A 192.0.2.1"),
            vec![&format!(
                "1: BadName: owner \"{}…\": label of 64 octets, at most 63 allowed",
                &label[..60]
            )],
        ),
        (
            &format!("{name} 1 A 192.0.2.1"),
            vec![&format!(
                "1: BadName: owner \"{}…\": name of 256 octets, at most 255 allowed",
                &name[..60]
            )],
        ),
    ] {
        let kept = read_from(&format!("{text}\nlast 1 A 192.0.2.1"), Some("example."));
        let expected: Vec<_> = problems
            .iter()
            .map(|problem| format!("z:{problem}"))
            .collect();
        assert_eq!(kept.problems, expected, "{text}");
        let swallowed = text.contains("(192.0.2.1\n");
        assert_eq!(
            kept.records.is_empty(),
            swallowed,
            "{text}: {:?}",
            kept.records
        );
    }
}

#[test]
fn problems_of_an_included_file_name_it() {
    let kept = read_from(
        "$TTL 1\n\n$INCLUDE broken\nc A 1\n$INCLUDE blank\n$INCLUDE self",
        Some("example."),
    );
    assert_eq!(
        kept.problems,
        [
            "broken:2: BadRdata: A rdata \"1\": not an IPv4 address",
            "z:4: BadRdata: A rdata \"1\": not an IPv4 address",
            "blank:1: BadSyntax: no owner name in this line or above",
            "self:1: IncludeFailed: $INCLUDE \"self\": the file includes itself",
        ]
    );
    assert_eq!(kept.records, ["b.example. 1 A 192.0.2.2"]);
    assert_eq!((kept.places[0].file, kept.places[0].line), (1, 3));
}

#[test]
fn what_a_provider_did_beyond_a_record_is_told() {
    let proxied = "Cloudflare answered with addresses of its proxies (cf-proxied:true); write \
                   what clients are to get, and a TTL in place of 1";
    let flattened = "Cloudflare answered with the addresses of the target (cf-flatten-cname); here \
                     clients get the CNAME";
    let automatic = "TTL 1 stands for automatic in a file of Cloudflare, which answered 300; write \
                     the TTL that clients are to get";
    for (text, warnings) in [
        (
            "a 1 A 192.0.2.1 ; cf_tags=cf-proxied:true",
            vec![(1, proxied)],
        ),
        (
            "a 1 A 192.0.2.1 ; \"of; ours\" cf_tags=team:x,cf-proxied:true\r",
            vec![(1, proxied)],
        ),
        (
            "a 300 CNAME b ; cf_tags=cf-flatten-cname,cf-proxied:false",
            vec![(1, flattened)],
        ),
        (
            "a 1 A 192.0.2.1 ; cf_tags=cf-proxied:false",
            vec![(1, automatic)],
        ),
        ("a 300 A 192.0.2.1 ; cf_tags=cf-proxied:false", vec![]),
        // Of a record in brackets it is the comment behind it, and never one on a line of its own.
        (
            "; cf_tags=cf-proxied:true\na 1 A 192.0.2.1\n;; cf_tags=cf-proxied:true",
            vec![],
        ),
        (
            "\na 1 A ( ; here\n 192.0.2.1\n ) ; cf_tags=cf-proxied:true\nb 1 A 192.0.2.1",
            vec![(2, proxied)],
        ),
        ("a 1 TXT \"; cf_tags=cf-proxied:true\"", vec![]),
        ("a 1 A 192.0.2.1 ; ours", vec![]),
    ] {
        let kept = read_from(text, Some("example."));
        let expected: Vec<_> = warnings
            .iter()
            .map(|(line, message)| format!("z:{line}: ProviderFeature: {message}"))
            .collect();
        assert_eq!(kept.warnings, expected, "{text}");
        assert_eq!(kept.problems, [""; 0], "{text}");
    }
    let kept = read_from(
        "a 60 A 192.0.2.1 ; AWS routing=\"WEIGHTED\" weight=1 identifier=\"one\"",
        Some("example."),
    );
    assert_eq!(
        kept.warnings,
        [
            "z:1: ProviderFeature: Route 53 chose among the records of this name by \
             routing=\"WEIGHTED\"; here clients get all of them, so keep those that they should get"
        ]
    );
}

#[test]
fn an_owner_that_means_something_else_is_told() {
    let text = r"_sip._tls.@ 1 A 192.0.2.1
_a.\@ 1 A 192.0.2.1
@ 1 A 192.0.2.1
\052.apps 1 A 192.0.2.1
\0521.apps 1 A 192.0.2.1
";
    let kept = read_from(text, Some("example."));
    assert_eq!(
        kept.warnings,
        [
            "z:1: BadName: owner \"_sip._tls.@\": an @ stands for the origin only where it is \
             alone; write _sip._tls",
            "z:4: BadName: owner \"\\052.apps\": escapes are decimal, so this begins with the label \
             4; if Route 53 wrote it, in octal, write *.apps",
        ]
    );
    assert_eq!(kept.problems, [""; 0]);
}

#[test]
fn names_that_have_no_a_labels_are_problems_of_their_line() {
    let text = "a 1 A 192.0.2.1\n\u{2603} 1 A 192.0.2.1\n 1 TXT x\na 1 MX 1 \u{2603}\n\
                $ORIGIN \u{2603}\nb 1 TXT \u{2603}\n";
    let kept = read_from(text, Some("example."));
    let said = |line: u32| format!("z:{line}: BadName: \"\u{2603}\" is no name");
    assert_eq!(kept.problems, [2, 4, 5].map(said));
    assert_eq!(kept.records.len(), 2);
}

#[test]
fn names_in_latin_1_are_problems_of_their_line() {
    let text = b"a 1 TXT t\xfcr\nt\xfcr 1 A 192.0.2.1\na 1 CNAME t\xfcr\n";
    let kept = super::read_octets(text, Some("example."));
    let said =
        "has octets that are no UTF-8; save the file as UTF-8, or write \\DDD for each octet";
    assert_eq!(
        kept.problems,
        [
            format!("z:2: BadName: owner \"t\u{fffd}r\" {said}"),
            format!("z:3: BadName: target \"t\u{fffd}r\" {said}"),
        ]
    );
    assert_eq!(kept.records, ["a.example. 1 TXT \"t\\252r\""]);
}

#[test]
fn a_byte_order_mark_is_skipped_or_named() {
    let records = "a 1 A 192.0.2.1\nb 1 A 1\n";
    let kept = read_from(&format!("\u{feff}{records}"), Some("example."));
    assert_eq!(kept.records, ["a.example. 1 A 192.0.2.1"]);
    assert_eq!(
        kept.problems,
        ["z:2: BadRdata: A rdata \"1\": not an IPv4 address"]
    );
    let kept = read_from("$INCLUDE marked\nb 1 A 192.0.2.2", Some("example."));
    assert_eq!(
        kept.records,
        ["a.example. 1 A 192.0.2.1", "b.example. 1 A 192.0.2.2"]
    );
    let little: Vec<u8> = format!("\u{feff}{records}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let big: Vec<u8> = little
        .chunks(2)
        .flat_map(|unit| [unit[1], unit[0]])
        .collect();
    for text in [little, big] {
        let kept = read_octets(&text, Some("example."));
        assert_eq!(
            kept.problems,
            [
                "z:1: BadSyntax: the text is UTF-16, as its byte-order mark says; save it as UTF-8, \
                 or convert it: iconv -f UTF-16 -t UTF-8"
            ]
        );
        assert_eq!(kept.records, [""; 0]);
    }
}
