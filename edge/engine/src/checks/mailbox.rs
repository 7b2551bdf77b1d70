//! Mailboxes as names: the first label is what a mail address has before its @ (RFC 1035 section 8).

use crate::name;

/// What to write for a mailbox that has an @; None where it has none.
///
/// `first.last@example.com.` gives `first\.last.example.com.`. Without a dot at its end it was read
/// as relative, so the origin that came behind it is taken off again.
pub(super) fn corrected(mailbox: &[u8], origin: &[u8]) -> Option<String> {
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
