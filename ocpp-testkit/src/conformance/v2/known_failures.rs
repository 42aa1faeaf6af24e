//! Cases that our station fails, each with the reason. A test sees that all of them fail, and no other.

/// Case and reason.
pub const KNOWN_FAILURES: &[(&str, &str)] =
    &[("TC_K_38_CS", "a profile with a remote start is refused until 2.x has smart charging (F01.FR.26)")];
