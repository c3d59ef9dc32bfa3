//! Fields of a target that show the person's own no.

use crate::connector::raw::paths::Path;
use crate::connector::raw::plain::plain;
use std::borrow::Cow;

/// Why a field of the target must not be written, if it must not: a refusal is read from it. `refusals` are the paths of all of them.
pub(in crate::connector) fn consent_field<'p>(mut refusals: impl Iterator<Item = &'p str>, field: &str) -> Option<String> {
    let written = Path::parse(field).ok()?;
    let written: Vec<Cow<'_, str>> = written.keys().map(plain).collect();
    refusals.find_map(|path| {
        let read = Path::parse(path).ok()?;
        // Many systems take a name in any case.
        let read: Vec<Cow<'_, str>> = read.keys().map(plain).collect();
        let same = read.iter().any(|key| written.contains(key) && Some(key) != read.first()) || read.first() == written.first();
        same.then(|| format!("{field:?} shows the person's own refusal; nothing may ever write it"))
    })
}
