//! Mails that nobody may edit: by their header, and by what they hold.

use super::fields::{FieldAt, unfolded};
use super::mark::MARK_HEADER;
use super::reading::{MimePart, ReadMail, Showing};
use super::slot::{MailSlot, SlotView};
use super::why::WhyUntouched;
use mail_parser::{MessageParser, MessagePart, PartType};

/// Looks at the mail's own header: is it one of the slot's, and one that may be edited?
pub(super) fn look_at_head(mail: &[u8], fields: &[FieldAt], slot: &MailSlot) -> Result<(), WhyUntouched> {
    in_slot(mail, fields, slot)?;
    let field = |name: &str| fields.iter().find(|field| field.is(mail, name));
    let has = |name: &str| field(name).is_some();
    if has(MARK_HEADER) {
        return Err(WhyUntouched::Marked);
    }
    if has("DKIM-Signature") || has("DKIM2-Signature") || has("DomainKey-Signature") {
        return Err(WhyUntouched::DkimSigned);
    }
    if has("ARC-Seal") || has("ARC-Message-Signature") {
        return Err(WhyUntouched::ArcSealed);
    }
    let value = |name: &str| field(name).map(|field| unfolded(&mail[field.value.clone()]).to_ascii_lowercase());
    if value("Auto-Submitted").is_some_and(|said| said != b"no") {
        return Err(WhyUntouched::AutoSubmitted);
    }
    if has("In-Reply-To") || has("References") {
        return Err(WhyUntouched::Reply);
    }
    if value("Content-Class").is_some_and(|said| said.windows(8).any(|word| word == b"calendar")) {
        return Err(WhyUntouched::Calendar);
    }
    // SMTPUTF8 has UTF-8 in headers; anything else is read by guessing.
    if fields.iter().any(|field| std::str::from_utf8(&mail[field.value.clone()]).is_err()) {
        return Err(WhyUntouched::EightBit);
    }
    Ok(())
}

/// Looks at what the mail holds.
pub(super) fn look_at_parts(mail: &[u8], read: &ReadMail) -> Result<(), WhyUntouched> {
    read.root.all().into_iter().try_for_each(|part| look_at_part(mail, part))
}

fn look_at_part(mail: &[u8], part: &MimePart) -> Result<(), WhyUntouched> {
    let kind = part.media.kind.as_str();
    match kind.strip_prefix("application/").unwrap_or(kind) {
        "multipart/signed" | "pgp-signature" | "pkcs7-signature" | "x-pkcs7-signature" => return Err(WhyUntouched::Signed),
        "multipart/encrypted" | "pgp-encrypted" => return Err(WhyUntouched::Encrypted),
        "pkcs7-mime" | "x-pkcs7-mime" => return Err(WhyUntouched::Smime),
        "multipart/report" | "message/delivery-status" | "message/disposition-notification" | "message/feedback-report" => {
            return Err(WhyUntouched::Report);
        }
        "message/global-delivery-status" | "message/global-disposition-notification" => return Err(WhyUntouched::Report),
        // Its parts are messages where nothing is said.
        "multipart/digest" => return Err(WhyUntouched::MultipartUnknown),
        "text/calendar" => return Err(WhyUntouched::Calendar),
        _ => {}
    }
    if part.showing != Showing::Attached && part.field(mail, "Content-MD5").is_some() {
        return Err(WhyUntouched::Checksum);
    }
    Ok(())
}

fn in_slot(mail: &[u8], fields: &[FieldAt], slot: &MailSlot) -> Result<(), WhyUntouched> {
    let field = |name: &str| fields.iter().find(|field| field.is(mail, name));
    let list = field("List-Id").map(|field| list_id(&unfolded(&mail[field.value.clone()])));
    let parsed = MessageParser::default().parse_headers(mail).ok_or(WhyUntouched::ReadersDisagree)?;
    let authors = parsed.from().map(|from| from.iter().filter_map(|author| author.address()).collect());
    let view = SlotView { from: authors.unwrap_or_default(), list: list.as_deref(), subject: parsed.subject().unwrap_or_default() };
    // Two fields of From are two authors to some readers, and one to others.
    let once = fields.iter().filter(|field| field.is(mail, "From")).count() == 1;
    if !once || !slot.takes(&view) {
        return Err(WhyUntouched::NoSlot);
    }
    let foreign = list.as_deref().map_or_else(|| field("List-Post").is_some(), |list| !slot.knows_list(list));
    if foreign { Err(WhyUntouched::ForeignList) } else { Ok(()) }
}

/// What stands in the angle brackets.
fn list_id(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let within = text.rsplit_once('<').map_or(&*text, |(_, rest)| rest);
    within.split('>').next().unwrap_or_default().trim().to_string()
}

/// Whether a leaf holds an armoured block.
pub(super) fn is_armoured(text: &str) -> bool {
    ["-----BEGIN PGP ", "-----BEGIN PKCS7", "-----BEGIN CMS", "-----BEGIN SIGNED MESSAGE"].iter().any(|head| text.contains(head))
}

/// Text without what quoting and wrapping change, to find a footer in it.
pub(super) fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '>' && *c != '|').collect()
}

/// Text of a part as the second reader sees it.
pub(super) fn text_of<'p>(part: &'p MessagePart<'_>) -> Option<&'p str> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_known_by_what_stands_in_its_brackets() {
        assert_eq!(list_id(b"\"News, <monthly>\" <news.example.jp>"), "news.example.jp");
        assert_eq!(list_id(b"news.example.jp"), "news.example.jp");
    }

    #[test]
    fn quoting_does_not_hide_a_footer() {
        assert!(bare("> -- \n> Spring\n>  sale | 2026").contains(&bare("Spring sale\n2026")));
        assert!(is_armoured("a\n-----BEGIN PGP SIGNED MESSAGE-----\n"));
    }
}
