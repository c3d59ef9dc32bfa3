use super::*;
use proptest::prelude::*;

#[test]
fn a_text_says_the_same_in_another_width_and_not_in_another_case() {
    for (a, b, same) in [
        ("ＡＢＣ部長", "ABC部長", true),
        (" Sales ", "Sales", true),
        ("Sales", "sales", false),
        ("Sales", "Sales.", false),
        ("Vice President", "Vice", false),
        ("a\u{200b}b", "ab", true),
        ("山田太郎", "山田 太郎", false),
        // HTML, however often it is escaped.
        ("R&D", "R&amp;D", true),
        ("R&D", "R&amp;amp;D", true),
        ("R&D", "R＆amp;D", true),
        ("<b>", "&lt;b&gt;", true),
        // Companies.
        ("株式会社 田中", "㈱田中", true),
        ("株式会社田中", "有限会社田中", false),
        // Phones.
        ("03-1234-5678", "+81 3-1234-5678", true),
        ("03-1234-5678", "03-1234-5679", false),
        ("0312345678", "03-1234-5678", true),
        ("(03) 1234-5678", "(03)1234-5678", true),
        ("+1 (212) 555-0100", "+12125550100", true),
        // No phone number of anybody.
        ("001-234", "001234", false),
        ("1-2", "12", false),
        // Mail.
        ("Taro@Example.JP", "taro@example.jp", true),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", "taro@example.jp", true),
        ("Taro <taro@example.jp>", "taro@example.jp", false),
        ("taro@example.jp", "taro+news@example.jp", false),
        // The web.
        ("https://Acme.Example/", "HTTPS://acme.example", true),
        ("https://acme.example/About", "https://acme.example/about", false),
        ("https://acme.example", "http://acme.example", false),
        ("note: A", "note: a", false),
    ] {
        let says = |a: &str, b: &str| Value::text(a).says_the_same(&Value::text(b));
        assert_eq!((says(a, b), says(b, a)), (same, same), "{a:?} {b:?}");
    }
}

#[test]
fn values_say_the_same_by_what_they_are() {
    let list = |entries: &[&str]| Value::List(entries.iter().map(|e| (*e).into()).collect());
    let day = |text: &str| Value::Date(Date::parse(text).unwrap());
    for (a, b, same) in [
        (list(&["b", "Ａ"]), list(&["A", "b"]), true),
        // Systems spell tags in their own case, and escape them.
        (list(&["a"]), list(&["A"]), true),
        (list(&["R&D"]), list(&["r&AMP;d"]), true),
        (list(&["a", "A"]), list(&["a"]), true),
        (list(&["a", "b"]), list(&["a"]), false),
        (list(&["a"]), Value::text("a"), false),
        (Value::Int(7), Value::text("7"), false),
        (Value::Int(7), Value::Int(7), true),
        (Value::Int(2), Value::Number(2.0), true),
        (Value::Int(0), Value::Number(-0.0), true),
        (Value::Int(i64::MAX), Value::Number(9_223_372_036_854_775_807.0), false),
        (Value::Number(2.5), Value::Number(2.25), false),
        (Value::Number(f64::NAN), Value::Number(-f64::NAN), true),
        (Value::Empty, Value::Empty, true),
        (Value::Empty, Value::Bool(false), false),
        (Value::Unreadable, Value::Unreadable, true),
        // Parts of a second are kept by few.
        (Value::Time(Time(1_001)), Value::Time(Time(1_000)), true),
        (Value::Time(Time(-1)), Value::Time(Time(0)), false),
        (day("1980-04-01"), day("1980-04-01"), true),
        (day("1980-04-01"), day("1980-04-02"), false),
    ] {
        assert_eq!((a.says_the_same(&b), b.says_the_same(&a)), (same, same), "{a} {b}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    let words = prop_oneof![
        "[A-Za-z]{1,8}",
        Just("R&D".to_string()),
        Just("&amp;lt;".to_string()),
        Just("&AMP;".to_string()),
        Just("＆".to_string()),
        Just("™".to_string()),
        Just("株式会社".to_string()),
        Just("（株）".to_string()),
        Just("㈱".to_string()),
        Just("\u{200b}".to_string()),
        Just("Taro@Example.jp".to_string()),
        Just("HTTPS://Acme.example/".to_string()),
        "[一-龥ァ-ヴｱ-ﾝＡ-Ｚ]{1,4}",
        "[-+,./:;!#&()]{1,3}",
        "[0-9]{1,4}",
    ];
    let sentence = (proptest::collection::vec(words, 0..5), prop_oneof![Just(" "), Just("　"), Just("")]);
    let phones = prop_oneof!["0[1-9]-[0-9]{4}-[0-9]{4}", r"\+81 90-[0-9]{4}-[0-9]{4}", r"\(0[1-9]\) ?[0-9]{4} [0-9]{4}"];
    prop_oneof![5 => sentence.prop_map(|(words, blank)| words.join(blank)), 1 => phones, 1 => ".{0,12}"]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => texts().prop_map(|t| Value::text(&t)),
        1 => (-3i64..3).prop_map(Value::Int),
        1 => (-6i32..6).prop_map(|n| Value::Number(f64::from(n) / 2.0)),
        1 => (0i64..4_000).prop_map(|ms| Value::Time(Time(ms))),
        1 => proptest::collection::vec("[abAB]|&amp;|&", 0..3).prop_map(Value::list),
        1 => Just(Value::Empty),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// What has the form is in it already.
    #[test]
    fn a_form_is_its_own_form(text in texts()) {
        let form = text_form(&text).into_owned();
        prop_assert_eq!(text_form(&form), form.as_str(), "{:?}", text);
        let key = entry_key(&text);
        prop_assert_eq!(entry_key(&key), key, "{:?}", text);
    }

    #[test]
    fn what_is_taken_for_plain_is_what_rewriting_would_make_of_it(text in prop_oneof![texts(), "\\PC{0,12}"]) {
        prop_assert_eq!(plain_form(&text), rewritten(&text));
    }

    #[test]
    fn to_say_the_same_is_an_equality(a in any_value(), b in any_value(), c in any_value()) {
        prop_assert!(a.says_the_same(&a));
        prop_assert_eq!(a.says_the_same(&b), b.says_the_same(&a));
        prop_assert!(!(a.says_the_same(&b) && b.says_the_same(&c)) || a.says_the_same(&c));
    }

    /// What systems do to a text without changing what it says.
    #[test]
    fn width_blanks_and_escapes_change_nothing(text in texts(), n in 0..12_usize) {
        let wide = |c: char| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap_or(c) } else { c };
        let ways = [format!(" {text}\u{3000}"), text.nfkc().collect(), text.chars().map(wide).collect(), html::escaped(&text).swap_remove(n)];
        for shown in ways {
            prop_assert_eq!(text_form(&shown), text_form(&text), "{:?}", shown);
        }
    }
}
