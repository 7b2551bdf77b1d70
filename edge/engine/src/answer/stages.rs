//! The stages that turn a question into the sections of a reply (RFC 1034 section 4.3.2).
//!
//! ```text
//! lookup ─┬─ cut      ─► referral                           NS, DS, glue
//!         ├─ DNAME    ─► dname ──────────────┐
//!         ├─ match    ─┬► answer             │              RRset, addresses
//!         ├─ wildcard ─┼► cname ─────────────┴► next name   DNAME, CNAME
//!         │            └► nodata                            SOA, proofs
//!         └─ absent   ─► nxdomain                           SOA, proofs
//! ```
//! Step 2, finding the zone, is the catalog's. Each round looks up one name (step 3, [`lookup`]).
//! After an alias the next round looks up its target, as long as that is in the same zone. Step 6
//! adds addresses ([`additional`]). AA is about the first name only (RFC 1035 section 4.1.1), the
//! response code about the last (RFC 6604 section 3).

use std::hash::{DefaultHasher, Hasher};
use std::iter::once;
use std::ops::ControlFlow::{self, Break, Continue};

use super::denial::Proofs;
use super::lookup::{self, Place};
use super::message::{Full, Message, Owner};
use super::sname::{MOST_ALIASES, Sname};
use super::subject::{Kind, Subject};
use super::wire::Section;
use super::{additional, rcode};
use crate::name;
use crate::rdata::types;
use crate::zone::{Entry, Node, Rrset, Zone, is_signature_of};

/// How a round ends: the reply is complete, or another name has to be looked up.
type Round = Result<ControlFlow<()>, Full>;

/// What is asked of a zone.
pub struct Task<'z> {
    /// The zone that answers.
    pub zone: &'z Zone,
    /// QTYPE.
    pub rtype: u16,
    /// Whether ANY gets all RRsets of a name, or one (RFC 8482 section 4.1).
    pub any_gets_all: bool,
    /// Whether the client wants DNSSEC records and the zone is signed.
    pub dnssec: bool,
}

/// One answer in the making.
pub struct Stages<'z, 'a, 'm> {
    task: Task<'z>,
    message: &'a mut Message<'m>,
    sname: &'a mut Sname<'z>,
    rcode: u16,
    /// Hashes of the names that were aliases, to find loops. Positions in the message would not do:
    /// it does not know them for names with very many labels.
    aliases: [u64; MOST_ALIASES],
    chased: usize,
    /// Where the records of the name come from a wildcard: how many of its last octets are the
    /// closest encloser.
    encloser: Option<usize>,
    /// For each alias that came from a DNAME, that DNAME.
    redirections: Option<[Option<Rrset<'z>>; MOST_ALIASES]>,
    /// Where the client wants them: the proofs that are not written yet.
    proofs: Option<Proofs<'z>>,
}

impl<'z, 'a, 'm> Stages<'z, 'a, 'm> {
    /// Begins with the name of the question, which is at or below the zone's origin.
    pub fn new(task: Task<'z>, sname: &'a mut Sname<'z>, message: &'a mut Message<'m>) -> Self {
        let has_proofs = task.dnssec && task.zone.has_proofs();
        let proofs = has_proofs.then(|| Proofs::new(task.zone));
        Stages {
            task,
            message,
            sname,
            rcode: rcode::NOERROR,
            aliases: [0; MOST_ALIASES],
            chased: 0,
            encloser: None,
            redirections: None,
            proofs,
        }
    }

    /// Fills the sections, sets AA and TC, and returns the response code.
    pub fn run(mut self) -> u16 {
        loop {
            let round = self.look_up();
            let is_last = matches!(round, Ok(Break(())));
            match round.and_then(|_| if is_last { self.put_proofs() } else { Ok(()) }) {
                Ok(()) if is_last => return self.rcode,
                Ok(()) => {}
                Err(Full) => {
                    self.message.set_truncated();
                    return self.rcode;
                }
            }
        }
    }

    /// Step 3: one round.
    fn look_up(&mut self) -> Round {
        let place = lookup::find(self.task.zone, self.sname, self.task.rtype);
        self.encloser = match place {
            Place::Wildcard { encloser, .. } => Some(encloser),
            _ => None,
        };
        if self.chased == 0 && !matches!(place, Place::Cut { .. }) {
            self.message.set_authoritative();
        }
        match place {
            Place::Cut {
                owner,
                node,
                servers,
            } => {
                self.is_about(Kind::Referral, owner);
                self.referral(owner, node, servers)
            }
            Place::Dname {
                owner,
                node,
                redirection,
            } => {
                self.is_about(Kind::Synthesis, owner);
                self.dname(owner, node, redirection)
            }
            Place::Match(node) => {
                self.is_about(Kind::Answer, self.sname.folded().len());
                self.answer(node)
            }
            Place::Wildcard { encloser, node } => {
                self.is_about(Kind::Synthesis, encloser);
                self.answer(node)
            }
            Place::Absent => self.nxdomain(),
        }
    }

