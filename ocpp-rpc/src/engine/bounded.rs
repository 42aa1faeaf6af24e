use alloc::collections::VecDeque;

/// Appends `item` and forgets the oldest ones beyond `max`.
pub(super) fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, max: usize) {
    queue.push_back(item);
    while queue.len() > max {
        queue.pop_front();
    }
}
