//! Resource record data: text to wire form and back, for every type.

pub mod types;

pub use types::{is_meta, rtype_from_text, rtype_to_text};

/// Why rdata is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RdataError {
    /// `BadSyntax`, `BadName`, `BadTTL`, `BadRdata` or `UnknownType`.
    pub reason: &'static str,
    /// What is wrong and what is allowed, with type and rdata.
    pub message: String,
}

impl std::fmt::Display for RdataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RdataError {}
