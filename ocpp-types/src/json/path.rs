use alloc::{format, string::String};

use super::{Kind, Reader, Writer};
use crate::violation::Fault;

/// The path of the innermost value of `text` that contains byte `target`, where the root value begins at byte `root`.
///
/// The text may be cut short or malformed after `target`: the path is what was read up to there.
pub(crate) fn at(text: &str, root: usize, target: usize) -> String {
    let mut reader = Reader::with_depth(text, u8::MAX);
    reader.seek(root);
    let mut path = String::from("$");
    // Both outcomes leave the path of the place where reading stopped.
    let _ = walk(&mut reader, target, &mut path);
    path
}

/// Reads one value. Answers whether `target` lies before its end; then, and on an error, `path` stays what it was there.
fn walk(reader: &mut Reader<'_>, target: usize, path: &mut String) -> Result<bool, Fault> {
    let length = path.len();
    let kind = reader.peek()?;
    if reader.position() >= target {
        return Ok(true);
    }
    match kind {
        Kind::Object => {
            reader.begin_object()?;
            while let Some(key) = reader.next_key()? {
                if reader.position() > target {
                    return Ok(true);
                }
                push_key(path, &key);
                if walk(reader, target, path)? {
                    return Ok(true);
                }
                path.truncate(length);
            }
        }
        Kind::Array => {
            reader.begin_array()?;
            let mut index = 0;
            while reader.next_element()? {
                path.push_str(&format!("[{index}]"));
                if walk(reader, target, path)? {
                    return Ok(true);
                }
                path.truncate(length);
                index += 1;
            }
        }
        Kind::Null | Kind::Boolean | Kind::Integer | Kind::Number | Kind::String => reader.skip_value()?,
    }
    Ok(reader.position() > target)
}

fn push_key(path: &mut String, key: &str) {
    if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        path.push('.');
        path.push_str(key);
    } else {
        let mut quoted = Writer::new();
        quoted.string(key);
        path.push('[');
        path.push_str(quoted.text());
        path.push(']');
    }
}
