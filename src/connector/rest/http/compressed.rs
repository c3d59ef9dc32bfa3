//! Answers that come compressed though nobody asked for it, or without saying so.
//!
//! What is asked for (gzip) and said is unpacked by the HTTP client already.

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::borrow::Cow;
use std::io::Read;

/// Why a body cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packed {
    TooLarge,
    /// It ends early, or it is something else than it says.
    Damaged,
}

/// The body as it was before it was compressed, if it was. `encoding` is what the answer says of it.
pub fn unpacked<'b>(body: &'b [u8], encoding: Option<&str>, limit: usize) -> Result<Cow<'b, [u8]>, Packed> {
    let deflate = encoding.is_some_and(|e| e.trim().eq_ignore_ascii_case("deflate"));
    match body {
        [0x1F, 0x8B, 8, ..] => within(MultiGzDecoder::new(body), limit).map(Cow::Owned),
        // No JSON begins so: the second byte checks the first.
        [0x78, check, ..] if (0x7800 + u16::from(*check)).is_multiple_of(31) => within(ZlibDecoder::new(body), limit).map(Cow::Owned),
        // What was meant by "deflate" has a head; what many servers send has none.
        // Some say so and do not compress at all; whether it is JSON then is asked next.
        [_, ..] if deflate => Ok(within(DeflateDecoder::new(body), limit).map_or(Cow::Borrowed(body), Cow::Owned)),
        _ => Ok(Cow::Borrowed(body)),
    }
}

fn within(packed: impl Read, limit: usize) -> Result<Vec<u8>, Packed> {
    let mut out = Vec::new();
    packed.take(limit as u64 + 1).read_to_end(&mut out).map_err(|_| Packed::Damaged)?;
    if out.len() > limit { Err(Packed::TooLarge) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};

    const BODY: &[u8] = br#"{"results":[{"id":"1"},{"id":"2"},{"id":"3"}]}"#;

    fn packed(mut by: impl Read) -> Vec<u8> {
        let mut out = Vec::new();
        by.read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn every_usual_way_is_unpacked_also_unasked_and_unsaid() {
        let level = Compression::default();
        let (zlib, raw, gzip) =
            (packed(ZlibEncoder::new(BODY, level)), packed(DeflateEncoder::new(BODY, level)), packed(GzEncoder::new(BODY, level)));
        for (body, encoding) in [
            (zlib.clone(), Some("deflate")),
            (zlib.clone(), None),
            (raw.clone(), Some(" Deflate")),
            (gzip.clone(), Some("x-gzip")),
            (gzip.clone(), None),
            (BODY.to_vec(), None),
            (BODY.to_vec(), Some("deflate")),
            (BODY.to_vec(), Some("identity")),
        ] {
            assert_eq!(unpacked(&body, encoding, BODY.len()).as_deref(), Ok(BODY), "{encoding:?}");
        }
        assert_eq!(unpacked(&[], Some("deflate"), 9).as_deref(), Ok(&[][..]));
        assert_eq!(unpacked(&zlib[..zlib.len() - 8], Some("deflate"), 900), Err(Packed::Damaged));
        assert_eq!(unpacked(&gzip[..gzip.len() - 9], None, 900), Err(Packed::Damaged));
    }

    #[test]
    fn a_small_body_that_would_fill_memory_is_too_large() {
        let bomb = packed(ZlibEncoder::new(std::io::repeat(b' ').take(10_000_000), Compression::best()));
        assert!(bomb.len() < 20_000);
        assert_eq!(unpacked(&bomb, None, 1_000_000), Err(Packed::TooLarge));
    }
}
