use super::*;
use crate::model::normal::html::unescape;
use crate::model::normal::text_form;
use proptest::prelude::*;

#[test]
fn what_a_target_makes_of_a_text_is_a_form_of_it_and_another_text_is_none() {
    for (ours, shown, is) in [
        ("  ACME K.K. ", "acme kk", true),
        ("ＡＢＣ部長", "ABC部長", true),
        ("ABC部長", "ＡＢＣ部長", true),
        ("ガス課", "ｶﾞｽ課", true),
        ("ハハ", "パパ", false),
        ("Vice President of Sales", "Vice P", true),
        ("Vice President of Sales", "V", true),
        ("Sato Trading", "Sato Trading Company", false),
        ("Sales", "Marketing", false),
        ("Straße", "STRASSE", true),
        ("山田　太郎", "山田 太郎", true),
        // HTML.
        ("R&D", "R&amp;D", true),
        ("R&amp;D", "R&D", true),
        ("R&D", "R&amp;amp;D", true),
        ("R&D", "R&am", true),
        ("R&D lead", "R&amp;D l", true),
        ("R&D", "R&S", false),
        ("O'Neil \"Jo\"", "O&#39;Neil &quot;Jo&quot;", true),
        ("O'Neil", "O&#x27;Ne", true),
        ("Café", "Caf&eacute;", true),
        ("部長", "&#37096;&#38263;", true),
        ("A & B", "A &unknown; B", false),
        // Companies.
        ("株式会社田中", "㈱田中", true),
        ("田中（株）", "田中株式会社", true),
        ("田中（株）", "田中(株", true),
        ("株式会社 田中商事", "(株)田中", true),
        ("(株)田中商事", "田中商事", false),
        ("有限会社山田", "㈲山田", true),
        ("有限会社山田", "㈱山田", false),
        // Phones.
        ("03-1234-5678", "+81312345678", true),
        ("+81 3-1234-5678", "03-1234-5678", true),
        ("03-1234-5678", "0312345678", true),
        ("03-1234-5678", "+81 (0)3 1234 5678", true),
        ("090-1234-5678", "+81 90-12", true),
        ("０３ー１２３４ー５６７８", "+81312345678", true),
        ("03-1234-5678", "+8231234567", false),
        ("03-1234-5678", "03-1234-5679", false),
        ("+1 212-555-0100", "+12125550100", true),
        // Numbers.
        ("1,200", "1200", true),
        ("1.50", "1.5", true),
        ("1.5", "15", false),
        ("-5", "5", false),
        ("12345", "123", true),
        // Punctuation alone.
        ("-", "?", false),
        ("(株)田中", "(", true),
        ("C++", "c", true),
    ] {
        assert_eq!(is_form_of(ours, shown), is, "{ours:?} {shown:?}");
    }
}

fn halfwidth(text: &str) -> String {
    let wide = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン";
    let narrow = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝ";
    let kana = |c: char| wide.chars().position(|w| w == c).and_then(|at| narrow.chars().nth(at)).unwrap_or(c);
    let apart: String = text.chars().map(|c| if ('ァ'..='ヶ').contains(&c) { c.nfd().collect() } else { c.to_string() }).collect();
    apart.chars().map(kana).map(|c| if c == '\u{3099}' { 'ﾞ' } else { c }).map(|c| if c == '\u{309a}' { 'ﾟ' } else { c }).collect()
}

fn fullwidth(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap_or(c) } else { c }).collect()
}

fn title_case(text: &str) -> String {
    let mut first = true;
    let each = |c: char| {
        let up = std::mem::replace(&mut first, !c.is_alphanumeric());
        if up { c.to_uppercase().to_string() } else { c.to_lowercase().to_string() }
    };
    text.chars().map(each).collect()
}

/// What a system may make of a text; `n` tells how much is cut off, or which of several ways.
const TRANSFORMS: [fn(&str, usize) -> String; 14] = [
    |text, _| text.nfkc().collect(),
    |text, _| halfwidth(text),
    |text, _| fullwidth(text),
    |text, _| text.to_uppercase(),
    |text, _| text.to_lowercase(),
    |text, _| title_case(text),
    |text, _| text.split_whitespace().collect::<Vec<_>>().join(" "),
    |text, _| text.chars().filter(|c| !c.is_whitespace()).collect(),
    |text, n| escaped(text).swap_remove(n % 12),
    |text, _| unescape(text).into_owned(),
    |text, _| text.chars().filter(|c| c.is_whitespace() || c.nfkc().any(|c| c.is_alphanumeric() || is_combining_mark(c))).collect(),
    |text, n| {
        let words = ["株式会社", "(株)", "（株）", "㈱", "㍿"];
        words.into_iter().fold(text.to_string(), |text, word| text.replace(word, words[n % words.len()]))
    },
    |text, n| match phone(text).and_then(|number| Some(number.strip_prefix("+81")?.to_string())) {
        Some(national) => {
            [format!("+81{national}"), format!("0{national}"), format!("+81 {}-{}", &national[..1], &national[1..])][n % 3].clone()
        }
        None => text.to_string(),
    },
    |text, n| text.chars().take(n % 20 + 1).collect(),
];

fn texts() -> impl Strategy<Value = String> {
    let words = prop_oneof![
        "[A-Za-z]{1,8}",
        Just("Straße".to_string()),
        Just("R&D".to_string()),
        Just("<b>\"O'Neil\"</b>".to_string()),
        Just("Müller-Łódź".to_string()),
        Just("&amp;".to_string()),
        "[ァ-ヴ]{1,6}",
        "[ぁ-ん]{1,6}",
        "[一-龥]{1,4}",
        Just("株式会社".to_string()),
        Just("（株）".to_string()),
        Just("㈱".to_string()),
        "[Ａ-Ｚａ-ｚ]{1,4}",
        "[-,./:!]{1,2}",
    ];
    let sentence = (proptest::collection::vec(words, 1..5), prop_oneof![Just(" "), Just("　"), Just("")]);
    let phones = prop_oneof!["0[1-9]-[0-9]{4}-[0-9]{4}", r"\+81 90-[0-9]{4}-[0-9]{4}"];
    prop_oneof![5 => sentence.prop_map(|(words, blank)| words.join(blank)), 1 => phones]
}

proptest! {
    #[test]
    fn what_any_two_transforms_make_of_a_text_is_a_form_of_it(
        ours in texts(), first in 0..TRANSFORMS.len(), second in 0..TRANSFORMS.len(), n in 0..60_usize, m in 0..60_usize
    ) {
        let once = TRANSFORMS[first](&ours, n);
        let twice = TRANSFORMS[second](&once, m);
        for shown in [once, twice] {
            prop_assert!(trimmed(&shown).is_empty() || is_form_of(&ours, &shown), "{first} {second}: {ours:?} {shown:?}");
        }
    }

    #[test]
    fn another_text_is_no_form(ours in texts(), more in "[a-z]{1,3}|[一-龥]{1,2}", at in 0..6_usize) {
        // With something in between or behind that ours has not.
        let place = ours.char_indices().map(|(place, _)| place).nth(at).unwrap_or(ours.len());
        let shown = [&ours[..place], &more, "々", &ours[place..]].concat();
        prop_assert!(!is_form_of(&ours, &shown) && text_form(&ours) != text_form(&shown), "{ours:?} {shown:?}");
    }
}
