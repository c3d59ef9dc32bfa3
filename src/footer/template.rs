//! Footers' files filled in. A template knows who sends and how to say no, and must show both; it knows nothing of who reads.

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, context};

/// Steps a template may take; a loop that never ends is none.
const FUEL: u64 = 20_000;
/// In place of what must be shown, to see whether it is.
const SENDER_MARK: &str = "NayoseSenderStandsHere";
const OPT_OUT_MARK: &str = "NayoseOptOutStandsHere";

/// What every footer must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterFrame {
    /// Who sends: name, street address, contact; a line each.
    pub sender: Vec<String>,
    /// Where one says no: `https://..` or `mailto:..`.
    pub opt_out: String,
}

/// The two forms of a footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FooterForm {
    Html,
    Text,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateMistake {
    /// From 1; `None`: it is none of a line.
    pub line: Option<usize>,
    pub what: String,
    pub hint: &'static str,
}

/// Fills a template in.
pub fn filled(form: FooterForm, template: &str, frame: &FooterFrame) -> Result<String, TemplateMistake> {
    let marked = FooterFrame { sender: vec![SENDER_MARK.into()], opt_out: OPT_OUT_MARK.into() };
    let shown = render(form, template, &marked)?;
    let lacks = |name: &str, hint| TemplateMistake { line: None, what: format!("it does not show {{{{ {name} }}}}"), hint };
    if !shown.contains(SENDER_MARK) {
        return Err(lacks("sender", "the law wants the sender's name and address in it: write {{ sender }} where they go"));
    }
    if !shown.contains(OPT_OUT_MARK) {
        return Err(lacks(
            "opt_out",
            "the law wants a way to say no in it: write {{ opt_out }}, in HTML as <a href=\"{{ opt_out }}\">..</a>",
        ));
    }
    render(form, template, frame)
}

fn render(form: FooterForm, template: &str, frame: &FooterFrame) -> Result<String, TemplateMistake> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(move |_| if form == FooterForm::Html { AutoEscape::Html } else { AutoEscape::None });
    environment.set_fuel(Some(FUEL));
    let sender = match form {
        FooterForm::Html => Value::from_safe_string(frame.sender.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br>\n")),
        FooterForm::Text => Value::from(frame.sender.join("\n")),
    };
    let opt_out = match form {
        FooterForm::Html => Value::from_safe_string(escaped(&frame.opt_out)),
        FooterForm::Text => Value::from(frame.opt_out.as_str()),
    };
    let known = context! { sender, opt_out };
    environment.render_str(template, known).map_err(|error| TemplateMistake {
        line: error.line(),
        what: match error.kind() {
            ErrorKind::UndefinedError => "it asks for something that is not there".into(),
            ErrorKind::OutOfFuel => "it takes too many steps".into(),
            kind => error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
        },
        hint: "known are sender and opt_out, as {{ sender }}",
    })
}

/// Text as it stands in HTML, in an attribute as well. MiniJinja's own writes `/` as a reference, which makes addresses hard to read.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> FooterFrame {
        FooterFrame {
            sender: vec!["株式会社 A&B".into(), "東京都千代田区 1-1".into()],
            opt_out: "https://acme.example/stop?a=1&b=2".into(),
        }
    }

    #[test]
    fn sender_and_opt_out_are_shown_as_each_form_takes_them() {
        let html = filled(FooterForm::Html, "<p>{{ sender }}<br><a href=\"{{ opt_out }}\">Stop</a></p>", &frame());
        let shown = "<p>株式会社 A&amp;B<br>\n東京都千代田区 1-1<br><a href=\"https://acme.example/stop?a=1&amp;b=2\">Stop</a></p>";
        assert_eq!(html.as_deref(), Ok(shown));
        let text = filled(FooterForm::Text, "{{ sender }}\n停止: {{ opt_out }}", &frame());
        assert_eq!(text.as_deref(), Ok("株式会社 A&B\n東京都千代田区 1-1\n停止: https://acme.example/stop?a=1&b=2"));
    }

    #[test]
    fn what_the_law_wants_must_be_in_it() {
        for (template, lacks) in
            [("a", "sender"), ("{{ sender }}", "opt_out"), ("{{ opt_out }}", "sender"), ("{# {{ sender }} #}{{ opt_out }}", "sender")]
        {
            let mistake = filled(FooterForm::Text, template, &frame()).unwrap_err();
            assert_eq!(mistake.what, format!("it does not show {{{{ {lacks} }}}}"), "{template}");
        }
    }

    #[test]
    fn a_mistake_names_its_line() {
        for (template, line) in [
            ("a\n{{ sedner }}", 2),
            ("{{ sender }}\n{{ opt_out }}\n\n{{ person.name }}", 4),
            ("a\n{% if %}", 2),
            ("{% for a in range(9000) %}{% for b in range(9000) %}{% endfor %}{% endfor %}", 1),
        ] {
            let mistake = filled(FooterForm::Html, template, &frame()).unwrap_err();
            assert_eq!(mistake.line, Some(line), "{template}: {mistake:?}");
        }
    }
}
