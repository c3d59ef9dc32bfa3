//! The edited mail read again: by the strict reader of this room, and by mail-parser, which reads as mail programs do. Where one of them
//! sees anything but the mail from before with its footer, the mail stays untouched.

use super::doubts::text_of;
use super::leaf::EditedLeaf;
use super::reading::{MimePart, ReadMail, read};
use super::slot::MailLimits;
use super::why::WhyUntouched;
use mail_parser::{Message, MessageParser, MessagePart, PartType};
use std::collections::BTreeMap;
use std::mem::discriminant;

const DISAGREE: WhyUntouched = WhyUntouched::ReadersDisagree;

/// Whether `after` is the mail with these leaves edited, and nothing else changed. Gives where its body begins.
pub(super) fn same_but_for(
    mail: &[u8],
    before: &ReadMail,
    edits: &[(&MimePart, EditedLeaf)],
    after: &[u8],
    limits: &MailLimits,
) -> Result<usize, WhyUntouched> {
    let room = MailLimits { bytes: usize::MAX, header_bytes: usize::MAX, parts: limits.parts.saturating_add(8), ..*limits };
    let again = read(after, &room).map_err(|_| DISAGREE)?;
    let edit_of = |part: &MimePart| edits.iter().find(|(edited, _)| std::ptr::eq(*edited, part)).map(|(_, edit)| edit);
    let (old, new) = (before.root.all(), again.root.all());
    let same = |old: &MimePart, new: &MimePart| {
        let body = if old.is_multipart() || edit_of(old).is_some() { None } else { Some(&mail[old.body.clone()]) };
        old.media.kind == new.media.kind
            && old.showing == new.showing
            && old.parts.len() == new.parts.len()
            && body.is_none_or(|body| body == &after[new.body.clone()])
            && edit_of(old).is_none_or(|edit| edit.body == after[new.body.clone()])
    };
    if old.len() != new.len() || !old.iter().zip(&new).all(|(old, new)| same(old, new)) {
        return Err(DISAGREE);
    }
    let edited: Vec<(usize, &str)> = edits.iter().map(|(part, edit)| (part.body.start, edit.added.as_str())).collect();
    let fields = old.iter().map(|part| (part.body.start, part.fields.len())).collect();
    second_reader(&opaque(mail, &old), &opaque(after, &new), &fields, &edited)?;
    Ok(again.root.body.start)
}

/// The mail with `message/rfc822` called something else, of the same length: attached messages are one part for both readers, and
/// mail-parser cannot get lost in one within another, as it does.
fn opaque(mail: &[u8], parts: &[&MimePart]) -> Vec<u8> {
    let mut out = mail.to_vec();
    for part in parts.iter().filter(|part| part.media.kind.starts_with("message/")) {
        let Some(field) = part.field(mail, "Content-Type") else { continue };
        let value = &mut out[field.value.clone()];
        if let Some(at) = value.windows(8).position(|word| word.eq_ignore_ascii_case(b"message/")) {
            value[at..at + 8].copy_from_slice(b"applica/");
        }
    }
    out
}

/// What mail-parser makes of it. A reader that panics sees no mail.
pub(super) fn parsed(mail: &[u8]) -> Result<Message<'_>, WhyUntouched> {
    std::panic::catch_unwind(|| MessageParser::default().parse(mail)).ok().flatten().ok_or(DISAGREE)
}

