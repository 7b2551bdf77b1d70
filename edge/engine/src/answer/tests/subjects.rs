//! What replies are about, and what clients get that get too many.

use super::super::slip;
use super::super::subject::{Kind, Subject};
use super::options::opt;
use super::*;
use crate::answer::cookies;

const RECORDS: &str = "
    www.test. 60 A 192.0.2.1
    *.wild.test. 60 A 192.0.2.2
    *.test. 60 TXT \"any\"
    alias.test. 60 CNAME none.www.test.
    to.wild.test. 60 CNAME x.wild.test.
    old.test. 60 DNAME new.test.
    cut.test. 60 NS ns.cut.test.
    ns.cut.test. 60 A 192.0.2.3
    deep.ent.test. 60 A 192.0.2.4
";

#[test]
fn a_reply_is_about_the_data_that_it_is_made_of() {
    let catalog = catalog(RECORDS);
    for (asked, kind, name) in [
        ("WwW.test. A", Kind::Answer, "WwW.test."),
        ("www.test. ANY", Kind::Answer, "www.test."),
        ("www.test. AAAA", Kind::Negative, "test."),
        ("x.www.test. A", Kind::Negative, "test."),
        ("ent.test. A", Kind::Negative, "test."),
        ("x.wild.test. A", Kind::Synthesis, "wild.test."),
        ("y.x.wild.test. A", Kind::Synthesis, "wild.test."),
        ("x.wild.test. MX", Kind::Negative, "test."),
        ("a.b.test. TXT", Kind::Synthesis, "test."),
        // The first name decides, whatever is at the end of the chain.
        ("alias.test. A", Kind::Answer, "alias.test."),
        ("to.wild.test. A", Kind::Answer, "to.wild.test."),
        ("a.old.test. A", Kind::Synthesis, "old.test."),
        ("b.a.cut.test. A", Kind::Referral, "cut.test."),
        ("cut.test. NS", Kind::Referral, "cut.test."),
        ("cut.test. DS", Kind::Negative, "test."),
        ("test. SOA", Kind::Answer, "test."),
        ("test. AXFR", Kind::Error, ""),
        ("other. A", Kind::Error, ""),
    ] {
        let query = query(asked);
        let outcome = respond(&catalog, &query, Transport::Udp, &mut Vec::new()).unwrap();
        let expected = match name {
            "" => Vec::new(),
            name => wire(name).as_wire().to_vec(),
        };
        let subject = outcome.subject;
        assert_eq!(
            (subject.kind, subject.name(&query)),
            (kind, &expected[..]),
            "{asked}"
        );
    }
}

#[test]
fn a_slipped_reply_has_no_records_and_a_way_to_go_on() {
    let settings = Settings::new(Some("ams1"))
        .and_then(|settings| settings.with_secrets(&[vec![7; 16]]))
        .unwrap();
    let client = client(Transport::Udp);
    let fresh = b"12345678";
    let (_, cookie) = cookies::answer(settings.secrets(), fresh, client.address, NOW).unwrap();
    let mut forged = cookie;
    forged[23] ^= 1;
    let good = option(10, &cookie);
    for (what, settings, options, expected) in [
        ("without EDNS", &settings, None, vec!["NOERROR tc".into()]),
        (
            "no cookie",
            &settings,
            Some(vec![]),
            vec!["NOERROR tc".into(), opt(&[])],
        ),
        (
            "cookies are not spoken",
            &Settings::default(),
            Some(option(10, fresh)),
            vec!["NOERROR tc".into(), opt(&[])],
        ),
        (
            "a client cookie",
            &settings,
            Some(option(10, fresh)),
            vec!["BADCOOKIE".into(), badcookie(std::slice::from_ref(&good))],
        ),
        (
            "another cookie, and NSID",
            &settings,
            Some([option(10, &forged), option(3, b"")].concat()),
            vec!["BADCOOKIE".into(), badcookie(&[option(3, b"ams1"), good])],
        ),
    ] {
        let source = Source {
            catalog: &catalog(RECORDS),
            settings,
            now: NOW,
        };
        let plain = query("wWw.test. A");
        let query = match &options {
            None => plain.clone(),
            Some(options) => with_opt(plain.clone(), 1232, 0, options),
        };
        let mut out = b"what respond left".to_vec();
        let outcome = slip(source, &query, client, &mut out).unwrap();
        assert_eq!(read(&out, outcome), expected, "{what}");
        assert_eq!(
            out[12..plain.len()],
            plain[12..],
            "the question as it was asked"
        );
        assert_eq!(outcome.subject, Subject::default());
    }
}

/// The OPT record with the upper bits of BADCOOKIE.
fn badcookie(options: &[Vec<u8>]) -> String {
    opt(options).replace("0x0", "0x1000000")
}
