use super::*;

/// A message that is nothing but uncompressed names, and the table of their labels.
fn noted(names: &[&[u8]]) -> (Vec<u8>, Compression) {
    let (mut message, mut table) = (vec![0; 12], Compression::new());
    for name in names {
        let at = message.len();
        message.extend_from_slice(name);
        let mut starts = [0; crate::name::MAX_LABELS];
        let mut parent = NOWHERE;
        for &start in crate::name::label_starts(name, &mut starts).iter().rev() {
            parent = table.insert(&message, parent, at + usize::from(start));
        }
    }
    (message, table)
}

#[test]
fn longest_suffixes() {
    let (message, table) = noted(&[b"\x01a\x04test\0", b"\x01`\x05other\0"]);
    for (name, expected) in [
        (&b"\x01a\x04test\0"[..], (0, 12)),
        (b"\x01A\x04TEST\0", (0, 12)),
        (b"\x01b\x04test\0", (1, 14)),
        (b"\x01x\x01a\x04test\0", (1, 12)),
        (b"\x04test\0", (0, 14)),
        (b"\x01a\0", (1, NOWHERE)),
        // Differs from a letter's other case by the same bit.
        (b"\x01@\x05other\0", (1, 22)),
        (b"\0", (0, NOWHERE)),
    ] {
        let mut starts = [0; crate::name::MAX_LABELS];
        let starts = crate::name::label_starts(name, &mut starts);
        assert_eq!(
            table.longest_suffix(&message, name, starts),
            expected,
            "{name:?}"
        );
    }
}

#[test]
fn octets_written_anew_are_not_found() {
    let (mut message, table) = noted(&[b"\x01a\x04test\0"]);
    message.truncate(14);
    message.extend_from_slice(b"\x04best\0");
    let name = b"\x04test\0";
    assert_eq!(table.longest_suffix(&message, name, &[0]), (1, NOWHERE));
}
