//! Reads the parts of payloads, and refuses what `writing` would not write.

use super::errors::DecodeError;
use super::format::FORMAT;
use crate::name::{self, Name};
use crate::rdata::{self, MAX_TTL};
use crate::zone::rrset::{Rrset, canonical_cmp, check_sizes};

/// What is left of the bytes.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A number of items of at least `shortest` octets each.
    pub fn count(&mut self, shortest: usize) -> Result<usize, DecodeError> {
        let count = self.u32()? as usize;
        if count > self.rest.len() / shortest {
            return Err(DecodeError::Truncated);
        }
        Ok(count)
    }

    /// The format and the origin.
    pub fn head(&mut self) -> Result<Name, DecodeError> {
        let [format] = self.array()?;
        if format != FORMAT {
            return Err(DecodeError::Format(format));
        }
        Name::from_wire(self.name()?).map_err(|_| DecodeError::BadName)
    }

    /// A length octet and a folded name that fills it.
    fn name(&mut self) -> Result<&'a [u8], DecodeError> {
        let [len] = self.array()?;
        let wire = self.take(usize::from(len))?;
        if name::wire_len(wire) != Some(wire.len()) || wire.iter().any(u8::is_ascii_uppercase) {
            return Err(DecodeError::BadName);
        }
        Ok(wire)
    }

    /// Owners and types in canonical order.
    pub fn keys(
        &mut self,
        count: usize,
        mut each: impl FnMut(&'a [u8], u16) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let mut last = None;
        for _ in 0..count {
            let key = (self.name()?, self.u16()?);
            check_order(&mut last, key)?;
            each(key.0, key.1)?;
        }
        Ok(())
    }

    /// RRsets in canonical order.
    pub fn rrsets<E: Into<DecodeError>>(
        &mut self,
        count: usize,
        mut each: impl FnMut(&'a [u8], Rrset<'a>) -> Result<(), E>,
    ) -> Result<(), DecodeError> {
        let mut last = None;
        let mut rdatas = Vec::new();
        for _ in 0..count {
            let (owner, rtype, ttl) = (self.name()?, self.u16()?, self.u32()?);
            check_order(&mut last, (owner, rtype))?;
            let refuse = |why: String| DecodeError::BadRrset(name::to_text(owner), rtype, why);
            if ttl > MAX_TTL {
                return Err(refuse(format!("TTL {ttl}: at most {MAX_TTL} allowed")));
            }
            if rdata::is_meta(rtype) {
                return Err(refuse("not a type of zone data".into()));
            }
            let start = self.rest;
            rdatas.clear();
            for _ in 0..self.u16()? {
                let len = self.u16()?;
                let octets = self.take(usize::from(len))?;
                rdata::check(rtype, octets).map_err(|error| refuse(error.message))?;
                rdatas.push(octets);
            }
            let sorted = |pair: &[&[u8]]| canonical_cmp(rtype, pair[0], pair[1]).is_lt();
            if !rdatas.windows(2).all(sorted) {
                return Err(refuse("records are repeated or out of order".into()));
            }
            check_sizes(rtype, rdatas.iter().map(|rdata| rdata.len()))
                .map_err(|error| refuse(error.to_string()))?;
            let records = &start[..start.len() - self.rest.len()];
            each(owner, Rrset::of(rtype, ttl, records)).map_err(Into::into)?;
        }
        Ok(())
    }

    /// Nothing may be left.
    pub fn end(&self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            n => Err(DecodeError::Trailing(n)),
        }
    }
}

/// Whether a key follows the last one; makes it the last.
fn check_order<'a>(
    last: &mut Option<(&'a [u8], u16)>,
    key: (&'a [u8], u16),
) -> Result<(), DecodeError> {
    if let Some(last) = last
        && name::canonical_cmp(last.0, key.0)
            .then(last.1.cmp(&key.1))
            .is_ge()
    {
        return Err(DecodeError::BadOrder(name::to_text(key.0)));
    }
    *last = Some(key);
    Ok(())
}
