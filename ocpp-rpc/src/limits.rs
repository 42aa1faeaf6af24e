//! What one incoming frame may cost.

/// Bounds on one incoming frame, checked before anything is allocated for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Longest frame in bytes. Longer ones are refused after a look at their first bytes.
    pub frame_bytes: usize,
    /// Deepest nesting of objects and arrays, the frame's own array included.
    pub depth: u8,
    /// Longest action name in bytes. The longest of the specification has 33, with `-Signed` 40.
    pub action_bytes: usize,
}

impl Limits {
    /// For a server or a station on an operating system: 1 MiB.
    pub const STANDARD: Self = Self { frame_bytes: 1 << 20, depth: 32, action_bytes: 64 };

    /// For a microcontroller: 16 KiB.
    pub const SMALL: Self = Self { frame_bytes: 16 << 10, depth: 16, action_bytes: 64 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}
