//! What a wanted change is in the target's own fields and labels, and whether a record shows it.

use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{FieldWrite, LabelNames, Labels, MarkWrite, RecordMap, Test, TimeFormat, Writes, consent_field};
use crate::connector::map::marks::Flag;
use crate::connector::port::{Change, PermitChange, StatusChange, WrittenWord};
use crate::connector::raw::from_toml::to_json;
use crate::connector::raw::plain::same_name;
use crate::connector::raw::scalars::time_text;
use crate::connector::rest::writing::cells::{Cell, FieldWords, Fields};
use crate::model::{Mark, Name, PermitFor, Record, ShortText, Value, is_blank};
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Our words for the target's.
pub struct TargetWords {
    pub fields: BTreeMap<Name, FieldWords>,
    pub status: Option<StatusWords>,
    pub block: Option<MarkWords>,
    pub permits: BTreeMap<PermitFor, MarkWords>,
    pub why: Option<MarkWords>,
    /// What empties a field.
    empty: Json,
    labels: LabelNames,
    zone: TimeZone,
}

/// The fixed words that are written to a field of the target.
pub struct WordsOfPart {
    /// "status", "block", or our name of the field.
    pub part: Name,
    /// The target's name of it.
    pub field: String,
    pub written: Vec<WrittenWord>,
}

pub struct StatusWords {
    map: BTreeMap<String, String>,
    place: StatusPlace,
}

enum StatusPlace {
    Field(String),
    LabelPrefix(String),
}

pub enum MarkWords {
    Field { field: String, flag: Flag, format: TimeFormat },
    Label(String),
}

/// A change in the target's words.
#[derive(Debug, Default)]
pub struct Row<'w> {
    pub fields: Fields<'w>,
    pub labels: Vec<LabelStep>,
}

/// One label to put on or take off. Steps are carried out in their order: what protects comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelStep {
    rank: u8,
    pub label: String,
    pub add: bool,
    pub mark: Mark,
    names: LabelNames,
}

/// Where people's own no is read from, with all names filled in: nothing may write there.
struct ConsentTests(Vec<Test>);

impl ConsentTests {
    fn of(record: &RecordMap, settings: &Settings) -> Result<ConsentTests, String> {
        let all: Result<Vec<Option<Test>>, String> = record.refusals.iter().map(|rule| settings.test(&rule.when)).collect();
        Ok(ConsentTests(all?.into_iter().flatten().collect()))
    }

    fn other_than_field(&self, name: String) -> Result<String, String> {
        match consent_field(self.0.iter().map(|t| &*t.path), &name) {
            Some(why) => Err(why),
            None => Ok(name),
        }
    }

    fn other_than_label(&self, name: String) -> Result<String, String> {
        let texts = |t: &Test| {
            t.contains
                .iter()
                .cloned()
                .chain(t.equals.iter().chain(t.one_of.iter().flatten()).filter_map(|v| v.as_str().map(Into::into)))
                .collect::<Vec<String>>()
        };
        match self.0.iter().flat_map(texts).any(|no| same_name(&no, &name)) {
            true => Err(format!("the label {name:?} shows the person's own refusal; nothing may ever write it")),
            false => Ok(name),
        }
    }
}

impl TargetWords {
    /// Marks whose name is not given in systems.toml cannot be written. `Err` where a name is that of a consent field.
    pub fn new(writes: &Writes, record: &RecordMap, settings: &Settings) -> Result<TargetWords, String> {
        let refusals = ConsentTests::of(record, settings)?;
        let named = |text: &str| settings.text(text)?.map(|name| refusals.other_than_field(name)).transpose();
        let mark = |how: &MarkWrite| match how {
            MarkWrite::Label { label } => {
                Ok::<_, String>(settings.text(label)?.map(|label| refusals.other_than_label(label)).transpose()?.map(MarkWords::Label))
            }
            MarkWrite::Field { field, on, off, format } => {
                let flag = Flag::of(on.as_ref(), off.as_ref(), settings)?;
                Ok(named(field)?.zip(flag).map(|(field, flag)| MarkWords::Field { field, flag, format: format.unwrap_or_default() }))
            }
        };
        let some = |how: &Option<MarkWrite>| how.as_ref().map_or(Ok(None), mark);
        let status = match &writes.status {
            None => None,
            Some(s) => {
                let prefix = s.label_prefix.as_ref().map(|p| settings.text(p)).transpose()?.flatten();
                let field = s.field.as_deref().map(named).transpose()?.flatten();
                let place = field.map(StatusPlace::Field).or(prefix.map(StatusPlace::LabelPrefix));
                // What systems.toml calls a status goes before what the manifest does.
                let mut map = settings.map(&s.map)?;
                map.extend(settings.status_words().clone());
                place.map(|place| StatusWords { map, place })
            }
        };
        let empty = match writes.update.as_ref().and_then(|u| u.empty.as_ref()) {
            None => Json::Null,
            Some(value) => settings.value(value)?.map_or(Json::Null, |v| to_json(&v)),
        };
        for field in writes.fields.values().map(|f| f.field()) {
            refusals.other_than_field(field.to_string())?;
        }
        let own = writes.permits.iter().map(|(own, how)| (PermitFor::Own(own.clone()), how));
        let mut permits = BTreeMap::new();
        for (what_for, how) in writes.permit.iter().map(|how| (PermitFor::Marketing, how)).chain(own) {
            if let Some(words) = mark(how)? {
                permits.insert(what_for, words);
            }
        }
        let words = |(name, how): (&Name, &FieldWrite)| Ok((name.clone(), FieldWords::new(how, record.fields.get(name), settings)?));
        Ok(TargetWords {
            fields: writes.fields.iter().map(words).collect::<Result<_, String>>()?,
            status,
            block: some(&writes.block)?,
            permits,
            why: some(&writes.why)?,
            empty,
            labels: writes.labels.as_ref().map_or(LabelNames::AsWritten, Labels::names),
            zone: settings.zone.clone(),
        })
    }

