//! How a target shows our own marks: a flag's values, a label's presence, a time, a text.
//!
//! A block is read by what stands for on and for off where it is written. Any third word or number is somebody else's word for it: it counts
//! as their block, and is left alone. What is no word (a list, an object) is nobody's: whether a block stands is unknown then.

use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{FieldKind, LabelNames, Labels, MarkMap, MarkWrite, TimeFormat, Writes};
use crate::connector::raw::from_toml::to_json;
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::plain::{plain, said, said_by, same_name};
use crate::connector::raw::scalars::{int_of, kind_of, number_of, text_of, time_of};
use crate::model::{Mark, Value, is_blank};
use jiff::tz::TimeZone;
use serde_json::Value as Owned;

/// What stands in the target for a block, and for none.
#[derive(Debug, Clone)]
pub struct Flag {
    on: Owned,
    off: Owned,
    /// Where both are yes or no in some words, any of these words counts.
    on_is: Option<bool>,
}

/// One mark of a record.
#[derive(Debug)]
pub struct MarkReader {
    pub mark: Mark,
    path: Path,
    how: How,
}

#[derive(Debug)]
enum How {
    /// Whether the list holds this text.
    Contains(String, LabelNames),
    /// The entries that begin so.
    Prefix(String, LabelNames),
    Flag(Flag),
    Time(TimeFormat),
    Text,
    Int,
    Number,
}

impl Flag {
    /// As the manifest's `writes` say, with the names in them filled in. `Ok(None)`: they name a setting that is not given.
    pub fn of(on: Option<&toml::Value>, off: Option<&toml::Value>, settings: &Settings) -> Result<Option<Flag>, String> {
        let value = |given: Option<&toml::Value>, usual: bool| match given {
            None => Ok(Some(Owned::Bool(usual))),
            Some(value) => Ok::<_, String>(settings.value(value)?.map(|v| to_json(&v))),
        };
        let (Some(on), Some(off)) = (value(on, true)?, value(off, false)?) else { return Ok(None) };
        Flag::new(on, off).map(Some)
    }

    /// `Err`: nobody could tell on from off.
    pub fn new(on: Owned, off: Owned) -> Result<Flag, String> {
        for value in [&on, &off] {
            if value.is_array() || value.is_object() {
                return Err("on and off are texts, numbers, true or false".to_string());
            }
        }
        let (said_on, said_off) = (said_owned(&on), said_owned(&off));
        let flag = Flag { on_is: said_on.filter(|on| said_off == Some(!on)), on, off };
        let alike = said_on.is_some() && said_on == said_off;
        match flag.read(&Json::from(&flag.on)) {
            Value::Bool(true) if !alike && flag.read(&Json::from(&flag.off)) == Value::Bool(false) => Ok(flag),
            _ => Err(format!("on = {} and off = {} read alike; the block could never be told from its absence", flag.on, flag.off)),
        }
    }

    pub fn value(&self, on: bool) -> &Owned {
        if on { &self.on } else { &self.off }
    }

    /// `Bool` where the value is on or off, `Empty` where there is nothing, `Unreadable` where there is no single value, else somebody
    /// else's word.
    fn read(&self, value: &Json<'_>) -> Value {
        if let (Some(on_is), Some(said)) = (self.on_is, said(value)) {
            return Value::Bool(said == on_is);
        }
        let is = |want: &Owned| equals(want, value);
        match (is(&self.on), is(&self.off)) {
            (true, false) => Value::Bool(true),
            (false, true) => Value::Bool(false),
            _ if !is_nothing(value) => text_of(value).map_or(Value::Unreadable, |word| Value::text(&word)),
            // Where false is the block, who never said anything accepts no mail either. Lifting our block would make it "accepts".
            _ if self.on_is == Some(false) => Value::text("(nothing)"),
            _ => Value::Empty,
        }
    }
}

