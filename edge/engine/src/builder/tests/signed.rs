//! Zones that came signed, whole and with something changed.

use super::{builder_with, shown};
use crate::violations::Severity;

const NSEC: &str = include_str!("../../../fuzz/zones/nsec.zone");
const NSEC3: &str = include_str!("../../../fuzz/zones/nsec3.zone");

/// A text, what takes its place, and the errors.
type Case<'a> = ((&'a str, &'a str), &'a [&'a str]);

/// The zone of a file with some texts replaced, each of which it has once: the errors.
fn found(file: &str, changes: &[(&str, &str)]) -> Vec<String> {
    let mut text = file.to_owned();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, to);
    }
    let (zone, mut found) = builder_with(None, &text).finish();
    found.retain(|found| found.3 == Severity::Error);
    assert_eq!(zone.is_none(), !found.is_empty());
    shown(&found)
}

#[test]
fn whole_zones_are_accepted() {
    for file in [NSEC, NSEC3] {
        assert_eq!(found(file, &[]), [""; 0]);
    }
    // Letter case in names counts nowhere, and the signer's name is one of them.
    let cases = [
        ("ns 60 NSEC secure", "ns 60 NSEC SECURE"),
        (
            "www 300 RRSIG A 13 2 300 20300101000000 20260101000000 34896 nsec.",
            "www 300 RRSIG A 13 2 300 20300101000000 20260101000000 34896 NSEC.",
        ),
    ];
    assert_eq!(found(NSEC, &cases), [""; 0]);
    // A part of an NSEC chain beside NSEC3, as signers leave it for a while.
    let more = (
        "www 300 A",
        "www 60 NSEC @ A\nwww 60 RRSIG NSEC 13 2 60 20300101000000 20260101000000 34896 nsec3. QUJD\nwww 300 A",
    );
    assert_eq!(found(NSEC3, &[more]), [""; 0]);
}

