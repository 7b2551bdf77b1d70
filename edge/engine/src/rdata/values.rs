//! Single values in presentation format: times, TTLs, algorithms, addresses, hexadecimal, Base 64
//! and Base 32.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Seconds of a TTL: digits, or digits with the units w, d, h, m and s as in `1h30m`; None where
/// the text is neither.
pub fn seconds(text: &[u8]) -> Option<u64> {
    let (mut sum, mut number, mut digits, mut units) = (0u64, 0u64, 0, 0);
    for octet in text {
        if octet.is_ascii_digit() {
            number = number
                .saturating_mul(10)
                .saturating_add(u64::from(octet - b'0'));
            digits += 1;
            continue;
        }
        let unit = match octet.to_ascii_lowercase() {
            b'w' => 604_800,
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        if digits == 0 {
            return None;
        }
        sum = sum.saturating_add(number.saturating_mul(unit));
        (number, digits, units) = (0, 0, units + 1);
    }
    match (digits, units) {
        (0, 0) => None,
        (0, _) => Some(sum),
        (_, 0) => Some(number),
        _ => None,
    }
}

/// A decimal number up to `most`.
pub fn number(text: &[u8], most: u32) -> Option<u32> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(text)
        .ok()?
        .parse()
        .ok()
        .filter(|number| *number <= most)
}

/// DNSSEC algorithms with a mnemonic (IANA registry "DNS Security Algorithm Numbers").
const ALGORITHMS: &[(&str, u8)] = &[
    ("RSAMD5", 1),
    ("DH", 2),
    ("DSA", 3),
    ("RSASHA1", 5),
    ("DSA-NSEC3-SHA1", 6),
    ("RSASHA1-NSEC3-SHA1", 7),
    ("RSASHA256", 8),
    ("RSASHA512", 10),
    ("ECC-GOST", 12),
    ("ECDSAP256SHA256", 13),
    ("ECDSAP384SHA384", 14),
    ("ED25519", 15),
    ("ED448", 16),
    ("INDIRECT", 252),
    ("PRIVATEDNS", 253),
    ("PRIVATEOID", 254),
];

/// A DNSSEC algorithm by number or mnemonic.
pub fn algorithm(text: &[u8]) -> Option<u8> {
    let named = ALGORITHMS
        .iter()
        .find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(text));
    match named {
        Some(&(_, algorithm)) => Some(algorithm),
        None => number(text, 255).map(|number| number as u8),
    }
}

/// Types of certificates (RFC 4398 section 2.1).
pub const CERTIFICATE_TYPES: &[(&str, u32)] = &[
    ("PKIX", 1),
    ("SPKI", 2),
    ("PGP", 3),
    ("IPKIX", 4),
    ("ISPKI", 5),
    ("IPGP", 6),
    ("ACPKIX", 7),
    ("IACPKIX", 8),
    ("URI", 253),
    ("OID", 254),
];

/// Schemes of notifications (RFC 9859 section 2).
pub const SCHEMES: &[(&str, u32)] = &[("NOTIFY", 1)];

/// Unix time of `YYYYMMDDHHmmSS` or of up to ten digits (RFC 4034 section 3.2), until 2106.
pub fn time(text: &[u8]) -> Option<u32> {
    if text.len() != 14 {
        return number(text, u32::MAX);
    }
    let part = |from: usize, to: usize| number(&text[from..to], 9999);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    if !(1970..=2106).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    if !(1..=month_days(year, month)).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = (1970..year).map(year_days).sum::<u32>()
        + (1..month).map(|month| month_days(year, month)).sum::<u32>()
        + (day - 1);
    let seconds = u64::from(days) * 86_400 + u64::from(hour * 3_600 + minute * 60 + second);
    u32::try_from(seconds).ok()
}

