//! E-mail addresses: in the form in which they are compared, and as people write them.

mod comparable;
mod written;

pub use comparable::Address;
pub use written::AddressesInText;

use comparable::{AddressForm, look};

impl Address {
    /// The one address in a text, however it is written; `None` where there is none, where there are several, and where it is not sure.
    pub fn parse(text: &str) -> Option<Address> {
        match look(text) {
            AddressForm::Comparable => Some(Address::known(text)),
            _ => AddressesInText::read(text).only().cloned(),
        }
    }

    /// The first address in a text of which all was understood.
    pub fn first(text: &str) -> Option<Address> {
        match look(text) {
            AddressForm::Comparable => Some(Address::known(text)),
            _ => AddressesInText::read(text).first().cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::comparable::ADDRESS_BYTES_MAX;

    #[test]
    fn comparable_forms() {
        for (raw, want) in [
            ("a@b.example", "a@b.example"),
            (" Taro.YAMADA@Example.CO.JP ", "taro.yamada@example.co.jp"),
            ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", "taro@example.jp"),
            ("x@日本語.example", "x@xn--wgv71a119e.example"),
            ("a+news@b.example", "a+news@b.example"),
            ("\u{3000}a@b.example\u{3000}", "a@b.example"),
            ("Taro <a@b.example>", "a@b.example"),
            ("a@b.example.", "a@b.example"),
        ] {
            assert_eq!(Address::parse(raw).as_ref().map(Address::as_str), Some(want), "{raw:?}");
        }
    }

    #[test]
    fn what_is_no_address() {
        for raw in [
            "",
            " ",
            "なし",
            "none",
            "a@b",
            "a@@b.example",
            "@b.example",
            "a@",
            "a b@c.example",
            "a@b..example",
            "a@.b.example",
            "a@b@c.example",
            "a@.",
            "a@b.example, c@d.example",
            "a@b.example; c@d",
        ] {
            assert_eq!(Address::parse(raw), None, "{raw:?}");
        }
        assert_eq!(Address::parse(&format!("{}@b.example", "a".repeat(400))), None);
        let grows = format!("a@{}.example", "é'".repeat(100));
        assert!(grows.len() <= ADDRESS_BYTES_MAX && Address::parse(&grows).is_none_or(|a| a.as_str().len() <= ADDRESS_BYTES_MAX));
    }
}