    /// Sets the subject of the reply, which depends on the first name only.
    fn is_about(&mut self, kind: Kind, octets: usize) {
        if self.chased == 0 {
            self.message.subject = Subject::new(kind, octets);
        }
    }

    /// Steps 3a and 3c: the RRset, or an alias, or no such type.
    fn answer(&mut self, node: Node<'z>) -> Round {
        if self.task.rtype == types::ANY {
            return self.any(node);
        }
        if let Some(rrset) = node.get(self.task.rtype) {
            self.put_answer(node, rrset)?;
            self.put_proofs()?;
            additional::put_targets(self.message, self.task.zone, self.sname, rrset);
            return Ok(Break(()));
        }
        if let Some(alias) = node.get(types::CNAME)
            && !matches!(self.task.rtype, types::RRSIG | types::NSEC)
        {
            return self.cname(node, alias);
        }
        self.nodata()
    }

    /// QTYPE ANY: all RRsets, or one of them (RFC 8482 section 4.1), which is one that people wrote
    /// where there is any.
    fn any(&mut self, node: Node<'z>) -> Round {
        let Some(first) = node.rrsets().next() else {
            return self.nodata();
        };
        if !self.task.any_gets_all {
            let is_data = |rrset: &Rrset| !matches!(rrset.rtype, types::RRSIG | types::NSEC);
            let chosen = node
                .get(types::CNAME)
                .or_else(|| node.rrsets().find(is_data));
            self.put_answer(node, chosen.unwrap_or(first))?;
            return Ok(Break(()));
        }
        self.prove_expansion();
        for rrset in node.rrsets() {
            if self.is_answered(rrset) {
                continue;
            }
            self.put_alone(node, rrset)?;
        }
        Ok(Break(()))
    }

    /// Step 3a at an alias: the CNAME; its target is looked up next.
    fn cname(&mut self, node: Node<'z>, alias: Rrset<'z>) -> Round {
        if self.chased == MOST_ALIASES {
            return Ok(Break(()));
        }
        self.put_answer(node, alias)?;
        Ok(self.chase(first_rdata(alias)))
    }

    /// RFC 6672 section 3.2: the DNAME and the CNAME that it makes for the name; the target of that
    /// CNAME is looked up next.
    fn dname(&mut self, owner: usize, node: Node<'z>, redirection: Rrset<'z>) -> Round {
        if self.chased == MOST_ALIASES {
            return Ok(Break(()));
        }
        // The target of that CNAME repeats letters of the question, in the case of this client.
        self.message.set_unrepeatable();
        if !self.is_answered(redirection) {
            let owner = Owner::new(self.sname.suffix(owner));
            let ttl = redirection.ttl;
            self.message
                .put_rrset(Section::Answer, owner, node, redirection, ttl)?;
        }
        let Some(target) = self.sname.redirected(owner, first_rdata(redirection)) else {
            self.rcode = rcode::YXDOMAIN;
            return Ok(Break(()));
        };
        let (name, ttl) = (self.sname.owner(), redirection.ttl);
        let rdata = once(target.as_wire());
        self.message
            .put_records(Section::Answer, name, types::CNAME, ttl, rdata)?;
        let redirections = self.redirections.get_or_insert([None; MOST_ALIASES]);
        redirections[self.chased] = Some(redirection);
        // A target below the DNAME's own owner is redirected again, to a longer name each time.
        let is_loop = name::is_at_or_below(first_rdata(redirection), self.sname.suffix(owner));
        if self.task.rtype == types::CNAME || is_loop {
            return Ok(Break(()));
        }
        Ok(self.chase(target.as_wire()))
    }

    /// Makes the target of an alias, which was just written, the next name. The chain ends where the
    /// target is outside the zone or was an alias before.
    fn chase(&mut self, target: &[u8]) -> ControlFlow<()> {
        self.aliases[self.chased] = hash(self.sname.folded());
        self.chased += 1;
        if !name::is_at_or_below(target, self.task.zone.origin().as_wire()) {
            return Break(());
        }
        let at = self.message.find_name(target);
        self.sname.set(target, at);
        if self.aliases[..self.chased].contains(&hash(self.sname.folded())) {
            return Break(());
        }
        Continue(())
    }

