//! Who made a change, as a row tells it.

use crate::connector::manifest::Paths;
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::text_of;
use crate::model::{Editor, Name, is_blank};

/// Where a row names who made a change, and which names are relays'.
#[derive(Debug)]
pub struct EditorReader {
    people: Vec<Path>,
    programs: Vec<Path>,
    relays: Vec<Name>,
}

impl EditorReader {
    /// `None`: rows name nobody.
    pub fn new(by: Option<&Paths>, via: Option<&Paths>, relays: &[String]) -> Result<Option<EditorReader>, String> {
        let paths = |paths: Option<&Paths>| {
            let texts = paths.iter().flat_map(|paths| paths.as_slice()).map(|text| Path::parse(text).map_err(|e| e.to_string()));
            texts.collect::<Result<Vec<Path>, String>>()
        };
        let reader =
            EditorReader { people: paths(by)?, programs: paths(via)?, relays: relays.iter().map(|name| name.trim().into()).collect() };
        Ok((by.is_some() || via.is_some()).then_some(reader))
    }

    /// A relay by whatever name it goes; else a person, if the row names one.
    pub fn read(&self, row: &Json<'_>) -> Option<Editor> {
        let mut relay = None;
        let mut names_one_of = |paths: &[Path]| {
            let mut named = false;
            for path in paths {
                path.entries(row, &mut |value| {
                    let Some(name) = text_of(value).filter(|name| !is_blank(name)) else { return };
                    named = true;
                    let known = self.relays.iter().find(|known| known.eq_ignore_ascii_case(name.trim()));
                    relay = relay.take().or(known);
                });
            }
            named
        };
        let by_person = names_one_of(&self.people);
        names_one_of(&self.programs);
        match relay {
            Some(name) => Some(Editor::Relay(name.clone())),
            None => by_person.then_some(Editor::Person),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::raw::json::Document;

    #[test]
    fn a_relay_goes_by_any_of_its_names_and_who_is_named_beside_a_program_is_a_person() {
        let by = Paths::Several(vec!["user.mail".into(), "user.id".into()]);
        let via = Paths::One("app".into());
        let relays = ["svc-sync@acme.example".to_string(), "9000".to_string()];
        let reader = EditorReader::new(Some(&by), Some(&via), &relays).unwrap().unwrap();
        let relay = |name: &str| Some(Editor::Relay(name.into()));
        for (row, editor) in [
            (r#"{"user": {"mail": "SVC-sync@acme.example", "id": 7}}"#, relay("svc-sync@acme.example")),
            (r#"{"user": {"mail": "hana@acme.example", "id": 9000}}"#, relay("9000")),
            (r#"{"app": "9000"}"#, relay("9000")),
            (r#"{"user": {"id": 7}, "app": "9000"}"#, relay("9000")),
            (r#"{"user": {"mail": "hana@acme.example"}, "app": "import"}"#, Some(Editor::Person)),
            (r#"{"app": "workflow"}"#, None),
            (r#"{"user": {"mail": " ", "id": null}}"#, None),
            (r#"{"user": "somebody"}"#, None),
        ] {
            let document = Document::parse(row.as_bytes()).unwrap();
            assert_eq!(reader.read(document.root()), editor, "{row}");
        }
        assert!(EditorReader::new(None, None, &relays).unwrap().is_none());
    }
}
