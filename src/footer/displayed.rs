//! Which leaves a recipient sees: the first text and the first HTML of one body, never an attachment.

use super::reading::{MimePart, ReadMail, Showing};
use super::why::WhyUntouched;

/// The leaves that a footer goes into: one, or both.
#[derive(Debug, Default)]
pub(super) struct DisplayedLeaves<'r> {
    pub(super) text: Option<&'r MimePart>,
    pub(super) html: Option<&'r MimePart>,
}

impl DisplayedLeaves<'_> {
    fn is_empty(&self) -> bool {
        self.text.is_none() && self.html.is_none()
    }
}

/// The displayed body of a mail.
pub(super) fn displayed<'r>(mail: &[u8], read: &'r ReadMail) -> Result<DisplayedLeaves<'r>, WhyUntouched> {
    let found = body_of(mail, &read.root)?;
    if found.is_empty() { Err(WhyUntouched::NoBody) } else { Ok(found) }
}

fn body_of<'r>(mail: &[u8], part: &'r MimePart) -> Result<DisplayedLeaves<'r>, WhyUntouched> {
    if part.showing == Showing::Attached {
        return Ok(DisplayedLeaves::default());
    }
    match part.media.kind.as_str() {
        "text/plain" => Ok(DisplayedLeaves { text: Some(part), html: None }),
        "text/html" => Ok(DisplayedLeaves { text: None, html: Some(part) }),
        "multipart/alternative" => alternative(mail, part),
        "multipart/related" => body_of(mail, root_of(mail, part)?),
        "multipart/mixed" => mixed(mail, part),
        kind if kind.starts_with("multipart/") => Err(WhyUntouched::MultipartUnknown),
        _ => Ok(DisplayedLeaves::default()),
    }
}

/// Each form of the one text must take the footer, or none does.
fn alternative<'r>(mail: &[u8], part: &'r MimePart) -> Result<DisplayedLeaves<'r>, WhyUntouched> {
    let mut found = DisplayedLeaves::default();
    for child in &part.parts {
        let leaves = body_of(mail, child)?;
        let again = (leaves.text.is_some() && found.text.is_some()) || (leaves.html.is_some() && found.html.is_some());
        // Also AMP, enriched text, or HTML for a watch.
        if leaves.is_empty() || again {
            return Err(WhyUntouched::OtherForm);
        }
        found.text = found.text.or(leaves.text);
        found.html = found.html.or(leaves.html);
    }
    Ok(found)
}

/// The part that `start` names, else the first.
fn root_of<'r>(mail: &[u8], part: &'r MimePart) -> Result<&'r MimePart, WhyUntouched> {
    let first = part.parts.first().ok_or(WhyUntouched::NoBody)?;
    let Some(start) = part.media.parameter("start") else { return Ok(first) };
    let id = |child: &&MimePart| {
        let field = child.field(mail, "Content-ID");
        field.is_some_and(|field| mail[field.value.clone()].trim_ascii() == start.value.trim_ascii())
    };
    part.parts.iter().find(id).ok_or(WhyUntouched::NoBody)
}

/// The first that is shown is the body. What a list adds says `inline`; other text behind it is the body's going on.
fn mixed<'r>(mail: &[u8], part: &'r MimePart) -> Result<DisplayedLeaves<'r>, WhyUntouched> {
    let mut found = DisplayedLeaves::default();
    for child in &part.parts {
        let leaves = body_of(mail, child)?;
        if found.is_empty() {
            found = leaves;
            continue;
        }
        let of_a_list = child.showing == Showing::Inline && child.media.kind == "text/plain";
        if !leaves.is_empty() && !of_a_list {
            return Err(WhyUntouched::SeveralBodies);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::reading::read;
    use super::super::slot::MailLimits;
    use super::*;

    /// `multipart/mixed(text/plain image/png)`, told by its displayed leaves.
    fn leaves(parts: &[&str], kind: &str) -> Result<String, &'static str> {
        let bodies: Vec<String> = parts.iter().map(|p| format!("--b\nContent-Type: {p}\n\nx\n")).collect();
        let mail = format!("Content-Type: multipart/{kind}; boundary=b\n\n{}--b--\n", bodies.concat());
        let read = read(mail.as_bytes(), &MailLimits::default()).unwrap();
        let found = displayed(mail.as_bytes(), &read).map_err(WhyUntouched::name)?;
        let place = |leaf: Option<&MimePart>| read.root.parts.iter().position(|p| leaf.is_some_and(|l| std::ptr::eq(l, p)));
        Ok(format!("{:?} {:?}", place(found.text), place(found.html)))
    }

    #[test]
    fn the_displayed_leaves() {
        let inline = "text/plain\nContent-Disposition: inline";
        let table: [(&str, &[&str], Result<&str, &str>); 12] = [
            ("alternative", &["text/plain", "text/html"], Ok("Some(0) Some(1)")),
            ("alternative", &["text/html", "text/plain"], Ok("Some(1) Some(0)")),
            ("alternative", &["text/plain", "text/x-amp-html", "text/html"], Err("other_form")),
            ("alternative", &["text/plain", "text/plain"], Err("other_form")),
            ("mixed", &["text/plain", "image/png", inline], Ok("Some(0) None")),
            ("mixed", &["text/plain", "image/png", "text/plain"], Err("several_bodies")),
            ("mixed", &["text/plain", "text/html"], Err("several_bodies")),
            ("mixed", &["text/plain; name=a.txt", "text/html"], Ok("None Some(1)")),
            ("mixed", &["text/plain\nContent-Disposition: attachment", "image/png"], Err("no_body")),
            ("related", &["text/html", "image/png"], Ok("None Some(0)")),
            ("related; start=\"<r>\"", &["image/png", "text/html\nContent-ID: <r>"], Ok("None Some(1)")),
            ("x-strange", &["text/plain"], Err("multipart_unknown")),
        ];
        for (kind, parts, expected) in table {
            assert_eq!(leaves(parts, kind).as_deref().map_err(|e| *e), expected, "{kind} {parts:?}");
        }
    }
}
