//! Texts with `{name}` in them. Which names a place may use is fenced at load; `{{` and `}}` are braces, and `{,name}` is the value with
//! a comma before it, or nothing where the value is not given.
//!
//! A filled template may hold a secret, so neither [`Template`] nor its errors ever show text.

use std::borrow::Cow;
use std::fmt;

/// A text with names to be filled in.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<TemplatePart>,
}

#[derive(Clone, PartialEq, Eq)]
enum TemplatePart {
    Text(Box<str>),
    Name(Box<str>),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a brace that stands alone; write {{name}}, or {{{{ and }}}} for braces themselves")]
pub struct BadTemplate;

/// What is known of a name while a template is bound to its system.
pub enum NameMeaning {
    Is(String),
    /// Known only when the request is made.
    Later,
    /// An optional setting that was not given.
    Unset,
}

impl Template {
    pub fn parse(text: &str) -> Result<Template, BadTemplate> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let tail = &rest[at..];
            if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
                plain.push_str(&tail[..1]);
                rest = after;
                continue;
            }
            let (name, after) = tail.strip_prefix('{').and_then(|t| t.split_once('}')).ok_or(BadTemplate)?;
            let bare = name.strip_prefix(',').unwrap_or(name);
            if bare.is_empty() || !bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
                return Err(BadTemplate);
            }
            if !plain.is_empty() {
                parts.push(TemplatePart::Text(std::mem::take(&mut plain).into()));
            }
            parts.push(TemplatePart::Name(name.into()));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(TemplatePart::Text(plain.into()));
        }
        Ok(Template { parts })
    }

    /// The names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|p| match p {
            TemplatePart::Name(name) => Some(name.strip_prefix(',').unwrap_or(name)),
            TemplatePart::Text(_) => None,
        })
    }

    /// The name, if the whole text is one name.
    pub fn sole_name(&self) -> Option<&str> {
        match &*self.parts {
            [TemplatePart::Name(name)] => Some(name),
            _ => None,
        }
    }

    /// Fills in what is known; `None` if it names an unset setting.
    pub fn bind(&self, known: &dyn Fn(&str) -> NameMeaning) -> Option<Template> {
        let mut parts: Vec<TemplatePart> = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let text: Box<str> = match part {
                TemplatePart::Text(text) => text.clone(),
                TemplatePart::Name(name) if name.starts_with(',') => match known(&name[1..]) {
                    NameMeaning::Is(text) if !text.is_empty() => format!(",{text}").into(),
                    _ => continue,
                },
                TemplatePart::Name(name) => match known(name) {
                    NameMeaning::Is(text) => text.into(),
                    NameMeaning::Later => {
                        parts.push(TemplatePart::Name(name.clone()));
                        continue;
                    }
                    NameMeaning::Unset => return None,
                },
            };
            match parts.last_mut() {
                Some(TemplatePart::Text(before)) => *before = format!("{before}{text}").into(),
                _ => parts.push(TemplatePart::Text(text)),
            }
        }
        Some(Template { parts })
    }

    /// The text with every name filled in by `value`; a name it does not know becomes nothing, which the fences at load rule out.
    pub fn fill<'v>(&self, value: &dyn Fn(&str) -> Option<Cow<'v, str>>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                TemplatePart::Text(text) => out.push_str(text),
                TemplatePart::Name(name) => out.push_str(value(name).as_deref().unwrap_or_default()),
            }
        }
        out
    }

    /// The text of a template in which no name is left.
    pub fn text(&self) -> String {
        self.fill(&|_| None)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fills_and_binds() {
        let t = Template::parse("x {settings.a}/{id}?q={{b}}").unwrap();
        assert_eq!(t.names().collect::<Vec<_>>(), ["settings.a", "id"]);
        let bound = t.bind(&|n| if n == "id" { NameMeaning::Later } else { NameMeaning::Is("S".into()) }).unwrap();
        assert_eq!(bound.names().collect::<Vec<_>>(), ["id"]);
        assert_eq!(bound.fill(&|_| Some("7".into())), "x S/7?q={b}");
        assert!(t.bind(&|_| NameMeaning::Unset).is_none());
        assert_eq!(Template::parse("{ids}").unwrap().sole_name(), Some("ids"));
        assert_eq!(format!("{bound:?}"), "Template(..)");
        let t = Template::parse("id{,hold.permit}").unwrap();
        assert_eq!(t.bind(&|_| NameMeaning::Unset).unwrap().text(), "id");
        assert_eq!(t.bind(&|_| NameMeaning::Is("ok".into())).unwrap().text(), "id,ok");
    }

    #[test]
    fn refuses_lone_braces() {
        for bad in ["{", "}", "a{b", "a}b", "{}", "{a b}", "{,}", "{{}", "{a{b}}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_without_braces_stays_as_it_is(text in "[^{}]*") {
            prop_assert_eq!(Template::parse(&text).unwrap().text(), text);
        }
    }
}
