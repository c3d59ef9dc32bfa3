//! What a text is made of, and what it becomes: dates, addresses, links, numbers and words, each with its own stand-in, and what is between them.

use super::dates;
use super::stand_ins::{RunKind, StandIns};
use super::words::{HarmlessWords, NUMBER_MIN};
use std::collections::BTreeSet;

/// A token as long as this is replaced as one; in a shorter one letters are replaced, and numbers as all numbers are.
const TOKEN_MIN: usize = 6;
/// As long as a part of a UUID; shorter runs of hexadecimal digits are words and numbers.
const HEX_MIN: usize = 4;

/// Makes texts harmless.
pub struct Texts<'w> {
    pub words: &'w HarmlessWords,
    pub stand_ins: StandIns,
    /// Texts of which something stayed by chance: nothing of their form is kept.
    pub in_pieces: BTreeSet<String>,
}

impl Texts<'_> {
    /// What stands for a text.
    pub fn text(&mut self, text: &str) -> String {
        if text.is_empty() || self.words.may_stay(text) {
            return text.to_string();
        }
        if self.in_pieces.contains(text) {
            return self.runs(text);
        }
        if let Some(prefix) = self.words.prefixes.iter().find(|p| text.len() > p.len() && text.starts_with(p.as_str())).cloned() {
            let rest = self.text(&text[prefix.len()..]);
            return format!("{prefix}{rest}");
        }
        if let Some(moved) = dates::moved(text, self.stand_ins.days) {
            return moved;
        }
        if is_only_number(text) {
            return self.number(text);
        }
        let mut out = String::with_capacity(text.len());
        for word in text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '<' | '>' | '"' | '(' | ')' | '、' | '。'))
        {
            let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '/');
            let made = self.word(bare);
            out.push_str(&made);
            out.push_str(&word[bare.len()..]);
        }
        out
    }

    fn word(&mut self, word: &str) -> String {
        match (word.split_once("://"), word.rsplit_once('@')) {
            (Some((scheme, rest)), _) if matches!(scheme, "http" | "https") => self.link(scheme, rest),
            (_, Some((local, domain))) if !local.is_empty() && is_host(domain) => {
                let local = self.runs(local);
                format!("{local}@{}", self.stand_ins.domain(domain))
            }
            _ if is_domain(word) => self.stand_ins.domain(word),
            _ => self.runs(word),
        }
    }

    /// A link keeps its form, and of its path the names that the manifest has.
    fn link(&mut self, scheme: &str, rest: &str) -> String {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let host = self.stand_ins.domain(host);
        format!("{scheme}://{host}{}", self.path(path))
    }

    /// A path with its query.
    pub fn path(&mut self, path: &str) -> String {
        let mut out = String::new();
        for part in path.split_inclusive(['/', '?', '&', '=', '#']) {
            let segment = part.trim_end_matches(['/', '?', '&', '=', '#']);
            let known_end = segment.rsplit_once('.').filter(|(_, end)| self.words.may_stay(end));
            let bare = known_end.map_or(segment, |(stem, _)| stem);
            let plain = decoded(bare);
            if plain.is_empty() || self.words.may_stay(&plain) {
                out.push_str(bare);
            } else if plain == bare {
                let made = if plain.contains('@') { self.word(bare) } else { self.runs(bare) };
                out.push_str(&made);
            } else {
                out.push_str(&encoded(&self.word(&plain)));
            }
            out.push_str(&part[bare.len()..]);
        }
        out
    }

    /// A text of numbers and marks between them, a telephone number say: what counts is the number without the marks.
    fn number(&mut self, text: &str) -> String {
        let digits: String = text.chars().filter_map(ascii_digit).collect();
        let made = if digits.len() >= NUMBER_MIN { self.stand_ins.run(RunKind::Digits, &digits) } else { digits };
        let mut made = made.chars();
        let mut out: String = text.chars().map(|c| ascii_digit(c).and_then(|_| made.next()).unwrap_or(c)).collect();
        out.extend(made);
        out
    }

    /// What stands for the digits of a number that is at least as long as an id.
    pub fn digits(&mut self, digits: &str) -> String {
        self.stand_ins.run(RunKind::Digits, digits)
    }

    /// Run by run.
    fn runs(&mut self, text: &str) -> String {
        if is_only_number(text) {
            return self.number(text);
        }
        let mut out = String::with_capacity(text.len());
        for (kind, run) in runs_of(text) {
            match kind {
                None => out.push_str(run),
                Some(RunKind::Digits) if run.len() < NUMBER_MIN => out.push_str(run),
                Some(kind) => out.push_str(&self.stand_ins.run(kind, run)),
            }
        }
        out
    }
}

/// Numbers and what stands between them, a price or a telephone number say, with at least so many digits as an id has.
fn is_only_number(text: &str) -> bool {
    text.chars().all(|c| ascii_digit(c).is_some() || !c.is_alphanumeric()) && text.chars().filter_map(ascii_digit).count() >= NUMBER_MIN
}

