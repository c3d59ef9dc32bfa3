//! A few things by name, in the order of their names: systems, rules, bases. They are looked for with every record, and a name is known
//! by where it lies, so that no text is compared.

use super::Name;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::ops::Index;

/// Each name is there once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByName<T>(Vec<(Name, T)>);

impl<T> Default for ByName<T> {
    fn default() -> ByName<T> {
        ByName(Vec::new())
    }
}

impl<T> ByName<T> {
    pub fn get(&self, name: &Name) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, item)| item)
    }

    pub fn get_mut(&mut self, name: &Name) -> Option<&mut T> {
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, item)| item)
    }

    /// The same by a text that need not be anyone's name.
    pub fn named(&self, text: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| **known == *text).map(|(_, item)| item)
    }

    pub fn named_mut(&mut self, text: &str) -> Option<&mut T> {
        self.0.iter_mut().find(|(known, _)| **known == *text).map(|(_, item)| item)
    }

    pub fn contains_key(&self, name: &Name) -> bool {
        self.get(name).is_some()
    }

    /// Returns what was there before.
    pub fn insert(&mut self, name: Name, item: T) -> Option<T> {
        match self.0.binary_search_by(|(known, _)| known.cmp(&name)) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, item)),
            Err(place) => {
                self.0.insert(place, (name, item));
                None
            }
        }
    }

    pub fn remove(&mut self, name: &Name) -> Option<T> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(place).1)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Name, &T)> + Clone {
        self.0.iter().map(|(name, item)| (name, item))
    }

    pub fn keys(&self) -> impl Iterator<Item = &Name> + Clone {
        self.iter().map(|(name, _)| name)
    }

    pub fn values(&self) -> impl Iterator<Item = &T> + Clone {
        self.iter().map(|(_, item)| item)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, item)| item)
    }
}

/// For names that are known to be there, as with any map; others are asked for with [`ByName::get`].
impl<T> Index<&Name> for ByName<T> {
    type Output = T;

    fn index(&self, name: &Name) -> &T {
        match self.get(name) {
            Some(item) => item,
            // As a map's: who indexes has seen it there.
            None => panic!("there is no {name}"),
        }
    }
}

impl<T> Extend<(Name, T)> for ByName<T> {
    /// Of several with one name the last counts.
    fn extend<I: IntoIterator<Item = (Name, T)>>(&mut self, items: I) {
        for (name, item) in items {
            self.insert(name, item);
        }
    }
}

impl<T> FromIterator<(Name, T)> for ByName<T> {
    fn from_iter<I: IntoIterator<Item = (Name, T)>>(items: I) -> ByName<T> {
        let mut all = ByName::default();
        all.extend(items);
        all
    }
}

impl<T> IntoIterator for ByName<T> {
    type Item = (Name, T);
    type IntoIter = std::vec::IntoIter<(Name, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// As a map.
impl<T: Serialize> Serialize for ByName<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByName<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<ByName<T>, D::Error> {
        BTreeMap::<Name, T>::deserialize(from).map(ByName::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_a_map(steps in prop::collection::vec((any::<bool>(), "[a-c]{1,2}", 0u8..9), 0..40)) {
            let (mut ours, mut plain) = (ByName::default(), BTreeMap::new());
            for (put, name, item) in steps {
                let name = Name::from(name);
                if put {
                    prop_assert_eq!(ours.insert(name.clone(), item), plain.insert(name.clone(), item));
                } else {
                    prop_assert_eq!(ours.remove(&name), plain.remove(&name));
                }
                prop_assert_eq!((ours.get(&name), ours.contains_key(&name)), (plain.get(&name), plain.contains_key(&name)));
                prop_assert_eq!((ours.named(&name).copied(), ours.named_mut(&name).copied()), (plain.get(&name).copied(), plain.get(&name).copied()));
                prop_assert!(ours.iter().eq(plain.iter()) && ours.keys().eq(plain.keys()) && ours.values().eq(plain.values()));
            }
            let kept = serde_json::to_string(&ours).unwrap();
            prop_assert_eq!(&kept, &serde_json::to_string(&plain).unwrap());
            prop_assert_eq!(serde_json::from_str::<ByName<u8>>(&kept).unwrap(), ours.clone());
            prop_assert_eq!(postcard::to_allocvec(&ours).unwrap(), postcard::to_allocvec(&plain).unwrap());
            prop_assert!(ours.values_mut().eq(plain.values_mut()) && ours.into_iter().eq(plain));
        }
    }
}
