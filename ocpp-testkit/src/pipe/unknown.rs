//! Members that an input has and its form does not: a misspelt one would be taken for absent, without a word.

use std::fmt;

use serde_json::Value;

use crate::spelling::nearest;

/// A member that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// Where it is.
    path: String,
    /// The member that may be meant.
    hint: Option<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in{}: no such member", self.path)?;
        match &self.hint {
            Some(name) => write!(f, "; {name} is meant?"),
            None => Ok(()),
        }
    }
}

/// The first member of `given` that was not `read`: written again, it is not there.
pub(super) fn first(given: &Value, read: &Value) -> Option<Unknown> {
    match (given, read) {
        (Value::Object(given), Value::Object(read)) => given.iter().find_map(|(name, value)| match read.get(name) {
            Some(read) => Some(within(first(value, read)?, &format!(".{name}"))),
            None => {
                let hint = nearest(name, read.keys().map(String::as_str)).map(str::to_owned);
                Some(Unknown { path: format!(".{name}"), hint })
            }
        }),
        (Value::Array(given), Value::Array(read)) => (0..)
            .zip(given.iter().zip(read))
            .find_map(|(place, (given, read)): (usize, _)| Some(within(first(given, read)?, &format!("[{place}]")))),
        // Another form of the same.
        _ => None,
    }
}

fn within(unknown: Unknown, outer: &str) -> Unknown {
    Unknown { path: format!("{outer}{}", unknown.path), ..unknown }
}
