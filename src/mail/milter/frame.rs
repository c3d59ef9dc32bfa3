//! A command or an answer on the wire: its length in four octets, one octet that says what it is, and what it says.

use thiserror::Error;

/// The longest that a mail server sends: pieces of a body have 64 kB, and Postfix cuts a header's field off at 100 kB.
pub const FRAME_BYTES_MAX: usize = 256 << 10;
/// Octets of a length.
const LENGTH_BYTES: usize = 4;

/// One command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MilterFrame<'b> {
    pub command: u8,
    pub said: &'b [u8],
}

/// What is no command, so that nothing that follows can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameBroken {
    #[error("the mail server sent a command of length 0")]
    Empty,
    #[error("the mail server sent a command of {0} octets; {FRAME_BYTES_MAX} are the most")]
    TooLong(usize),
}

/// The first command of what came, and how many octets it took; `None`: not all of it is there yet.
pub fn take_frame(bytes: &[u8]) -> Result<Option<(MilterFrame<'_>, usize)>, FrameBroken> {
    let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let length = u32::from_be_bytes(*length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(FrameBroken::TooLong(length));
    }
    let Some(frame) = rest.get(..length) else { return Ok(None) };
    let (command, said) = frame.split_first().ok_or(FrameBroken::Empty)?;
    Ok(Some((MilterFrame { command: *command, said }, LENGTH_BYTES + length)))
}

/// Adds an answer.
pub(super) fn put_frame(into: &mut Vec<u8>, command: u8, said: &[&[u8]]) {
    let length = 1 + said.iter().map(|part| part.len()).sum::<usize>();
    into.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    into.push(command);
    said.iter().for_each(|part| into.extend_from_slice(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_taken_once_all_of_it_is_there() {
        let mut wire = Vec::new();
        put_frame(&mut wire, b'L', &[b"From\0", b"a@b\0"]);
        put_frame(&mut wire, b'N', &[]);
        for cut in 0..14 {
            assert_eq!(take_frame(&wire[..cut]), Ok(None), "{cut}");
        }
        let frame = MilterFrame { command: b'L', said: b"From\0a@b\0" };
        assert_eq!(take_frame(&wire), Ok(Some((frame, 14))));
        assert_eq!(take_frame(&wire[14..]), Ok(Some((MilterFrame { command: b'N', said: b"" }, 5))));
    }

    #[test]
    fn a_length_that_cannot_be_is_told_before_anything_is_kept() {
        assert_eq!(take_frame(&[0, 0, 0, 0]), Err(FrameBroken::Empty));
        assert_eq!(take_frame(&[0xff; 4]), Err(FrameBroken::TooLong(0xffff_ffff)));
        assert_eq!(take_frame(b"GET / HTTP/1.1"), Err(FrameBroken::TooLong(0x4745_5420)));
    }
}
