//! Which fields that something rests on the answers show at all.
//!
//! An opt-out property that a token may not see, or that bears another name by now, is left out of each row without an error. That must not
//! look like nobody having said no.

use super::marks::MarkReader;
use super::refusal::RefusalTest;
use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{RecordMap, Test};
use crate::connector::port::shown::{RestsOn, Shown, WATCHED_MAX, WatchedField, last_name};
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::plain::same_name;
use crate::model::{RefusalScope, ShortText};

/// The watched fields of one stream, made ready.
#[derive(Debug)]
pub struct Watch {
    fields: Vec<(Path, WatchedField)>,
}

impl Watch {
    pub fn new(
        map: &RecordMap,
        refusals: &[(RefusalScope, RefusalTest)],
        marks: &[MarkReader],
        settings: &Settings,
    ) -> Result<Watch, String> {
        let mut paths: Vec<(Path, bool)> = Vec::new();
        for text in &map.always {
            if let Some(text) = settings.text(text)? {
                paths.push((Path::any_case(&text).map_err(|e| e.to_string())?, true));
            }
        }
        for (_, test) in refusals {
            if paths.iter().all(|(known, _)| known.to_string() != test.path().to_string()) {
                paths.push((test.path().clone(), false));
            }
        }
        let mut fields = Vec::new();
        for (path, always) in paths.into_iter().take(WATCHED_MAX) {
            let text = path.to_string();
            let rests = rests(&text, map, refusals, marks);
            let lacked = settings.lacks().iter().any(|l| same_name(l, &text) || same_name(l, last_name(&text)));
            fields.push((path, WatchedField { path: text.into(), rests, always, lacked }));
        }
        Ok(Watch { fields })
    }

    pub fn fields(&self) -> Vec<WatchedField> {
        self.fields.iter().map(|(_, field)| field.clone()).collect()
    }

    /// Of a path that each row has: what a record is said to show there whose row lacks it.
    pub fn not_there(&self, path: &Path) -> Option<ShortText> {
        let path = path.to_string();
        self.fields.iter().map(|(_, f)| f).find(|f| *f.path == *path && f.always && !f.lacked).map(WatchedField::not_there)
    }

    /// Notes what one row shows. What was seen already is not looked for.
    pub fn see(&self, raw: &Json<'_>, shown: &mut Shown) {
        shown.rows += 1;
        for (i, (path, _)) in self.fields.iter().enumerate() {
            if shown.fields & (1 << i) == 0 && path.is_shown(raw) {
                shown.fields |= 1 << i;
            }
        }
    }
}

/// What is read from a path.
fn rests(path: &str, map: &RecordMap, refusals: &[(RefusalScope, RefusalTest)], marks: &[MarkReader]) -> Vec<RestsOn> {
    let mut rests = Vec::new();
    let tested = |test: &Test| test.path == path;
    if refusals.iter().any(|(_, test)| test.path().to_string() == path) {
        rests.push(RestsOn::Refusal);
    }
    rests.extend(marks.iter().filter(|m| m.path().to_string() == path).map(|m| RestsOn::Mark(m.mark.clone())));
    if map.state.iter().any(|rule| tested(&rule.when)) {
        rests.push(RestsOn::State);
    }
    if map.links().any(|p| p == path) {
        rests.push(RestsOn::Link);
    }
    rests.extend(map.fields.iter().filter(|(_, f)| f.path() == path).map(|(name, _)| RestsOn::Field(name.clone())));
    rests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(path: &str) -> WatchedField {
        WatchedField { path: path.into(), rests: vec![RestsOn::Refusal], always: true, lacked: false }
    }

    #[test]
    fn what_no_row_shows_is_missing_and_what_one_row_shows_is_not() {
        let watch = Watch { fields: ["p.out", "l[].n", "q.r"].map(|p| (Path::parse(p).unwrap(), field(p))).into() };
        let mut shown = Shown::default();
        assert_eq!(shown.missing(&watch.fields()).count(), 0, "nothing was read, so nothing is missing");
        for raw in [serde_json::json!({"p": {"a": 1}, "q": null}), serde_json::json!({"p": {}, "l": []})] {
            watch.see(&Json::from(&raw), &mut shown);
        }
        let fields = watch.fields();
        assert_eq!(shown.missing(&fields).map(WatchedField::name).collect::<Vec<_>>(), ["out"]);
        let mut other = Shown::default();
        watch.see(&Json::from(&serde_json::json!({"p": {"out": null}})), &mut other);
        shown.add(other);
        assert_eq!((shown.missing(&fields).count(), shown.rows), (0, 3));
    }
}
