//! What a footer's HTML does beside being shown.

use html5gum::Tokenizer;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use std::convert::Infallible;

/// What a footer is made of: text, links and tables. Whatever else there is, or comes to be, may load something or take something in.
const ELEMENTS: [&str; 36] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "u",
    "ul",
];
const ATTRIBUTES: [&str; 24] = [
    "align",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "class",
    "color",
    "colspan",
    "dir",
    "face",
    "height",
    "href",
    "id",
    "lang",
    "rel",
    "role",
    "rowspan",
    "size",
    "start",
    "style",
    "target",
    "title",
    "valign",
    "width",
];
/// What a link may begin with; others run something, or lead nowhere in a mail.
const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "tel:"];
/// Parts of a style that load something.
const LOADING: [&str; 3] = ["url(", "image-set(", "@import"];

/// What was found in a piece of HTML.
#[derive(Debug, Default)]
pub(super) struct Lint {
    /// Links to click on.
    pub(super) links: usize,
    /// What should not stand there, for people.
    pub(super) found: Vec<String>,
    attribute: String,
}

/// Looks through a footer's HTML.
pub(super) fn looked_through(html: &str) -> Lint {
    let mut lint = Lint::default();
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: html5gum::Span<()>| -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => lint.element(&String::from_utf8_lossy(name).to_lowercase()),
            CallbackEvent::AttributeName { name } => lint.attribute(String::from_utf8_lossy(name).to_lowercase()),
            CallbackEvent::AttributeValue { value } => lint.value(&String::from_utf8_lossy(value)),
            _ => {}
        }
        None
    });
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    lint
}

/// What should not stand in a footer's HTML, for people.
pub fn found(html: &str) -> Vec<String> {
    looked_through(html).found
}

impl Lint {
    fn element(&mut self, name: &str) {
        if name == "a" {
            self.links += 1;
        }
        if !ELEMENTS.contains(&name) {
            self.found.push(format!(
                "<{name}> is neither text nor a link: what it loads or takes in would tell others who opens the mail; take it out"
            ));
        }
    }

    fn attribute(&mut self, name: String) {
        if !ATTRIBUTES.contains(&&*name) {
            self.found.push(format!("{name}=\"..\" may load or run something: take it out"));
        }
        self.attribute = name;
    }

    fn value(&mut self, value: &str) {
        let value = value.trim().to_lowercase();
        if self.attribute == "href" && !SCHEMES.iter().any(|scheme| value.starts_with(scheme)) {
            self.found.push(format!("href=\"{value}\" leads nowhere in a mail: expected https://.. or mailto:.."));
        }
        // A comment or an escape within a word would hide it.
        if self.attribute == "style" && (LOADING.iter().any(|part| value.contains(part)) || value.contains("/*") || value.contains('\\')) {
            self.found.push("the style loads something, or may: take url(..), image-set(..), comments and escapes out of it".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loads_or_runs_is_found_and_links_are_counted() {
        let lint =
            looked_through("<p style=\"color:#333\">a <a href=\"https://acme.example/\">b</a> <A HREF='mailto:a@acme.example'>c</A></p>");
        assert_eq!((lint.links, lint.found.len()), (2, 0), "{:?}", lint.found);
        for (html, says) in [
            ("<img src='https://acme.example/a.gif'>", "<img> is neither"),
            ("<svg><image href='https://acme.example/a.gif'/></svg>", "<image> is neither"),
            ("<table background='https://acme.example/a.gif'></table>", "background=\"..\" may load"),
            ("<a href='https://acme.example/' ping='https://other.example/'>a</a>", "ping=\"..\" may load"),
            ("<p style='background: image-set(\"https://acme.example/a\" 1x)'>a</p>", "image-set(..)"),
            ("<p style='background: u\\72l(https://acme.example/a)'>a</p>", "escapes"),
            ("<a href='java&#115;cript:alert(1)'>a</a>", "leads nowhere"),
            ("<a href='javascript:alert(1)'>a</a>", "leads nowhere"),
            ("<a href='/webinar'>a</a>", "leads nowhere"),
            ("<p onclick='x()'>a</p>", "onclick=\"..\" may load or run"),
            ("<p style='background:URL(https://acme.example/a)'>a</p>", "url(..)"),
            ("<form action='https://acme.example/'>", "<form> is neither"),
        ] {
            let lint = looked_through(html);
            assert!(lint.found.iter().any(|found| found.contains(says)), "{html}: {:?}", lint.found);
        }
    }
}
