//! What is reported, and where.

use super::read_from;

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
            "a 1 APL x",
            vec!["1: BadRdata: APL rdata \"x\": not known here"],
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
