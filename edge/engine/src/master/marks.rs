//! Byte-order marks, which editors and shells of Windows write in front of a text.

use super::problem::Problem;

const UTF_8: &[u8] = b"\xef\xbb\xbf";
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The text behind the mark of UTF-8. A text of UTF-16 is a problem: half of its octets are zero.
pub fn unmarked(text: &[u8]) -> Result<&[u8], Problem> {
    if UTF_16.iter().any(|mark| text.starts_with(mark)) {
        let message = "the text is UTF-16, as its byte-order mark says; save it as UTF-8, or \
                       convert it: iconv -f UTF-16 -t UTF-8";
        return Err(Problem::syntax(message));
    }
    Ok(text.strip_prefix(UTF_8).unwrap_or(text))
}
