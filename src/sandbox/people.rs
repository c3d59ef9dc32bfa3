//! Invented people and companies from a seed. All domains end in `.example`, which nobody owns.

use crate::sandbox::rng::Rng;
use std::collections::BTreeSet;

/// A company. About every sixth is outside Japan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    pub name: String,
    pub domain: String,
    pub country: &'static str,
}

/// A person as they really are; the systems each know a part of it, and not always the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventedPerson {
    pub last: &'static str,
    pub first: &'static str,
    /// The name in Latin letters; the same as the name for people without kanji.
    pub last_latin: &'static str,
    pub first_latin: &'static str,
    /// Place in the list of companies.
    pub company: usize,
    pub work_email: String,
    pub private_email: String,
    pub phone: String,
    pub title: &'static str,
    pub country: &'static str,
}

impl InventedPerson {
    pub fn is_japanese(&self) -> bool {
        self.last != self.last_latin
    }
}

const LAST: [(&str, &str); 32] = [
    ("佐藤", "Sato"),
    ("鈴木", "Suzuki"),
    ("髙橋", "Takahashi"),
    ("田中", "Tanaka"),
    ("伊藤", "Ito"),
    ("渡邊", "Watanabe"),
    ("山本", "Yamamoto"),
    ("中村", "Nakamura"),
    ("小林", "Kobayashi"),
    ("加藤", "Kato"),
    ("吉田", "Yoshida"),
    ("山田", "Yamada"),
    ("佐々木", "Sasaki"),
    ("山口", "Yamaguchi"),
    ("松本", "Matsumoto"),
    ("井上", "Inoue"),
    ("木村", "Kimura"),
    ("林", "Hayashi"),
    ("斎藤", "Saito"),
    ("清水", "Shimizu"),
    ("山﨑", "Yamazaki"),
    ("森", "Mori"),
    ("池田", "Ikeda"),
    ("橋本", "Hashimoto"),
    ("阿部", "Abe"),
    ("石川", "Ishikawa"),
    ("前田", "Maeda"),
    ("藤田", "Fujita"),
    ("小川", "Ogawa"),
    ("岡田", "Okada"),
    ("後藤", "Goto"),
    ("大野", "Ohno"),
];

const FIRST: [(&str, &str); 30] = [
    ("太郎", "Taro"),
    ("花子", "Hanako"),
    ("健一", "Kenichi"),
    ("美咲", "Misaki"),
    ("翔太", "Shota"),
    ("陽子", "Yoko"),
    ("大輔", "Daisuke"),
    ("恵子", "Keiko"),
    ("拓也", "Takuya"),
    ("由美", "Yumi"),
    ("直樹", "Naoki"),
    ("さくら", "Sakura"),
    ("隆", "Takashi"),
    ("裕子", "Yuko"),
    ("誠", "Makoto"),
    ("真理", "Mari"),
    ("和也", "Kazuya"),
    ("明美", "Akemi"),
    ("亮", "Ryo"),
    ("智子", "Tomoko"),
    ("修", "Osamu"),
    ("彩", "Aya"),
    ("浩二", "Koji"),
    ("麻衣", "Mai"),
    ("剛", "Tsuyoshi"),
    ("千尋", "Chihiro"),
    ("悠斗", "Yuto"),
    ("奈々", "Nana"),
    ("一郎", "Ichiro"),
    ("葵", "Aoi"),
];

const LAST_WEST: [&str; 20] = [
    "Smith",
    "Müller",
    "García",
    "O'Brien",
    "Dubois",
    "Rossi",
    "Nguyen",
    "Kowalski",
    "Andersen",
    "Jones",
    "van Dijk",
    "Silva",
    "Brown",
    "Schmidt",
    "Martin",
    "Johansson",
    "Novák",
    "Murphy",
    "Lee",
    "Wilson",
];
const FIRST_WEST: [&str; 20] = [
    "Anna", "John", "María", "Liam", "Claire", "Marco", "Linh", "Piotr", "Ingrid", "Emma", "Pieter", "João", "Olivia", "Jürgen", "Sophie",
    "Erik", "Jana", "Sean", "Grace", "Noah",
];

const COMPANY_JA: [(&str, &str); 24] = [
    ("青空商事", "aozora"),
    ("北斗電機", "hokuto"),
    ("みなと物流", "minato"),
    ("桜井製作所", "sakurai"),
    ("富士見システムズ", "fujimi"),
    ("東雲テクノロジー", "shinonome"),
    ("大和食品", "yamato"),
    ("緑ヶ丘建設", "midorigaoka"),
    ("白鷺精密", "shirasagi"),
    ("瀬戸内海運", "setouchi"),
    ("若葉薬品", "wakaba"),
    ("銀河ソフト", "ginga"),
    ("朝日丘不動産", "asahigaoka"),
    ("千歳ガラス", "chitose"),
    ("鶴見化学", "tsurumi"),
    ("春風出版", "harukaze"),
    ("三日月デザイン", "mikazuki"),
    ("玄海水産", "genkai"),
    ("金沢箔工芸", "kanazawahaku"),
    ("飛鳥計測", "asuka"),
    ("常盤保険", "tokiwa"),
    ("水無月印刷", "minazuki"),
    ("南風トラベル", "hae"),
    ("雷鳥エナジー", "raicho"),
];
const COMPANY_WEST: [(&str, &str, &str); 6] = [
    ("Northwind Traders Ltd", "northwind", "United Kingdom"),
    ("Brückner Maschinenbau GmbH", "brueckner", "Germany"),
    ("Blue Heron Analytics Inc.", "blueheron", "United States"),
    ("Atelier Lumière SARL", "lumiere", "France"),
    ("Fjord Marine AS", "fjordmarine", "Norway"),
    ("Pampa Foods S.A.", "pampa", "Argentina"),
];

