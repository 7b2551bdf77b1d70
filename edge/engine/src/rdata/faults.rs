//! What is wrong with rdata, and how a message shows bad input.

use crate::name::NameError;
use std::borrow::Cow;

/// Why a text is no rdata: reason and message, without the text itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub reason: &'static str,
    pub message: Cow<'static, str>,
}

impl Fault {
    pub fn rdata(message: impl Into<Cow<'static, str>>) -> Fault {
        Fault {
            reason: "BadRdata",
            message: message.into(),
        }
    }

    pub fn syntax(message: impl Into<Cow<'static, str>>) -> Fault {
        Fault {
            reason: "BadSyntax",
            message: message.into(),
        }
    }
}

impl From<NameError> for Fault {
    fn from(error: NameError) -> Fault {
        Fault {
            reason: "BadName",
            message: error.to_string().into(),
        }
    }
}

/// Longest piece of bad input in a message, in characters: enough to find it by.
const EXCERPT: usize = 60;

/// The start of a text, printable, for a message.
pub fn excerpt(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * EXCERPT + 4)]);
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = text.chars().take(EXCERPT).map(printable).collect();
    if text.chars().count() > EXCERPT {
        short.push('…');
    }
    short
}
