//! Which company a name or an address stands for, whoever's record it is in: how lists name companies, and whoever goes by names as they do.

use super::normal::company;
use super::record::field;
use super::{Address, Record};
use unicode_normalization::UnicodeNormalization;

/// Providers of mailboxes: who has one there works anywhere. Those below them, as `mx1.ocn.ne.jp`, are theirs.
const PROVIDERS: [&str; 69] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.co.jp",
    "yahoo.ne.jp",
    "yahoo.com",
    "ymail.com",
    "ymail.ne.jp",
    "y-mobile.ne.jp",
    "ymobile.ne.jp",
    "outlook.com",
    "outlook.jp",
    "hotmail.com",
    "hotmail.co.jp",
    "live.com",
    "live.jp",
    "msn.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "docomo.ne.jp",
    "dwmail.jp",
    "ezweb.ne.jp",
    "au.com",
    "uqmobile.jp",
    "softbank.ne.jp",
    "softbank.jp",
    "vodafone.ne.jp",
    "disney.ne.jp",
    "willcom.com",
    "pdx.ne.jp",
    "emobile.ne.jp",
    "rakuten.jp",
    "rakumail.jp",
    "nifty.com",
    "nifty.ne.jp",
    "ocn.ne.jp",
    "biglobe.ne.jp",
    "biglobe.jp",
    "so-net.ne.jp",
    "so-net.jp",
    "plala.or.jp",
    "dion.ne.jp",
    "auone.jp",
    "auone-net.jp",
    "jcom.home.ne.jp",
    "jcom.zaq.ne.jp",
    "zaq.ne.jp",
    "eonet.ne.jp",
    "asahi-net.or.jp",
    "hi-ho.ne.jp",
    "dti.ne.jp",
    "wakwak.com",
    "infoseek.jp",
    "excite.co.jp",
    "goo.jp",
    "mail.goo.ne.jp",
    "aol.com",
    "aol.jp",
    "gmx.com",
    "gmx.net",
    "gmx.de",
    "web.de",
    "proton.me",
    "protonmail.com",
    "mail.com",
    "qq.com",
    "163.com",
    "126.com",
    "naver.com",
];

/// Words for a company that are left out as often as not.
const LEFT_OUT: [&str; 7] = ["株式会社", "corporation", "company", "limited", "corp", "inc", "ltd"];

/// A text in NFKC and small letters, without blanks and signs.
pub fn letters(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// A company's name as it is compared: width, case, blanks, signs and the words for a limited company do not count. Empty, where nothing
/// is named.
pub fn company_key(name: &str) -> String {
    let long = company::in_long_form(&name.nfkc().collect::<String>());
    let whole = letters(&long);
    let words: Vec<String> = long.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.')).map(letters).collect();
    let kept: String = words.iter().filter(|w| !LEFT_OUT.contains(&w.as_str()) && *w != "co").map(|w| w.replace("株式会社", "")).collect();
    if kept.is_empty() { whole } else { kept }
}

/// The domain of an address, if it is a company's own.
pub fn company_domain(address: &Address) -> Option<&str> {
    let (_, domain) = address.as_str().split_once('@')?;
    let of_provider = |provider: &str| domain.strip_suffix(provider).is_some_and(|below| below.is_empty() || below.ends_with('.'));
    (!PROVIDERS.iter().any(|provider| of_provider(provider))).then_some(domain)
}

/// All companies that a person's record may speak of, each once: by the name that stands there, and by the domain of each of its addresses.
pub fn companies_of(person: &Record) -> Vec<String> {
    let named = person.text(field::COMPANY).map(company_key).filter(|key| !key.is_empty());
    let mut companies: Vec<String> = named.into_iter().chain(domains_of(person)).collect();
    companies.sort();
    companies.dedup();
    companies
}

/// The domains of a person record's addresses that are a company's own, each once.
pub fn domains_of(person: &Record) -> Vec<String> {
    let address = person.address();
    let mut domains: Vec<String> = address.iter().chain(&person.addresses).filter_map(company_domain).map(String::from).collect();
    domains.sort();
    domains.dedup();
    domains
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Time, Value};

    #[test]
    fn companies_are_one_however_their_names_are_written() {
        for (one, other, same) in [
            ("株式会社アクメ", "㈱アクメ", true),
            ("アクメ（株）", "アクメ", true),
            ("ACME Co., Ltd.", "ａｃｍｅ", true),
            ("Acme Inc.", "Acme Corporation", true),
            ("有限会社アクメ", "株式会社アクメ", false),
            ("株式会社", "有限会社", false),
            ("Incline", "line", false),
        ] {
            assert_eq!(company_key(one) == company_key(other), same, "{one} {other}");
        }
    }

    #[test]
    fn a_mailbox_of_a_provider_is_of_no_company() {
        for (address, domain) in [
            ("a@acme.example", Some("acme.example")),
            ("a@mail.acme.example", Some("mail.acme.example")),
            ("a@gmail.com", None),
            ("a@mx1.ocn.ne.jp", None),
            ("a@notgmail.com", Some("notgmail.com")),
        ] {
            assert_eq!(company_domain(&Address::parse(address).unwrap()), domain, "{address}");
        }
    }

    #[test]
    fn a_person_is_of_the_company_that_is_named_and_of_those_of_their_addresses() {
        let mut person = Record::new("ma:person:1".parse().unwrap());
        assert_eq!(companies_of(&person), [""; 0]);
        person.set(&field::EMAIL.into(), Value::text("taro@acme.example"), Time(1));
        person.set(&field::COMPANY.into(), Value::text("(株)アクメ"), Time(1));
        person.addresses = ["t@gmail.com", "t@acme.example", "t@beta.example"].map(|a| Address::parse(a).unwrap()).into();
        assert_eq!(companies_of(&person), ["acme.example", "beta.example", "アクメ"]);
        person.set(&field::COMPANY.into(), Value::text(" - "), Time(1));
        assert_eq!(companies_of(&person).len(), 2);
    }
}
