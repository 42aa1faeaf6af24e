//! An ordered map that is a sorted list. Each type of `BTreeMap` costs 2 to 4 KB of flash, each of these a tenth of that.
//!
//! To insert moves what lies behind, so this is for what is short, or grows at its end.

use alloc::vec::Vec;

/// An ordered map in a sorted list, with the methods of `BTreeMap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table<K, V> {
    rows: Vec<(K, V)>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { rows: Vec::new() }
    }
}

impl<K: Ord, V> Table<K, V> {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(self.find(key).ok()?).map(|(_, value)| value)
    }

    /// The value of a key, to change.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.find(key).ok()?;
        self.rows.get_mut(place).map(|(_, value)| value)
    }

    /// Sets a value, and gives the one that it replaces.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(place) => self.rows.get_mut(place).map(|(_, old)| core::mem::replace(old, value)),
            Err(place) => {
                self.rows.insert(place, (key, value));
                None
            }
        }
    }

    /// Removes a key, and gives its value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.find(key).ok().map(|place| self.rows.remove(place).1)
    }

    /// Removes the first key.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.rows.is_empty()).then(|| self.rows.remove(0))
    }

    /// Removes all keys up to and including `last`.
    pub fn remove_through(&mut self, last: &K) {
        let gone = self.rows.partition_point(|(key, _)| key <= last);
        self.rows.drain(..gone);
    }

    /// Keeps only the rows that `keep` wants.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.rows.retain_mut(|(key, value)| keep(key, value));
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.rows.iter().map(|(key, _)| key)
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter().map(|(key, value)| (key, value))
    }

    /// The rows from a key on, in order.
    #[cfg(feature = "local_auth_list")]
    pub fn from(&self, first: &K) -> impl Iterator<Item = (&K, &V)> {
        let place = self.find(first).unwrap_or_else(|place| place);
        self.rows.get(place..).into_iter().flatten().map(|(key, value)| (key, value))
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.iter().map(|(_, value)| value)
    }

    /// The values, to change.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.rows.iter_mut().map(|(_, value)| value)
    }

    /// Where the key is, or belongs.
    fn find(&self, key: &K) -> Result<usize, usize> {
        self.rows.binary_search_by(|(other, _)| other.cmp(key))
    }
}

impl<'a, K, V> IntoIterator for &'a Table<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = core::iter::Map<core::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter().map(|(key, value)| (key, value))
    }
}

impl<K, V> IntoIterator for Table<K, V> {
    type Item = (K, V);
    type IntoIter = alloc::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut table = Table::default();
        for (key, value) in items {
            table.insert(key, value);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn table_is_what_a_btree_map_is(changes in prop::collection::vec((0_u8..13, any::<Option<u8>>()), 0..60)) {
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for (key, value) in changes {
                match value {
                    Some(value) => prop_assert_eq!(table.insert(key, value), map.insert(key, value)),
                    None if key == 0 => prop_assert_eq!(table.pop_first(), map.pop_first()),
                    None if key == 12 => {
                        table.remove_through(&4);
                        map.retain(|key, _| *key > 4);
                    }
                    None => prop_assert_eq!(table.remove(&key), map.remove(&key)),
                }
                prop_assert!(table.iter().eq(&map) && table.keys().eq(map.keys()) && table.values().eq(map.values()));
                prop_assert_eq!((table.len(), table.is_empty()), (map.len(), map.is_empty()));
                prop_assert_eq!((table.get(&key), table.contains_key(&key)), (map.get(&key), map.contains_key(&key)));
                prop_assert_eq!(table.get_mut(&key), map.get_mut(&key));
            }
            prop_assert_eq!(map.iter().map(|(k, v)| (*k, *v)).rev().collect::<Table<_, _>>(), table.clone());
            prop_assert!(table.into_iter().eq(map));
        }
    }
}
