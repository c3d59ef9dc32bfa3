//! A mail with its footer, as the changes that the mail server is asked for.

use super::frame::put_frame;
use crate::footer::{EditedMail, HeaderEdit};

/// The most of a body in one piece that each mail server takes.
const PIECE_BYTES: usize = 65_535;

/// Go on; at a mail's end: take it.
pub(super) const CONTINUE: u8 = b'c';
/// Nothing more of this mail need be sent: it goes as it came.
pub(super) const ACCEPT: u8 = b'a';

/// One answer without anything to it.
pub(super) fn plain(answer: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5);
    put_frame(&mut bytes, answer, &[]);
    bytes
}

/// All changes, and then that the mail is taken: in one piece, so that the mail server gets all of them or, if we end before, none.
pub(super) fn changes(edited: &EditedMail) -> Vec<u8> {
    let body = edited.bytes.get(edited.body_at..).unwrap_or_default();
    let mut bytes = Vec::with_capacity(body.len() + 1024);
    for edit in &edited.header {
        match edit {
            HeaderEdit::Add { name, value } => put_frame(&mut bytes, b'h', &[name.as_bytes(), b"\0", &value_of(value), b"\0"]),
            HeaderEdit::Replace { name, value } => {
                let first = 1u32.to_be_bytes();
                put_frame(&mut bytes, b'm', &[&first, name.as_bytes(), b"\0", &value_of(value), b"\0"]);
            }
        }
    }
    body.chunks(PIECE_BYTES).for_each(|piece| put_frame(&mut bytes, b'b', &[piece]));
    put_frame(&mut bytes, CONTINUE, &[]);
    bytes
}

/// The mail server folds by line feeds alone.
fn value_of(value: &str) -> Vec<u8> {
    value.bytes().filter(|byte| !matches!(byte, b'\r' | 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::frame::take_frame;
    use super::*;

    fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut all = Vec::new();
        while let Ok(Some((frame, length))) = take_frame(bytes) {
            all.push((frame.command, frame.said.to_vec()));
            bytes = &bytes[length..];
        }
        assert!(bytes.is_empty());
        all
    }

    #[test]
    fn a_body_goes_in_pieces_after_the_header_and_the_mail_is_taken_last() {
        let header = vec![
            HeaderEdit::Replace { name: "Content-Type".into(), value: "text/plain;\r\n charset=utf-8".into() },
            HeaderEdit::Add { name: "X-Nayose-Footer".into(), value: "spring".into() },
        ];
        let body: Vec<u8> = (0..150_000u32).map(|i| i as u8).collect();
        let edited = EditedMail { bytes: [b"A: b\r\n\r\n", &body[..]].concat(), body_at: 8, header };
        let frames = frames(&changes(&edited));
        assert_eq!(frames.iter().map(|(command, _)| *command).collect::<Vec<_>>(), b"mhbbbc");
        assert_eq!(frames[0].1, b"\0\0\0\x01Content-Type\0text/plain;\n charset=utf-8\0");
        assert_eq!(frames[1].1, b"X-Nayose-Footer\0spring\0");
        assert_eq!(frames[2..5].iter().flat_map(|(_, piece)| piece.clone()).collect::<Vec<u8>>(), body);
        assert!(frames[2..5].iter().all(|(_, piece)| piece.len() <= 65_535));
    }
}
