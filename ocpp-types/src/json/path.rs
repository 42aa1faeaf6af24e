use alloc::{string::String, vec::Vec};

use super::{Kind, Reader, Writer, decimal_digits};
use crate::violation::Fault;

/// The path of the innermost value of `text` that contains byte `target`, where the root value begins at byte `root`.
///
/// The text may be cut short or malformed after `target`: the path is what was read up to there.
pub(crate) fn at(text: &str, root: usize, target: usize) -> String {
    at_each(text, root, &[target]).pop().unwrap_or_default()
}

/// The paths of several offsets, which must be in ascending order, in one pass.
pub(crate) fn at_each(text: &str, root: usize, targets: &[usize]) -> Vec<String> {
    // Mostly nothing was mended.
    if targets.is_empty() {
        return Vec::new();
    }
    let mut reader = Reader::with_depth(text, u8::MAX);
    reader.seek(root);
    let mut walk = Walk { targets, path: String::from("$"), paths: Vec::new() };
    // After an error the path is that of the place where reading stopped, and all that is left lies there.
    let _ = walk.value(&mut reader);
    walk.pass(usize::MAX);
    walk.paths
}

struct Walk<'a> {
    /// The offsets that are still ahead.
    targets: &'a [usize],
    path: String,
    paths: Vec<String>,
}

impl Walk<'_> {
    fn value(&mut self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        let length = self.path.len();
        let kind = reader.peek()?;
        self.pass(reader.position());
        match kind {
            Kind::Object => {
                reader.begin_object()?;
                while let Some(key) = reader.next_key()? {
                    self.pass(reader.position() - 1);
                    self.push_key(&key);
                    self.value(reader)?;
                    self.path.truncate(length);
                }
            }
            Kind::Array => {
                reader.begin_array()?;
                let mut index = 0;
                while reader.next_element()? {
                    self.path.push('[');
                    self.path.push_str(decimal_digits(index, false, &mut [0; 20]));
                    self.path.push(']');
                    self.value(reader)?;
                    self.path.truncate(length);
                    index += 1;
                }
            }
            Kind::Null | Kind::Boolean | Kind::Integer | Kind::Number | Kind::String => reader.skip_value()?,
        }
        self.pass(reader.position() - 1);
        Ok(())
    }

    /// The targets up to `position` lie at the current path.
    fn pass(&mut self, position: usize) {
        while let Some((_, rest)) = self.targets.split_first().filter(|(target, _)| **target <= position) {
            self.targets = rest;
            self.paths.push(self.path.clone());
        }
    }

    fn push_key(&mut self, key: &str) {
        if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.path.push('.');
            self.path.push_str(key);
        } else {
            let mut quoted = Writer::new();
            quoted.string(key);
            self.path.push('[');
            self.path.push_str(quoted.text());
            self.path.push(']');
        }
    }
}
