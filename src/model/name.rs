//! Short names that many values share: of a system, a stream, a field, a hold, a status.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{LazyLock, PoisonError, RwLock};

/// A name, kept once for the whole process: a clone is a copy of a pointer, and two are equal if they lie in one place.
///
/// A count of its users would be written by every thread that decodes records, millions of times a sync. Instead no name is ever forgotten, so
/// names must come from what the admin wrote (config, manifests), the state or a command's arguments; what others send over HTTP is looked up
/// with [`Name::known`].
#[derive(Clone, Eq)]
pub struct Name(&'static str);

static ALL: LazyLock<RwLock<HashSet<&'static str>>> = LazyLock::new(RwLock::default);

impl Name {
    pub fn new(text: &str) -> Name {
        if let Some(name) = Name::known(text) {
            return name;
        }
        let mut all = ALL.write().unwrap_or_else(PoisonError::into_inner);
        match all.get(text) {
            Some(known) => Name(known),
            None => {
                let kept: &'static str = Box::leak(Box::from(text));
                all.insert(kept);
                Name(kept)
            }
        }
    }

    /// The name if something in this process bears it.
    pub fn known(text: &str) -> Option<Name> {
        ALL.read().unwrap_or_else(PoisonError::into_inner).get(text).map(|known| Name(known))
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self.0
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Name) -> Ordering {
        if self == other { Ordering::Equal } else { self.0.cmp(other.0) }
    }
}

impl Hash for Name {
    /// As its text, so that a map of names can be asked for a text.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Name {
        Name::new(text)
    }
}

impl From<String> for Name {
    fn from(text: String) -> Name {
        Name::new(&text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
                Ok(Name::new(text))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Name {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        str::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        str::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_one_name() {
        let (a, b) = (Name::new("名寄せ-one"), Name::from(String::from("名寄せ-one")));
        assert!(a == b && a.as_ptr() == b.as_ptr());
        assert_eq!(a.cmp(&b), Ordering::Equal);
        assert!(Name::new("crm") < Name::new("ma") && Name::new("crm") != Name::new("crm2"));
        assert_eq!(HashSet::from([a]).get("名寄せ-one"), Some(&b));
    }

    #[test]
    fn what_nobody_named_is_not_known() {
        assert_eq!(Name::known("nobody-named-this"), None);
        assert_eq!(Name::known("nobody-named-this"), None, "asking does not make it known");
        let made = Name::new("somebody-named-this");
        assert_eq!(Name::known("somebody-named-this"), Some(made));
    }

    #[test]
    fn it_reads_and_writes_as_text() {
        let name: Name = serde_json::from_str("\"de\\u0061ls\"").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"deals\"");
        assert!(serde_json::from_str::<Name>("7").is_err());
    }
}
