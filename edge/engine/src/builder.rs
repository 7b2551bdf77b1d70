//! Gathers records from files, single records and a zone that is there already, and makes a zone.
//!
//! Records wait in one block of memory in the order they came, each with its place. `finish` sorts
//! them by owner and type, so that the records of an RRset and the RRsets of an owner lie together,
//! joins them with what the base zone has there, and checks the owners that got something. So the
//! cost is that of the records that were added, never that of the base zone.

use crate::checks;
use crate::master::{self, Convert, Include, MAX_TTL, Sink, Where};
use crate::name::{self, Name};
use crate::rdata::{self, types::SOA};
use crate::violations::{Severity, Violations};
use crate::zone::{Edit, Loading, Rrset, Zone, canonical_cmp, sort_by_owner};

/// A violation as its reader gets it: reason, message, place, severity.
pub type Found = (&'static str, String, String, Severity);

/// One record that was added.
pub struct Added {
    /// Where its owner, and then its rdata, begin in the block.
    at: usize,
    owner_len: u8,
    rdata_len: u16,
    /// Type number.
    pub rtype: u16,
    /// Seconds.
    pub ttl: u32,
    /// Where it stood.
    pub place: Where,
}

/// Gathers records and makes a zone of them.
pub struct Builder {
    origin: Option<Name>,
    base: Option<Zone>,
    gathered: Gathered,
}

/// The records that were added, and what was wrong with others.
#[derive(Default)]
struct Gathered {
    records: Vec<Added>,
    /// Owner and rdata of each record.
    octets: Vec<u8>,
    /// What `Where::file` stands for: a file, or the whole place of a single record.
    sources: Vec<String>,
    violations: Violations,
    /// The owner of the first SOA.
    soa_owner: Option<Name>,
}

impl Gathered {
    fn source(&mut self, name: &str) -> u32 {
        self.sources.push(name.to_owned());
        self.sources.len() as u32 - 1
    }

    fn owner(&self, record: &Added) -> &[u8] {
        &self.octets[record.at..][..usize::from(record.owner_len)]
    }

    fn rdata(&self, record: &Added) -> &[u8] {
        let at = record.at + usize::from(record.owner_len);
        &self.octets[at..][..usize::from(record.rdata_len)]
    }
}

impl Sink for Gathered {
    fn file(&mut self, name: &str) -> u32 {
        self.source(name)
    }

    fn record(&mut self, owner: &[u8], rtype: u16, ttl: u32, rdata: &[u8], place: Where) {
        if rtype == SOA && self.soa_owner.is_none() {
            self.soa_owner = Name::from_wire(owner).ok();
        }
        self.records.push(Added {
            at: self.octets.len(),
            owner_len: owner.len() as u8,
            rdata_len: rdata.len() as u16,
            rtype,
            ttl,
            place,
        });
        self.octets.extend_from_slice(owner);
        self.octets.extend_from_slice(rdata);
    }

    fn problem(&mut self, reason: &'static str, message: String, place: Where) {
        self.violations.error(reason, message, Some(place));
    }
}

impl Builder {
    /// Without an origin the owner of the first SOA is the apex.
    pub fn new(origin: Option<Name>) -> Builder {
        let origin = origin.map(|origin| origin.to_folded());
        Builder {
            origin,
            base: None,
            gathered: Gathered::default(),
        }
    }

    /// Starts from the records of a checked zone; an error where there is something already.
    pub fn add_zone(&mut self, zone: Zone) -> Result<(), String> {
        if self.base.is_some() || !self.gathered.sources.is_empty() {
            return Err("a zone must be added before anything else, and only one".into());
        }
        if let Some(origin) = &self.origin
            && origin != zone.origin()
        {
            return Err(format!("the zone {} is not {origin}", zone.origin()));
        }
        self.origin = Some(zone.origin().clone());
        self.base = Some(zone);
        Ok(())
    }

    /// Reads a master file; see [`master::read`].
    pub fn add_file(
        &mut self,
        text: &[u8],
        name: &str,
        include: &mut Include<'_>,
        convert: &mut Convert<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) {
        let origin = self.apex().cloned();
        master::read(
            text,
            name,
            origin,
            include,
            convert,
            progress,
            &mut self.gathered,
        );
    }

    /// Adds one record in presentation form; what is wrong with it is reported by `finish`.
    pub fn add_record(
        &mut self,
        owner: &str,
        mnemonic: &str,
        ttl: i64,
        data: &str,
        place: &str,
        convert: &mut Convert<'_>,
    ) {
        let place = Where {
            file: self.gathered.source(place),
            line: 0,
        };
        if let Err((reason, message)) = self.read_record(owner, mnemonic, ttl, data, place, convert)
        {
            self.gathered.problem(reason, message, place);
        }
    }

    fn read_record(
        &mut self,
        owner: &str,
        mnemonic: &str,
        ttl: i64,
        data: &str,
        place: Where,
        convert: &mut Convert<'_>,
    ) -> Result<(), (&'static str, String)> {
        let ttl = u32::try_from(ttl)
            .ok()
            .filter(|ttl| *ttl <= MAX_TTL)
            .ok_or_else(|| ("BadTTL", format!("TTL {ttl}: at most {MAX_TTL} allowed")))?;
        let name = Name::parse(owner.as_bytes(), self.apex()).map_err(|error| {
            (
                "BadName",
                format!("{}: {error}", rdata::excerpt(owner.as_bytes())),
            )
        })?;
        let root = Name::root();
        let origin = self.apex().unwrap_or(&root);
        let (rtype, rdata) =
            rdata::parse_any(mnemonic.as_bytes(), data.as_bytes(), origin, convert)
                .map_err(|error| (error.reason, error.message))?;
        self.gathered
            .record(name.to_folded().as_wire(), rtype, ttl, &rdata, place);
        Ok(())
    }

    /// The origin as far as it is known.
    fn apex(&self) -> Option<&Name> {
        self.origin.as_ref().or(self.gathered.soa_owner.as_ref())
    }

    /// The zone, None after an error, and all that was found.
    pub fn finish(mut self) -> (Option<Zone>, Vec<Found>) {
        let mut violations = std::mem::take(&mut self.gathered.violations);
        let zone = match self.apex() {
            Some(origin) => self.join(origin, &mut violations),
            None => {
                violations.error(
                    "NoSOA",
                    "no SOA record, so the zone has no origin".into(),
                    None,
                );
                None
            }
        };
        let zone = zone.filter(|_| !violations.has_errors());
        let found = violations.into_sorted().into_iter().map(|violation| {
            let place = self.place_text(violation.place);
            (
                violation.reason,
                violation.message,
                place,
                violation.severity,
            )
        });
        let found = found.collect();
        (zone, found)
    }

    /// Joins the records with the base zone and checks the owners that got some.
    fn join(&self, origin: &Name, violations: &mut Violations) -> Option<Zone> {
        let sorted = self.sorted(origin, violations);
        let groups = sorted.chunk_by(|a, b| a.0 == b.0 && a.1.rtype == b.1.rtype);
        let edit = match &self.base {
            None => {
                let mut loading = Loading::new(origin, sorted.len());
                for records in groups {
                    if let Some(rrset) = self.join_rrset(records, None, violations) {
                        loading.push(records[0].0, rrset).expect("inside the zone");
                    }
                }
                loading.finish()
            }
            Some(base) => {
                let mut edit = Edit::new(base.clone());
                for records in groups {
                    let (owner, first) = records[0];
                    let old = base.node(owner).and_then(|node| node.get(first.rtype));
                    if let Some(rrset) = self.join_rrset(records, old, violations) {
                        edit.set(owner, rrset).expect("inside the zone");
                    }
                }
                edit
            }
        };
        let touched = sorted.chunk_by(|a, b| a.0 == b.0);
        checks::check(edit.view(), touched, violations);
        edit.finish().ok()
    }

    /// The added records by owner, type and order of arrival, without those outside the zone.
    fn sorted(&self, origin: &Name, violations: &mut Violations) -> Vec<(&[u8], &Added)> {
        let records = self.gathered.records.iter();
        let inside = records
            .map(|record| (self.gathered.owner(record), record))
            .filter(|(owner, record)| {
                let inside = name::is_at_or_below(owner, origin.as_wire());
                if !inside {
                    let message = format!("{} is outside the zone {origin}", name::to_text(owner));
                    violations.error("OutOfZone", message, Some(record.place));
                }
                inside
            });
        let tie = |a: &&Added, b: &&Added| (a.rtype, a.at).cmp(&(b.rtype, b.at));
        sort_by_owner(origin, inside, tie).collect()
    }

    /// One RRset of the added records and what the base zone has; None where that cannot be.
    fn join_rrset(
        &self,
        records: &[(&[u8], &Added)],
        base: Option<&Rrset>,
        violations: &mut Violations,
    ) -> Option<Rrset> {
        let (owner, first) = records[0];
        let rtype = first.rtype;
        let ttl = base.map_or(first.ttl, |base| base.ttl);
        let mut rdatas: Vec<&[u8]> = base.into_iter().flat_map(Rrset::rdatas).collect();
        rdatas.extend(
            records
                .iter()
                .map(|(_, record)| self.gathered.rdata(record)),
        );
        if rdatas.len() > 1 {
            self.warn_of_merges(records, base, ttl, violations);
        }
        Rrset::new(rtype, ttl, &mut rdatas)
            .map_err(|error| {
                let what = format!("{} {}", name::to_text(owner), rdata::rtype_to_text(rtype));
                violations.error(
                    "RRsetTooLarge",
                    format!("{what}: {error}"),
                    Some(first.place),
                );
            })
            .ok()
    }

    /// Reports records that repeat an earlier one, and TTLs that are not that of the RRset.
    fn warn_of_merges(
        &self,
        records: &[(&[u8], &Added)],
        base: Option<&Rrset>,
        ttl: u32,
        violations: &mut Violations,
    ) {
        let (owner, first) = records[0];
        let what = || {
            format!(
                "{} {}",
                name::to_text(owner),
                rdata::rtype_to_text(first.rtype)
            )
        };
        // Signatures of several RRsets stand in one, and each has the TTL of what it signs.
        if first.rtype != rdata::types::RRSIG {
            for (_, record) in records.iter().filter(|(_, record)| record.ttl != ttl) {
                let message = format!(
                    "{}: TTL of {} is not the {ttl} of the RRset, which is used",
                    what(),
                    record.ttl
                );
                violations.warn("TTLMismatch", message, Some(record.place));
            }
        }
        let mut all: Vec<(&[u8], Option<Where>)> = base
            .into_iter()
            .flat_map(Rrset::rdatas)
            .map(|rdata| (rdata, None))
            .collect();
        all.extend(
            records
                .iter()
                .map(|(_, r)| (self.gathered.rdata(r), Some(r.place))),
        );
        all.sort_by(|a, b| canonical_cmp(first.rtype, a.0, b.0));
        for pair in all.windows(2) {
            if canonical_cmp(first.rtype, pair[0].0, pair[1].0).is_eq() {
                let message = format!("{}: the same record again, it counts once", what());
                violations.warn("DuplicateRecord", message, pair[1].1);
            }
        }
    }

    /// `FILE:LINE`, the place that came with a single record, or the first file for a whole zone.
    fn place_text(&self, place: Option<Where>) -> String {
        let sources = &self.gathered.sources;
        match place {
            Some(Where { file, line: 0 }) => sources[file as usize].clone(),
            Some(Where { file, line }) => format!("{}:{line}", sources[file as usize]),
            None => sources.first().cloned().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "$ORIGIN z.\n@ 300 SOA ns.a. h 1 2 3 4 5\n@ 300 NS ns.a.\n";

    fn builder_with(origin: Option<&str>, file: &str) -> Builder {
        let origin = origin.map(|text| Name::parse(text.as_bytes(), None).unwrap());
        let mut builder = Builder::new(origin);
        builder.add_file(
            file.as_bytes(),
            "f",
            &mut |_, _| Err(("IncludeFailed", "none".into())),
            &mut |_, _, _| Err("none".into()),
            &mut |_, _| {},
        );
        builder
    }

    fn add(builder: &mut Builder, owner: &str, mnemonic: &str, data: &str, place: &str) {
        builder.add_record(owner, mnemonic, 300, data, place, &mut |_, _, _| {
            Err("none".into())
        });
    }

    fn shown(found: &[Found]) -> Vec<String> {
        let line = |(reason, message, place, _): &Found| format!("{place} {reason}: {message}");
        found.iter().map(line).collect()
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (lines, expected) in [
            (
                "w.y. A 192.0.2.1",
                "f:4 OutOfZone: w.y. is outside the zone z.",
            ),
            (
                "c CNAME a\nc TXT x\nc NS a.",
                "f:6 CNAMEAndOtherData: c.z. has a CNAME and also NS, TXT; a CNAME stands alone",
            ),
            (
                "c CNAME a.\nc CNAME b.",
                "f:5 MultipleCNAME: c.z. has 2 CNAME, one allowed",
            ),
            (
                "c DNAME a.\nc DNAME b.",
                "f:5 MultipleDNAME: c.z. has 2 DNAME, one allowed",
            ),
            (
                "@ SOA ns.b. h 1 2 3 4 5",
                "f:4 MultipleSOA: z. has 2 different SOA, one allowed",
            ),
            (
                "b SOA ns.b. h 1 2 3 4 5",
                "f:4 MultipleSOA: b.z. has a SOA, but the zone is z.; a zone has one SOA, at its apex",
            ),
            (
                "d DNAME a.\nb.c.d TXT x",
                "f:5 NameBelowDNAME: b.c.d.z. may not exist, d.z. above it has a DNAME",
            ),
            (
                "@ NS ns",
                "f:4 NSWithoutAddress: name server ns.z. of the zone has no A or AAAA record",
            ),
            (
                "@ NS ns\nns CNAME a.",
                "f:4 NSWithoutAddress: name server ns.z. of the zone is an alias",
            ),
            (
                "@ NS ns.d\nd DNAME a.",
                "f:4 NSWithoutAddress: name server ns.d.z. of the zone is below a DNAME",
            ),
        ] {
            let (zone, found) = builder_with(None, &format!("{HEAD}{lines}\n")).finish();
            assert!(zone.is_none(), "{lines}");
            assert_eq!(shown(&found), [expected], "{lines}");
        }
    }

    #[test]
    fn accepts_what_servers_accept() {
        for (lines, expected) in [
            ("@ NS ns\n* A 192.0.2.1", None),
            ("@ NS a.d\nd NS b.", None),
            ("d NS ns.d\nns.d A 192.0.2.1", None),
            ("c CNAME a.\nc NSEC d A", None),
            (
                "@ 300 SOA NS.A. h 1 2 3 4 5",
                Some("f:4 DuplicateRecord: z. SOA: the same record again, it counts once"),
            ),
            (
                "a 60 TXT x\na 61 TXT y",
                Some(
                    "f:5 TTLMismatch: a.z. TXT: TTL of 61 is not the 60 of the RRset, which is used",
                ),
            ),
            (
                "d NS a.\nd DNAME b.",
                Some(
                    "f:5 DNAMEAtDelegation: d.z. is delegated by its NS, so its DNAME is not used",
                ),
            ),
            (
                "d NS a.\nx.d TXT x",
                Some(
                    "f:5 HiddenRecord: x.d.z. TXT is below the delegation of d.z. and is not served",
                ),
            ),
            (
                "d NS ns.d",
                Some("f:4 MissingGlue: d.z. NS ns.d.z. has no address (glue) in the zone"),
            ),
        ] {
            let (zone, found) = builder_with(None, &format!("{HEAD}{lines}\n")).finish();
            assert!(zone.is_some(), "{lines}");
            assert_eq!(shown(&found), Vec::from_iter(expected), "{lines}");
            assert!(found.iter().all(|found| found.3 == Severity::Warning));
        }
    }

    #[test]
    fn a_zone_needs_a_head() {
        for (origin, file, expected) in [
            (
                None,
                "",
                vec!["f NoSOA: no SOA record, so the zone has no origin"],
            ),
            (
                Some("z."),
                "",
                vec![
                    "f NoSOA: z. has no SOA record",
                    "f NoApexNS: z. has no NS record",
                ],
            ),
            (
                None,
                "z. 1 SOA a. b. 1 2 3 4 5\n",
                vec!["f:1 NoApexNS: z. has no NS record"],
            ),
        ] {
            let (zone, found) = builder_with(origin, file).finish();
            assert!(zone.is_none());
            assert_eq!(shown(&found), expected);
        }
    }

    #[test]
    fn an_rrset_must_fit_into_a_message() {
        let text = "x".repeat(255);
        let lines: String = (0..256)
            .map(|i| format!("b 1 TXT \"{i}\" {text}\n"))
            .collect();
        let (_, found) = builder_with(None, &format!("{HEAD}{lines}")).finish();
        let message = "f:4 RRsetTooLarge: b.z. TXT: 69522 octets of records, at most 65253 fit into \
                       a message";
        assert_eq!(shown(&found), [message]);
    }

    #[test]
    fn adds_to_a_zone() {
        let (base, _) = builder_with(None, &format!("{HEAD}w A 192.0.2.1\nx.d TXT x\n")).finish();
        let base = base.unwrap();
        let mut builder = Builder::new(None);
        builder.add_zone(base.clone()).unwrap();
        add(&mut builder, "w", "A", "192.0.2.2", "r[0]");
        add(&mut builder, "W", "A", "192.0.2.1", "r[1]");
        let (zone, found) = builder.finish();
        let zone = zone.unwrap();
        assert_eq!(zone.records(), base.records() + 1);
        assert_eq!(
            shown(&found),
            ["r[1] DuplicateRecord: w.z. A: the same record again, it counts once"]
        );
        for (owner, mnemonic, data, expected) in [
            (
                "w",
                "CNAME",
                "a.",
                "r CNAMEAndOtherData: w.z. has a CNAME and also A; a CNAME stands alone",
            ),
            (
                "d",
                "DNAME",
                "a.",
                "r NameBelowDNAME: d.z. has a DNAME, so no name below it may exist",
            ),
            ("w..", "A", "192.0.2.1", "r BadName: w..: empty label"),
            (
                "w.y.",
                "A",
                "192.0.2.1",
                "r OutOfZone: w.y. is outside the zone z.",
            ),
        ] {
            let mut builder = Builder::new(None);
            builder.add_zone(zone.clone()).unwrap();
            add(&mut builder, owner, mnemonic, data, "r");
            let (zone, found) = builder.finish();
            assert!(zone.is_none());
            assert_eq!(shown(&found), [expected]);
        }
    }

    #[test]
    fn a_zone_comes_first_and_alone() {
        let (base, _) = builder_with(None, HEAD).finish();
        let base = base.unwrap();
        let mut builder = builder_with(None, HEAD);
        assert!(builder.add_zone(base.clone()).is_err());
        let mut builder = Builder::new(Some(Name::parse(b"y.", None).unwrap()));
        assert_eq!(builder.add_zone(base).unwrap_err(), "the zone z. is not y.");
    }
}
