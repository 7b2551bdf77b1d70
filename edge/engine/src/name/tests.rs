use super::*;
use proptest::prelude::*;
use std::cmp::Ordering;

fn name(text: &str) -> Name {
    Name::parse(text.as_bytes(), None).unwrap()
}

#[test]
fn reads_and_writes_presentation_form() {
    let origin = name("example.com.");
    for (text, shown) in [
        ("@", "example.com."),
        ("www", "www.example.com."),
        ("WWW.Example.", "WWW.Example."),
        (".", "."),
        (r"a\.b", r"a\.b.example.com."),
        (r"\097\065.", "aA."),
        (r"\000.", r"\000."),
        ("*", "*.example.com."),
    ] {
        let read = Name::parse(text.as_bytes(), Some(&origin)).unwrap();
        assert_eq!(read.to_string(), shown, "{text}");
    }
}

#[test]
fn says_what_is_wrong() {
    let long = "a".repeat(64);
    let label = "a".repeat(63);
    let name_of_256 = format!("{label}.{label}.{label}.{}.", "a".repeat(62));
    for (text, message) in [
        ("", "empty name"),
        ("a..b.", "empty label"),
        (".a.", "empty label"),
        (long.as_str(), "label of 64 octets, at most 63 allowed"),
        (
            name_of_256.as_str(),
            "name of 256 octets, at most 255 allowed",
        ),
        (
            r"a\25.",
            "bad escape, write \\ and a character or \\ and three digits up to 255",
        ),
        (
            r"a\256.",
            "bad escape, write \\ and a character or \\ and three digits up to 255",
        ),
        (
            "a\\",
            "bad escape, write \\ and a character or \\ and three digits up to 255",
        ),
        (
            "www",
            "relative name without an origin, end it with a dot, set $ORIGIN or give --origin",
        ),
    ] {
        let error = Name::parse(text.as_bytes(), None).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
    }
    let longest = format!("{label}.{label}.{label}.{}.", "a".repeat(61));
    assert_eq!(name(&longest).as_wire().len(), MAX_NAME);
}

#[test]
fn checks_wire_form() {
    for bad in [
        &b""[..],
        b"\x01",
        b"\x01a",
        b"\x01a\0\0",
        b"\xc0\x00",
        &[1; 256],
    ] {
        assert_eq!(Name::from_wire(bad), Err(NameError::BadWire));
    }
    assert_eq!(Name::from_wire(b"\x01a\0").unwrap(), name("a."));
}

#[test]
fn knows_ancestors() {
    let (example, www) = (name("example."), name("www.EXAMPLE."));
    assert!(is_at_or_below(www.as_wire(), example.as_wire()));
    assert!(is_at_or_below(example.as_wire(), example.as_wire()));
    assert!(is_at_or_below(www.as_wire(), &[0]));
    assert!(!is_at_or_below(example.as_wire(), www.as_wire()));
    assert!(!is_at_or_below(
        name("wexample.").as_wire(),
        example.as_wire()
    ));
    assert_eq!(parent(www.as_wire()), Some(name("EXAMPLE.").as_wire()));
    assert_eq!(parent(&[0]), None);
}

#[test]
fn sorts_as_rfc_4034_shows() {
    let sorted = [
        "example.",
        "a.example.",
        "yljkjljk.a.example.",
        "Z.a.example.",
        "zABC.a.EXAMPLE.",
        "z.example.",
        r"\001.z.example.",
        "*.z.example.",
        r"\200.z.example.",
    ];
    for pair in sorted.windows(2) {
        let (a, b) = (name(pair[0]), name(pair[1]));
        assert_eq!(
            canonical_cmp(a.as_wire(), b.as_wire()),
            Ordering::Less,
            "{a} {b}"
        );
        assert_eq!(
            canonical_cmp(b.as_wire(), a.as_wire()),
            Ordering::Greater,
            "{b} {a}"
        );
    }
    assert_eq!(
        canonical_cmp(name("A.").as_wire(), name("a.").as_wire()),
        Ordering::Equal
    );
}

proptest! {
    #[test]
    fn presentation_form_comes_back(
        labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20), 0..8)
    ) {
        let mut wire = Vec::new();
        for label in &labels {
            wire.push(label.len() as u8);
            wire.extend_from_slice(label);
        }
        wire.push(0);
        let name = Name::from_wire(&wire).unwrap();
        prop_assert_eq!(Name::parse(name.to_string().as_bytes(), None).unwrap(), name);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Name::parse(&bytes, None);
        if let Some(len) = wire_len(&bytes) {
            prop_assert!(Name::from_wire(&bytes[..len]).is_ok());
        }
    }
}
