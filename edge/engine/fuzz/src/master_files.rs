//! Any text as a master file.
//!
//! The first line of an input says what stands around the file: `o` gives an origin. Lines of `%%`
//! cut the rest into files, the first is read and the others are included by their number. A zone
//! comes back from its text; where there is none, every error has a place in one of the files and a
//! message that is safe to print.

use dnsfleet_engine::builder::{Builder, Found};
use dnsfleet_engine::name::Name;
use dnsfleet_engine::violations::Severity;
use dnsfleet_engine::zone::Zone;

use crate::allocations;
use crate::model::Model;
use crate::snapshots::check_zone;

/// Octets in use for any input: what $GENERATE allows with numbers of `MOST_DIGITS`.
const MOST_OCTETS: usize = 128 << 20;
/// Digits of a number beside $GENERATE. The engine's own limits, of a million records, have their
/// tests; here they would make one input as slow as ten thousand others.
const MOST_DIGITS: usize = 3;

/// See the module.
pub fn check(input: &[u8]) {
    if is_slow(input) {
        return;
    }
    let (first, rest) = split_at_line(input);
    let origin = first.starts_with(b"o").then_some("z.");
    let files = split_files(rest);
    let (zone, found) = allocations::within(MOST_OCTETS, || read(&files, origin));
    for (reason, message, place, _) in &found {
        check_place(&files, place);
        assert!(reason.bytes().all(|octet| octet.is_ascii_alphanumeric()));
        assert!(
            !message.is_empty() && !message.chars().any(char::is_control),
            "{message:?}"
        );
    }
    let errors = found
        .iter()
        .any(|(.., severity)| *severity == Severity::Error);
    assert_eq!(zone.is_none(), errors, "errors or a zone");
    if let Some(zone) = zone {
        check_comes_back(&zone);
    }
}

fn is_slow(input: &[u8]) -> bool {
    let name = b"$GENERATE";
    let mut words = input.windows(name.len());
    let mut runs = input.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    words.any(|word| word.eq_ignore_ascii_case(name))
        && runs.any(|run| run[0].is_ascii_digit() && run.len() > MOST_DIGITS)
}

/// The zone has the same records after a way through text, and after one through octets.
fn check_comes_back(zone: &Zone) {
    let text = zone.to_text();
    let (again, found) = read(&[text.as_bytes()], None);
    let again = again.unwrap_or_else(|| panic!("{found:?} in {text}"));
    let encoded = zone.encode();
    assert_eq!(again.encode(), encoded);
    assert_eq!(again.to_text(), text);
    check_zone(zone, &Model::read(&encoded));
    assert_eq!(
        Zone::decode(&encoded).expect("a zone").digest(),
        zone.digest()
    );
}

fn read(files: &[&[u8]], origin: Option<&str>) -> (Option<Zone>, Vec<Found>) {
    let origin = origin.map(|origin| Name::parse(origin.as_bytes(), None).expect("a name"));
    let mut builder = Builder::new(origin);
    builder.add_file(
        files[0],
        "0",
        &mut |path, _| {
            let number = path.parse::<usize>().ok().filter(|at| *at < files.len());
            let number = number.ok_or(("IncludeFailed", "no such file".to_owned()))?;
            Ok((number.to_string(), files[number].to_vec()))
        },
        &mut |name| Ok(format!("xn--{}", name.len())),
        &mut |_, _| {},
    );
    builder.finish()
}

/// `FILE:LINE`, or the file alone for what concerns the zone as a whole.
fn check_place(files: &[&[u8]], place: &str) {
    let (file, line) = place.split_once(':').unwrap_or((place, "1"));
    let file = files[file.parse::<usize>().expect("a file")];
    let lines = 1 + file.iter().filter(|octet| **octet == b'\n').count();
    let line = line.parse::<usize>().expect("a line");
    assert!((1..=lines).contains(&line), "line {line} of {lines}");
}

fn split_at_line(input: &[u8]) -> (&[u8], &[u8]) {
    let end = input.iter().position(|octet| *octet == b'\n');
    end.map_or((input, &[]), |end| (&input[..end], &input[end + 1..]))
}

fn split_files(input: &[u8]) -> Vec<&[u8]> {
    let separator = b"%%\n";
    let mut files = Vec::new();
    let mut rest = input;
    while let Some(at) = rest
        .windows(separator.len())
        .position(|octets| octets == separator)
    {
        files.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    files.push(rest);
    files
}
