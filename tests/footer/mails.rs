//! Mails and footers that the tests share.

use nayose::footer::{EditedMail, FooterText, MailLimits, MailSlot, Placed, place};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// What becomes of a mail of the corpus, and why it is there.
#[derive(Debug, Deserialize)]
pub struct Cause {
    pub becomes: String,
    pub cause: String,
}

/// A mail of `tests/footer_mails`.
pub struct CorpusMail {
    pub name: String,
    pub bytes: Vec<u8>,
    pub cause: Cause,
}

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/footer_mails")
}

pub fn corpus() -> Vec<CorpusMail> {
    let causes = fs::read_to_string(folder().join("causes.toml")).unwrap();
    let causes: BTreeMap<String, Cause> = toml::from_str(&causes).unwrap();
    let read = |(name, cause): (String, Cause)| {
        let bytes = fs::read(folder().join(format!("{name}.eml"))).unwrap_or_else(|e| panic!("{name}: {e}"));
        CorpusMail { name, bytes, cause }
    };
    causes.into_iter().map(read).collect()
}

pub fn corpus_mail(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.eml"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

pub const TEXT: &str = "サポート便り読者の方へ:\n春のご案内 https://example.jp/spring\n配信停止 https://example.jp/stop";
pub const HTML: &str = "<div style=\"font-size:12px\">春のご案内 <a href=\"https://example.jp/spring\">詳しく</a><br>\n<a href=\"https://example.jp/stop\">配信停止</a></div>";

/// Within JIS X 0208.
pub fn japanese() -> FooterText {
    FooterText::new("spring", HTML, TEXT).unwrap()
}

/// Within no charset but Unicode's.
pub fn with_emoji() -> FooterText {
    FooterText::new("emoji", "<p>🌸 ①㈱髙 ｶﾅ = 5 €</p>", "🌸 ①㈱髙 ｶﾅ = 5 €\nhttps://example.jp/stop?a=b").unwrap()
}

pub fn english() -> FooterText {
    FooterText::new("plain", "<p>Spring = sale. <a href='https://example.jp/stop'>Stop</a></p>", "Spring = sale.\nhttps://example.jp/stop")
        .unwrap()
}

pub fn slot() -> MailSlot {
    MailSlot { senders: vec!["@example.jp".into()], ..MailSlot::default() }
}

/// A mail of the slot's own list goes through the slot that names it.
pub fn slot_of(mail: &[u8]) -> MailSlot {
    let own = mail.windows(17).any(|seen| seen == b"<news.example.jp>");
    if own { MailSlot { lists: vec!["news.example.jp".into()], ..slot() } } else { slot() }
}

pub fn put(mail: &[u8], footer: &FooterText) -> Placed {
    place(mail, footer, &slot_of(mail), &MailLimits::default())
}

/// The name of the reason, or `edited`.
pub fn outcome(placed: &Placed) -> &'static str {
    match placed {
        Placed::Edited(_) => "edited",
        Placed::Untouched(why) => why.name(),
    }
}

pub fn edited(mail: &[u8], footer: &FooterText) -> EditedMail {
    match put(mail, footer) {
        Placed::Edited(edited) => edited,
        Placed::Untouched(why) => panic!("{why}\n{}", String::from_utf8_lossy(mail)),
    }
}

/// A header that the slot takes.
pub const HEAD: &str = "From: Support <support@example.jp>\r\nTo: hanako@example.com\r\nSubject: News\r\nMIME-Version: 1.0\r\n";

/// A mail with this rest of its header and body; `\n` becomes CRLF.
pub fn mail(rest: &str) -> Vec<u8> {
    format!("{HEAD}{}", rest.replace('\n', "\r\n")).into_bytes()
}
