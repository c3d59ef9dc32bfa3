//! What is wrong in the config folder, told so that it can be put right: file, line, the text underlined, and what was expected.

use crate::model::counted;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Columns of the drawn form; long messages are wrapped there.
const WIDTH: usize = 120;

/// Beyond it nothing is underlined, only told: what draws cannot count further than 65,535 columns, and a tab is several.
const UNDERLINED_COLUMN_MAX: usize = 8_000;

/// Mistakes drawn at most; with more, it is another file by mistake.
const DRAWN_MAX: usize = 100;

/// One mistake in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub file: Cow<'static, str>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Bytes of the file; `None` where there is nothing to underline (the file is missing).
    pub span: Option<Range<usize>>,
    pub text: String,
    /// What was expected, or how to put it right; may be empty.
    pub expected: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// All mistakes of a config folder, in the order of files and lines; never empty.
///
/// Holds the files' texts for drawing, with everything blanked that may be a secret.
#[derive(Debug, Clone)]
pub struct Mistakes {
    list: Vec<Mistake>,
    /// How many more there are, which are not told.
    more: usize,
    /// By file name.
    texts: BTreeMap<Cow<'static, str>, ShownText>,
}

impl Mistakes {
    /// `texts` must hold no secrets: they are shown.
    pub(in crate::config) fn new(mut list: Vec<Mistake>, more: usize, texts: Vec<(Cow<'static, str>, String)>) -> Mistakes {
        // The users' own examples come after the files that they rest on.
        let order = |m: &Mistake| crate::config::FILES.iter().position(|f| *f == m.file).unwrap_or(crate::config::FILES.len());
        list.sort_by(|a, b| (order(a), &a.file, a.line, a.column).cmp(&(order(b), &b.file, b.line, b.column)));
        list.dedup();
        let shown = |(file, text): (Cow<'static, str>, String)| (file.clone(), ShownText { file, text });
        Mistakes { list, more, texts: texts.into_iter().map(shown).collect() }
    }

    /// Those that are told.
    pub fn list(&self) -> &[Mistake] {
        &self.list
    }

    /// A line each, `file:line: message`; beyond a number they are counted.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.list.iter().take(DRAWN_MAX).map(ToString::to_string).collect();
        lines.extend(self.beyond(DRAWN_MAX));
        lines
    }

    /// What is said of those behind the first ones.
    fn beyond(&self, first: usize) -> Option<String> {
        let more = self.count() - self.list.len().min(first);
        (more > 0).then(|| format!("and {more} more"))
    }

    fn count(&self) -> usize {
        self.list.len() + self.more
    }

    /// The drawn form, without colours, for people at a terminal.
    pub fn drawn(&self) -> String {
        let handler =
            GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_links(false).with_context_lines(0).with_width(WIDTH);
        let mut out = String::new();
        for mistake in self.list.iter().take(DRAWN_MAX) {
            let shown = Drawn { mistake, text: self.texts.get(&mistake.file) };
            if handler.render_report(&mut out, &shown).is_err() {
                out.push_str(&format!("{mistake}\n"));
            }
            out.push('\n');
        }
        if let Some(more) = self.beyond(DRAWN_MAX) {
            out.push_str(&format!("{more}\n"));
        }
        out.push_str(&format!("{} in {}\n", counted(self.count(), "mistake", "mistakes"), self.files().join(", ")));
        out
    }

    /// `{"ok": false, "mistakes": [{"file", "line", "column", "message", "expected"}]}`; and `"more"`, where there are more than are told.
    pub fn to_json(&self) -> serde_json::Value {
        let list = self.list.iter().map(|m| {
            serde_json::json!({"file": m.file, "line": m.line, "column": m.column, "message": m.text,
                "expected": if m.expected.is_empty() { None } else { Some(&m.expected) }})
        });
        let mut told = serde_json::json!({ "ok": false, "mistakes": list.collect::<Vec<_>>() });
        if self.more > 0 {
            told["more"] = self.more.into();
        }
        told
    }

    fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self.list.iter().map(|m| &*m.file).collect();
        files.dedup();
        files
    }
}

/// One line a mistake, `file:line: message`.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for Mistakes {}

/// A file's text, of which whole lines are shown.
#[derive(Debug, Clone)]
struct ShownText {
    file: Cow<'static, str>,
    text: String,
}

impl ShownText {
    /// The place without what lies beyond its first line: a text that was never closed would fill the screen.
    fn on_one_line(&self, span: &Range<usize>) -> Range<usize> {
        let (before, rest) = self.text.split_at_checked(span.start).unwrap_or((&self.text, ""));
        let line = rest.split('\n').next().unwrap_or("").trim_end().len();
        let end = span.end.min(span.start + line);
        // Nothing can be underlined at a line's end; its last letter stands for it.
        let last = before.chars().next_back().filter(|c| line == 0 && *c != '\n').map_or(0, char::len_utf8);
        span.start - last..end.max(span.start)
    }
}

impl SourceCode for ShownText {
    fn read_span<'a>(&'a self, span: &SourceSpan, _: usize, _: usize) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (before, rest) = self.text.split_at_checked(span.offset()).ok_or(MietteError::OutOfBounds)?;
        let after = rest.get(span.len()..).ok_or(MietteError::OutOfBounds)?;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let end = self.text.len() - after.len() + after.find('\n').unwrap_or(after.len());
        let shown = &self.text[start..end];
        let (line, count) = (before.matches('\n').count(), 1 + shown.matches('\n').count());
        let (column, whole) = (before[start..].chars().count(), SourceSpan::from(start..end));
        Ok(Box::new(MietteSpanContents::new_named(self.file.to_string(), shown.as_bytes(), whole, line, column, count)))
    }
}

struct Drawn<'a> {
    mistake: &'a Mistake,
    text: Option<&'a ShownText>,
}

impl fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.mistake, f)
    }
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistake.span {
            Some(_) if self.mistake.column <= UNDERLINED_COLUMN_MAX => f.write_str(&self.mistake.text),
            Some(_) => write!(f, "{}", self.mistake),
            None => write!(f, "{}: {}", self.mistake.file, self.mistake.text),
        }
    }
}

impl std::error::Error for Drawn<'_> {}

impl Diagnostic for Drawn<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.mistake.expected.is_empty()).then(|| Box::new(&self.mistake.expected) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.map(|t| t as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.mistake.column > UNDERLINED_COLUMN_MAX {
            return None;
        }
        let span = self.text?.on_one_line(self.mistake.span.as_ref()?);
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(None, span))))
    }
}