    /// The target's word for one of our statuses; where it is told by label, the whole label.
    pub fn status<'w>(&'w self, status: &'w str) -> Cow<'w, str> {
        let Some(words) = &self.status else { return Cow::Borrowed(status) };
        let word = words.map.get(status).map_or(status, |w| w);
        match &words.place {
            StatusPlace::Field(_) => Cow::Borrowed(word),
            StatusPlace::LabelPrefix(prefix) => Cow::Owned(format!("{prefix}{word}")),
        }
    }

    /// The fixed words of a part that is written, if it has some and a field for them: "status" with these statuses, "block", a field.
    pub fn of_part(&self, part: &Name, statuses: &[Name]) -> Option<WordsOfPart> {
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_string).into();
        let word = |ours: &str, word: ShortText| WrittenWord { ours: ours.into(), word };
        let (field, written): (&str, Vec<WrittenWord>) = match (&**part, &self.block) {
            ("status", _) => (self.status_field()?, statuses.iter().map(|s| word(s, (&*self.status(s)).into())).collect()),
            ("block", Some(MarkWords::Field { field, flag, .. })) => {
                (field, [("on", true), ("off", false)].map(|(ours, on)| word(ours, text(flag.value(on)))).into())
            }
            _ => {
                let words = self.fields.get(part).filter(|words| words.has_codes())?;
                (&words.field, words.codes().map(|(label, code)| word(label, text(code))).collect())
            }
        };
        Some(WordsOfPart { part: part.clone(), field: field.to_string(), written })
    }

    /// The target's name of the field that holds the status, where one does.
    pub fn status_field(&self) -> Option<&str> {
        match &self.status.as_ref()?.place {
            StatusPlace::Field(field) => Some(field),
            StatusPlace::LabelPrefix(_) => None,
        }
    }

    /// `Err`: part of the change cannot be written there, so none of it is.
    pub fn row<'w>(&'w self, change: &'w Change) -> Result<Row<'w>, String> {
        let mut row = Row::default();
        for (name, value) in &change.fields {
            let words = self.fields.get(name).ok_or_else(|| format!("{name} cannot be written there"))?;
            row.fields.set(&words.field, words.cell(value, &self.empty, &self.zone).map_err(|why| format!("{name} {why}"))?);
        }
        let cannot = |what: &str| format!("{what} cannot be written there");
        if let Some(block) = change.block {
            match self.block.as_ref().ok_or_else(|| cannot("a block"))? {
                MarkWords::Field { field, flag, .. } => row.fields.set(field, Cell::Json(Cow::Borrowed(flag.value(block)))),
                MarkWords::Label(label) => row.step(if block { 0 } else { 6 }, label, block, Mark::Block, self.labels),
            }
        }
        for (what_for, permit) in change.permits.iter() {
            let given = matches!(permit, PermitChange::Until(_));
            match self.permits.get(what_for).ok_or_else(|| cannot(&format!("a {}", what_for.label())))? {
                MarkWords::Field { field, format, .. } => {
                    let value = match permit {
                        PermitChange::Until(time) => Cell::Text(Cow::Owned(time_text(time, *format, &self.zone))),
                        PermitChange::Withdrawn => Cell::Json(Cow::Borrowed(&self.empty)),
                    };
                    row.fields.set(field, value);
                }
                MarkWords::Label(label) => row.step(if given { 5 } else { 1 }, label, given, what_for.mark(), self.labels),
            }
        }
        if let Some(why) = &change.why {
            match self.why.as_ref().ok_or_else(|| cannot("a reason"))? {
                MarkWords::Field { field, .. } => row.fields.set(field, self.text(why)),
                MarkWords::Label(label) => row.step(2, label, !why.is_empty(), Mark::Why, self.labels),
            }
        }
        if let Some(status) = &change.status {
            self.status_row(status, &mut row)?;
        }
        row.labels.sort();
        Ok(row)
    }

    fn status_row<'w>(&'w self, status: &'w StatusChange, row: &mut Row<'w>) -> Result<(), String> {
        let words = self.status.as_ref().ok_or("a status cannot be written there")?;
        let word = self.status(&status.to);
        match &words.place {
            StatusPlace::Field(field) if is_blank(&word) => row.fields.set(field, Cell::Json(Cow::Borrowed(&self.empty))),
            StatusPlace::Field(field) => row.fields.set(field, Cell::Text(word)),
            StatusPlace::LabelPrefix(prefix) => {
                row.step(3, &word, true, Mark::Status, self.labels);
                let shown = status.from.iter().flat_map(|from| from.lines());
                for old in shown.filter(|old| !self.labels.same(old, &word) && self.labels.begins(old, prefix)) {
                    row.step(4, old, false, Mark::Status, self.labels);
                }
            }
        }
        Ok(())
    }

    fn text<'w>(&'w self, text: &'w str) -> Cell<'w> {
        if is_blank(text) { Cell::Json(Cow::Borrowed(&self.empty)) } else { Cell::Text(Cow::Borrowed(text)) }
    }

    /// The first part of the change that the record does not show.
    pub fn missing(&self, record: &Record, change: &Change) -> Option<String> {
        let field = change.fields.iter().find(|(name, want)| !same(record.field(name).map(|f| &f.value), want));
        if let Some((name, _)) = field {
            return Some(name.to_string());
        }
        let shows = |mark: Mark, want: &Value| same(record.mark(mark), want);
        let block =
            change.block.is_none_or(|b| shows(Mark::Block, &Value::Bool(b)) || !b && record.mark(Mark::Block).is_none_or(Value::is_empty));
        let permit = change.permits.iter().all(|(what_for, permit)| match (permit, self.permits.get(what_for)) {
            (permit, Some(MarkWords::Label(_))) => shows(what_for.mark(), &Value::Bool(matches!(permit, PermitChange::Until(_)))),
            (PermitChange::Until(time), _) => shows(what_for.mark(), &Value::Time(time)),
            (PermitChange::Withdrawn, _) => shows(what_for.mark(), &Value::Empty),
        });
        let why = change.why.as_ref().is_none_or(|why| match &self.why {
            Some(MarkWords::Label(_)) => shows(Mark::Why, &Value::Bool(!why.is_empty())),
            _ => shows(Mark::Why, &Value::text(why)),
        });
        let status = change.status.as_ref().is_none_or(|s| shows(Mark::Status, &Value::text(&self.status(&s.to))));
        let marks = [(block, Mark::Block), (permit, Mark::Permit), (why, Mark::Why), (status, Mark::Status)];
        marks.into_iter().find(|(shown, _)| !shown).map(|(_, mark)| mark.name().to_string())
    }
}

