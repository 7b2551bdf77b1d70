//! The rules that records of one zone must keep among themselves.
//!
//! Whether a broken rule is an error follows what BIND, Knot and NSD do when they load such a zone:
//! it is one where at least two of them refuse the zone, and never where all of them accept it. What
//! they do not look at, in signed zones and in digests of zones, follows programs that verify zones.
//!
//! | rule | source | broken |
//! |---|---|---|
//! | one SOA, at the apex | RFC 1035 section 5.2 | error |
//! | NS at the apex, each in-zone target with an address | RFC 1034 section 4.2.1 | error |
//! | a CNAME is alone, but for DNSSEC records | RFC 2181 section 10.1, RFC 4034 | error |
//! | one DNAME, and no names below it but those of NSEC3 records | RFC 6672 section 2.3 | error |
//! | no NS beside a DNAME, but at the apex | RFC 6672 section 2.3 | warning |
//! | below a zone cut only addresses | RFC 1034 section 4.2.1 | warning |
//! | no @ in the mailboxes of SOA, RP and MINFO | RFC 1035 section 8 | warning |
//! | an address for a name server at or below its own cut | RFC 9471 section 2 | warning |
//! | no DS at the apex | RFC 4035 section 2.4 | warning |
//! | a DS with another digest than SHA-1 | RFC 9905 section 2 | warning |
//! | a DS of an algorithm that validators use | RFC 8624 section 3.1, RFC 9905 section 3 | warning |
//! | the digest of the zone, in ZONEMD | RFC 8976 section 4 | error |
//! | no parameters beside priority 0 | RFC 9460 section 2.4.2 | warning |
//! | a dohpath is a template with the variable dns | RFC 9461 section 5 | warning |
//!
//! That NSEC3 uses at most 150 iterations is a rule of the zone itself (see `zone::ZoneError`).
//!
//! Only owners that got records are looked at, and the name servers of the apex. But what a signed
//! zone must have, so that its answers validate, is checked in the whole zone (see `signed`), and
//! so is the digest.

mod apex;
mod delegations;
mod mailbox;
mod owner;
mod services;
mod signed;
mod zone_digests;

use crate::gathered::{Added, Gathered};
use crate::name;
use crate::rdata::{
    self,
    types::{A, AAAA, CNAME, DNAME, DS, HTTPS, MINFO, NS, NSEC, RP, RRSIG, SOA, SVCB},
};
use crate::violations::Violations;
use crate::zone::{Node, Zone};
use apex::has_address;
use owner::{Owner, Places, last_place};

/// KEY may stand beside a CNAME (RFC 3007 section 3.1.1).
const KEY: u16 = 25;
/// Types that have rules about their rdata, their owner, or what is at or below it.
const RULED: [u16; 9] = [SOA, NS, CNAME, DNAME, DS, SVCB, HTTPS, RP, MINFO];

/// Checks a zone in the making; `touched` has the added records of each owner, by type and order.
///
/// `is_new` says that the zone has no other records. Then only an owner with a record of a type in
/// `RULED` can break a rule about itself, so most owners need no look-up.
pub fn check<'a>(
    zone: &Zone,
    is_new: bool,
    touched: impl Iterator<Item = &'a [(&'a [u8], &'a Added)]>,
    violations: &mut Violations,
) {
    let mut apex_place = None;
    let mut touched = touched.peekable();
    while let Some(records) = touched.next() {
        let (owner, _) = records[0];
        if owner == zone.origin().as_wire() {
            apex_place = last_place(records);
        }
        let checked = Owner {
            zone,
            owner,
            records,
        };
        let has_rules = |(_, record): &(_, &Added)| RULED.contains(&record.rtype);
        if (!is_new || records.iter().any(has_rules))
            && let Some(node) = zone.node(owner)
        {
            checked.check_soa(node, violations);
            checked.check_aliases(node, violations);
            let next = touched.peek().map(|records| records[0].0);
            checked.check_below(node, next, violations);
            checked.check_cut(node, violations);
            delegations::check_ds(&checked, node, violations);
            services::check_services(&checked, node, violations);
            mailbox::check_mailboxes(&checked, node, violations);
        }
        checked.check_above(violations);
    }
    apex::check(zone, apex_place, violations);
}

/// Checks a finished zone as a whole; `added` are the records that were added, in canonical order.
///
/// Call it only without errors so far: a line that could not be read is told once, and not once more
/// by each signature or proof that it leaves without a use.
pub(crate) fn check_whole(
    zone: &Zone,
    is_new: bool,
    gathered: &Gathered,
    added: &[(&[u8], &Added)],
    violations: &mut Violations,
) {
    let places = Places(added);
    signed::check(zone, places, violations);
    if is_new {
        zone_digests::check(zone, gathered, places, violations);
    }
}

