//! What one incoming frame may cost.

/// Bounds on one incoming frame, checked before anything is allocated for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Limits {
    /// Longest frame in bytes. Longer ones are refused after a look at their first bytes.
    pub frame_bytes: usize,
    /// Deepest nesting of objects and arrays, the frame's own array included.
    pub depth: u8,
    /// Most items of lists and members of objects in the whole frame. A few bytes of JSON may become a hundred in memory:
    /// this bounds the sum.
    pub items: usize,
    /// Longest action name in bytes. The longest of the specification has 33, with `-Signed` 40.
    pub action_bytes: usize,
}

impl Limits {
    /// For a server or a station on an operating system: 1 MiB, 50,000 items.
    pub const STANDARD: Self = Self { frame_bytes: 1 << 20, depth: 32, items: 50_000, action_bytes: 64 };

    /// For a microcontroller: 16 KiB, 1,000 items.
    pub const SMALL: Self = Self { frame_bytes: 16 << 10, depth: 16, items: 1_000, action_bytes: 64 };

    /// Whether `frame` has more items and members than allowed. Counted are commas and opening brackets, which is exact
    /// but for empty lists and objects: those count one.
    pub(crate) fn has_too_many_items(&self, frame: &str) -> bool {
        // An item takes two bytes with its comma, so that short frames need no counting.
        frame.len() / 2 > self.items && count_items(frame) > self.items
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}

fn count_items(frame: &str) -> usize {
    let (mut items, mut in_string, mut is_escaped) = (0, false, false);
    for byte in frame.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => items += 1,
            _ => {}
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn items_are_counted_outside_of_strings() {
        for (json, items) in
            [("1", 0), (r#"[2,"1","A",{}]"#, 5), (r#"{"a":1,"b":[1,2,3]}"#, 5), (r#"["a,[{","\",\\",",\\\",",2]"#, 4)]
        {
            assert_eq!(count_items(json), items, "{json}");
        }
    }

    #[test]
    fn limit_is_inclusive_and_texts_do_not_count() {
        let limits = Limits { items: 10, ..Limits::STANDARD };
        assert!(!limits.has_too_many_items(&format!("[{}1]", "1,".repeat(9))));
        assert!(limits.has_too_many_items(&format!("[{}1]", "1,".repeat(10))));
        assert!(!limits.has_too_many_items(&format!("[\"{}\"]", ",".repeat(1_000))));
    }
}
