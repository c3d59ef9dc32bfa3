//! Valid input, changed as the fuzzer's bytes say.

use serde_json::{Map, Value as Json, json};

/// The fuzzer's bytes, read one by one; zeros follow the last.
pub struct Tape<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Tape<'b> {
    pub fn new(bytes: &'b [u8]) -> Tape<'b> {
        Tape { bytes, at: 0 }
    }

    pub fn byte(&mut self) -> u8 {
        self.at += 1;
        self.bytes.get(self.at - 1).copied().unwrap_or(0)
    }

    pub fn ended(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Below `end`; 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let number = usize::from(self.byte()) << 8 | usize::from(self.byte());
        number % end.max(1)
    }

    pub fn pick<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.below(items.len())]
    }

    fn some(&mut self) -> Vec<u8> {
        (0..self.byte() % 12).map(|_| self.byte()).collect()
    }
}

const CHANGES_MAX: u8 = 6;

/// What grammars are made of, and what has broken parsers before.
const WORDS: [&str; 40] = [
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "\"",
    "'",
    "\\",
    "=",
    ":",
    ",",
    ".",
    "#",
    "\n",
    "\r\n",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "名寄せ",
    "e\u{301}",
    "[[",
    "]]",
    "[].",
    "{settings.",
    "{,",
    "..",
    "true",
    "null",
    "0",
    "-1",
    "1e400",
    "9223372036854775808",
    "0x",
    "s",
    "d",
    "&&",
    "!",
    "?",
    "\u{10ffff}",
];

/// Some bytes taken out, doubled, moved or put in.
pub fn bytes(valid: &[u8], tape: &mut Tape<'_>) -> Vec<u8> {
    let mut out = valid.to_vec();
    for _ in 0..tape.byte() % (CHANGES_MAX + 1) {
        let (kind, at) = (tape.byte() % 8, tape.below(out.len() + 1));
        let end = (at + tape.below(40)).min(out.len());
        match kind {
            0 => drop(out.drain(at..end)),
            1 => drop(out.splice(at..at, tape.pick(&WORDS).bytes())),
            2 => drop(out.splice(at..end, tape.pick(&WORDS).bytes())),
            3 => drop(out.splice(at..at, tape.some())),
            4 => {
                let piece = out[at..end].to_vec();
                let to = tape.below(out.len() + 1);
                out.splice(to..to, piece);
            }
            5 if at < out.len() => out[at] ^= 1 << (tape.byte() % 8),
            6 => out.truncate(at),
            _ => {
                let many = usize::from(tape.byte()) * 40;
                let word = tape.pick(&WORDS).repeat(many.min(4000));
                out.splice(at..at, word.bytes());
            }
        }
    }
    out
}

pub fn text(valid: &str, tape: &mut Tape<'_>) -> String {
    String::from_utf8_lossy(&bytes(valid.as_bytes(), tape)).into_owned()
}

/// Some values taken out, doubled, or others in their place.
pub fn json(valid: &Json, tape: &mut Tape<'_>) -> Json {
    let mut out = valid.clone();
    for _ in 0..tape.byte() % (CHANGES_MAX + 1) {
        let all = count(&out);
        let piece = node(&mut out, &mut tape.below(all)).cloned().unwrap_or(Json::Null);
        let value = any(tape, piece);
        if let Some(place) = node(&mut out, &mut tape.below(all)) {
            match (tape.byte() % 5, place) {
                (0, Json::Array(items)) => items.push(value),
                (1, Json::Array(items)) => drop(items.pop()),
                (0, Json::Object(map)) => drop(map.insert(String::from_utf8_lossy(&tape.some()).into_owned(), value)),
                (1, Json::Object(map)) => drop(map.keys().next().cloned().and_then(|key| map.shift_remove(&key))),
                (_, place) => *place = value,
            }
        }
    }
    out
}

fn any(tape: &mut Tape<'_>, piece: Json) -> Json {
    match tape.byte() % 24 {
        0 => Json::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(0),
        4 => json!(-1),
        5 => json!(i64::MIN),
        6 => json!(u64::MAX),
        7 => json!(1e308),
        8 => json!(-0.5),
        9 => json!(""),
        10 => json!(" "),
        11 => json!([]),
        12 => json!({}),
        13 => json!([piece, piece]),
        14 => json!({ "id": piece, "results": [piece] }),
        15 => json!(piece.to_string()),
        16 => json!("2026-02-30T25:61:00Z"),
        17 => json!("9999-12-31T23:59:59.999999999+23:59"),
        18 => json!("-009999-01-01"),
        19 => json!(tape.pick(&WORDS).repeat(usize::from(tape.byte()))),
        20 => json!(String::from_utf8_lossy(&tape.some())),
        21 => (0..60).fold(piece, |deep, _| json!([deep])),
        22 => json!(tape.below(65_536)),
        _ => piece,
    }
}

fn count(value: &Json) -> usize {
    1 + match value {
        Json::Array(items) => items.iter().map(count).sum(),
        Json::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// The value at a place, counted from the outermost.
fn node<'v>(value: &'v mut Json, at: &mut usize) -> Option<&'v mut Json> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    let within: Box<dyn Iterator<Item = &'v mut Json>> = match value {
        Json::Array(items) => Box::new(items.iter_mut()),
        Json::Object(map) => Box::new(Map::values_mut(map)),
        _ => return None,
    };
    for inner in within {
        let all = count(inner);
        if *at < all {
            return node(inner, at);
        }
        *at -= all;
    }
    None
}

#[test]
fn changes_reach_every_place() {
    let mut value = json!({"a": [1, {"b": 2}], "c": 3});
    assert_eq!(count(&value), 6);
    let at = |value: &mut Json, mut at: usize| node(value, &mut at).cloned();
    assert_eq!(at(&mut value, 4), Some(json!(2)));
    assert_eq!(at(&mut value, 5), Some(json!(3)));
    assert_eq!(at(&mut value, 6), None);
    let zeros = [0; 40];
    assert_eq!(json(&value, &mut Tape::new(&zeros)), value, "nothing said, nothing changed");
    let tapes = (1..50u32).map(|step| (0..200).map(|i: u32| ((i + step) * (i + 3 * step) % 251) as u8).collect::<Vec<u8>>());
    assert!(tapes.clone().filter(|t| json(&value, &mut Tape::new(t)) != value).count() > 20);
    assert!(tapes.filter(|t| bytes(b"some text", &mut Tape::new(t)) != b"some text").count() > 20);
}
