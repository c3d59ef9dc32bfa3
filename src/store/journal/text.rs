//! A journal as one text: a line after the other, each with a newline. Only its end can be torn, by a crash while it was written.

use super::line::{JournalLine, understand};
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// How a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextEnd {
    Whole,
    /// The last line is whole but for its newline, or is damaged and stays.
    NoNewline,
    /// The last line is not what was to be written; it begins at this byte.
    TornAt(u64),
}

/// What is read first on the way back from the end, and then twice as much each time: a line is some hundred bytes.
const PIECE_BYTES: u64 = 4096;

/// How a text of so many bytes ends. `acknowledged`: up to here it is known to have been written to its end; a damaged line before that was
/// not torn by a crash.
pub(super) fn end(mut text: impl Read + Seek, bytes: u64, acknowledged: u64) -> io::Result<TextEnd> {
    // Lines are written with their newline last: what stands behind the last newline is a line that has none.
    let (mut from, mut last, mut piece_bytes) = (bytes, Vec::new(), PIECE_BYTES);
    while from > 0 && !last.contains(&b'\n') {
        let to = from;
        from = to.saturating_sub(piece_bytes);
        piece_bytes *= 2;
        text.seek(SeekFrom::Start(from))?;
        let mut piece = Vec::new();
        (&mut text).take(to - from).read_to_end(&mut piece)?;
        piece.append(&mut last);
        last = piece;
    }
    let begins = last.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (line, at) = (&last[begins..], from + begins as u64);
    Ok(match understand(line) {
        _ if line.is_empty() => TextEnd::Whole,
        JournalLine::Damaged if at >= acknowledged => TextEnd::TornAt(at),
        _ => TextEnd::NoNewline,
    })
}

/// Calls `each` with every line, without its newline.
pub(super) fn lines(mut text: impl BufRead, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if text.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        each(line.strip_suffix(b"\n").unwrap_or(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn the_end_of_a_text_of_any_length() {
        let of = |text: &[u8], acknowledged| end(Cursor::new(text), text.len() as u64, acknowledged).unwrap();
        let json = r#"{"at":1,"what":"dead_letter_dropped","record":"ma:person:1"}"#;
        let whole = format!("{:08x} {json}", crc32fast::hash(json.as_bytes())).into_bytes();
        for before in [0, 1, 100, PIECE_BYTES as usize - 1, PIECE_BYTES as usize, 3 * PIECE_BYTES as usize] {
            let before = if before == 0 { Vec::new() } else { [vec![b'x'; before - 1], vec![b'\n']].concat() };
            let with = |end: &[u8]| [&before, end].concat();
            assert_eq!(of(&before, 0), TextEnd::Whole);
            assert_eq!(of(&with(&[&whole[..], b"\n"].concat()), 0), TextEnd::Whole);
            assert_eq!(of(&with(&whole), 0), TextEnd::NoNewline);
            for torn in [&whole[..whole.len() - 1], &[0; 3 * PIECE_BYTES as usize], b"x"] {
                let at = before.len() as u64;
                assert_eq!(of(&with(torn), at), TextEnd::TornAt(at));
                assert_eq!(of(&with(torn), at + 1), TextEnd::NoNewline, "it was acknowledged");
            }
        }
    }
}
