//! What systems say in an answer that failed, in words that a reader can use.

use crate::model::visible_line;

/// On one line and without anything that acts on a terminal; of an HTML page only its title.
pub fn readable(text: &str) -> String {
    let line = match page_title(text) {
        Some(Some(title)) => format!("an HTML page with the title {:?}", one_line(title)),
        Some(None) => "an HTML page".to_string(),
        None => one_line(text),
    };
    visible_line(&line).into_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `None`: it is no HTML page; `Some(None)`: one without a title.
fn page_title(text: &str) -> Option<Option<&str>> {
    let begin: String = text.trim_start_matches('\u{feff}').trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
    if !["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| begin.starts_with(tag)) {
        return None;
    }
    // Of the same length as the text, as only ASCII letters change.
    let lower = text.to_ascii_lowercase();
    let open = lower.find("<title").and_then(|at| Some(at + lower.get(at..)?.find('>')? + 1));
    let title = open.and_then(|from| Some(from..from + lower.get(from..)?.find("</title")?)).and_then(|range| text.get(range));
    Some(title.map(str::trim).filter(|t| !t.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_in_words() {
        for (text, want) in [
            ("no such\r\n field", "no such field"),
            (
                "<!DOCTYPE html><html><head><title>Login - ACME</title></head><body onload=\"x()\">",
                "an HTML page with the title \"Login - ACME\"",
            ),
            ("  <HTML><Head><TITLE lang=ja>\n保守中\n</TITLE>", "an HTML page with the title \"保守中\""),
            ("<html><body>502</body></html>", "an HTML page"),
            ("<html><title>", "an HTML page"),
            ("{\"error\":\"<html>\"}", "{\"error\":\"<html>\"}"),
            ("\u{1b}[31mred\u{202e}", "\u{fffd}[31mred\u{fffd}"),
        ] {
            assert_eq!(readable(text), want, "{text:?}");
        }
    }
}
