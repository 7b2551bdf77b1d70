//! What is wrong with a line of a master file.

use crate::rdata::RdataError;

/// Why a record or directive cannot be read.
pub struct Problem {
    pub reason: &'static str,
    pub message: String,
}

impl Problem {
    pub fn new(reason: &'static str, message: impl Into<String>) -> Problem {
        Problem {
            reason,
            message: message.into(),
        }
    }

    pub fn syntax(message: impl Into<String>) -> Problem {
        Problem::new("BadSyntax", message)
    }
}

/// From a reader of tokens.
impl From<&'static str> for Problem {
    fn from(message: &'static str) -> Problem {
        Problem::syntax(message)
    }
}

impl From<RdataError> for Problem {
    fn from(error: RdataError) -> Problem {
        Problem::new(error.reason, error.message)
    }
}
