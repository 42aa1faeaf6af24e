//! A first-in, first-out queue on a plain list: short ones are as quick as in a ring, and take a fraction of its flash.

use alloc::vec::{self, Vec};
use core::ops::{Deref, DerefMut};
use core::slice;

/// A short queue: taking the first element moves the others.
///
/// ```
/// use ocpp_rpc::queue::Queue;
///
/// let mut queue = Queue::new();
/// queue.push_back(1);
/// queue.push_back(2);
/// assert_eq!(queue.pop_front(), Some(1));
/// assert_eq!(queue.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Queue<T>(Vec<T>);

impl<T> Queue<T> {
    /// An empty one, which takes no memory.
    pub const fn new() -> Self {
        Queue(Vec::new())
    }

    /// Adds one at the end.
    pub fn push_back(&mut self, item: T) {
        self.0.push(item);
    }

    /// Adds one at a place, or at the end.
    pub fn insert(&mut self, at: usize, item: T) {
        self.0.insert(at.min(self.0.len()), item);
    }

    /// Takes the first one.
    pub fn pop_front(&mut self) -> Option<T> {
        self.remove(0)
    }

    /// The first one.
    pub fn front(&self) -> Option<&T> {
        self.0.first()
    }

    /// Takes the one at a place, if there is one.
    pub fn remove(&mut self, at: usize) -> Option<T> {
        (at < self.0.len()).then(|| self.0.remove(at))
    }

    /// Keeps those that are to stay.
    pub fn retain(&mut self, stays: impl FnMut(&T) -> bool) {
        self.0.retain(stays);
    }

    /// Takes the first `count`, or all.
    pub fn drain_front(&mut self, count: usize) -> vec::Drain<'_, T> {
        let count = count.min(self.0.len());
        self.0.drain(..count)
    }

    /// Makes room for so many more, and no further ones.
    pub fn reserve_exact(&mut self, more: usize) {
        self.0.reserve_exact(more);
    }

    /// Takes all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue::new()
    }
}

impl<T> Deref for Queue<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Queue<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T> Extend<T> for Queue<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        self.0.extend(items);
    }
}

impl<T> FromIterator<T> for Queue<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Queue(Vec::from_iter(items))
    }
}

impl<T> IntoIterator for Queue<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> vec::IntoIter<T> {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Queue<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> slice::Iter<'a, T> {
        self.0.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Queue<T> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    fn into_iter(self) -> slice::IterMut<'a, T> {
        self.0.iter_mut()
    }
}