/// `YYYYMMDDHHmmSS` of a Unix time.
pub fn time_text(time: u32) -> String {
    let (mut days, rest) = (time / 86_400, time % 86_400);
    let mut year = 1970;
    while days >= year_days(year) {
        days -= year_days(year);
        year += 1;
    }
    let mut month = 1;
    while days >= month_days(year, month) {
        days -= month_days(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!(
        "{year:04}{month:02}{:02}{hour:02}{minute:02}{second:02}",
        days + 1
    )
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn year_days(year: u32) -> u32 {
    365 + u32::from(is_leap(year))
}

fn month_days(year: u32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Appends the octets of an even number of hexadecimal digits; None for anything else.
pub fn hex(digits: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    for &[high, low] in pairs {
        out.push((value(high)? * 16 + value(low)?) as u8);
    }
    Some(())
}

/// Appends hexadecimal digits.
pub fn write_hex(octets: &[u8], out: &mut String) {
    for octet in octets {
        for digit in [octet >> 4, octet & 15] {
            out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
        }
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends the octets of padded Base 64 (RFC 4648 section 4); None for anything else.
pub fn base64(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let digits = match text {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] => digits,
        digits => digits,
    };
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let (mut bits, mut count) = (0u32, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0).then_some(())
}

/// Appends padded Base 64.
pub fn write_base64(octets: &[u8], out: &mut String) {
    for group in octets.chunks(3) {
        let mut bytes = [0; 4];
        bytes[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bytes);
        for index in 0..4 {
            let digit = BASE64[(bits >> (18 - 6 * index)) as usize & 63];
            out.push(if index <= group.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
}

const BASE32: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";

/// Appends the octets of Base 32 with the extended hex alphabet and without padding (RFC 4648
/// section 7, RFC 5155 section 3.3); None for anything else.
pub fn base32(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (mut bits, mut count) = (0u32, 0);
    for digit in text {
        bits = bits << 5 | char::from(*digit).to_digit(32)?;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0 && count < 5).then_some(())
}

/// Appends Base 32 without padding.
pub fn write_base32(octets: &[u8], out: &mut String) {
    for group in octets.chunks(5) {
        let mut bytes = [0; 8];
        bytes[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(bytes);
        for index in 0..(8 * group.len()).div_ceil(5) {
            let digit = (bits >> (35 - 5 * index)) as usize & 31;
            out.push(char::from(BASE32[digit]));
        }
    }
}

/// An IPv4 or IPv6 address.
pub fn address<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    str::from_utf8(word).ok()?.parse().ok()
}

/// Appends an address of 4 or 16 octets.
pub fn write_address(octets: &[u8], out: &mut String) {
    let _ = match (<[u8; 4]>::try_from(octets), <[u8; 16]>::try_from(octets)) {
        (Ok(octets), _) => write!(out, "{}", Ipv4Addr::from(octets)),
        (_, Ok(octets)) => write!(out, "{}", Ipv6Addr::from(octets)),
        _ => Ok(()),
    };
}

/// Four groups of one to four hex digits with colons (RFC 6742 section 2.1.2).
pub fn locator(word: &[u8]) -> Option<[u8; 8]> {
    let mut octets = [0; 8];
    let mut groups = word.split(|&octet| octet == b':');
    for pair in octets.chunks_mut(2) {
        let group = groups
            .next()
            .filter(|group| (1..=4).contains(&group.len()))?;
        let value = group.iter().try_fold(0, |value, &digit| {
            Some(value << 4 | char::from(digit).to_digit(16)?)
        })?;
        pair.copy_from_slice(&(value as u16).to_be_bytes());
    }
    groups.next().is_none().then_some(octets)
}

/// Appends four groups of four hex digits with colons.
pub fn write_locator(octets: &[u8], out: &mut String) {
    let groups: Vec<_> = octets
        .chunks(2)
        .map(|pair| format!("{:02x}{:02x}", pair[0], pair[1]))
        .collect();
    out.push_str(&groups.join(":"));
}

/// Pairs of hex digits with hyphens (RFC 7043).
pub fn eui<const N: usize>(word: &[u8]) -> Option<[u8; N]> {
    let mut octets = Vec::with_capacity(N);
    for pair in word.split(|&octet| octet == b'-') {
        hex(pair, &mut octets).filter(|()| pair.len() == 2)?;
    }
    octets.try_into().ok()
}

/// Appends pairs of hex digits with hyphens.
pub fn write_eui(octets: &[u8], out: &mut String) {
    let pairs: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    out.push_str(&pairs.join("-"));
}

#[cfg(test)]
mod tests;
