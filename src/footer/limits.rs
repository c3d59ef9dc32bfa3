//! How much a footer may be: one that is more than a footer makes a campaign of a service mail.

use super::text::FooterText;
use super::{html, lint};

/// How much of it there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FooterLimits {
    /// Characters that are shown, without blanks.
    pub characters: usize,
    /// Lines of the text form.
    pub lines: usize,
    /// Addresses to click on, with the one to say no.
    pub links: usize,
}

impl Default for FooterLimits {
    fn default() -> FooterLimits {
        FooterLimits { characters: 400, lines: 12, links: 3 }
    }
}

impl FooterLimits {
    /// What is more than may be.
    pub fn exceeded(&self, footer: &FooterText) -> Vec<String> {
        let characters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        let shown = characters(footer.text()).max(characters(&html::visible(footer.html())));
        let links = footer.text().matches("://").count().max(lint::looked_through(footer.html()).links);
        let counted =
            [(shown, self.characters, "characters"), (footer.text().lines().count(), self.lines, "lines"), (links, self.links, "links")];
        counted
            .iter()
            .filter(|(is, may, _)| is > may)
            .map(|(is, may, what)| format!("it has {is} {what}, and {may} are the most"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_counted_in_both_forms() {
        let limits = FooterLimits { characters: 5, lines: 2, links: 1 };
        let exceeded = |html: &str, text: &str| limits.exceeded(&FooterText::new("f", html, text).unwrap());
        assert!(exceeded("<p style='color:#000'>ab<br>cde</p>", "ab\ncde").is_empty(), "tags and blanks are not shown");
        assert_eq!(exceeded("<p>a</p>", "1\n2\n3"), ["it has 3 lines, and 2 are the most"]);
        assert_eq!(exceeded("<p>abcdef</p>", "a"), ["it has 6 characters, and 5 are the most"]);
        assert_eq!(exceeded("<a href='x'>a</a><A HREF='y'>b</A>", "a"), ["it has 2 links, and 1 are the most"]);
        assert_eq!(exceeded("<p>a</p>", "a").len(), 0);
    }
}
