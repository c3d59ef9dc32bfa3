use super::*;

fn check(a: &str, b: &str, address: &str) -> bool {
    let address = Address::parse(address);
    let addresses: Vec<&Address> = address.iter().collect();
    let forth = names_compatible(Some(a), Some(b), &addresses);
    assert_eq!(forth, names_compatible(Some(b), Some(a), &addresses), "{a} / {b}: both ways");
    forth
}

#[test]
fn one_person() {
    for (a, b) in [
        ("山田太郎", "山田 太郎"),
        ("山田　太郎", "太郎 山田"),
        ("山田太郎", "太郎 山田"),
        ("山田 太郎", "山田 太郎様"),
        ("山田太郎さん", "山田太郎"),
        ("山田　太郎　先生", "山田 太郎"),
        ("山田", "山田 太郎"),
        ("山田", "山田太郎"),
        ("高橋 健", "髙橋健"),
        ("山崎 豊子", "山﨑 豊子"),
        ("斎藤 学", "齋藤 学"),
        ("斉藤学", "齊藤 学"),
        ("渡辺 隆", "渡邉 隆"),
        ("渡邊 隆", "渡邉 隆"),
        ("吉田 茂", "𠮷田 茂"),
        ("塚本 隆", "塚本 隆"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ タロウ"),
        ("やまだ たろう", "ヤマダ　タロウ"),
        ("佐々木 花子", "佐々木花子"),
        ("ジョン・スミス", "ジョン スミス"),
        ("ＴＡＲＯ　ＹＡＭＡＤＡ", "Taro Yamada"),
        ("YAMADA, Taro", "Taro Yamada"),
        ("Mr. Taro Yamada", "taro yamada"),
        ("Dr. Anna Smith", "A. Smith"),
        ("A. Smith", "Anna Smith"),
        ("Smith A", "Anna B. Smith"),
        ("José García", "Jose Garcia"),
        ("Anne-Marie Dupont", "Anne Marie Dupont"),
        ("Annemarie Dupont", "Anne-Marie Dupont"),
        ("Sean O'Brien", "Sean O’Brien"),
        ("Søren Łukasz", "Soren Lukasz"),
        ("様", "山田 太郎"),
        ("-", "山田 太郎"),
    ] {
        assert!(check(a, b, "x@y.example"), "{a} / {b}");
    }
    assert!(names_compatible(None, Some("山田"), &[]) && names_compatible(None, None, &[]));
}

#[test]
fn two_people() {
    for (a, b) in [
        ("山田 太郎", "山田 花子"),
        ("佐藤健一", "佐藤健二"),
        ("佐藤 裕子", "佐藤 優子"),
        ("渡辺 隆", "渡部 隆"),
        ("伊藤 誠", "伊東 誠"),
        ("山田 太郎", "鈴木 太郎"),
        ("山", "山田太郎"),
        ("Anna Smith", "Bob Smith"),
        ("A. Smith", "Bob Smith"),
        ("A. S.", "Anna Schmidt"),
        ("Anna Smith", "Anna Jones"),
        ("Taro Yamada", "Hanako Yamada"),
        ("山田 太郎", "ヤマダ タロウ"),
    ] {
        assert!(!check(a, b, "x@y.example"), "{a} / {b}");
    }
}

#[test]
fn scripts_that_cannot_be_compared_need_the_address() {
    for (latin, kanji, address, want) in [
        ("Taro Yamada", "山田 太郎", "yamada@a.example", true),
        ("Taro Yamada", "山田太郎", "t.yamada@a.example", true),
        ("YAMADA Taro", "ヤマダ タロウ", "taro1984@a.example", true),
        ("Taro Yamada", "山田太郎", "info1@a.example", false),
        ("Taro Yamada", "鈴木花子", "suzuki@a.example", false),
        ("Yo Ri", "李 陽", "yori@a.example", false),
        ("山田 Taro", "山田 太郎", "taro@a.example", true),
        ("山田 Taro", "山田 花子", "hanako@a.example", false),
    ] {
        assert_eq!(check(latin, kanji, address), want, "{latin} / {kanji} / {address}");
    }
    assert!(!names_compatible(Some("Taro Yamada"), Some("山田太郎"), &[]));
}

#[test]
fn reading_is_idempotent() {
    for name in ["髙﨑　太郎 様", "Dr. José O'Brien-Smith", "ｶﾞﾘﾚｵ", "𠮷野家", "佐藤 先生 様"] {
        let once = PersonName::read(name);
        assert_eq!(PersonName::read(&once.words.join(" ")), once, "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn the_short_way_reads_as_the_long_one(text in "([A-Za-z0-9'., \\-]|Mr|Dr|mrs|prof){0,12}|[ -~\\t\\n]{0,20}") {
        proptest::prop_assert_eq!(PersonName::read_ascii(&text), PersonName::read_any(&text));
    }
}
