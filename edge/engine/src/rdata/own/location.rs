//! LOC (RFC 1876): a place on the Earth.
//!
//! Text has degrees, minutes and seconds with three decimals, and metres with two. All of it is
//! computed in whole thousandths of an arc second and whole centimetres, so no value is rounded.

use crate::rdata::faults::Fault;
use crate::rdata::reader::{Reader, wrong};
use std::fmt::Write;

/// Thousandths of an arc second.
const SECOND: u32 = 1000;
const MINUTE: u32 = 60 * SECOND;
const DEGREE: u32 = 60 * MINUTE;
/// Where the equator and the prime meridian are in wire form.
const MIDDLE: u32 = 1 << 31;
/// Where altitude begins in wire form: 100 km below the ellipsoid, in centimetres.
const ALTITUDE_BASE: i64 = 10_000_000;
/// Largest size or precision in centimetres: nine times ten to the ninth.
const MAX_SIZE: u64 = 9_000_000_000;
/// Size, horizontal and vertical precision where text has none: 1 m, 10 km and 10 m.
const DEFAULT_SIZES: [u8; 3] = [0x12, 0x16, 0x13];
/// The only version there is.
const VERSION: u8 = 0;
/// Octets of version 0.
const OCTETS: usize = 16;

/// An axis: the words for its two directions, and the most degrees.
struct Axis {
    plus: &'static str,
    minus: &'static str,
    most: u32,
}

const LATITUDE: Axis = Axis {
    plus: "N",
    minus: "S",
    most: 90,
};
const LONGITUDE: Axis = Axis {
    plus: "E",
    minus: "W",
    most: 180,
};

pub fn read(reader: &mut Reader<'_, '_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let latitude = read_angle(reader, &LATITUDE)?;
    let longitude = read_angle(reader, &LONGITUDE)?;
    let altitude = reader.value(altitude, "metres from -100000.00 to 42849672.95")?;
    let mut sizes = DEFAULT_SIZES;
    for size in &mut sizes {
        let Some(word) = reader.word_or_end()? else {
            break;
        };
        *size = size_octet(word).ok_or_else(|| wrong(word, "metres from 0 to 90000000.00"))?;
    }
    out.push(VERSION);
    out.extend(sizes);
    out.extend(latitude.to_be_bytes());
    out.extend(longitude.to_be_bytes());
    out.extend(altitude.to_be_bytes());
    Ok(())
}

/// Degrees, perhaps minutes, perhaps seconds, and the direction.
fn read_angle(reader: &mut Reader<'_, '_>, axis: &Axis) -> Result<u32, Fault> {
    let Axis { plus, minus, most } = axis;
    let mut angle = reader.number(*most)? * DEGREE;
    let mut word = reader.word()?;
    for (unit, most, places, what) in [
        (MINUTE, 59, 0, "minutes from 0 to 59"),
        (SECOND, 59_999, 3, "seconds from 0 to 59.999"),
    ] {
        if direction(word, axis).is_some() {
            break;
        }
        let value = decimal(word, places).filter(|value| *value <= most);
        let value = value.ok_or_else(|| wrong(word, &format!("{what}, {plus} or {minus}")))?;
        angle += value as u32 * (unit / 10u32.pow(places as u32));
        word = reader.word()?;
    }
    let is_plus =
        direction(word, axis).ok_or_else(|| wrong(word, &format!("{plus} or {minus}")))?;
    if angle > most * DEGREE {
        return Err(Fault::rdata(format!(
            "more than {most} degrees {plus} or {minus}"
        )));
    }
    Ok(if is_plus {
        MIDDLE + angle
    } else {
        MIDDLE - angle
    })
}

fn direction(word: &[u8], axis: &Axis) -> Option<bool> {
    let is = |text: &str| word == text.as_bytes();
    (is(axis.plus) || is(axis.minus)).then(|| is(axis.plus))
}