fn said_owned(value: &Owned) -> Option<bool> {
    match value {
        Owned::Bool(b) => Some(*b),
        Owned::String(text) => said_by(text),
        Owned::Number(number) => said_by(&number.to_string()),
        _ => None,
    }
}

fn is_nothing(value: &Json<'_>) -> bool {
    value.is_null() || value.as_str().is_some_and(is_blank)
}

fn equals(want: &Owned, value: &Json<'_>) -> bool {
    match want {
        Owned::String(text) if is_blank(text) => is_nothing(value),
        Owned::String(text) => text_of(value).is_some_and(|shown| same_name(text, &shown)),
        Owned::Number(number) => number_of(value).is_some_and(|shown| Some(shown) == number.as_f64()),
        Owned::Bool(want) => match value {
            Json::Bool(shown) => shown == want,
            _ => text_of(value).is_some_and(|shown| *plain(&shown) == *want.to_string()),
        },
        _ => false,
    }
}

impl MarkReader {
    /// `Ok(None)`: it names a setting that is not given. `writes` are those to the same records.
    pub fn new(mark: Mark, how: &MarkMap, writes: Option<&Writes>, settings: &Settings) -> Result<Option<MarkReader>, String> {
        let Some(path) = settings.text(&how.path)? else { return Ok(None) };
        // What an admin calls a field is a name to the system, however it is written.
        let path = if how.path.contains('{') { Path::any_case(&path) } else { Path::parse(&path) }.map_err(|e| e.to_string())?;
        let text = |text: &Option<String>| text.as_ref().map(|t| settings.text(t)).transpose();
        let names = writes.and_then(|w| w.labels.as_ref()).map_or(LabelNames::AsWritten, Labels::names);
        let how = match (text(&how.contains)?, text(&how.prefix)?, &mark, how.kind) {
            (Some(None), ..) | (_, Some(None), ..) => return Ok(None),
            (Some(Some(label)), ..) => How::Contains(label, names),
            (None, Some(Some(prefix)), ..) => How::Prefix(prefix, names),
            (_, _, Mark::Block, _) => match writes.and_then(|w| w.block.as_ref()) {
                Some(MarkWrite::Field { on, off, .. }) => match Flag::of(on.as_ref(), off.as_ref(), settings)? {
                    Some(flag) => How::Flag(flag),
                    None => return Ok(None),
                },
                _ => How::Flag(Flag::new(Owned::Bool(true), Owned::Bool(false))?),
            },
            (_, _, Mark::Permit | Mark::OwnPermit(_), FieldKind::Text) | (_, _, _, FieldKind::Time | FieldKind::Date) => {
                How::Time(how.format.unwrap_or_default())
            }
            (_, _, _, FieldKind::Bool) => How::Flag(Flag::new(Owned::Bool(true), Owned::Bool(false))?),
            (_, _, _, FieldKind::Int) => How::Int,
            (_, _, _, FieldKind::Number) => How::Number,
            (_, _, _, FieldKind::Text | FieldKind::List) => How::Text,
        };
        Ok(Some(MarkReader { mark, path, how }))
    }

