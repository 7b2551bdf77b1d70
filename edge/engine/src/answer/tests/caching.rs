//! Replies with a cache are those without one, whatever was asked and changed before.

use super::*;
use crate::answer;
use proptest::prelude::*;

/// What one server is asked and told.
#[derive(Clone, Debug)]
enum Step {
    /// A name of `NAMES` in letters of either case, a type, and the OPT record: payload size and DO.
    Ask(usize, u16, u64, Option<(u16, bool)>, bool),
    /// Serve one of `ZONES`.
    Load(usize),
    /// Serve none of this origin any more.
    Remove(usize),
    /// Withhold the zone of this origin, unless it is served.
    Withhold(usize),
}

const ORIGINS: [&str; 2] = ["test.", "sub.test."];

/// Two versions of a zone and one of a zone below it.
const ZONES: [&str; 3] = [
    "test. 3600 SOA ns.test. host.test. 1 2 3 4 600
    test. 3600 NS ns.test.
    ns.test. 60 A 192.0.2.1
    www.test. 60 A 192.0.2.2
    www.test. 60 MX 10 mail.WWW.test.
    *.wild.test. 60 TXT text
    d.test. 60 DNAME www.test.
    alias.test. 60 CNAME www.test.
    sub.test. 60 NS ns.sub.test.
    ns.sub.test. 60 A 192.0.2.3
    big.test. 60 TXT LARGE LARGE LARGE",
    "test. 3600 SOA ns.test. host.test. 2 2 3 4 600
    test. 3600 NS ns.other.
    www.test. 60 A 192.0.2.9
    a.b.test. 60 A 192.0.2.9",
    "sub.test. 3600 SOA ns.test. host.test. 1 2 3 4 600
    sub.test. 3600 NS ns.sub.test.
    ns.sub.test. 60 A 192.0.2.4",
];

fn load(shared: &Shared, index: usize) {
    // Three of these fit into the largest UDP reply and not into the smallest.
    shared.load(zone(&ZONES[index].replace("LARGE", &"x".repeat(200))));
}

const NAMES: [&str; 14] = [
    "test.",
    "www.test.",
    "alias.test.",
    "x.wild.test.",
    "y.x.d.test.",
    "b.test.",
    "a.b.test.",
    "absent.test.",
    "sub.test.",
    "ns.sub.test.",
    "a.ns.sub.test.",
    "big.test.",
    "other.",
    "mail.www.test.",
];

const TYPES: [&str; 9] = ["A", "NS", "SOA", "MX", "TXT", "DS", "CNAME", "ANY", "AAAA"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let opt = prop::option::of((prop::sample::select(vec![0, 512, 1232]), any::<bool>()));
    let ask = (
        0..NAMES.len(),
        any::<u64>(),
        prop::sample::select(&TYPES[..]),
        opt,
        any::<bool>(),
    );
    let ask = ask.prop_map(|(name, letters, rtype, opt, tcp)| {
        let rtype = types::rtype_from_text(rtype.as_bytes()).unwrap();
        Step::Ask(name, rtype, letters, opt, tcp)
    });
    let step = prop_oneof![
        30 => ask,
        2 => (0..ZONES.len()).prop_map(Step::Load),
        1 => (0..ORIGINS.len()).prop_map(Step::Remove),
        1 => (0..ORIGINS.len()).prop_map(Step::Withhold),
    ];
    prop::collection::vec(step, 1..300)
}

/// A query with an upper-case letter for each set bit of `letters`.
fn query_of(name: &str, rtype: u16, letters: u64, opt: Option<(u16, bool)>) -> Vec<u8> {
    let mut query = query(&format!("{name} {}", types::rtype_to_text(rtype)));
    query[..2].copy_from_slice(&letters.to_be_bytes()[..2]);
    for (bit, octet) in query[HEADER..][..name.len()].iter_mut().enumerate() {
        if letters >> bit & 1 == 1 {
            octet.make_ascii_uppercase();
        }
    }
    match opt {
        Some((payload, dnssec_ok)) => with_opt(query, payload, if dnssec_ok { DO } else { 0 }, &[]),
        None => query,
    }
}

proptest! {
    #[test]
    fn a_cache_makes_no_difference(steps in steps()) {
        let shared = Shared::default();
        load(&shared, 0);
        let mut cache = Cache::default();
        let (mut cached, mut fresh) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Load(index) => load(&shared, index),
                Step::Remove(index) => shared.remove(wire(ORIGINS[index]).as_wire()),
                Step::Withhold(index) => shared.withhold(&wire(ORIGINS[index])),
                Step::Ask(name, rtype, letters, opt, tcp) => {
                    let query = query_of(NAMES[name], rtype, letters, opt);
                    let client = client(if tcp { Transport::Tcp } else { Transport::Udp });
                    let source = Source {
                        catalog: &shared.current(),
                        settings: &Settings::default(),
                        now: 0,
                    };
                    let expected = answer::respond(source, Shortcuts::default(), &query, client, &mut fresh);
                    let mut ahead = [Ahead::default()];
                    answer::look_ahead(source.catalog, &cache, [&*query].into_iter(), &mut ahead);
                    let shortcuts = Shortcuts { cache: Some(&mut cache), ahead: ahead[0] };
                    let outcome = answer::respond(source, shortcuts, &query, client, &mut cached);
                    prop_assert_eq!(outcome.map(|outcome| Outcome { hit: None, ..outcome }), expected);
                    prop_assert_eq!(&cached, &fresh);
                }
            }
        }
    }
}
