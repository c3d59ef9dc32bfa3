//! parse(out) − footer == parse(in), and every other octet as it was. mail-parser reads both, not the room itself.

use crate::mails::{put, slot_of};
use mail_parser::{Message, MessageParser, MessagePart, PartType};
use nayose::footer::{EditedMail, FooterText, HeaderEdit, MARK_HEADER, MailLimits, Placed, WhyUntouched, place};

fn parse(mail: &[u8]) -> Message<'_> {
    MessageParser::default().parse(mail).expect("a mail")
}

fn even(text: &str) -> String {
    text.replace("\r\n", "\n")
}

pub fn text_of(part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => Some(even(text)),
        _ => None,
    }
}

fn whole(part: &MessagePart<'_>, mail: &[u8]) -> Vec<u8> {
    mail[part.offset_header as usize..part.offset_end as usize].to_vec()
}

/// What stands in `new` and not in `old`, if it stands in one place.
fn added(old: &str, new: &str) -> Option<String> {
    let extra = new.len().checked_sub(old.len())?;
    let ahead = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    (0..=ahead).rev().find(|at| new.as_bytes()[at + extra..] == old.as_bytes()[*at..]).map(|at| new[at..at + extra].to_string())
}

/// Panics where the edited mail is anything but the mail with its footer.
pub fn assert_same_but_for_footer(name: &str, mail: &[u8], out: &EditedMail, footer: &FooterText) {
    let (old, new) = (parse(mail), parse(&out.bytes));
    assert_eq!(old.parts.len(), new.parts.len(), "{name}: parts");
    assert_eq!(old.attachments, new.attachments, "{name}: attachments");
    let mut edited = Vec::new();
    for (at, (before, after)) in old.parts.iter().zip(&new.parts).enumerate() {
        if at == 0 || matches!(before.body, PartType::Multipart(_)) {
            continue;
        }
        if whole(before, mail) != whole(after, &out.bytes) {
            edited.push(at);
        }
    }
    if let [only] = old.parts.as_slice()
        && !matches!(only.body, PartType::Multipart(_))
    {
        edited.push(0);
    }
    assert!(!edited.is_empty() && edited.len() <= 2, "{name}: edited parts: {edited:?}");
    for at in &edited {
        let (before, after) = (text_of(&old.parts[*at]).unwrap(), text_of(&new.parts[*at]).unwrap());
        let block = added(&before, &after).unwrap_or_else(|| panic!("{name}: more than the footer is new\n{before}\n---\n{after}"));
        let is_html = matches!(new.parts[*at].body, PartType::Html(_));
        let wanted = if is_html { footer.html() } else { footer.text() };
        // A browser reads the references; the text of flowed lines is stuffed.
        let shown = |text: &str| if is_html { unreferred(text) } else { text.replace("\n ", "\n") };
        assert!(
            shown(&block).contains(&shown(&format!("\n{wanted}"))),
            "{name}: the footer is not whole: {block:?}\n{mail:?}",
            mail = String::from_utf8_lossy(mail)
        );
        assert!(is_html || block.contains("-- \n"), "{name}: no separator");
    }
    both_or_neither(name, &old, &edited);
    only_these_octets(name, mail, out, &old, &edited);
    lines_fit(name, mail, &out.bytes);
    header_is_told(name, mail, out);
    second_time_untouched(name, out, footer);
}

/// `&#12354;` as the letter that it refers to.
pub fn unreferred(html: &str) -> String {
    let mut pieces = html.split("&#");
    let mut out = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        match piece.split_once(';').and_then(|(code, rest)| Some((char::from_u32(code.parse().ok()?)?, rest))) {
            Some((letter, rest)) => {
                out.push(letter);
                out.push_str(rest);
            }
            None => out.push_str(&format!("&#{piece}")),
        }
    }
    out
}

fn both_or_neither(name: &str, old: &Message<'_>, edited: &[usize]) {
    // mail-parser displays images too.
    let displayed = |ids: &[u32]| ids.iter().map(|id| *id as usize).find(|id| text_of(&old.parts[*id]).is_some());
    for id in [displayed(&old.text_body), displayed(&old.html_body)].into_iter().flatten() {
        assert!(edited.contains(&id), "{name}: the displayed part {id} has no footer\n{}", String::from_utf8_lossy(old.raw_message()));
    }
}

