//! JSON as a tree that keeps the order of members.

use ocpp_types::{
    Fault, Violation,
    json::{Kind, Reader},
};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// The digits of a number.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Tree>),
    /// An object.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads a whole text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let mut reader = Reader::new(text);
        let tree = Self::read(&mut reader).and_then(|tree| reader.finish().map(|()| tree));
        tree.map_err(|fault| Violation::locate(&fault, text, 0))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        Ok(match reader.peek()? {
            Kind::Null => reader.null().map(|()| Self::Null)?,
            Kind::Boolean => Self::Boolean(reader.boolean()?),
            Kind::Integer | Kind::Number => Self::Number(reader.number()?.to_owned()),
            Kind::String => Self::Text(reader.string()?.into_owned()),
            Kind::Array => {
                let mut items = Vec::new();
                reader.begin_array()?;
                while reader.next_element()? {
                    items.push(Self::read(reader)?);
                }
                Self::List(items)
            }
            Kind::Object => {
                let mut members = Vec::new();
                reader.begin_object()?;
                while let Some(key) = reader.next_key()? {
                    members.push((key.into_owned(), Self::read(reader)?));
                }
                Self::Object(members)
            }
        })
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The members of an object.
    pub fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of an array.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string, the digits of a number.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Boolean(value) => Some(if *value { "true" } else { "false" }),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The texts of all items of an array.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.items().iter().filter_map(Self::text)
    }
}
