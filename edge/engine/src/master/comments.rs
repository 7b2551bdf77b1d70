//! Comments in which the export of a provider says what it did beyond the record of the line.
//!
//! Whoever imports such a file gets another answer than before, so these comments are not skipped
//! in silence.

use super::problem::Problem;
use crate::rdata::excerpt;

/// What Cloudflare writes for a TTL that it chooses.
const AUTOMATIC_TTL: u32 = 1;

/// What does not come with the record in front of a comment, and its TTL.
pub fn left_behind(comment: &[u8], ttl: Option<u32>) -> Option<Problem> {
    let message = if let Some(tags) = behind(comment, b"cf_tags=") {
        cloudflare(tags, ttl)?.to_owned()
    } else {
        let routing = excerpt(behind(comment, b"AWS routing=")?);
        let policy = routing.split_ascii_whitespace().next().unwrap_or_default();
        format!(
            "Route 53 chose among the records of this name by routing={policy}; here clients get \
             all of them, so keep those that they should get"
        )
    };
    Some(Problem::new("ProviderFeature", message))
}

fn cloudflare(tags: &[u8], ttl: Option<u32>) -> Option<&'static str> {
    if behind(tags, b"cf-proxied:true").is_some() {
        Some(
            "Cloudflare answered with addresses of its proxies (cf-proxied:true); write what \
             clients are to get, and a TTL in place of 1",
        )
    } else if behind(tags, b"cf-flatten-cname").is_some() {
        Some(
            "Cloudflare answered with the addresses of the target (cf-flatten-cname); here clients \
             get the CNAME",
        )
    } else if ttl == Some(AUTOMATIC_TTL) {
        Some(
            "TTL 1 stands for automatic in a file of Cloudflare, which answered 300; write the TTL \
             that clients are to get",
        )
    } else {
        None
    }
}

/// The text behind a word.
fn behind<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(word.len()).position(|found| found == word)?;
    Some(&text[at + word.len()..])
}
