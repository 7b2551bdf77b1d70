use super::*;
use crate::name::Name;

fn wire(text: &str) -> Name {
    Name::parse(text.as_bytes(), None).unwrap()
}

/// A zone that has just what every zone must have.
fn zone(origin: &str) -> Zone {
    let origin = wire(origin);
    let rdata = [&[0, 0][..], &[0; 20]].concat();
    Zone::from_records(&origin, [(origin.as_wire(), types::SOA, 0, &rdata[..])]).unwrap()
}

#[test]
fn the_longest_origin_answers() {
    let shared = Shared::default();
    for origin in ["test.", "b.test.", "x.b.test.", "c.test."] {
        shared.load(zone(origin));
    }
    let catalog = shared.current();
    for (name, rtype, origin) in [
        ("test.", types::A, Some("test.")),
        ("a.test.", types::A, Some("test.")),
        ("b.test.", types::A, Some("b.test.")),
        ("y.b.test.", types::A, Some("b.test.")),
        ("y.x.b.test.", types::A, Some("x.b.test.")),
        ("other.", types::A, None),
        (".", types::A, None),
        ("x.b.test.", types::DS, Some("b.test.")),
        ("b.test.", types::DS, Some("test.")),
        ("test.", types::DS, Some("test.")),
        ("y.b.test.", types::DS, Some("b.test.")),
    ] {
        let found = catalog.find(wire(name).as_wire(), rtype);
        let found = found.map(|member| member.origin().to_string());
        assert_eq!(found.as_deref(), origin, "{name} type {rtype}");
    }
}

#[test]
fn a_change_leaves_older_catalogs_alone() {
    let shared = Shared::default();
    shared.load(zone("test."));
    let before = shared.current();
    shared.remove(wire("test.").as_wire());
    shared.remove(wire("never.").as_wire());
    assert!(before.get(wire("test.").as_wire()).is_some());
    assert!(shared.current().get(wire("test.").as_wire()).is_none());
    assert_eq!(shared.current().zones().count(), 0);
}

#[test]
fn a_replaced_zone_is_freed_after_its_last_reader_without_another_change() {
    let shared = Shared::default();
    shared.load(zone("test."));
    let before = Arc::downgrade(shared.current().get(wire("test.").as_wire()).unwrap());
    let reader = shared.current();
    shared.load(zone("test."));
    assert!(!shared.wait_until_freed(Duration::from_millis(5)));
    assert!(before.strong_count() > 0, "a reader has it");
    drop(reader);
    assert!(shared.wait_until_freed(Duration::from_secs(10)));
    assert_eq!(before.strong_count(), 0);
}

#[test]
fn a_withheld_zone_takes_its_names_and_is_not_served() {
    let shared = Shared::default();
    shared.load(zone("test."));
    shared.load(zone("x.b.test."));
    for origin in ["b.test.", "other."] {
        shared.withhold(&wire(origin));
    }
    let catalog = shared.current();
    for (name, rtype, origin, withheld) in [
        ("a.test.", types::A, "test.", false),
        ("b.test.", types::A, "b.test.", true),
        ("y.b.test.", types::A, "b.test.", true),
        ("y.x.b.test.", types::A, "x.b.test.", false),
        ("y.other.", types::A, "other.", true),
        ("b.test.", types::DS, "test.", false),
        ("y.b.test.", types::DS, "b.test.", true),
        ("x.b.test.", types::DS, "b.test.", true),
        ("other.", types::DS, "other.", true),
    ] {
        let found = catalog.find(wire(name).as_wire(), rtype).unwrap();
        let is_withheld = matches!(found, Member::Withheld(_));
        assert_eq!(
            (found.origin(), is_withheld),
            (&wire(origin), withheld),
            "{name} type {rtype}"
        );
    }
    assert!(catalog.get(wire("b.test.").as_wire()).is_none());
    assert_eq!(catalog.zones().count(), 2);
}

#[test]
fn a_zone_is_withheld_until_it_is_loaded_or_removed() {
    let shared = Shared::default();
    let (first, second) = (wire("first.test."), wire("second.test."));
    for origin in [&first, &second, &first] {
        shared.withhold(origin);
    }
    shared.load(zone("first.test."));
    shared.remove(second.as_wire());
    let catalog = shared.current();
    assert!(catalog.get(first.as_wire()).is_some());
    assert!(catalog.find(second.as_wire(), types::A).is_none());
    shared.remove(first.as_wire());
    assert!(shared.current().find(first.as_wire(), types::A).is_none());
    assert_eq!(shared.current().by_labels, [0; name::MAX_LABELS + 1]);
}

#[test]
fn what_is_served_stays_served() {
    let shared = Shared::default();
    shared.load(zone("test."));
    let before = shared.current();
    shared.withhold(&wire("test."));
    let after = shared.current();
    let served = |catalog: &Catalog| Arc::clone(catalog.get(wire("test.").as_wire()).unwrap());
    assert!(Arc::ptr_eq(&served(&before), &served(&after)));
    assert_eq!(before.generation(), after.generation());
}