/// Centimetres in wire form.
fn altitude(word: &[u8]) -> Option<u32> {
    let metres = without_unit(word);
    let centimetres = match metres.strip_prefix(b"-") {
        Some(metres) => -(decimal(metres, 2)? as i64),
        None => decimal(metres, 2)? as i64,
    };
    u32::try_from(centimetres + ALTITUDE_BASE).ok()
}

/// One digit and the power of ten that follows it; further digits are cut off, as they have no room.
fn size_octet(word: &[u8]) -> Option<u8> {
    let mut digit = decimal(without_unit(word), 2).filter(|size| *size <= MAX_SIZE)?;
    let mut power = 0;
    while digit > 9 {
        digit /= 10;
        power += 1;
    }
    Some((digit as u8) << 4 | power)
}

fn without_unit(word: &[u8]) -> &[u8] {
    word.strip_suffix(b"m").unwrap_or(word)
}

/// A number with up to `places` decimals, multiplied by ten to that power.
fn decimal(text: &[u8], places: usize) -> Option<u64> {
    let at = text.iter().position(|&octet| octet == b'.');
    let (whole, part) = match at {
        Some(at) if places > 0 => (&text[..at], &text[at + 1..]),
        _ => (text, &b""[..]),
    };
    let is_number = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    // Ten digits are more than any field takes, and 13 with decimals fit 64 bits.
    if whole.is_empty() || whole.len() > 10 || part.len() > places {
        return None;
    }
    if !is_number(whole) || !is_number(part) {
        return None;
    }
    let padding = std::iter::repeat_n(&b'0', places - part.len());
    let digits = whole.iter().chain(part).chain(padding);
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

pub fn is_well_formed(octets: &[u8]) -> bool {
    match octets {
        [VERSION, size, horizontal, vertical, rest @ ..] if octets.len() == OCTETS => {
            let is_angle =
                |at: usize, axis: &Axis| number(&rest[at..]).abs_diff(MIDDLE) <= axis.most * DEGREE;
            [size, horizontal, vertical]
                .into_iter()
                .all(|octet| is_size(*octet))
                && is_angle(0, &LATITUDE)
                && is_angle(4, &LONGITUDE)
        }
        [VERSION, ..] | [] => false,
        _ => true,
    }
}

fn is_size(octet: u8) -> bool {
    let (digit, power) = (octet >> 4, octet & 15);
    octet == 0 || ((1..=9).contains(&digit) && power <= 9)
}

pub fn write(octets: &[u8], out: &mut String) -> bool {
    if octets[0] != VERSION {
        return false;
    }
    write_angle(number(&octets[4..]), &LATITUDE, out);
    write_angle(number(&octets[8..]), &LONGITUDE, out);
    let altitude = i64::from(number(&octets[12..])) - ALTITUDE_BASE;
    let sign = if altitude < 0 { "-" } else { "" };
    let altitude = altitude.unsigned_abs();
    let _ = write!(out, "{sign}{}.{:02}m", altitude / 100, altitude % 100);
    for octet in &octets[1..4] {
        let centimetres = u64::from(octet >> 4) * 10u64.pow(u32::from(octet & 15));
        let _ = match centimetres {
            part if part < 100 => write!(out, " 0.{part:02}m"),
            whole => write!(out, " {}m", whole / 100),
        };
    }
    true
}

fn write_angle(wire: u32, axis: &Axis, out: &mut String) {
    let angle = wire.abs_diff(MIDDLE);
    let (degrees, minutes) = (angle / DEGREE, angle % DEGREE / MINUTE);
    let (seconds, thousandths) = (angle % MINUTE / SECOND, angle % SECOND);
    let direction = if wire < MIDDLE { axis.minus } else { axis.plus };
    let _ = write!(
        out,
        "{degrees} {minutes} {seconds}.{thousandths:03} {direction} "
    );
}

fn number(octets: &[u8]) -> u32 {
    octets[..4]
        .iter()
        .fold(0, |number, octet| number << 8 | u32::from(*octet))
}
