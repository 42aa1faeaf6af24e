//! The cases of 1.6, and the other side of their conversations.

pub(super) mod bench;
pub(super) mod csms;
mod required_keys;
pub(super) mod station;
