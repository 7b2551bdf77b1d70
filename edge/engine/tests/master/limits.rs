//! Short files that ask for much work.

use super::read_from;

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

    let line = format!("$GENERATE 1-20000 {} 1 A 192.0.2.1\n", "ü".repeat(20));
    let kept = read_from(&line.repeat(2), Some("example."));
    assert_eq!(
        kept.problems,
        [
            "z:2: BadName: names with letters outside ASCII have more than 1048576 octets together; write A-labels (xn--...)"
        ]
    );
}