/// mail-parser's view of both. It takes a boundary for one within a line too, and with a broken date the next field for the date's: such a
/// mail is two mails. `fields`: where each part's body begins, and how many fields are in its header.
fn second_reader(mail: &[u8], after: &[u8], fields: &BTreeMap<usize, usize>, edited: &[(usize, &str)]) -> Result<(), WhyUntouched> {
    let (old, new) = (parsed(mail)?, parsed(after)?);
    let seen: BTreeMap<usize, usize> = old.parts.iter().map(|part| (part.offset_body as usize, part.headers.len())).collect();
    if seen != *fields {
        return Err(DISAGREE);
    }
    // What it shows first must bear the footer.
    for ids in [&old.text_body, &old.html_body] {
        let first = ids.iter().filter_map(|id| old.parts.get(*id as usize)).find(|part| text_of(part).is_some());
        if first.is_some_and(|part| !edited.iter().any(|(start, _)| *start == part.offset_body as usize)) {
            return Err(DISAGREE);
        }
    }
    let same_bodies = old.text_body == new.text_body && old.html_body == new.html_body && old.attachments == new.attachments;
    if !same_bodies || old.parts.len() != new.parts.len() {
        return Err(DISAGREE);
    }
    let mut found = 0;
    for (old, new) in old.parts.iter().zip(&new.parts) {
        let added = edited.iter().find(|(start, _)| *start == old.offset_body as usize).map(|(_, added)| *added);
        found += usize::from(added.is_some());
        let same = match added {
            Some(added) => text_of(old).zip(text_of(new)).is_some_and(|(old, new)| is_with(old, new, added)),
            None => same_part(old, new, mail, after),
        };
        let same_kind = discriminant(&old.body) == discriminant(&new.body) && old.is_encoding_problem == new.is_encoding_problem;
        if !same || !same_kind {
            return Err(DISAGREE);
        }
    }
    // Each edited leaf is a displayed one to this reader too.
    if found == edited.len() { Ok(()) } else { Err(DISAGREE) }
}

fn same_part(old: &MessagePart<'_>, new: &MessagePart<'_>, mail: &[u8], after: &[u8]) -> bool {
    let raw = |part: &MessagePart<'_>, mail: &[u8]| mail.get(part.offset_body as usize..part.offset_end as usize).map(<[u8]>::to_vec);
    matches!(old.body, PartType::Multipart(_)) || raw(old, mail) == raw(new, after)
}

/// Whether `new` is `old` with `added` put in at one place, line ends apart.
fn is_with(old: &str, new: &str, added: &str) -> bool {
    let even = |text: &str| text.replace("\r\n", "\n");
    let (old, new, added) = (even(old), even(new), even(added));
    let is_at = |at: usize| new[..at] == old[..at] && new[at + added.len()..] == old[at..];
    new.len() == old.len() + added.len() && new.rmatch_indices(added.as_str()).any(|(at, _)| old.is_char_boundary(at) && is_at(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_footer_may_be_new() {
        assert!(is_with("a\r\nb", "a\nFb", "F"));
        assert!(is_with("FaF", "FFaF", "F"));
        assert!(!is_with("ab", "aFc", "F"));
        assert!(!is_with("ab", "ab", "F"));
        assert!(!is_with("aあ", "aFい", "F"));
    }

    /// mail-parser begins a part there, and shows another text first.
    #[test]
    fn a_boundary_within_a_line_is_seen_by_one_reader_only() {
        let mail = b"Content-Type: multipart/mixed; boundary=b\n\n!--b\n\na\n--b\n\nb\n--b--\n";
        let limits = MailLimits::default();
        let before = read(mail, &limits).unwrap();
        assert_eq!(before.root.parts.len(), 1);
        let leaf = &before.root.parts[0];
        let edit = EditedLeaf { body: b"b\nF".to_vec(), to_utf_8: false, encoding: None, added: "\nF".into() };
        let after = [&mail[..leaf.body.start], &edit.body, &mail[leaf.body.end..]].concat();
        assert_eq!(same_but_for(mail, &before, &[(leaf, edit)], &after, &limits), Err(DISAGREE));
    }

    #[test]
    fn a_boundary_in_a_footer_is_found() {
        let mail = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n--b--\n";
        let limits = MailLimits::default();
        let before = read(mail, &limits).unwrap();
        let leaf = &before.root.parts[0];
        let edit = |body: &str, added: &str| {
            let edit = EditedLeaf { body: body.into(), to_utf_8: false, encoding: None, added: added.into() };
            let after = [&mail[..leaf.body.start], body.as_bytes(), &mail[leaf.body.end..]].concat();
            same_but_for(mail, &before, &[(leaf, edit)], &after, &limits)
        };
        assert_eq!(edit("a\nF", "\nF"), Ok(before.root.body.start));
        assert_eq!(edit("a\n--b\n\nF", "\n--b\n\nF"), Err(DISAGREE));
        assert_eq!(edit("a\nG", "\nF"), Err(DISAGREE));
        assert_eq!(edit("\nF", "\nF"), Err(DISAGREE));
    }
}
