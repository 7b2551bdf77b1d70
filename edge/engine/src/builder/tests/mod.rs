mod checks;
mod signed;
mod zone_digests;

use super::*;

const HEAD: &str = "$ORIGIN z.\n@ 300 SOA ns.a. h 1 2 3 4 5\n@ 300 NS ns.a.\n";

fn builder_with(origin: Option<&str>, file: &str) -> Builder {
    let origin = origin.map(|text| Name::parse(text.as_bytes(), None).unwrap());
    let mut builder = Builder::new(origin);
    builder.add_file(
        file.as_bytes(),
        "f",
        &mut |_, _| Err(("IncludeFailed", "none".into())),
        &mut |_| unreachable!("no letters outside ASCII"),
        &mut |_, _| {},
    );
    builder
}

fn add(builder: &mut Builder, owner: &str, mnemonic: &str, data: &str, place: &str) {
    builder.add_record(owner, mnemonic, 300, data, place);
}

fn shown(found: &[Found]) -> Vec<String> {
    let line = |(reason, message, place, _): &Found| format!("{place} {reason}: {message}");
    found.iter().map(line).collect()
}

#[test]
fn records_are_counted_by_the_file_and_the_part_that_they_came_from() {
    let mut builder = Builder::new(None);
    let file = format!("{HEAD}$INCLUDE i\na 1 A 192.0.2.1\nb 1 A 192.0.2.1 ; \n$INCLUDE i\n");
    builder.add_file(
        file.as_bytes(),
        "f",
        &mut |name, _| Ok((name.to_owned(), b"c 1 A (\n192.0.2.1 )\n".to_vec())),
        &mut |_| unreachable!("no letters outside ASCII"),
        &mut |_, _| {},
    );
    let included = [("i", 1), ("i", 1)];
    for (ends, parts) in [
        (&[][..], &[4][..]),
        (&[7][..], &[4][..]),
        (&[3, 5, 7][..], &[2, 1, 1][..]),
        (&[3, 3, 4][..], &[2, 0, 2][..]),
    ] {
        let parts: Vec<_> = parts.iter().map(|count| ("f", *count)).collect();
        assert_eq!(
            builder.records_by_file(ends),
            [&parts[..], &included].concat()
        );
    }
    assert_eq!(Builder::new(None).records_by_file(&[]), []);
}

#[test]
fn an_rrset_must_fit_into_a_message() {
    let text = "x".repeat(255);
    let lines: String = (0..256)
        .map(|i| format!("b 1 TXT \"{i}\" {text}\n"))
        .collect();
    let (_, found) = builder_with(None, &format!("{HEAD}{lines}")).finish();
    let message = "f:4 RRsetTooLarge: b.z. TXT: 69522 octets of records, at most 65253 fit into \
                   a message";
    assert_eq!(shown(&found), [message]);
}

#[test]
fn an_rrset_that_only_fits_with_compressed_names() {
    let servers = |count| -> String {
        let line = |i| format!("b 1 NS n{i:04}.a234567\n");
        (0..count).map(line).collect()
    };
    for (count, expected) in [
        (3_000, None),
        (
            3_300,
            Some("66008 octets of records, at most 65253 fit into a message"),
        ),
        (
            3_500,
            Some("66502 octets of rdata and its lengths, at most 65535 allowed"),
        ),
    ] {
        let (zone, found) = builder_with(None, &format!("{HEAD}{}", servers(count))).finish();
        let errors: Vec<_> = shown(&found)
            .into_iter()
            .filter(|line| line.contains("RRsetTooLarge"))
            .collect();
        match expected {
            None => assert_eq!(zone.unwrap().records(), 2 + count),
            Some(what) => assert_eq!(errors, [format!("f:4 RRsetTooLarge: b.z. NS: {what}")]),
        }
    }
}

#[test]
fn adds_to_a_zone() {
    let (base, _) = builder_with(None, &format!("{HEAD}w A 192.0.2.1\nx.d TXT x\n")).finish();
    let base = base.unwrap();
    let mut builder = Builder::new(None);
    builder.add_zone(base.clone()).unwrap();
    add(&mut builder, "w", "A", "192.0.2.2", "r[0]");
    add(&mut builder, "W", "A", "192.0.2.1", "r[1]");
    let (zone, found) = builder.finish();
    let zone = zone.unwrap();
    assert_eq!(zone.records(), base.records() + 1);
    assert_eq!(
        shown(&found),
        ["r[1] DuplicateRecord: w.z. A: the same record again, it counts once"]
    );
    for (owner, mnemonic, data, expected) in [
        (
            "w",
            "CNAME",
            "a.",
            "r CNAMEAndOtherData: w.z. has a CNAME and also A; a CNAME stands alone",
        ),
        (
            "d",
            "DNAME",
            "a.",
            "r NameBelowDNAME: d.z. has a DNAME, so no name below it may exist",
        ),
        ("w..", "A", "192.0.2.1", "r BadName: w..: empty label"),
        (
            "w.y.",
            "A",
            "192.0.2.1",
            "r OutOfZone: w.y. is outside the zone z.",
        ),
    ] {
        let mut builder = Builder::new(None);
        builder.add_zone(zone.clone()).unwrap();
        add(&mut builder, owner, mnemonic, data, "r");
        let (zone, found) = builder.finish();
        assert!(zone.is_none());
        assert_eq!(shown(&found), [expected]);
    }
}

#[test]
fn a_zone_comes_first_and_alone() {
    let (base, _) = builder_with(None, HEAD).finish();
    let base = base.unwrap();
    let mut builder = builder_with(None, HEAD);
    assert!(builder.add_zone(base.clone()).is_err());
    let mut builder = Builder::new(Some(Name::parse(b"y.", None).unwrap()));
    assert_eq!(builder.add_zone(base).unwrap_err(), "the zone z. is not y.");
}

#[test]
fn signatures_come_back_whatever_their_order() {
    let signature = |ttl, covered| {
        format!("a {ttl} RRSIG {covered} 8 2 {ttl} 20300101000000 20200101000000 1 z. AAAA\n")
    };
    let (a, txt) = (signature(600, "A"), signature(60, "TXT"));
    let records = "a 600 A 192.0.2.1\na 60 TXT x\n";
    let read = |text: &str| {
        let (zone, found) = builder_with(None, text).finish();
        assert_eq!(shown(&found), [""; 0]);
        zone.unwrap()
    };
    let zone = read(&format!("{HEAD}{records}{a}{txt}"));
    let turned = read(&format!("{HEAD}{txt}{a}{records}"));
    assert_eq!(zone.encode(), turned.encode());
    let text = zone.to_text();
    for line in ["a.z. 600 RRSIG A 8 2 600 ", "a.z. 60 RRSIG TXT 8 2 60 "] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!(read(&text).encode(), zone.encode());
    let again = read(&format!("{HEAD}{records}{a}"));
    let lines = zone.diff(&again).unwrap().lines(9);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("- a.z. 60 RRSIG TXT "), "{lines:?}");
}
