//! What the schemas do not say, written by hand under `overlay/`.
//!
//! Each line begins with a word:
//!
//! - `message ACTION SENDER BLOCK | meaning`
//! - `section NAME ..`: where the specification describes the action or definition
//! - `type OWNER.field NAME`: the name of an object or enumeration that the schema defines in place
//! - `rename DEFINITION NAME`: another name for a definition of the schema
//! - `text OWNER.field KIND`: how a text compares and whether it may be shown (`citext`, `token`, `secret`)
//! - `doc OWNER.field | meaning`, `doc NAME | meaning`, `doc ENUM.value | meaning`
//!
//! An owner is a type; `*` stands for every owner, and a line with the owner's name outranks it.

use std::{collections::BTreeMap, fs};

use crate::{Error, Version, model::TextKind};

/// The lines of an overlay.
#[derive(Debug, Default)]
pub struct Overlay {
    /// Sender, block and meaning by action.
    pub messages: BTreeMap<String, [String; 3]>,
    sections: BTreeMap<String, String>,
    types: BTreeMap<String, String>,
    renames: BTreeMap<String, String>,
    texts: BTreeMap<String, TextKind>,
    docs: BTreeMap<String, String>,
}

impl Overlay {
    /// Reads the overlay of a version.
    pub fn read(version: Version) -> Result<Self, Error> {
        let mut overlay = Self::default();
        for file in version.overlay_files() {
            let text = fs::read_to_string(&file)?;
            for (number, line) in text.lines().enumerate() {
                let result = overlay.push_line(line.trim());
                result.map_err(|error| format!("{}, line {}: {error}", file.display(), number + 1))?;
            }
        }
        Ok(overlay)
    }

    fn push_line(&mut self, line: &str) -> Result<(), Error> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (head, doc) = line.split_once(" | ").unwrap_or((line, ""));
        let words: Vec<&str> = head.split_whitespace().collect();
        let old = match words.as_slice() {
            ["message", action, sender, block] => {
                let facts = [*sender, *block, doc.trim()].map(str::to_owned);
                self.messages.insert((*action).to_owned(), facts).is_some()
            }
            ["section", name, section @ ..] => self.sections.insert((*name).to_owned(), section.join(" ")).is_some(),
            ["type", place, name] => self.types.insert((*place).to_owned(), (*name).to_owned()).is_some(),
            ["rename", from, to] => self.renames.insert((*from).to_owned(), (*to).to_owned()).is_some(),
            ["text", place, kind] => {
                let kind = TextKind::find(kind).ok_or_else(|| format!("unknown kind of text {kind}"))?;
                self.texts.insert((*place).to_owned(), kind).is_some()
            }
            ["doc", place] => self.docs.insert((*place).to_owned(), doc.trim().to_owned()).is_some(),
            _ => return Err(format!("not understood: {line}").into()),
        };
        if old { Err(format!("said twice: {line}").into()) } else { Ok(()) }
    }

    /// The name of the type that the member of `owner` defines in place.
    pub fn type_name(&self, owner: &str, field: &str) -> Option<String> {
        find(&self.types, owner, field).cloned()
    }

    /// The name of a definition, if it has another one here.
    pub fn rename(&self, definition: &str) -> Option<String> {
        self.renames.get(definition).cloned()
    }

    /// Where the specification describes an action or definition.
    pub fn section(&self, name: &str) -> String {
        self.sections.get(name).cloned().unwrap_or_default()
    }

    /// The kind of the text in the member of `owner`.
    pub fn text(&self, owner: &str, field: &str) -> TextKind {
        find(&self.texts, owner, field).copied().unwrap_or(TextKind::Plain)
    }

    /// The meaning of a member or enumeration value of `owner`.
    pub fn doc(&self, owner: &str, field: &str) -> String {
        find(&self.docs, owner, field).cloned().unwrap_or_default()
    }

    /// The meaning of a type.
    pub fn type_doc(&self, name: &str) -> String {
        self.docs.get(name).cloned().unwrap_or_default()
    }
}

fn find<'a, T>(map: &'a BTreeMap<String, T>, owner: &str, field: &str) -> Option<&'a T> {
    map.get(&format!("{owner}.{field}")).or_else(|| map.get(&format!("*.{field}")))
}
