//! A small ordered map: a sorted list. Each type of `BTreeMap` costs 2 to 4 KB of flash, each of these a tenth of that.
//!
//! For what is bounded by connectors or by queues. To insert moves what lies behind, so longer things are `BTreeMap`s.

#![allow(dead_code, reason = "which methods are used depends on the features")]

use alloc::vec::Vec;

/// An ordered map with the methods of `BTreeMap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table<K, V> {
    rows: Vec<(K, V)>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { rows: Vec::new() }
    }
}

impl<K: Ord, V> Table<K, V> {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_ok()
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(self.find(key).ok()?).map(|(_, value)| value)
    }

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

    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.find(key).ok().map(|place| self.rows.remove(place).1)
    }

    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.rows.is_empty()).then(|| self.rows.remove(0))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter().map(|(key, value)| (key, value))
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.iter().map(|(_, value)| value)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.rows.iter_mut().map(|(_, value)| value)
    }

    /// Where the key is, or belongs.
    fn find(&self, key: &K) -> Result<usize, usize> {
        self.rows.binary_search_by(|(other, _)| other.cmp(key))
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
        fn table_is_what_a_btree_map_is(changes in prop::collection::vec((0_u8..12, any::<Option<u8>>()), 0..60)) {
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for (key, value) in changes {
                match value {
                    Some(value) => prop_assert_eq!(table.insert(key, value), map.insert(key, value)),
                    None if key == 0 => prop_assert_eq!(table.pop_first(), map.pop_first()),
                    None => prop_assert_eq!(table.remove(&key), map.remove(&key)),
                }
                prop_assert!(table.iter().eq(&map) && table.values().eq(map.values()));
                prop_assert_eq!(table.len(), map.len());
                prop_assert_eq!((table.get(&key), table.contains_key(&key)), (map.get(&key), map.contains_key(&key)));
                prop_assert_eq!(table.get_mut(&key), map.get_mut(&key));
            }
            prop_assert_eq!(map.iter().map(|(k, v)| (*k, *v)).rev().collect::<Table<_, _>>(), table.clone());
            prop_assert!(table.into_iter().eq(map));
        }
    }
}
