//! Files broken anywhere, and text that is no file at all: told, and never with a secret.

use super::good::{FILES, SECRET, load_with};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_text_never_panics(text in "(\\[?[a-z.]{0,8}\\]?| ?= ?|\"|'|\\{|\\}|\\PC|\n|[0-9]{1,3}|'''|\\\\u00e9){0,40}", which in 0usize..4) {
        if let Err(mistakes) = load_with(&[(FILES[which].0, &text)]) {
            prop_assert!(!mistakes.list().is_empty() && !mistakes.drawn().is_empty());
        }
    }

    #[test]
    fn broken_files_are_told_without_their_secrets(which in 0usize..4, at in 0usize..2000, cut in 0usize..30, put in "[\"'=\\[\\]{},.\n日a1 ]{0,4}") {
        let (file, text) = FILES[which];
        let secret = format!("{:?}", SECRET);
        let text = text.replace("{ env = \"HUBSPOT_TOKEN\" }", &secret);
        let start = at.min(text.len());
        let mut broken = text.clone();
        broken.replace_range(start..(start + cut).min(text.len()), &put);
        // A connector's name is told: that what stands there came out of a secret nobody can know.
        let is_name = |rest: &str| rest.split('"').next().is_some_and(|name| name.contains("geheim"));
        prop_assume!(!broken.split("connector = \"").skip(1).any(is_name));
        if let Err(mistakes) = load_with(&[(file, &broken)]) {
            let shown = format!("{}{mistakes}{mistakes:?}{}", mistakes.drawn(), mistakes.to_json());
            prop_assert!(!shown.contains("geheim"), "{}\n{}", broken, shown);
        }
    }
}
