//! Whatever the text, the charset, the form and the footer: the mail with its footer, or the mail.

use crate::mails::{HEAD, put};
use crate::matrix::{CHARSETS, ENCODINGS, forms, leaf};
use crate::same::assert_same_but_for_footer;
use nayose::footer::{FooterText, Placed};
use proptest::prelude::*;

fn footers() -> impl Strategy<Value = FooterText> {
    ("[ -~あ-ん髙①🌸é€\n\t]{1,300}", "[ -;=?-~あ-ん髙①🌸é€\n]{1,300}")
        .prop_filter_map("a footer", |(text, html)| FooterText::new("f", &format!("<p title='a>b'>{html}</p>"), &text).ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn only_the_footer_is_new(
        text in "[ -~あ-んア-ン㈱ｱｲ漢字äß\n\t]{0,300}",
        charset in 0..CHARSETS.len(),
        encodings in (0..ENCODINGS.len(), 0..ENCODINGS.len()),
        form in 0usize..6,
        lf in any::<bool>(),
        footer in footers(),
    ) {
        let text = text.replace('\n', "\r\n");
        let charset = CHARSETS[charset].0;
        let plain = leaf("text/plain", charset, ENCODINGS[encodings.0], &text);
        let html = leaf("text/html", charset, ENCODINGS[encodings.1], &text);
        let mut mail = [HEAD.as_bytes(), &forms(&plain, &html)[form].1].concat();
        if lf {
            mail.retain(|b| *b != b'\r');
        }
        if let Placed::Edited(out) = put(&mail, &footer) {
            assert_same_but_for_footer("property", &mail, &out, &footer);
        }
    }
}