    /// Step 3b: the NS records of the cut, DS or the proof that there is none, and glue.
    fn referral(&mut self, owner: usize, node: Node<'z>, servers: Rrset<'z>) -> Round {
        let cut = self.sname.suffix(owner);
        let put = |message: &mut Message, rrset: Rrset<'_>| {
            message.put_rrset(Section::Authority, Owner::new(cut), node, rrset, rrset.ttl)
        };
        put(self.message, servers)?;
        if self.task.dnssec {
            match (node.get(types::DS), &mut self.proofs) {
                (Some(signers), _) => put(self.message, signers)?,
                (None, Some(proofs)) => {
                    let name = self.sname.folded();
                    proofs.lacks_type(&name[name.len() - owner..]);
                }
                (None, None) => {}
            }
        }
        self.put_proofs()?;
        let cut = self.sname.suffix(owner);
        additional::put_glue(self.message, self.task.zone, cut, servers)?;
        Ok(Break(()))
    }

    /// The name does not exist.
    fn nxdomain(&mut self) -> Round {
        self.rcode = rcode::NXDOMAIN;
        if let Some(proofs) = &mut self.proofs {
            proofs.is_absent(self.sname.folded());
        }
        self.negative().map(Break)
    }

    /// The name, or the wildcard that stands for it, has no RRset of the type.
    fn nodata(&mut self) -> Round {
        if let Some(proofs) = &mut self.proofs {
            let name = self.sname.folded();
            match self.encloser {
                Some(encloser) => proofs.wildcard_lacks_type(name, encloser),
                None => proofs.lacks_type(name),
            }
        }
        self.negative().map(Break)
    }

    /// Writes the proofs, once the answer is complete. They are a part of it: without one the reply
    /// is truncated.
    fn put_proofs(&mut self) -> Result<(), Full> {
        let Some(proofs) = self.proofs.take() else {
            return Ok(());
        };
        for Entry { owner, node } in proofs.owners() {
            if let Some(proof) = node.get(proofs.rtype()) {
                let owner = Owner::new(owner);
                self.message
                    .put_rrset(Section::Authority, owner, node, proof, proof.ttl)?;
            }
        }
        Ok(())
    }

    /// The SOA of a negative answer, with the TTL of those (RFC 2308 section 3).
    fn negative(&mut self) -> Result<(), Full> {
        let zone = self.task.zone;
        self.is_about(Kind::Negative, zone.origin().as_wire().len());
        // The name of the question ends with the origin.
        let origin = zone.origin().as_wire();
        let at = self.message.end_of_qname(origin.len());
        if self.message.takes_negative_soa() {
            return self.message.put_negative_soa(zone.negative_soa(), at);
        }
        self.message.put_rrset(
            Section::Authority,
            Owner::known(origin, at),
            zone.apex(),
            zone.soa(),
            zone.negative_ttl(),
        )
    }

    /// Whether the answer has an RRset already: a DNAME is met again above a name that it made, or
    /// where it is itself what was asked for. A DNAME of a wildcard has another owner each time.
    fn is_answered(&self, rrset: Rrset<'_>) -> bool {
        let mut added = self.redirections.iter().flatten().flatten();
        self.encloser.is_none() && added.any(|added| added.is_same(rrset))
    }

    /// Where what is added to the answer comes from a wildcard, the reply proves that it may.
    fn prove_expansion(&mut self) {
        if let (Some(encloser), Some(proofs)) = (self.encloser, &mut self.proofs) {
            proofs.is_expanded(self.sname.folded(), encloser);
        }
    }

    /// Adds an RRset to the answer, with the name as its owner.
    fn put_answer(&mut self, node: Node<'_>, rrset: Rrset<'_>) -> Result<(), Full> {
        if self.is_answered(rrset) {
            return Ok(());
        }
        self.prove_expansion();
        if rrset.rtype == types::RRSIG {
            return self.put_alone(node, rrset);
        }
        self.message
            .put_rrset(Section::Answer, self.sname.owner(), node, rrset, rrset.ttl)
    }

    /// Adds an RRset to the answer without the signatures of it.
    fn put_alone(&mut self, node: Node<'_>, rrset: Rrset<'_>) -> Result<(), Full> {
        if rrset.rtype == types::RRSIG {
            return self.put_signatures(node, rrset);
        }
        let owner = self.sname.owner();
        self.message.put_records(
            Section::Answer,
            owner,
            rrset.rtype,
            rrset.ttl,
            rrset.rdatas(),
        )
    }

    /// Adds all signatures of a name to the answer, each with the TTL of what it signs (RFC 4034
    /// section 3). Where a DNAME made the name that it is itself at, those of it are there already.
    fn put_signatures(&mut self, node: Node<'_>, rrset: Rrset<'_>) -> Result<(), Full> {
        let redirection = node.get(types::DNAME);
        let is_signed =
            redirection.is_some_and(|dname| self.task.dnssec && self.is_answered(dname));
        let is_there = |rdata: &&[u8]| is_signed && is_signature_of(rdata, types::DNAME);
        let rdatas = rrset.rdatas().filter(|rdata| !is_there(rdata));
        let owner = self.sname.owner();
        self.message
            .put_signatures(Section::Answer, owner, node, rrset, rdatas)
    }
}

/// The hash of a folded name.
fn hash(name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name);
    hasher.finish()
}

/// The rdata of a type that has one record a name.
fn first_rdata(rrset: Rrset<'_>) -> &[u8] {
    rrset.rdatas().next().expect("an RRset has a record")
}