#[test]
fn a_broken_chain_of_nsec_is_refused() {
    let cases: &[Case] = &[
        (
            ("www 60 NSEC @ A RRSIG NSEC", ""),
            &["f:46 MissingNSEC: www.nsec. has no NSEC record, so the chain has a hole there"],
        ),
        (
            ("ns 60 NSEC secure", "ns 60 NSEC www"),
            &[
                "f:21 WrongNext: ns.nsec. NSEC says that www.nsec. is next, in the zone it is secure.nsec.",
            ],
        ),
        (
            ("www 60 NSEC @", "www 60 NSEC a"),
            &["f:45 WrongNext: www.nsec. NSEC says that a.nsec. is next, in the zone it is nsec."],
        ),
        (
            ("www 60 NSEC @ A RRSIG", "www 60 NSEC @ A TXT RRSIG"),
            &[
                "f:45 WrongTypes: www.nsec. NSEC lists the types A TXT RRSIG NSEC, the zone has A RRSIG NSEC",
            ],
        ),
        (
            ("www 60 NSEC @ A RRSIG", "www 60 NSEC @ RRSIG"),
            &[
                "f:45 WrongTypes: www.nsec. NSEC lists the types RRSIG NSEC, the zone has A RRSIG NSEC",
            ],
        ),
        (
            (
                "insecure 60 NSEC ns NS RRSIG",
                "insecure 60 NSEC ns NS A RRSIG",
            ),
            &[
                "f:28 WrongTypes: insecure.nsec. NSEC lists the types A NS RRSIG NSEC, the zone has NS RRSIG NSEC",
            ],
        ),
        (
            ("secure 60 NSEC *.to NS DS", "secure 60 NSEC *.to NS"),
            &[
                "f:33 WrongTypes: secure.nsec. NSEC lists the types NS RRSIG NSEC, the zone has NS DS RRSIG NSEC",
            ],
        ),
        (
            ("ns.insecure 300 A 192.0.2.3", "ns.insecure 60 NSEC ns A"),
            &[
                "f:14 UnexpectedNSEC: ns.insecure.nsec. has an NSEC, and the zone does not answer for it",
            ],
        ),
        (
            (
                "www 60 NSEC @ A RRSIG NSEC",
                "www 60 NSEC @ A RRSIG NSEC\nwww 60 NSEC a A RRSIG NSEC",
            ),
            &[
                "f:46 MultipleNSEC: www.nsec. has 2 NSEC, one allowed",
                "f:46 WrongNext: www.nsec. NSEC says that a.nsec. is next, in the zone it is nsec.",
            ],
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(found(NSEC, &[*change]), *expected, "{change:?}");
    }
}

#[test]
fn a_broken_chain_of_nsec3_is_refused() {
    let cases: &[Case] = &[
        (
            (
                "jc8qk9h170ka1v5he5p0j2bbbfe1e4qf 60 NSEC3 1 1 0 ab oqab8a7aqkhucbppo3dok654rnbcda0b A RRSIG",
                "",
            ),
            &[
                "f:28 MissingNSEC3: www.nsec3. has no NSEC3 record, its hash is jc8qk9h170ka1v5he5p0j2bbbfe1e4qf",
                "f:36 MissingNSEC3: jc8qk9h170ka1v5he5p0j2bbbfe1e4qf.nsec3. has a signature of NSEC3, and no NSEC3 record",
            ],
        ),
        // An empty non-terminal.
        (
            (
                "e7mib8vhkblt73407sdfugfpgib0n0em 60 NSEC3 1 1 0 ab i1kchjr6p25clhrfuojknj8r34ss62dg",
                "",
            ),
            &[
                "f MissingNSEC3: wild.nsec3. has no NSEC3 record, its hash is e7mib8vhkblt73407sdfugfpgib0n0em",
                "f:34 MissingNSEC3: e7mib8vhkblt73407sdfugfpgib0n0em.nsec3. has a signature of NSEC3, and no NSEC3 record",
            ],
        ),
        (
            (
                "www 300 A 192.0.2.2\nwww 300 RRSIG A 13 2 300 20300101000000 20260101000000 34896 nsec3. QUJD",
                "\n",
            ),
            &[
                "f:35 UnexpectedNSEC3: jc8qk9h170ka1v5he5p0j2bbbfe1e4qf.nsec3. NSEC3 is of no name that the zone answers for",
            ],
        ),
        (
            (
                "ab oqab8a7aqkhucbppo3dok654rnbcda0b",
                "ab rm00g72nk3i9am4o8nlu5oq20dgs3m9m",
            ),
            &[
                "f:35 WrongNext: jc8qk9h170ka1v5he5p0j2bbbfe1e4qf.nsec3. NSEC3 says that rm00g72nk3i9am4o8nlu5oq20dgs3m9m is next, in the zone it is oqab8a7aqkhucbppo3dok654rnbcda0b.nsec3.",
            ],
        ),
        (
            ("ab oqab8a7aqkhucbppo3dok654rnbcda0b", "ab oqab8a7aqkhucbp0"),
            &[
                "f:35 WrongNext: jc8qk9h170ka1v5he5p0j2bbbfe1e4qf.nsec3. NSEC3 says that no hash of SHA-1 is next, in the zone it is oqab8a7aqkhucbppo3dok654rnbcda0b.nsec3.",
            ],
        ),
        (
            (
                "rm00g72nk3i9am4o8nlu5oq20dgs3m9m A RRSIG",
                "rm00g72nk3i9am4o8nlu5oq20dgs3m9m A AAAA RRSIG",
            ),
            &[
                "f:39 WrongTypes: oqab8a7aqkhucbppo3dok654rnbcda0b.nsec3. NSEC3 of ns.nsec3. lists the types A AAAA RRSIG, the zone has A RRSIG",
            ],
        ),
        (
            (
                "oqab8a7aqkhucbppo3dok654rnbcda0b A RRSIG",
                "oqab8a7aqkhucbppo3dok654rnbcda0b A RRSIG\njc8qk9h170ka1v5he5p0j2bbbfe1e4qf 60 NSEC3 1 1 0 ab rm00g72nk3i9am4o8nlu5oq20dgs3m9m A RRSIG",
            ),
            &[
                "f:36 MultipleNSEC3: jc8qk9h170ka1v5he5p0j2bbbfe1e4qf.nsec3. has several NSEC3 of the same parameters, one allowed",
            ],
        ),
        // Without opt-out each delegation has one, and so has what leads to it alone.
        (
            (
                "1mas88o5mpr6j3dqbmkssh6dv1n21ag5 60 NSEC3 1 1",
                "1mas88o5mpr6j3dqbmkssh6dv1n21ag5 60 NSEC3 1 0",
            ),
            &[
                "f:12 MissingNSEC3: insecure.nsec3. has no NSEC3 record, its hash is 4mdf2eaah44pgbn83qg5rggqfe22315k",
            ],
        ),
        (
            (
                "jc8qk9h170ka1v5he5p0j2bbbfe1e4qf 60 NSEC3 1 1",
                "jc8qk9h170ka1v5he5p0j2bbbfe1e4qf 60 NSEC3 1 0",
            ),
            &[
                "f MissingNSEC3: below.nsec3. has no NSEC3 record, its hash is k8t9085pv0u47e1nvar4jd9nn3j11l77",
            ],
        ),
        (
            ("NSEC3PARAM 1 0 0 AB", "NSEC3PARAM 1 0 1 AB"),
            &["f:9 NoChain: no NSEC3 record has the parameters of NSEC3PARAM 1 0 1 AB"],
        ),
        (
            (
                "NSEC3PARAM 1 0 0 AB",
                "NSEC3PARAM 1 0 0 AB\n@ 0 NSEC3PARAM 1 0 0 -",
            ),
            &["f:10 NoChain: no NSEC3 record has the parameters of NSEC3PARAM 1 0 0 -"],
        ),
        (
            ("NSEC3PARAM 1 0 0 AB", "NSEC3PARAM 1 1 0 AB"),
            &[
                "f:7 NoChain: nsec3. is signed, and cannot prove what is not there: it has NSEC3 records, but no NSEC3PARAM record of SHA-1 without flags",
            ],
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(found(NSEC3, &[*change]), *expected, "{change:?}");
    }
}

#[test]
fn many_sets_of_parameters_are_refused() {
    let parameters = "NSEC3PARAM 1 0 0 AB";
    let more = ["01", "02", "03"].map(|salt| format!("@ 0 NSEC3PARAM 1 0 0 {salt}\n"));
    let change = (parameters, &*format!("{parameters}\n{}", more.concat()));
    let found = found(NSEC3, &[change]);
    let last = "f:12 TooManyChains: 4 NSEC3PARAM without flags, at most 3 allowed";
    assert_eq!(found.last().map(String::as_str), Some(last), "{found:?}");
}

#[test]
fn each_rrset_is_signed_by_a_key_of_the_zone() {
    let signature = "www 300 RRSIG A 13 2 300 20300101000000 20260101000000 34896 nsec. QUJD";
    let missing = "f:43 MissingSignature: www.nsec. A has no signature by a key of the zone";
    for other in [
        "",
        &*signature.replace("34896", "34897"),
        &*signature.replace("A 13 2", "A 8 2"),
        &*signature.replace("A 13 2", "TXT 13 2"),
        &*signature.replace("nsec.", "other."),
    ] {
        assert_eq!(found(NSEC, &[(signature, other)]), [missing], "{other}");
    }
    let signature = "secure 300 RRSIG DS 13 2 300 20300101000000 20260101000000 34896 nsec. QUJD";
    let missing = "f:31 MissingSignature: secure.nsec. DS has no signature by a key of the zone";
    assert_eq!(found(NSEC, &[(signature, "")]), [missing]);
    // The key does not sign zones.
    let keys = found(NSEC, &[("DNSKEY 257 3 13", "DNSKEY 1 3 13")]);
    assert!(keys[0].contains("MissingSignature"), "{keys:?}");
}

#[test]
fn a_signed_zone_without_a_chain_is_refused() {
    let lines = NSEC.lines().filter(|line| !line.contains(" NSEC "));
    let file = lines.collect::<Vec<_>>().join("\n") + "\n";
    let message = "f:7 NoChain: nsec. is signed, and cannot prove what is not there: it has neither NSEC \
                   nor NSEC3 records";
    assert_eq!(found(&file, &[]), [message]);
}

#[test]
fn few_faults_of_a_kind_are_shown() {
    let more: String = (0..30)
        .map(|n| format!("zz{n:02} 300 A 192.0.2.1\n"))
        .collect();
    let found = found(&format!("{NSEC}{more}"), &[]);
    assert_eq!(found.len(), 2 * (10 + 1), "{found:?}");
    for reason in ["MissingNSEC", "MissingSignature"] {
        let rest = format!("f {reason}: 20 more of this kind are not shown");
        assert!(found.contains(&rest), "{found:?}");
    }
}

#[test]
fn what_a_bad_line_leaves_behind_is_not_told() {
    let change = ("www 60 NSEC @ A RRSIG NSEC", "www 60 NSEC @ A RRSIG NSE");
    let found = found(NSEC, &[change]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("f:45 UnknownType"), "{found:?}");
}