impl Row<'_> {
    fn step(&mut self, rank: u8, label: &str, add: bool, mark: Mark, names: LabelNames) {
        self.labels.push(LabelStep { rank, label: label.to_string(), add, mark, names });
    }
}

impl LabelStep {
    /// Whether the record shows the step done; `None` where the manifest has no mark that could tell.
    pub fn shown(&self, record: &Record) -> Option<bool> {
        match record.mark(&self.mark) {
            Some(Value::Bool(there)) => Some(*there == self.add),
            Some(Value::Text(labels)) => Some(labels.lines().any(|l| self.names.same(l, &self.label)) == self.add),
            Some(Value::Empty) => Some(!self.add),
            _ => None,
        }
    }
}

/// Equal, but for blanks around texts, whole seconds, and how a number, a time or a day is written. Absent is as good as empty.
fn same(shown: Option<&Value>, want: &Value) -> bool {
    let shown = shown.unwrap_or(&Value::Empty);
    if want.may_show_as(shown) {
        return true;
    }
    match (shown, want) {
        (Value::Time(a), Value::Time(b)) => a.0.div_euclid(1000) == b.0.div_euclid(1000),
        (Value::Unreadable, _) | (_, Value::Unreadable) => false,
        (Value::List(_), _) | (_, Value::List(_)) => shown == want,
        (Value::Empty, _) | (_, Value::Empty) => shown.is_empty() && want.is_empty(),
        _ => shown.to_string().trim() == want.to_string().trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::SystemSettings;
    use crate::connector::manifest::Manifest;
    use crate::connector::manifest::load;
    use crate::model::Time;

    const MANIFEST: &str = "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }
        [streams.people]\nentity = 'person'\nsweep = { path = '/' }\n[streams.people.record]\nid = 'id'\nfields = { phone = 'phone', score = 'leadScore' }
        refusals = [{ scope = 'all', when = { path = 'unsubscribed', equals = true } }]\n[streams.people.record.marks]
        block = { path = 'suspended' }\npermit = { path = '{hold.permit}' }\nwhy = { path = '{hold.why}' }\nstatus = { path = 'leadStatus' }
        [writes]\nstream = 'people'\nfields = { phone = 'phone', score = 'leadScore' }\nstatus = { field = 'leadStatus' }\nread_chunk = 9
        read = { path = '/', query = { ids = '{ids}' } }\nblock = { kind = 'field', field = 'suspended' }
        permit = { kind = 'field', field = '{hold.permit}' }\nwhy = { kind = 'field', field = '{hold.why}' }
        [writes.update]\nbatch = 9\nid_key = 'id'\nresults = { path = 'r' }\nrequest = { path = '/', body = { input = '{rows}' } }\n";

    fn words(permit: &str) -> Result<TargetWords, String> {
        let manifest: Manifest = load::parse("t", "t.toml", MANIFEST).unwrap();
        let given = SystemSettings { permit: Some(permit.into()), ..crate::connector::examples::example_settings(&manifest) };
        let settings = Settings::resolve(&manifest, &given).unwrap();
        TargetWords::new(manifest.writes.as_ref().unwrap(), manifest.streams["people"].record.as_ref().unwrap(), &settings)
    }

    #[test]
    fn a_whole_change_becomes_one_row() {
        let words = words("ok_until").unwrap();
        let change = Change {
            fields: vec![("phone".into(), Value::Empty), ("score".into(), Value::Int(5))],
            block: Some(true),
            permits: PermitChange::Until(Time(1_795_251_600_000)).into(),
            why: Some("open_deal_person".into()),
            status: Some(StatusChange { to: "opportunity".into(), from: None }),
        };
        let row = words.row(&change).unwrap();
        let want = serde_json::json!({"phone": null, "leadScore": 5, "suspended": true, "ok_until": "2026-11-21T09:00:00Z",
            "nayose_why": "open_deal_person", "leadStatus": "opportunity"});
        assert_eq!(serde_json::to_value(&row.fields).unwrap(), want);
        let unknown = Change { fields: vec![("shoe_size".into(), Value::Int(5))], ..Change::default() };
        assert!(words.row(&unknown).is_err());
    }

    #[test]
    fn what_systems_toml_calls_a_status_goes_before_the_manifests_word() {
        let mapped = MANIFEST.replace("{ field = 'leadStatus' }", "{ field = 'leadStatus', map = { mql = 'MQL', lead = 'Lead' } }");
        let manifest: Manifest = load::parse("t", "t.toml", &mapped).unwrap();
        let status_words = [("mql".to_string(), "MQL2".to_string())].into();
        let given = SystemSettings { status_words, ..crate::connector::examples::example_settings(&manifest) };
        let settings = Settings::resolve(&manifest, &given).unwrap();
        let record = manifest.streams["people"].record.as_ref().unwrap();
        let words = TargetWords::new(manifest.writes.as_ref().unwrap(), record, &settings).unwrap();
        assert_eq!(["mql", "lead", "customer"].map(|status| words.status(status).into_owned()), ["MQL2", "Lead", "customer"]);
    }

    #[test]
    fn a_permit_may_not_bear_the_name_of_a_consent_field() {
        let refused = words("unsubscribed");
        assert!(refused.err().unwrap().contains("refusal"));
    }

    #[test]
    fn values_that_a_system_writes_in_its_own_way_are_the_same() {
        assert!(same(Some(&Value::text("12")), &Value::Int(12)));
        assert!(same(Some(&Value::text(" a ")), &Value::text("a")));
        assert!(same(None, &Value::Empty));
        assert!(same(Some(&Value::Time(Time(1999))), &Value::Time(Time(1000))));
        assert!(!same(Some(&Value::Bool(false)), &Value::Bool(true)));
        assert!(!same(Some(&Value::text("a")), &Value::Empty));
    }
}
