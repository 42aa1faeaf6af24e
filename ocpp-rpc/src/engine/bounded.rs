//! Queues that hold no more memory than they need: a server has an idle engine for each of very many stations.

use crate::queue::Queue;

/// Appends `item` and forgets the oldest ones beyond `max`.
pub(super) fn push_bounded<T>(queue: &mut Queue<T>, item: T, max: usize) {
    while queue.len() >= max {
        if queue.pop_front().is_none() {
            return;
        }
    }
    queue.reserve_exact(1);
    queue.push_back(item);
}

/// Takes the first item, and with the last one the queue's memory.
pub(super) fn pop_releasing<T>(queue: &mut Queue<T>) -> Option<T> {
    remove_releasing(queue, 0)
}

/// Takes the item at `index`, and with the last one the queue's memory.
pub(super) fn remove_releasing<T>(queue: &mut Queue<T>, index: usize) -> Option<T> {
    let item = queue.remove(index)?;
    if queue.is_empty() {
        *queue = Queue::new();
    }
    Some(item)
}
