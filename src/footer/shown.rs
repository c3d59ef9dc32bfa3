//! What a mail program shows of a mail, for whoever wants to see it.

use super::check::parsed;

/// The first text that is displayed, as HTML; a plain one is turned into some. `None`: nobody can tell which that is.
pub fn shown_html(mail: &[u8]) -> Option<String> {
    parsed(mail).ok()?.body_html(0).map(|html| html.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_mail_its_html_is_shown_and_a_plain_text_as_some() {
        let mail = |kind: &str, body: &str| {
            format!("From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{body}\r\n")
        };
        let shown = |kind: &str, body: &str| shown_html(mail(kind, body).as_bytes()).unwrap_or_default();
        assert!(shown("text/html", "<p>今月</p>").contains("<p>今月</p>"));
        assert!(shown("text/plain", "1 < 2").contains("1 &lt; 2"));
        assert_eq!(shown_html(b""), None);
    }
}
