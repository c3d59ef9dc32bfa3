//! Fields that hold codes: read as labels, and written as codes again.

use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The code that is written for each label.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Codes(BTreeMap<String, Json>);

impl Codes {
    /// `read`: what each code is read as. `named`: the codes that are named for writing; they win. `Err`: everything that is wrong.
    pub fn new(read: &BTreeMap<String, String>, named: &BTreeMap<String, Json>) -> Result<Codes, Vec<String>> {
        let mut wrong = Vec::new();
        for (label, code) in named {
            wrong.extend(not_read_back(read, label, code));
        }
        let mut of_label: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (code, label) in read {
            of_label.entry(label).or_default().push(code);
        }
        let mut codes = named.clone();
        for (label, all) in of_label {
            match (codes.contains_key(label), &all[..]) {
                (false, [code]) => drop(codes.insert(label.to_string(), Json::from(*code))),
                (false, [first, ..]) => wrong.push(format!(
                    "{} are all read as {label:?}: name the one that is written, as map = {{ {label:?} = {first:?} }}",
                    quoted(&all)
                )),
                (true, _) | (false, []) => {}
            }
        }
        if wrong.is_empty() { Ok(Codes(codes)) } else { Err(wrong) }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn of(&self, label: &str) -> Option<&Json> {
        self.0.get(label)
    }

    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Why a code, written for a label, could never be seen to stand.
fn not_read_back(read: &BTreeMap<String, String>, label: &str, code: &Json) -> Option<String> {
    let text = match code {
        Json::String(text) => text.clone(),
        Json::Number(_) | Json::Bool(_) => code.to_string(),
        _ => return Some(format!("the code of {label:?} is a text, a number, true or false")),
    };
    match read.get(&text) {
        Some(back) if back == label => None,
        Some(other) => Some(format!("{text:?} is written for {label:?}, and is read as {other:?}; the two maps must agree")),
        None => {
            let line = format!("{text:?} = {label:?}");
            Some(format!("{text:?} is written for {label:?}, and could not be read again; add {line} to the map of the stream's field"))
        }
    }
}

fn quoted(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codes(read: &[(&str, &str)], named: Json) -> Result<Codes, Vec<String>> {
        let read = read.iter().map(|(code, label)| (code.to_string(), label.to_string())).collect();
        Codes::new(&read, &serde_json::from_value(named).unwrap())
    }

    #[test]
    fn each_label_has_the_code_that_it_is_read_from_or_the_one_that_is_named() {
        let read = [("10", "made"), ("20", "built"), ("11", "made")];
        let found = codes(&read, json!({"made": 10})).unwrap();
        assert_eq!((found.of("made"), found.of("built"), found.of("sold")), (Some(&json!(10)), Some(&json!("20")), None));
        assert_eq!(found.labels().collect::<Vec<_>>(), ["built", "made"]);
        assert!(codes(&[], json!({})).unwrap().is_empty());
    }

    #[test]
    fn what_could_not_be_written_or_read_again_is_told() {
        for (read, named, said) in [
            (
                &[("10", "made"), ("11", "made")][..],
                json!({}),
                "\"10\", \"11\" are all read as \"made\": name the one that is written, as map = { \"made\" = \"10\" }",
            ),
            (&[("10", "made")], json!({"sold": "30"}), "add \"30\" = \"sold\" to the map"),
            (&[("10", "made")], json!({"sold": "10"}), "is read as \"made\""),
            (&[], json!({"made": "10"}), "could not be read again"),
            (&[("10", "made")], json!({"made": ["10"]}), "is a text, a number, true or false"),
        ] {
            let told = codes(read, named).unwrap_err();
            assert!(told.len() == 1 && told[0].contains(said), "{told:?}");
        }
    }
}