/// Around the edited leaves every octet is as it was; the header's own lines apart.
fn only_these_octets(name: &str, mail: &[u8], out: &EditedMail, old: &Message<'_>, edited: &[usize]) {
    let new = parse(&out.bytes);
    let last = *edited.iter().max().unwrap();
    let (tail, new_tail) = (&mail[old.parts[last].offset_end as usize..], &out.bytes[new.parts[last].offset_end as usize..]);
    assert_eq!(tail, new_tail, "{name}: what follows the last edited leaf");
    // The preamble, and what stands between two edited leaves.
    let mut edges: Vec<usize> = edited.to_vec();
    edges.sort_unstable();
    let (mut from, mut new_from) = (old.parts[0].offset_body as usize, new.parts[0].offset_body as usize);
    for at in edges {
        let (before, after) = (&old.parts[at], &new.parts[at]);
        if at > 0 {
            let between = &mail[from..before.offset_header as usize];
            assert_eq!(between, &out.bytes[new_from..after.offset_header as usize], "{name}: octets before part {at}");
            let header = |mail: &[u8], part: &MessagePart<'_>| mail[part.offset_header as usize..part.offset_body as usize].to_vec();
            header_only_relabelled(name, &header(mail, before), &header(&out.bytes, after));
        }
        (from, new_from) = (before.offset_end as usize, after.offset_end as usize);
    }
    let header = |mail: &[u8], body: u32| mail[..body as usize].to_vec();
    header_only_relabelled(name, &header(mail, old.parts[0].offset_body), &header(&out.bytes, new.parts[0].offset_body));
}

/// Each line of the old header is in the new one, in order, but for those of charset and transfer encoding.
fn header_only_relabelled(name: &str, old: &[u8], new: &[u8]) {
    let lines = |header: &[u8]| String::from_utf8_lossy(header).lines().map(str::to_string).collect::<Vec<_>>();
    let may_change = |line: &String| {
        let low = line.to_ascii_lowercase();
        low.contains("charset=") || low.starts_with("content-t") || low.starts_with("x-nayose") || low.starts_with("mime-version: 1.0")
    };
    let kept = |lines: Vec<String>| lines.into_iter().filter(|line| !may_change(line)).collect::<Vec<_>>();
    assert_eq!(kept(lines(old)), kept(lines(new)), "{name}: header");
}

fn lines_fit(name: &str, mail: &[u8], out: &[u8]) {
    let long = |mail: &[u8]| mail.split(|b| *b == b'\n').filter(|line| line.len() > 999).count();
    assert!(long(out) <= long(mail), "{name}: a line is longer than SMTP carries");
}

/// What a milter is told is what the bytes show.
fn header_is_told(name: &str, mail: &[u8], out: &EditedMail) {
    let (old, new) = (parse(mail), parse(&out.bytes));
    assert_eq!(new.parts[0].offset_body as usize, out.body_at, "{name}: where the body begins");
    let added = out.header.iter().filter(|edit| matches!(edit, HeaderEdit::Add { .. })).count();
    assert_eq!(old.parts[0].headers.len() + added, new.parts[0].headers.len(), "{name}: fields");
    for edit in &out.header {
        let (HeaderEdit::Add { name: field, value } | HeaderEdit::Replace { name: field, value }) = edit;
        // Blanks between the colon and the value are as they were.
        let dense = |text: &str| text.split_whitespace().collect::<String>();
        let line = dense(&format!("{field}: {value}"));
        let head = dense(&String::from_utf8_lossy(&out.bytes[..out.body_at]));
        assert!(head.contains(&line), "{name}: {line} is not in\n{head}");
    }
    assert!(out.header.iter().any(|edit| matches!(edit, HeaderEdit::Add { name, .. } if name == MARK_HEADER)), "{name}: mark");
}

/// A second footer never comes, not even where somebody takes the header's mark away.
fn second_time_untouched(name: &str, out: &EditedMail, footer: &FooterText) {
    assert_eq!(put(&out.bytes, footer), Placed::Untouched(WhyUntouched::Marked), "{name}: a second time");
    let text = |line: &[u8]| !line.to_ascii_lowercase().starts_with(b"x-nayose-footer");
    let bare: Vec<&[u8]> = out.bytes.split_inclusive(|b| *b == b'\n').filter(|line| text(line)).collect();
    let again = place(&bare.concat(), footer, &slot_of(&out.bytes), &MailLimits::default());
    assert!(
        matches!(again, Placed::Untouched(WhyUntouched::Marked | WhyUntouched::Quoted)),
        "{name}: without the header's mark: {again:?}"
    );
}
