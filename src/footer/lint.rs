//! What a footer's HTML does beside being shown.

use html5gum::Tokenizer;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use std::convert::Infallible;

/// Elements that load something or take something in.
const ACTIVE: [&str; 13] =
    ["img", "picture", "video", "audio", "source", "object", "embed", "applet", "form", "input", "button", "link", "base"];
/// Attributes whose value is an address.
const ADDRESSES: [&str; 5] = ["href", "src", "action", "background", "poster"];
/// What an address may begin with; others run something, or lead nowhere in a mail.
const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "tel:"];

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
        if ACTIVE.contains(&name) {
            self.found
                .push(format!("<{name}> loads something or takes something in: who opens a mail is not to be told to others; take it out"));
        }
    }

    fn attribute(&mut self, name: String) {
        if name.starts_with("on") {
            self.found.push(format!("{name}=\"..\" is a script: take it out"));
        }
        self.attribute = name;
    }

    fn value(&mut self, value: &str) {
        let value = value.trim().to_lowercase();
        if ADDRESSES.contains(&&*self.attribute) && !SCHEMES.iter().any(|scheme| value.starts_with(scheme)) {
            self.found.push(format!("{}=\"{value}\" leads nowhere in a mail: expected https://.. or mailto:..", self.attribute));
        }
        if self.attribute == "style" && value.contains("url(") {
            self.found.push("a style with url(..) loads something: take it out".into());
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
            ("<img src='https://acme.example/a.gif'>", "<img> loads"),
            ("<a href='javascript:alert(1)'>a</a>", "leads nowhere"),
            ("<a href='/webinar'>a</a>", "leads nowhere"),
            ("<p onclick='x()'>a</p>", "onclick=\"..\" is a script"),
            ("<p style='background:URL(https://acme.example/a)'>a</p>", "url(..)"),
            ("<form action='https://acme.example/'>", "<form> loads"),
        ] {
            let lint = looked_through(html);
            assert!(lint.found.iter().any(|found| found.contains(says)), "{html}: {:?}", lint.found);
        }
    }
}
