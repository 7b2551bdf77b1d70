use super::*;
use crate::answer::subject::{Kind, Subject};
use std::collections::HashSet;
use std::ops::Range;

const VALIDITY: Validity = Validity {
    version: 1,
    generation: 1,
};

/// The longest name there can be, and the last kind.
const SUBJECT: Subject = Subject {
    kind: Kind::Negative,
    octets: 255,
};

fn name(number: u64) -> Folded {
    Folded::new(format!("\x10{number:016}\0").as_bytes())
}

fn key<'n>(cache: &Cache, name: &'n Folded) -> Key<'n> {
    cache.key(name, 1, false, None).unwrap()
}

fn answer(records: &[u8]) -> CachedAnswer<'_> {
    CachedAnswer {
        rcode: 3,
        authoritative: true,
        counts: [1, 2, 3],
        subject: SUBJECT,
        records,
    }
}

fn get(cache: &mut Cache, number: u64) -> Result<Vec<u8>, Miss> {
    let name = name(number);
    let key = key(cache, &name);
    let found = cache.get(&key, VALIDITY.generation, || {
        unreachable!("same generation")
    })?;
    assert_eq!(
        (
            found.rcode,
            found.authoritative,
            found.counts,
            found.subject
        ),
        (3, true, [1, 2, 3], SUBJECT)
    );
    Ok(found.records.to_vec())
}

/// Asks for an answer as a server does; whether the cache had it.
fn ask(cache: &mut Cache, number: u64, octets: usize) -> bool {
    let records = [&number.to_be_bytes()[..], &vec![7; octets]].concat();
    match get(cache, number) {
        Ok(found) => {
            assert_eq!(found, records);
            true
        }
        Err(miss) => {
            cache.put(
                &key(cache, &name(number)),
                miss,
                VALIDITY,
                &answer(&records),
            );
            false
        }
    }
}

#[test]
fn an_answer_is_kept_when_it_is_asked_for_again() {
    let mut cache = Cache::default();
    let hits: Vec<_> = (0..4).map(|_| ask(&mut cache, 1, 40)).collect();
    assert_eq!(hits, [false, false, true, true]);
}

#[test]
fn what_is_asked_once_pushes_nothing_out() {
    let mut cache = Cache::default();
    for number in 0..1_000 {
        ask(&mut cache, number, 40);
        ask(&mut cache, number, 40);
    }
    for number in 1_000..600_000 {
        assert!(!ask(&mut cache, number, 40));
    }
    let hits = (0..1_000)
        .filter(|&number| ask(&mut cache, number, 40))
        .count();
    // A bucket in which all eight slots had entries may have given away its oldest one.
    assert!(hits >= 990, "{hits}");
}

#[test]
fn entries_in_use_outlive_others_and_none_is_mixed_up() {
    for octets in [123, MOST_RECORDS - 8] {
        let mut cache = Cache::default();
        let rounds = 3 * log::OCTETS / (64 + octets);
        for number in 1..=rounds as u64 {
            assert!(ask(&mut cache, 0, octets) || number <= 2);
            ask(&mut cache, number, octets);
            ask(&mut cache, number, octets);
            assert!(ask(&mut cache, number, octets), "{number}");
        }
        let left = (1..=rounds as u64)
            .filter(|&number| get(&mut cache, number).is_ok())
            .count();
        assert!(
            (rounds / 5..rounds / 2).contains(&left),
            "{left} of {rounds}"
        );
    }
}

/// How many entries of some names are there, and how many were overwritten and not missed yet.
fn found(cache: &Cache, names: Range<u64>) -> (u64, u64) {
    let positions = names.flat_map(|number| {
        let name = name(number);
        let hash = key(cache, &name).hash;
        cache.positions(hash).collect::<Vec<_>>()
    });
    // Names may share a tag.
    let positions: HashSet<_> = positions.collect();
    let (there, lost): (Vec<_>, Vec<_>) = positions
        .into_iter()
        .partition(|&position| cache.log.has(position));
    (there.len() as u64, lost.len() as u64)
}

#[test]
fn each_answer_that_is_lost_is_counted_once() {
    let mut cache = Cache::default();
    let mut kept = 0;
    let mut before = 0;
    let names = 2 * log::OCTETS as u64 / 1_000;
    for _ in 0..3 {
        for number in 0..names {
            if get(&mut cache, number).is_err() {
                ask(&mut cache, number, 1_000);
                ask(&mut cache, number, 1_000);
                kept += 1;
            }
        }
        let (there, not_missed) = found(&cache, 0..names);
        assert_eq!(cache.evictions() + there + not_missed, kept);
        assert!(cache.evictions() > before);
        before = cache.evictions();
    }
    assert!(before > names, "names that are asked for again are missed");
}

#[test]
fn an_answer_that_a_newer_one_replaces_is_not_lost() {
    let mut cache = Cache::default();
    for number in 0..1_000 {
        ask(&mut cache, number, 40);
        ask(&mut cache, number, 40);
        let validity = Validity {
            version: 2,
            generation: 2,
        };
        let name = name(number);
        let key = key(&cache, &name);
        let miss = cache.get(&key, 2, || Some(2)).err().unwrap();
        cache.put(&key, miss, validity, &answer(b"new"));
    }
    assert_eq!(cache.evictions(), 0);
}

#[test]
fn large_answers_are_not_kept() {
    let mut cache = Cache::default();
    for (octets, hit) in [(MOST_RECORDS - 8, true), (MOST_RECORDS - 7, false)] {
        let number = octets as u64;
        ask(&mut cache, number, octets);
        ask(&mut cache, number, octets);
        assert_eq!(ask(&mut cache, number, octets), hit);
    }
}

#[test]
fn in_another_generation_an_answer_holds_for_the_same_version_of_the_zone() {
    let mut cache = Cache::default();
    ask(&mut cache, 1, 40);
    ask(&mut cache, 1, 40);
    for (generation, version, hit) in [
        (2, Some(1), true),
        (3, Some(2), false),
        (4, None, false),
        (5, Some(1), true),
    ] {
        let name = name(1);
        let key = key(&cache, &name);
        let found = cache.get(&key, generation, || version);
        assert_eq!(found.is_ok(), hit, "{version:?}");
    }
    // The look-up of the zone is not repeated.
    let name = name(1);
    let key = key(&cache, &name);
    assert!(
        cache
            .get(&key, 5, || unreachable!("seen in this generation"))
            .is_ok()
    );
}
