//! Gathers records from files, single records and a zone that is there already, and makes a zone.
//!
//! Records wait in one block of memory in the order they came, each with its place. `finish` sorts
//! them by owner and type, so that the records of an RRset and the RRsets of an owner lie together,
//! joins them with what the base zone has there, and checks the owners that got something. So the
//! cost is that of the records that were added, never that of the base zone.

mod gathered;
mod joining;

use crate::master::{self, Convert, Include, MAX_TTL, Sink, Where};
use crate::name::Name;
use crate::rdata;
use crate::violations::Severity;
use crate::zone::Zone;
pub use gathered::Added;
use gathered::Gathered;

/// A violation as its reader gets it: reason, message, place, severity.
pub type Found = (&'static str, String, String, Severity);

/// Gathers records and makes a zone of them.
pub struct Builder {
    origin: Option<Name>,
    base: Option<Zone>,
    gathered: Gathered,
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
        if self.base.is_some() || !self.gathered.is_empty() {
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
            let place = self.gathered.place_text(violation.place);
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
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const HEAD: &str = "$ORIGIN z.\n@ 300 SOA ns.a. h 1 2 3 4 5\n@ 300 NS ns.a.\n";

    pub(crate) fn builder_with(origin: Option<&str>, file: &str) -> Builder {
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

    pub(crate) fn shown(found: &[Found]) -> Vec<String> {
        let line = |(reason, message, place, _): &Found| format!("{place} {reason}: {message}");
        found.iter().map(line).collect()
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
