//! Writing a reply: [`header`] and question, then [`records`] up to a limit.

mod header;
mod records;

pub use header::{Full, Message};
pub use records::Owner;
