//! Master files: tables of what is read, and of what is reported where.

use dnsfleet_engine::master::{self, Sink, Where};
use dnsfleet_engine::name::{Name, write_text};
use dnsfleet_engine::rdata;
use proptest::prelude::*;

/// Keeps records and problems as text, with `name:line` in front of each problem.
#[derive(Default)]
struct Kept {
    files: Vec<String>,
    records: Vec<String>,
    problems: Vec<String>,
    places: Vec<Where>,
}

impl Sink for Kept {
    fn file(&mut self, name: &str) -> u32 {
        self.files.push(name.to_owned());
        self.files.len() as u32 - 1
    }

    fn record(&mut self, owner: &[u8], rtype: u16, ttl: u32, rdata: &[u8], place: Where) {
        let mut text = String::new();
        write_text(owner, &mut text);
        text += &format!(" {ttl} {} ", rdata::rtype_to_text(rtype));
        rdata::to_text(rtype, rdata, &mut text);
        self.records.push(text);
        self.places.push(place);
    }

    fn problem(&mut self, reason: &'static str, message: String, place: Where) {
        let (file, line) = (&self.files[place.file as usize], place.line);
        self.problems
            .push(format!("{file}:{line}: {reason}: {message}"));
    }
}

/// The included files of the tests.
fn include(path: &str, _: &str) -> Result<(String, Vec<u8>), (&'static str, String)> {
    let text = match path {
        "hosts" => "a A 192.0.2.1\n  A 192.0.2.2\n$ORIGIN deep\n$TTL 9\nb A 192.0.2.3\n",
        "blank" => " A 192.0.2.1\n",
        "broken" => "\na A 1\nb A 192.0.2.2",
        "self" => "$INCLUDE self\n",
        "two words" => "c A 192.0.2.4\n",
        deeper if deeper.starts_with('n') => {
            return Ok((
                deeper.to_owned(),
                format!("$INCLUDE n{deeper}\n").into_bytes(),
            ));
        }
        "../x" => {
            return Err((
                "IncludeOutsideFolder",
                "$INCLUDE \"../x\": outside".to_owned(),
            ));
        }
        _ => {
            return Err((
                "IncludeFailed",
                format!("$INCLUDE \"{path}\": no such file"),
            ));
        }
    };
    Ok((path.to_owned(), text.as_bytes().to_vec()))
}

fn read_from(text: &str, origin: Option<&str>) -> Kept {
    let mut kept = Kept::default();
    let origin = origin.map(|origin| Name::parse(origin.as_bytes(), None).unwrap());
    let mut convert = |rtype: &str, text: &str, origin: &str| match rtype {
        "LOC" => Ok((65_280, format!("{text}|{origin}").into_bytes())),
        _ => Err("not known here".to_owned()),
    };
    let (include, convert) = (&mut include, &mut convert);
    master::read(
        text.as_bytes(),
        "z",
        origin,
        include,
        convert,
        &mut |_, _| {},
        &mut kept,
    );
    kept
}

/// The records of a file without problems, origin `example.`, default TTL 60.
fn records(text: &str) -> Vec<String> {
    let kept = read_from(&format!("$TTL 60\n{text}"), Some("example."));
    assert_eq!(kept.problems, Vec::<String>::new(), "{text}");
    kept.records
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
            "a LOC ( 1\n 2 )",
            "a.example. 60 TYPE65280 \\# 12 3120327C6578616D706C652E",
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
    let message = "relative name without an origin, end it with a dot or set $ORIGIN";
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

#[test]
fn limits_hold() {
    let kept = read_from("$INCLUDE n", Some("example."));
    let name = "n".repeat(16);
    assert_eq!(
        kept.problems,
        [format!(
            "{name}:1: IncludeFailed: $INCLUDE \"{name}n\": 17 files deep, at most 16 allowed"
        )]
    );

    let kept = read_from(&"$INCLUDE blank2\n".repeat(200), Some("example."));
    assert_eq!(kept.problems.len(), 101);
    assert_eq!(
        kept.problems[100],
        "z:100: TooManyProblems: 100 problems, the lines below were not read"
    );

    let kept = read_from(&"$TTL 1\n$INCLUDE hosts\n".repeat(1001), Some("example."));
    assert_eq!(
        kept.problems,
        ["z:2002: IncludeFailed: $INCLUDE \"hosts\": file number 1001, at most 1000 allowed"]
    );

    let kept = read_from(
        &"$GENERATE 1-65536 $ 1 TXT x\n".repeat(17),
        Some("example."),
    );
    assert_eq!(
        kept.problems,
        [
            "z:17: GenerateTooLarge: $GENERATE directives of 1114112 records together, at most 1048576 allowed"
        ]
    );

    let line = format!("$GENERATE 1-65536 $ 1 TXT{}\n", " x".repeat(400));
    let kept = read_from(&line.repeat(2), Some("example."));
    assert_eq!(
        kept.problems,
        [
            "z:2: GenerateTooLarge: $GENERATE directives of more than 67108864 octets of owners and rdata together"
        ]
    );

    // A long text would be read as often, however short the rdata is.
    let number = "0".repeat(900) + "${0,250}";
    let line = format!("$GENERATE 1-60000 $ 1 MX {number} m\n");
    let kept = read_from(&line, Some("example."));
    assert_eq!(
        kept.problems,
        [
            "z:1: GenerateTooLarge: $GENERATE directives of more than 67108864 octets of owners and rdata together"
        ]
    );
    assert_eq!(kept.records.len(), 0);
}

#[test]
fn progress_reaches_the_end() {
    let text = "a 1 A 192.0.2.1\n".repeat(200_000);
    let mut calls = Vec::new();
    let mut convert = |_: &str, _: &str, _: &str| Err(String::new());
    let (mut kept, origin) = (Kept::default(), Some(Name::root()));
    let mut progress = |done, all| calls.push((done, all));
    master::read(
        text.as_bytes(),
        "z",
        origin,
        &mut include,
        &mut convert,
        &mut progress,
        &mut kept,
    );
    assert!(calls.is_sorted() && calls.len() == 4, "{calls:?}");
    assert_eq!(calls.last(), Some(&(text.len(), text.len())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Pieces of real lines in any order reach deeper than random octets.
    #[test]
    fn any_text_is_read_or_reported(
        pieces in prop::collection::vec(prop_oneof![
            prop::sample::select(vec![
                "\n", " ", "\t", "(", ")", ";", "\"", "\\", "\r\n", "a", "@", "5", "IN", " A ", " TXT ",
                "192.0.2.1", "\\#", "$TTL ", "$ORIGIN ", "$INCLUDE hosts", "$GENERATE 1-2 ", "${0,2,n}",
                " SOA . . 1 2 3 4 5", ".", "\\256", " LOC ",
            ]).prop_map(|text| text.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..3),
        ], 0..40),
    ) {
        let text = pieces.concat();
        let (mut kept, mut convert) = (Kept::default(), |_: &str, _: &str, _: &str| Ok((29, vec![])));
        master::read(&text, "z", None, &mut include, &mut convert, &mut |_, _| {}, &mut kept);
        let lines = text.split(|octet| *octet == b'\n').count() as u32;
        for place in kept.places.iter().filter(|place| place.file == 0) {
            prop_assert!((1..=lines).contains(&place.line));
        }
    }
}