fn ascii_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32),
        _ => None,
    }
}

/// Labels with dots between them, the last of letters.
fn is_domain(text: &str) -> bool {
    let host = text.split(':').next().unwrap_or(text);
    let is_top = |label: &str| label.chars().count() > 1 && label.chars().all(char::is_alphabetic);
    is_host(host) && host.rsplit_once('.').is_some_and(|(_, last)| is_top(last))
}

/// What may stand behind an at sign: a machine of one's own has no dot.
fn is_host(text: &str) -> bool {
    text.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')))
}

/// The runs of a text, each with its kind; what is neither letter nor digit has none.
pub fn runs_of(text: &str) -> Vec<(Option<RunKind>, &str)> {
    let mut runs: Vec<(Option<RunKind>, &str)> = Vec::new();
    let mut begin = 0;
    let kinds: Vec<(usize, Option<RunKind>)> = text.char_indices().map(|(at, c)| (at, kind_of(c))).collect();
    for (i, (at, kind)) in kinds.iter().enumerate() {
        let end = kinds.get(i + 1).map_or(text.len(), |(next, _)| *next);
        let goes_on = kinds.get(i + 1).is_some_and(|(_, next)| next == kind);
        if !goes_on {
            runs.push((*kind, &text[begin..end]));
            begin = end;
        }
        debug_assert!(*at < end);
    }
    together(text, runs)
}

/// Letters and digits beside each other are one token, if it is long enough.
fn together<'t>(text: &'t str, runs: Vec<(Option<RunKind>, &'t str)>) -> Vec<(Option<RunKind>, &'t str)> {
    let mut out: Vec<(Option<RunKind>, &str)> = Vec::with_capacity(runs.len());
    let (mut at, mut i) = (0, 0);
    while i < runs.len() {
        let is_part = |(kind, run): &(Option<RunKind>, &str)| matches!(kind, Some(RunKind::Latin | RunKind::Digits)) && run.is_ascii();
        let many = runs[i..].iter().take_while(|run| is_part(run)).count();
        let token = &text[at..at + runs[i..i + many].iter().map(|(_, run)| run.len()).sum::<usize>()];
        let is_hex = token.len() >= HEX_MIN && token.bytes().all(|b| b.is_ascii_hexdigit());
        if many > 1 && (is_hex || token.len() >= TOKEN_MIN) {
            out.push((Some(if is_hex { RunKind::Hex } else { RunKind::Mixed }), token));
            (at, i) = (at + token.len(), i + many);
        } else {
            out.push(runs[i]);
            (at, i) = (at + runs[i].1.len(), i + 1);
        }
    }
    out
}

fn kind_of(c: char) -> Option<RunKind> {
    match c {
        '0'..='9' => Some(RunKind::Digits),
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '々' | '〆' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
            Some(RunKind::Han)
        }
        '\u{3041}'..='\u{309f}' => Some(RunKind::Hiragana),
        '\u{30a1}'..='\u{30fa}' | 'ー' | '\u{30fd}'..='\u{30ff}' => Some(RunKind::Katakana),
        '\u{ff66}'..='\u{ff9f}' => Some(RunKind::HalfKatakana),
        '\u{ac00}'..='\u{d7a3}' => Some(RunKind::Hangul),
        c if c.is_alphanumeric() => Some(RunKind::Latin),
        _ => None,
    }
}

/// A part of an address as it is meant: `%40` is an at sign.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        bytes.push(hex.unwrap_or(*first));
        rest = if hex.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(texts: &[&str]) -> Vec<String> {
        let words = HarmlessWords::default();
        let mut made = Texts { words: &words, stand_ins: StandIns::new(BTreeSet::new(), 0), in_pieces: BTreeSet::new() };
        texts.iter().map(|text| made.text(text)).collect()
    }

    #[test]
    fn a_text_keeps_its_form() {
        let made = made(&[
            "Hanako.Sato@acme.example",
            "acme.example",
            "+81 3-5550-0101",
            "0a4e7c0e-1f0b-4b8e-9d53-000000000001",
            "https://acme.example/users/4001?x=hanako%40acme.example",
            "佐藤 花子",
            "hanako@home.example;H.Sato@acme.example",
        ]);
        let [email, domain, phone, uuid, link, name, two] = &made[..] else { panic!("{made:?}") };
        assert_eq!(email.split_once('@').unwrap().1, domain);
        assert!(domain.ends_with(".example.com"));
        assert!(phone.starts_with('+') && phone.len() == "+81 3-5550-0101".len() && !phone.contains("5550"), "{phone}");
        assert_eq!(uuid.len(), 36);
        assert!(link.starts_with(&format!("https://{domain}/")) && link.contains("%40"), "{link}");
        assert_eq!(name.chars().count(), 5);
        assert!(!name.contains('花') && name.contains(' '));
        assert_eq!(two.matches('@').count(), 2);
        assert!(two.ends_with(domain), "{two}");
    }
}
