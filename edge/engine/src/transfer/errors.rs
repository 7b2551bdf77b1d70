//! Why there is no transfer.

use std::fmt;

/// Why a transfer cannot go on, or cannot begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferError {
    /// There is no question that can be read.
    BadQuery,
    /// A record needs more room than a whole message has.
    TooLarge,
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TransferError::BadQuery => "not a query with one question",
            TransferError::TooLarge => "a record is too large for a message of a transfer",
        })
    }
}