    /// Where the answers show it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `Ok(None)`: absent. `Err`: why it cannot be read, without its value.
    pub fn read(&self, raw: &Json<'_>, zone: &TimeZone) -> Result<Option<Value>, String> {
        match &self.how {
            How::Contains(label, names) => {
                let mut holds = false;
                self.path.entries(raw, &mut |v| holds |= text_of(v).is_some_and(|t| names.same(label, &t)));
                return Ok(Some(Value::Bool(holds)));
            }
            How::Prefix(prefix, names) => {
                let mut found: Vec<&str> = Vec::new();
                self.path.entries(raw, &mut |v| found.extend(v.as_str().filter(|t| names.begins(t, prefix))));
                found.sort_unstable();
                return Ok(Some(Value::text(&found.join("\n"))));
            }
            _ => {}
        }
        let Some(value) = self.path.first(raw) else { return Ok(None) };
        if let How::Flag(flag) = &self.how {
            return match flag.read(value) {
                Value::Unreadable => {
                    Err(format!("is {}, of which nobody knows whether it stands for {} or {}", kind_of(value), flag.on, flag.off))
                }
                read => Ok(Some(read)),
            };
        }
        if is_nothing(value) {
            return Ok(Some(Value::Empty));
        }
        let (read, expected) = match &self.how {
            How::Time(format) => (time_of(value, *format, zone).map(Value::Time), "a time"),
            How::Int => (int_of(value).map(Value::Int), "a whole number"),
            How::Number => (number_of(value).map(Value::Number), "a number"),
            How::Text | How::Contains(..) | How::Prefix(..) | How::Flag(_) => (text_of(value).map(|t| Value::text(&t)), "a text"),
        };
        read.map(Some).ok_or_else(|| format!("is {}, which is not {expected}", kind_of(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(on: Owned, off: Owned, shown: Owned) -> Value {
        Flag::new(on, off).unwrap().read(&Json::from(&shown))
    }

    #[test]
    fn a_block_is_what_on_says_and_any_third_value_is_somebody_elses() {
        let (on, off) = (Value::Bool(true), Value::Bool(false));
        let other = |text: &str| Value::text(text);
        for (written, shown, want) in [
            ((json!(true), json!(false)), json!(true), on.clone()),
            ((json!(true), json!(false)), json!("Yes"), on.clone()),
            ((json!(true), json!(false)), json!("0"), off.clone()),
            ((json!(true), json!(false)), json!(null), Value::Empty),
            ((json!(true), json!(false)), json!(" "), Value::Empty),
            ((json!(true), json!(false)), json!("legal"), other("legal")),
            ((json!("true"), json!("false")), json!(false), off.clone()),
            // accepts_marketing = false is the block.
            ((json!(false), json!(true)), json!(false), on.clone()),
            ((json!(false), json!(true)), json!("true"), off.clone()),
            ((json!("No"), json!("Yes")), json!("no"), on.clone()),
            ((json!(false), json!(true)), json!(null), other("(nothing)")),
            // 1 and 2 are neither yes nor no.
            ((json!(2), json!(1)), json!(2), on.clone()),
            ((json!(2), json!(1)), json!("1"), off.clone()),
            ((json!(2), json!(1)), json!(3), other("3")),
            ((json!(2), json!(1)), json!(true), Value::Unreadable),
            ((json!(1), json!(2)), json!("1"), on.clone()),
            ((json!(1), json!(2)), json!(2), off.clone()),
            ((json!("suspended"), json!("active")), json!("Suspended "), on.clone()),
            ((json!("suspended"), json!("active")), json!("active"), off.clone()),
            ((json!("suspended"), json!("active")), json!("legal hold"), other("legal hold")),
            ((json!("suspended"), json!("active")), json!(null), Value::Empty),
            ((json!("x"), json!("")), json!(null), off.clone()),
            // A list or an object is nobody's word, and protects nobody.
            ((json!("x"), json!("")), json!([1]), Value::Unreadable),
            ((json!(true), json!(false)), json!([]), Value::Unreadable),
            ((json!(true), json!(false)), json!({}), Value::Unreadable),
            ((json!(false), json!(true)), json!({"value": true}), Value::Unreadable),
        ] {
            assert_eq!(read(written.0.clone(), written.1.clone(), shown.clone()), want, "{written:?} shows {shown}");
        }
    }

    #[test]
    fn on_and_off_that_read_alike_are_refused() {
        for (on, off) in [(json!(true), json!("yes")), (json!("a"), json!("A ")), (json!(1), json!(1.0)), (json!([1]), json!(2))] {
            assert!(Flag::new(on.clone(), off.clone()).is_err(), "{on} {off}");
        }
    }
}