const TITLES_JA: [&str; 8] = ["部長", "課長", "主任", "代表取締役", "情報システム部", "購買担当", "マーケティング担当", "営業部 係長"];
const TITLES_WEST: [&str; 6] = ["Head of IT", "Buyer", "CEO", "Marketing Manager", "Sales Director", "Engineer"];

/// So many companies, always the same for the same number.
pub fn companies(count: usize) -> Vec<Company> {
    let one = |i: usize| {
        let (round, place) = (i / 30, i % 30);
        let number = if round == 0 { String::new() } else { format!("{}", round + 1) };
        // Every fifth is Western until these run out, so that a small world has some of each.
        match (place % 5 == 4, place) {
            (true, _) => {
                let (name, domain, country) = COMPANY_WEST[place / 5];
                Company { name: join(name, &number), domain: format!("{domain}{number}.example"), country }
            }
            (false, _) => {
                let (name, domain) = COMPANY_JA[place - place / 5];
                let form = if place % 2 == 0 { format!("株式会社{name}") } else { format!("{name}株式会社") };
                Company { name: join(&form, &number), domain: format!("{domain}{number}.example"), country: "Japan" }
            }
        }
    };
    (0..count).map(one).collect()
}

fn join(name: &str, number: &str) -> String {
    if number.is_empty() { name.to_string() } else { format!("{name} {number}") }
}

/// So many people of these companies; the same seed gives the same people.
pub fn people(seed: u64, count: usize, companies: &[Company]) -> Vec<InventedPerson> {
    let mut rng = Rng::new(seed ^ 0x6e61_796f_7365);
    let mut taken = BTreeSet::new();
    let mut all = Vec::with_capacity(count);
    for i in 0..count {
        let company = if companies.is_empty() { 0 } else { i % companies.len() };
        let country = companies.get(company).map_or("Japan", |c| c.country);
        let domain = companies.get(company).map_or("alone.example", |c| c.domain.as_str());
        let (last, last_latin, first, first_latin, title) = if country == "Japan" {
            let ((last, last_latin), (first, first_latin)) = (rng.pick(&LAST), rng.pick(&FIRST));
            (last, last_latin, first, first_latin, rng.pick(&TITLES_JA))
        } else {
            let (last, first) = (rng.pick(&LAST_WEST), rng.pick(&FIRST_WEST));
            (last, last, first, first, rng.pick(&TITLES_WEST))
        };
        let plain = |t: &str| t.to_lowercase().chars().filter(char::is_ascii_alphabetic).collect::<String>();
        let (l, f) = (plain(last_latin), plain(first_latin));
        let mut local = format!("{f}.{l}");
        let mut number = 1;
        while !taken.insert(format!("{local}@{domain}")) {
            number += 1;
            local = format!("{f}.{l}{number}");
        }
        all.push(InventedPerson {
            last,
            first,
            last_latin,
            first_latin,
            company,
            work_email: format!("{local}@{domain}"),
            private_email: format!("{l}{f}{i}@mail.example"),
            phone: phone(&mut rng, country),
            title,
            country,
        });
    }
    all
}

/// A number as people write it: no two systems need to agree on the form.
fn phone(rng: &mut Rng, country: &str) -> String {
    let (a, b, c) = (1000 + rng.below(9000), 1000 + rng.below(9000), 10 + rng.below(89));
    if country != "Japan" {
        return format!("+44 20 {a} {b}");
    }
    match rng.below(7) {
        0 => format!("03-{a}-{b}"),
        1 => format!("(03) {a}-{b}"),
        2 => format!("+81 3 {a} {b}"),
        3 => format!("090{a}{b}"),
        4 => wide(&format!("０９０-{a}-{b}")),
        5 => format!("06-{a}-{b} (内線 {c})"),
        _ => format!("+8190{a}{b}"),
    }
}

/// ASCII letters, digits and signs in their full-width forms.
pub fn wide(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xFEE0).unwrap_or(c) } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_people_with_addresses_of_their_own() {
        let companies = companies(40);
        let domains: BTreeSet<_> = companies.iter().map(|c| &c.domain).collect();
        assert_eq!(domains.len(), 40);
        let all = people(7, 2000, &companies);
        assert_eq!(all, people(7, 2000, &companies));
        assert_ne!(all, people(8, 2000, &companies));
        let addresses: BTreeSet<_> = all.iter().flat_map(|p| [&p.work_email, &p.private_email]).collect();
        assert_eq!(addresses.len(), 4000);
        assert!(all.iter().all(|p| crate::model::Address::parse(&p.work_email).is_some()), "every address is one");
        assert!(all.iter().any(|p| p.is_japanese()) && all.iter().any(|p| !p.is_japanese()));
    }

    #[test]
    fn wide_letters() {
        assert_eq!(wide("Ab-1 山"), "Ａｂ－１ 山");
    }
}
