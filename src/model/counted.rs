//! A number with its noun.

use std::fmt::Display;

/// `1 record`, `2 records`. The verb may be part of the noun: `"record is"`, `"records are"`.
pub fn counted<N: Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural_and_none_is() {
        let told: Vec<String> = [0usize, 1, 2].map(|n| counted(n, "person is", "people are")).into();
        assert_eq!(told, ["0 people are", "1 person is", "2 people are"]);
    }
}
