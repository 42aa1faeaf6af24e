//! Cases that our station fails, each with the reason. A test sees that all of them fail, and no other.

/// Case and reason.
pub const KNOWN_FAILURES: &[(&str, &str)] = &[];
