//! Where a footer goes in HTML. A tokenizer reads it, so that `</body>` in a comment, a script or an attribute is none.

use super::why::WhyUntouched;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Error, Span, Tokenizer};
use std::convert::Infallible;

/// Elements whose content is no markup; nothing is displayed after one that is not closed.
const RAW: [&[u8]; 10] =
    [b"script", b"style", b"title", b"textarea", b"xmp", b"iframe", b"noembed", b"noframes", b"noscript", b"plaintext"];
/// A footer stands within a body.
const OF_PAGES: [&[u8]; 4] = [b"html", b"head", b"body", b"frameset"];

/// What matters of a page's tokens.
#[derive(Default)]
struct HtmlSeen {
    /// Where the last `</body>` begins.
    body_end: Option<usize>,
    /// Where the last `</html>` begins.
    page_end: Option<usize>,
    /// The element of raw text that is open.
    raw: Option<Vec<u8>>,
    /// It ends within a comment, a tag or a script.
    open: bool,
    /// An element of [`RAW`] or [`OF_PAGES`] was there.
    unfit: bool,
    /// What a reader shows, as far as it is text.
    visible: Vec<u8>,
}

/// All trail octets of the charsets in use are above `?`, so octets will do; ISO-2022-JP must come with its double octets masked.
fn look(html: &[u8]) -> HtmlSeen {
    let mut seen = HtmlSeen::default();
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: Span<usize>| -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                seen.unfit |= RAW.contains(&name) || OF_PAGES.contains(&name);
                seen.raw = RAW.contains(&name).then(|| name.to_vec());
            }
            CallbackEvent::EndTag { name } => {
                seen.unfit |= OF_PAGES.contains(&name);
                if seen.raw.as_deref() == Some(name) {
                    seen.raw = None;
                }
                match name {
                    b"body" => seen.body_end = Some(span.start),
                    b"html" => seen.page_end = Some(span.start),
                    _ => {}
                }
            }
            CallbackEvent::String { value } if seen.raw.is_none() => seen.visible.extend_from_slice(value),
            CallbackEvent::Error(
                Error::EofInComment
                | Error::EofInTag
                | Error::EofInScriptHtmlCommentLikeText
                | Error::EofBeforeTagName
                | Error::EofInDoctype
                | Error::EofInCdata,
            ) => seen.open = true,
            _ => {}
        }
        None
    });
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(html, emitter).finish();
    seen
}

/// Where a footer goes: before the last `</body>`, else before the last `</html>`, else at the end.
pub(super) fn insertion(html: &[u8]) -> Result<usize, WhyUntouched> {
    let seen = look(html);
    if seen.open || seen.raw.is_some() {
        return Err(WhyUntouched::HtmlOpen);
    }
    let at = seen.body_end.or(seen.page_end).unwrap_or(html.len());
    // Where the tokenizer does not point at a tag, nothing is certain.
    if at < html.len() && !html[at..].starts_with(b"</") {
        return Err(WhyUntouched::HtmlOpen);
    }
    Ok(at)
}

/// What a reader shows of it, as far as it is text.
pub(super) fn visible(html: &str) -> String {
    String::from_utf8_lossy(&look(html.as_bytes()).visible).into_owned()
}

/// Why a piece of HTML cannot stand within another page.
pub(super) fn unfit(html: &str) -> Option<&'static str> {
    let seen = look(html.as_bytes());
    if seen.open || seen.raw.is_some() {
        Some("it ends within a comment or a tag")
    } else if seen.unfit {
        Some("it holds a script, a style sheet, a title, a frame, or a tag of a whole page; use inline style")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_footer_goes_before_the_last_end_of_the_body() {
        let table: [(&str, Option<&str>); 16] = [
            ("<html><body>a|</body></html>", None),
            ("<html><body>a|</BODY\r\n ></html>", None),
            ("<body>a</body>b|</body>c", None),
            ("<html>a|</html>", None),
            ("a<p>b</p>|", None),
            ("|", None),
            ("<body>a|</body><!-- </body> -->", None),
            ("<body>a|</body><script>'</body>'</script>", None),
            ("<body>a<a title='</body>'>b</a>|</body>", None),
            ("<style></body></style><title></body></title>a|", None),
            ("<body><!--[if mso]></body><![endif]-->a<![if !mso]>b|</body>", None),
            ("a<!-- b </body>", Some("a comment")),
            ("<body>a</body><script>b", Some("a script")),
            ("<body>a</body><a href='x", Some("a tag")),
            ("<body>a</body><plaintext>b", Some("plaintext")),
            ("<body>a</body><textarea>b", Some("a text area")),
        ];
        for (html, open) in table {
            let expected = html.find('|').ok_or(WhyUntouched::HtmlOpen);
            let given = html.replace('|', "");
            assert_eq!(insertion(given.as_bytes()), expected, "{html}: {open:?}");
        }
    }

    #[test]
    fn only_what_is_shown_is_visible() {
        assert_eq!(visible("<title>t</title><style>s</style><p>a &amp; <b>b</b><!-- c --></p>"), "a & b");
    }
}
