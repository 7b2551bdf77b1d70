//! Mailboxes as names: the first label is what a mail address has before its @ (RFC 1035 section 8).

use super::owner::Owner;
use crate::name;
use crate::rdata::{self, types};
use crate::violations::Violations;
use crate::zone::Node;

/// Types with mailboxes, and which of the names in their rdata these are (RFC 1035 section 3.3,
/// RFC 1183 section 2.2).
const MAILBOXES: [(u16, &[usize]); 3] = [
    (types::SOA, &[1]),
    (types::RP, &[0]),
    (types::MINFO, &[0, 1]),
];

/// Warns of mailboxes that are written as a mail address.
pub(super) fn check_mailboxes(owner: &Owner<'_>, node: Node<'_>, violations: &mut Violations) {
    let added = MAILBOXES
        .iter()
        .filter(|(rtype, _)| owner.has_added(*rtype));
    for &(rtype, positions) in added {
        for rdata in node.get(rtype).into_iter().flat_map(|rrset| rrset.rdatas()) {
            let names = rdata::names(rtype, rdata).enumerate();
            for (_, at) in names.filter(|(position, _)| positions.contains(position)) {
                let mailbox = &rdata[at];
                let Some(corrected) = corrected(mailbox, owner.zone.origin().as_wire()) else {
                    continue;
                };
                let found = name::to_text(mailbox).replace("\\@", "@");
                let message = format!(
                    "the mailbox {found} of the {} has an @; write a dot in its place: {corrected}",
                    rdata::rtype_to_text(rtype)
                );
                violations.warn("BadMailbox", message, owner.place(rtype));
            }
        }
    }
}

/// What to write for a mailbox that has an @; None where it has none.
///
/// `first.last@example.com.` gives `first\.last.example.com.`. Without a dot at its end it was read
/// as relative, so the origin that came behind it is taken off again.
fn corrected(mailbox: &[u8], origin: &[u8]) -> Option<String> {
    let mut local = Vec::new();
    let mut rest = mailbox;
    let (before, after, above) = loop {
        let label = name::labels(rest).next()?;
        let above = name::parent(rest)?;
        if let Some(at) = label.iter().position(|octet| *octet == b'@') {
            break (&label[..at], &label[at + 1..], above);
        }
        local.extend_from_slice(label);
        local.push(b'.');
        rest = above;
    };
    local.extend_from_slice(before);
    let labels = [local.as_slice(), after];
    let mut wire = Vec::new();
    for label in labels.into_iter().filter(|label| !label.is_empty()) {
        wire.push(u8::try_from(label.len()).ok()?);
        wire.extend_from_slice(label);
    }
    wire.extend_from_slice(above);
    if name::is_at_or_below(&wire, origin) {
        let shorter = [&wire[..wire.len() - origin.len()], &[0]].concat();
        if name::is_at_or_below(&shorter, origin) {
            wire = shorter;
        }
    }
    Some(name::to_text(&wire))
}
