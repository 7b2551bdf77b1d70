//! Why a text or some octets are no name.

use std::fmt;

use super::wire::{MAX_LABEL, MAX_NAME};

/// Why bytes are no domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// No text at all.
    Empty,
    /// Two dots in a row, or a dot in front.
    EmptyLabel,
    /// A label of that many octets.
    LabelTooLong(usize),
    /// A name of that many wire octets.
    NameTooLong(usize),
    /// A `\` that is not followed by a character or by a number from 000 to 255.
    BadEscape,
    /// A relative name where no origin is known.
    NoOrigin,
    /// Wire octets that end inside the name, go on after it, or hold a compression pointer.
    BadWire,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => write!(f, "empty name"),
            NameError::EmptyLabel => write!(f, "empty label"),
            NameError::LabelTooLong(n) => {
                write!(f, "label of {n} octets, at most {MAX_LABEL} allowed")
            }
            NameError::NameTooLong(n) => {
                write!(f, "name of {n} octets, at most {MAX_NAME} allowed")
            }
            NameError::BadEscape => {
                write!(
                    f,
                    "bad escape, write \\ and a character or \\ and three digits up to 255"
                )
            }
            NameError::NoOrigin => {
                write!(
                    f,
                    "relative name without an origin, end it with a dot, set $ORIGIN or give --origin"
                )
            }
            NameError::BadWire => write!(f, "not a domain name in wire form"),
        }
    }
}

impl std::error::Error for NameError {}
