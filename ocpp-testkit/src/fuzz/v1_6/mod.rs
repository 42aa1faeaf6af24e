//! The bodies that drive machines of 1.6.

pub(super) mod csms;
pub(super) mod station;
