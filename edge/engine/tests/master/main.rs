//! Master files: tables of what is read, and of what is reported where.

mod limits;
mod problems;
mod records;

use dnsfleet_engine::master::{self, Sink, Where};
use dnsfleet_engine::name::{Name, write_text};
use dnsfleet_engine::rdata;
use proptest::prelude::*;

/// Keeps records, problems and warnings as text, with `name:line` in front of the last two.
#[derive(Default)]
struct Kept {
    files: Vec<String>,
    records: Vec<String>,
    problems: Vec<String>,
    warnings: Vec<String>,
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

    fn warning(&mut self, reason: &'static str, message: String, place: Where) {
        let (file, line) = (&self.files[place.file as usize], place.line);
        self.warnings
            .push(format!("{file}:{line}: {reason}: {message}"));
    }
}

/// The included files of the tests.
fn include(path: &str, _: &str) -> Result<(String, Vec<u8>), (&'static str, String)> {
    let text = match path {
        "hosts" => "a A 192.0.2.1\n  A 192.0.2.2\n$ORIGIN deep\n$TTL 9\nb A 192.0.2.3\n",
        "marked" => "\u{feff}a 1 A 192.0.2.1\n",
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

/// Stands for IDNA 2008: the number of characters that each label has.
fn a_labels(name: &str) -> Result<String, String> {
    if name.contains('\u{2603}') {
        return Err(format!("\"{name}\" is no name"));
    }
    let label = |label: &str| match label.is_ascii() {
        true => label.to_owned(),
        false => format!("xn--{}", label.chars().count()),
    };
    Ok(name.split('.').map(label).collect::<Vec<_>>().join("."))
}

fn read_from(text: &str, origin: Option<&str>) -> Kept {
    read_octets(text.as_bytes(), origin)
}

fn read_octets(text: &[u8], origin: Option<&str>) -> Kept {
    let mut kept = Kept::default();
    let origin = origin.map(|origin| Name::parse(origin.as_bytes(), None).unwrap());
    master::read(
        text,
        "z",
        origin,
        &mut include,
        &mut a_labels,
        &mut |_, _| {},
        &mut kept,
    );
    kept
}

#[test]
fn progress_reaches_the_end() {
    let text = "a 1 A 192.0.2.1\n".repeat(200_000);
    let mut calls = Vec::new();
    let (mut kept, origin) = (Kept::default(), Some(Name::root()));
    let mut progress = |done, all| calls.push((done, all));
    master::read(
        text.as_bytes(),
        "z",
        origin,
        &mut include,
        &mut a_labels,
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
                " SOA . . 1 2 3 4 5", ".", "\\256", " LOC ", "\u{feff}", ".@", "\\052.", "[AGE:1] ", " AWS ",
                "; cf_tags=cf-proxied:true\n", "; AWS routing=",
            ]).prop_map(|text| text.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..3),
        ], 0..40),
    ) {
        let text = pieces.concat();
        let mut kept = Kept::default();
        master::read(&text, "z", None, &mut include, &mut a_labels, &mut |_, _| {}, &mut kept);
        let lines = text.split(|octet| *octet == b'\n').count() as u32;
        for place in kept.places.iter().filter(|place| place.file == 0) {
            prop_assert!((1..=lines).contains(&place.line));
        }
    }
}
