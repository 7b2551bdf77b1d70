//! Chains of NSEC records (RFC 4035 section 2.3).

use super::names::{Kind, Named, different_types};
use super::reports::Reports;
use crate::name;
use crate::rdata::{bitmap_types, types::NSEC};
use crate::zone::Zone;

/// A record of the chain: its owner, and the name that it gives as the next one.
type Link<'z> = (&'z [u8], &'z [u8]);

/// Checks the chain of a zone that has one.
pub(super) fn check(zone: &Zone, names: &[Named<'_>], reports: &mut Reports<'_>) {
    // None behind a name without a record: whether that was the next one cannot be known.
    let mut link: Option<Link<'_>> = None;
    for named in names {
        let record = named.node.get(NSEC);
        if matches!(named.kind, Kind::Hidden | Kind::Hash) {
            if record.is_some() {
                reports.error("UnexpectedNSEC", named.owner, NSEC, || {
                    let owner = name::to_text(named.owner);
                    format!("{owner} has an NSEC, and the zone does not answer for it")
                });
            }
            continue;
        }
        let Some(record) = record else {
            reports.error("MissingNSEC", named.owner, NSEC, || {
                let owner = name::to_text(named.owner);
                format!("{owner} has no NSEC record, so the chain has a hole there")
            });
            link = None;
            continue;
        };
        if record.count() > 1 {
            reports.error("MultipleNSEC", named.owner, NSEC, || {
                let (owner, count) = (name::to_text(named.owner), record.count());
                format!("{owner} has {count} NSEC, one allowed")
            });
        }
        check_link(link, named.owner, reports);
        let rdata = record.rdatas().next().expect("an RRset has a record");
        let (next, bitmap) = rdata.split_at(name::wire_len(rdata).unwrap_or(rdata.len()));
        link = Some((named.owner, next));
        let (listed, there) = (bitmap_types(bitmap), named.types());
        if listed != there {
            reports.error("WrongTypes", named.owner, NSEC, || {
                let owner = name::to_text(named.owner);
                format!("{owner} NSEC {}", different_types(&listed, &there))
            });
        }
    }
    check_link(link, zone.origin().as_wire(), reports);
}

/// Whether a record gives the name that follows it in the zone.
fn check_link(link: Option<Link<'_>>, follows: &[u8], reports: &mut Reports<'_>) {
    let Some((owner, next)) = link else {
        return;
    };
    if !next.eq_ignore_ascii_case(follows) {
        reports.error("WrongNext", owner, NSEC, || {
            let [owner, next, follows] = [owner, next, follows].map(name::to_text);
            format!("{owner} NSEC says that {next} is next, in the zone it is {follows}")
        });
    }
}
