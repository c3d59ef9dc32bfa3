//! A footer as one recipient gets it: rendered, in both forms.

use super::html;
use thiserror::Error;

/// A footer whose forms can stand in any mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterText {
    id: String,
    html: String,
    text: String,
}

/// Octets of a line. SMTP carries 998; in another charset or with character references a line grows.
const LINE_BYTES_MAX: usize = 900;
/// Octets of a form. Google's own footers end at 10,000 characters.
const FORM_BYTES_MAX: usize = 40_000;
const ID_CHARS_MAX: usize = 64;

/// Why a text cannot be a footer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FooterUnfit {
    #[error("the footer's id {0:?} is not one: up to 64 letters, digits, dots, hyphens and underscores of ASCII")]
    Id(String),
    #[error("the footer has no {0}: it needs both a text and an HTML form")]
    Missing(&'static str),
    #[error("the footer's {form} is {bytes} octets long; 40000 are the most")]
    TooLong { form: &'static str, bytes: usize },
    #[error("line {line} of the footer's {form} is longer than 900 octets: break it")]
    LineTooLong { form: &'static str, line: usize },
    #[error("the footer's {form} holds the control character U+{code:04X}: take it out")]
    Control { form: &'static str, code: u32 },
    #[error("the footer's HTML cannot stand within another page: {0}")]
    Markup(&'static str),
}

impl FooterText {
    /// Takes both forms as they were rendered; line ends of any kind.
    pub fn new(id: &str, html: &str, text: &str) -> Result<FooterText, FooterUnfit> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if id.is_empty() || id.len() > ID_CHARS_MAX || !id.chars().all(plain) || id.contains("--") {
            return Err(FooterUnfit::Id(id.to_string()));
        }
        let (html, text) = (form("HTML", html)?, form("text", text)?);
        if let Some(problem) = html::unfit(&html) {
            return Err(FooterUnfit::Markup(problem));
        }
        Ok(FooterText { id: id.to_string(), html, text })
    }

    /// Its name in the mark that each edited mail bears.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its HTML, lines ended by `\n`, none after the last.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// Its text, lines ended by `\n`, none after the last.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn form(name: &'static str, given: &str) -> Result<String, FooterUnfit> {
    let even = given.replace("\r\n", "\n").replace('\r', "\n");
    // Space at a line's end means something in flowed text, and is lost in quoted-printable.
    let lines: Vec<&str> = even.trim_matches('\n').split('\n').map(|line| line.trim_end_matches([' ', '\t'])).collect();
    let text = lines.join("\n");
    if text.trim().is_empty() {
        return Err(FooterUnfit::Missing(name));
    }
    if text.len() > FORM_BYTES_MAX {
        return Err(FooterUnfit::TooLong { form: name, bytes: text.len() });
    }
    if let Some(at) = lines.iter().position(|line| line.len() > LINE_BYTES_MAX) {
        return Err(FooterUnfit::LineTooLong { form: name, line: at + 1 });
    }
    let control = |c: &char| (c.is_control() && !['\n', '\t'].contains(c)) || ['\u{2028}', '\u{2029}', '\u{feff}'].contains(c);
    match text.chars().find(control) {
        Some(c) => Err(FooterUnfit::Control { form: name, code: c.into() }),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_has_both_forms_and_breaks_no_page() {
        let html = |html: &str| FooterText::new("f", html, "t").map(|f| f.html().to_string());
        assert_eq!(html("<p>a<br>b</p> \r\n").as_deref(), Ok("<p>a<br>b</p>"));
        for bad in ["<p", "<!-- x", "<script>1</script>", "<style>p{}</style>", "a</body>", "<html>", "<plaintext>", "<a title='x>y</a>"] {
            assert!(matches!(html(bad), Err(FooterUnfit::Markup(_))), "{bad}");
        }
        assert_eq!(html(" \n"), Err(FooterUnfit::Missing("HTML")));
        assert_eq!(html("a\0"), Err(FooterUnfit::Control { form: "HTML", code: 0 }));
        let id = |id: &str| FooterText::new(id, "<p>h</p>", "t").is_ok();
        assert!(id("spring-2026_v1.2"));
        assert!(!id("") && !id("a b") && !id("a\r\nBcc: x") && !id("a-->") && !id(&"a".repeat(65)));
        let text = |text: &str| FooterText::new("f", "h", text).map(|f| f.text().to_string());
        assert_eq!(text("\na \r\nb\n\n").as_deref(), Ok("a\nb"));
        assert_eq!(text(&format!("a\n{}", "あ".repeat(301))), Err(FooterUnfit::LineTooLong { form: "text", line: 2 }));
    }
}