impl Owner<'_> {
    fn check_soa(&self, node: Node<'_>, violations: &mut Violations) {
        let Some(soa) = node.get(SOA) else {
            return;
        };
        if !self.is_apex() {
            let (text, origin) = (self.text(), self.zone.origin().to_string());
            let doubled = if text == origin.repeat(2) {
                ", so end its name with a dot"
            } else {
                ""
            };
            let message = format!(
                "{text} has a SOA, but the zone is {origin}; a zone has one SOA, at its apex\
                 {doubled}"
            );
            violations.error("MultipleSOA", message, self.place(SOA));
        } else if soa.count() > 1 {
            let message = format!(
                "{} has {} different SOA, one allowed",
                self.text(),
                soa.count()
            );
            violations.error("MultipleSOA", message, self.place(SOA));
        }
    }

    fn check_aliases(&self, node: Node<'_>, violations: &mut Violations) {
        let count = |rtype| node.get(rtype).map_or(0, |rrset| rrset.count());
        if count(CNAME) > 1 {
            let message = format!("{} has {} CNAME, one allowed", self.text(), count(CNAME));
            violations.error("MultipleCNAME", message, self.place(CNAME));
        }
        if count(DNAME) > 1 {
            let message = format!("{} has {} DNAME, one allowed", self.text(), count(DNAME));
            violations.error("MultipleDNAME", message, self.place(DNAME));
        }
        let others = node.rrsets().map(|rrset| rrset.rtype);
        let others = others.filter(|rtype| ![CNAME, RRSIG, NSEC, KEY].contains(rtype));
        let others: Vec<_> = others.map(rdata::rtype_to_text).collect();
        if count(CNAME) > 0 && !others.is_empty() {
            let others = others.join(", ");
            let instead = if self.is_apex() {
                "; write the A and AAAA of its target"
            } else {
                ""
            };
            let message = format!(
                "{} has a CNAME and also {others}; a CNAME stands alone{instead}",
                self.text()
            );
            violations.error("CNAMEAndOtherData", message, last_place(self.records));
        }
        if count(DNAME) > 0 && count(NS) > 0 && !self.is_apex() {
            let message = format!(
                "{} is delegated by its NS, so its DNAME is not used",
                self.text()
            );
            violations.warn("DNAMEAtDelegation", message, self.place(DNAME));
        }
    }

    /// Reports a DNAME above names that were in the zone before. `check_above` reports it for names
    /// that got records. In canonical order the names below an owner follow it, so the next one
    /// tells whether there are such.
    fn check_below(&self, node: Node<'_>, next: Option<&[u8]>, violations: &mut Violations) {
        let reported = next.is_some_and(|next| name::is_at_or_below(next, self.owner));
        // All NSEC3 records are right below the apex.
        let hashed = if self.is_apex() {
            self.zone.nsec3_rrsets()
        } else {
            0
        };
        if node.get(DNAME).is_some() && node.children as usize > hashed && !reported {
            let message = format!("{} has a DNAME, so no name below it may exist", self.text());
            violations.error("NameBelowDNAME", message, self.place(DNAME));
        }
    }

    /// What owners above do to these records: a DNAME forbids them, a zone cut hides them.
    fn check_above(&self, violations: &mut Violations) {
        let mut name = self.owner;
        while name != self.zone.origin().as_wire() {
            name = name::parent(name).expect("inside the zone");
            let Some(above) = self.zone.node(name) else {
                continue;
            };
            if above.get(DNAME).is_some() && !self.is_hash() {
                let (owner, above) = (self.text(), name::to_text(name));
                let message = format!("{owner} may not exist, {above} above it has a DNAME");
                violations.error("NameBelowDNAME", message, last_place(self.records));
            }
            if above.get(NS).is_some() && name != self.zone.origin().as_wire() {
                self.warn_of_hidden(name, violations);
            }
        }
    }

    /// Whether it is no name, since only NSEC3 records have it. Those of a zone are below its apex,
    /// which may have a DNAME.
    fn is_hash(&self) -> bool {
        self.zone.node(self.owner).is_some_and(signed::is_hash)
    }

    fn warn_of_hidden(&self, cut: &[u8], violations: &mut Violations) {
        let is_glue = |rtype| [A, AAAA, RRSIG, NSEC].contains(&rtype);
        let Some((_, hidden)) = self
            .records
            .iter()
            .find(|(_, record)| !is_glue(record.rtype))
        else {
            return;
        };
        let rtype = rdata::rtype_to_text(hidden.rtype);
        let (owner, cut) = (self.text(), name::to_text(cut));
        let message = format!("{owner} {rtype} is below the delegation of {cut} and is not served");
        violations.warn("HiddenRecord", message, Some(hidden.place));
    }

    /// Name servers of a delegation that nobody can reach without an address here.
    fn check_cut(&self, node: Node<'_>, violations: &mut Violations) {
        let Some(servers) = node.get(NS).filter(|_| !self.is_apex()) else {
            return;
        };
        if !self.has_added(NS) {
            return;
        }
        for server in servers.rdatas().map(<[u8]>::to_ascii_lowercase) {
            let has_address = || self.zone.node(&server).is_some_and(has_address);
            if name::is_at_or_below(&server, self.owner) && !has_address() {
                let (owner, server) = (self.text(), name::to_text(&server));
                let message = format!("{owner} NS {server} has no address (glue) in the zone");
                violations.warn("MissingGlue", message, self.place(NS));
            }
        }
    }
}
