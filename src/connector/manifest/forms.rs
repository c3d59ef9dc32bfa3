//! Values that may be written in two forms: a text, or something longer. Read by hand, so that a mistake in the longer form is told as
//! what it is, and what was expected is told in the words of who writes a manifest.

use super::{FieldMap, FieldSpec, FieldWrite, FieldWriteSpec, Paths, TimeFormat, TimePath};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// What can be read from a text, and from a table.
trait TextOrTable: Sized {
    type Table: for<'de> Deserialize<'de>;
    /// The two forms, as a message names them.
    const FORMS: &'static str;

    fn from_text(text: String) -> Self;
    fn from_table(table: Self::Table) -> Self;
}

struct TextOrTableVisitor<T>(PhantomData<T>);

impl<'de, T: TextOrTable> Visitor<'de> for TextOrTableVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::FORMS)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::from_text(text.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<T, A::Error> {
        T::Table::deserialize(MapAccessDeserializer::new(table)).map(T::from_table)
    }
}

impl TextOrTable for FieldMap {
    type Table = FieldSpec;
    const FORMS: &'static str = "a path as text, or a table { path = .., type = .., map = .., format = .. }";

    fn from_text(text: String) -> FieldMap {
        FieldMap::Path(text)
    }

    fn from_table(spec: FieldSpec) -> FieldMap {
        FieldMap::Full(spec)
    }
}

impl TextOrTable for FieldWrite {
    type Table = FieldWriteSpec;
    const FORMS: &'static str = "the system's name of the field as text, or a table { field = .., format = .., map = .. }";

    fn from_text(text: String) -> FieldWrite {
        FieldWrite::Name(text)
    }

    fn from_table(spec: FieldWriteSpec) -> FieldWrite {
        FieldWrite::Full(spec)
    }
}

/// The longer form of a [`TimePath`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PathAndFormat {
    path: String,
    format: TimeFormat,
}

impl TextOrTable for TimePath {
    type Table = PathAndFormat;
    const FORMS: &'static str = "a path as text, or a table { path = .., format = .. }";

    fn from_text(text: String) -> TimePath {
        TimePath::Path(text)
    }

    fn from_table(PathAndFormat { path, format }: PathAndFormat) -> TimePath {
        TimePath::Full { path, format }
    }
}

impl<'de> Deserialize<'de> for FieldMap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<FieldMap, D::Error> {
        from.deserialize_any(TextOrTableVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for FieldWrite {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<FieldWrite, D::Error> {
        from.deserialize_any(TextOrTableVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for TimePath {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<TimePath, D::Error> {
        from.deserialize_any(TextOrTableVisitor(PhantomData))
    }
}

struct PathsVisitor;

impl<'de> Visitor<'de> for PathsVisitor {
    type Value = Paths;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path as text, or a list of paths")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Paths, E> {
        Ok(Paths::One(text.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Paths, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Paths::Several)
    }
}

impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Paths, D::Error> {
        from.deserialize_any(PathsVisitor)
    }
}
