//! A line of the journal: the CRC-32 of the JSON as 8 hex digits, a space, the JSON, a newline.

use super::entry::Entry;

/// What a line is.
pub(super) enum JournalLine {
    Entry(Box<Entry>),
    Unknown,
    Damaged,
}

/// A line as it is written.
pub(super) fn line(entry: &Entry) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(entry)?;
    Ok(format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes())))
}

/// What stands in a line, without its newline.
pub(super) fn understand(line: &[u8]) -> JournalLine {
    let json = line.split_at_checked(8).and_then(|(sum, rest)| {
        let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
        rest.strip_prefix(b" ").filter(|json| crc32fast::hash(json) == sum)
    });
    match json.map(serde_json::from_slice) {
        None => JournalLine::Damaged,
        Some(Ok(entry)) => JournalLine::Entry(Box::new(entry)),
        Some(Err(_)) => JournalLine::Unknown,
    }
}
