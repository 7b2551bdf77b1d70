//! Class CHAOS: which server it is that answers (RFC 4892).
//!
//! `id.server.` and its older name `hostname.bind.` tell the identity, as NSID does, if the
//! operator gave one. The version is not told: `version.bind.` and `version.server.` are refused as
//! every other name is.

use super::message::{Full, Message, Owner};
use super::query::Question;
use super::settings::Settings;
use super::subject::{Kind, Subject};
use super::wire::{QNAME, Section};
use crate::rdata::types;

/// Class CHAOS.
pub const CLASS: u16 = 3;

const NAMES: [&[u8]; 2] = [b"\x02id\x06server\x00", b"\x08hostname\x04bind\x00"];

/// Seconds. 0, as the next query may reach another server.
const TTL: u32 = 0;

/// Writes the identity; None where there is none or something else is asked for.
pub fn answer(settings: &Settings, question: &Question, message: &mut Message) -> Option<()> {
    let mut names = NAMES.iter();
    if question.rtype != types::TXT || !names.any(|name| question.name.eq_ignore_ascii_case(name)) {
        return None;
    }
    let text = settings.identity_text()?;
    message.set_authoritative();
    message.subject = Subject::new(Kind::Answer, question.name.len());
    let owner = Owner::known(question.name, QNAME);
    let records = std::iter::once(text);
    match message.put_records(Section::Answer, owner, types::TXT, TTL, records) {
        Ok(()) => (),
        Err(Full) => message.set_truncated(),
    }
    Some(())
}
