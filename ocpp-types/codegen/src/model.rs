//! The model of one version, and its text form.
//!
//! ```text
//! message Authorize station Core @ §4.1 | asks whether an identifier may charge
//!   request
//!     idTag! token(20) | identifier to be authorised
//!   response
//!     idTagInfo! IdTagInfo
//!
//! struct IdTagInfo @ §7.27 | what is known about an identifier
//!   expiryDate time
//!
//! enum AuthorizationStatus @ §7.2 | verdict on an identifier
//!   Accepted
//! ```
//!
//! A `!` marks a required member, `[1..3]` after the kind a list, `= x` a default. `@` begins the place in the specification, `|` the meaning.

use std::{fmt, str::FromStr};

use crate::Error;

/// Everything about one version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// The messages, by action.
    pub messages: Vec<Message>,
    /// The types of objects, by name.
    pub structs: Vec<Struct>,
    /// The enumerations, by name.
    pub enums: Vec<Enum>,
}

/// An action with its payloads.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The name in the frame.
    pub action: String,
    /// Who sends it: `station`, `csms` or `both`.
    pub sender: String,
    /// The feature profile or functional block.
    pub block: String,
    /// Where the specification describes it.
    pub section: String,
    /// What it is for.
    pub doc: String,
    /// The payload sent.
    pub request: Vec<Field>,
    /// The payload of the answer; a SEND has none.
    pub response: Option<Vec<Field>>,
}

/// A type of objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Struct {
    /// The Rust name.
    pub name: String,
    /// Where the specification describes it.
    pub section: String,
    /// What it is.
    pub doc: String,
    /// The members, in the order of the schema.
    pub fields: Vec<Field>,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name in JSON.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// The kind of its value or, in a list, of its items.
    pub kind: Kind,
    /// The smallest and greatest number of items, if it is a list.
    pub list: Option<(usize, Option<usize>)>,
    /// The value that counts when it is absent.
    pub default: Option<String>,
    /// What it means.
    pub doc: String,
}

/// A kind of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A text with at most so many characters.
    Text(TextKind, Option<usize>),
    /// A URI.
    Uri,
    /// An integer in a range.
    Integer(Option<i64>, Option<i64>),
    /// A number in a range.
    Decimal(Option<i64>, Option<i64>),
    /// A multiple of 0.1.
    Tenths,
    /// True or false.
    Boolean,
    /// A date and time.
    Time,
    /// Any JSON value.
    Json,
    /// The extension object of 2.x.
    CustomData,
    /// An object or enumeration of the model.
    Named(String),
}

/// How a text compares and whether it may be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TextKind {
    /// Case counts.
    Plain,
    /// Case does not count.
    CaseInsensitive,
    /// An identifier of a person or vehicle.
    Token,
    /// A secret.
    Secret,
}

/// An enumeration.
#[derive(Clone, Debug, PartialEq)]
pub struct Enum {
    /// The Rust name.
    pub name: String,
    /// Where the specification describes it.
    pub section: String,
    /// What it is.
    pub doc: String,
    /// The texts with their meanings.
    pub values: Vec<(String, String)>,
}

impl TextKind {
    const NAMES: [(Self, &'static str); 4] =
        [(Self::Plain, "text"), (Self::CaseInsensitive, "citext"), (Self::Token, "token"), (Self::Secret, "secret")];

    /// The kind with this name in models and overlays.
    pub fn find(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, candidate)| *candidate == name).map(|(kind, _)| *kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(kind, max) => {
                let name = TextKind::NAMES.iter().find(|(candidate, _)| candidate == kind).map_or("", |(_, name)| name);
                f.write_str(name)?;
                max.map_or(Ok(()), |max| write!(f, "({max})"))
            }
            Self::Uri => f.write_str("uri"),
            Self::Integer(min, max) => write!(f, "integer{}", Range(*min, *max)),
            Self::Decimal(min, max) => write!(f, "decimal{}", Range(*min, *max)),
            Self::Tenths => f.write_str("tenths"),
            Self::Boolean => f.write_str("boolean"),
            Self::Time => f.write_str("time"),
            Self::Json => f.write_str("json"),
            Self::CustomData => f.write_str("custom"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

struct Range(Option<i64>, Option<i64>);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if (self.0, self.1) == (None, None) {
            return Ok(());
        }
        let bound = |bound: Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        write!(f, "({}..{})", bound(self.0), bound(self.1))
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, argument) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        if let Some(kind) = TextKind::find(name) {
            return Ok(Self::Text(kind, argument.map(str::parse).transpose()?));
        }
        let (min, max) = argument.map_or(Ok((None, None)), parse_range::<i64>)?;
        Ok(match name {
            "uri" => Self::Uri,
            "integer" => Self::Integer(min, max),
            "decimal" => Self::Decimal(min, max),
            "tenths" => Self::Tenths,
            "boolean" => Self::Boolean,
            "time" => Self::Time,
            "json" => Self::Json,
            "custom" => Self::CustomData,
            name if name.starts_with(|first: char| first.is_ascii_uppercase()) => Self::Named(name.to_owned()),
            name => return Err(format!("unknown kind {name}").into()),
        })
    }
}

fn parse_range<T: FromStr>(text: &str) -> Result<(Option<T>, Option<T>), Error>
where
    T::Err: std::error::Error + 'static,
{
    let (min, max) = text.split_once("..").ok_or_else(|| format!("no range: {text}"))?;
    let bound = |text: &str| if text.is_empty() { Ok(None) } else { text.parse().map(Some) };
    Ok((bound(min)?, bound(max)?))
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} {}", self.name, if self.required { "!" } else { "" }, self.kind)?;
        if let Some((min, max)) = self.list {
            write!(f, "[{min}..{}]", max.map(|max| max.to_string()).unwrap_or_default())?;
        }
        if let Some(default) = &self.default {
            write!(f, " = {default}")?;
        }
        write_doc(f, &self.doc)
    }
}

impl FromStr for Field {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self, Error> {
        let (head, doc) = split_doc(line);
        let (head, default) = match head.split_once(" = ") {
            Some((head, default)) => (head, Some(default.to_owned())),
            None => (head, None),
        };
        let (name, kind) = head.split_once(' ').ok_or_else(|| format!("no kind: {line}"))?;
        let (kind, list) = match kind.strip_suffix(']').and_then(|kind| kind.split_once('[')) {
            Some((kind, range)) => {
                let (min, max) = parse_range(range)?;
                (kind, Some((min.unwrap_or_default(), max)))
            }
            None => (kind, None),
        };
        let required = name.ends_with('!');
        let name = name.trim_end_matches('!').to_owned();
        Ok(Self { name, required, kind: kind.parse()?, list, default, doc })
    }
}

fn write_doc(f: &mut fmt::Formatter<'_>, doc: &str) -> fmt::Result {
    if doc.is_empty() { Ok(()) } else { write!(f, " | {doc}") }
}

fn write_head(f: &mut fmt::Formatter<'_>, section: &str, doc: &str) -> fmt::Result {
    if !section.is_empty() {
        write!(f, " @ {section}")?;
    }
    write_doc(f, doc)?;
    writeln!(f)
}

fn split_doc(line: &str) -> (&str, String) {
    match line.split_once(" | ") {
        Some((head, doc)) => (head.trim(), doc.trim().to_owned()),
        None => (line.trim(), String::new()),
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for message in &self.messages {
            let Message { action, sender, block, section, doc, request, response } = message;
            write!(f, "message {action} {sender} {block}")?;
            write_head(f, section, doc)?;
            for (title, fields) in [("request", Some(request)), ("response", response.as_ref())] {
                if let Some(fields) = fields {
                    writeln!(f, "  {title}")?;
                    for field in fields {
                        writeln!(f, "    {field}")?;
                    }
                }
            }
            writeln!(f)?;
        }
        for Struct { name, section, doc, fields } in &self.structs {
            write!(f, "struct {name}")?;
            write_head(f, section, doc)?;
            for field in fields {
                writeln!(f, "    {field}")?;
            }
            writeln!(f)?;
        }
        for Enum { name, section, doc, values } in &self.enums {
            write!(f, "enum {name}")?;
            write_head(f, section, doc)?;
            for (value, doc) in values {
                write!(f, "    {value}")?;
                write_doc(f, doc)?;
                writeln!(f)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl FromStr for Model {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut model = Self::default();
        let mut place = Place::Outside;
        for (number, line) in text.lines().enumerate() {
            let result = model.push_line(line, &mut place);
            result.map_err(|error| format!("line {}: {error}", number + 1))?;
        }
        Ok(model)
    }
}

/// What the lines that follow belong to: the last item of its list.
enum Place {
    Outside,
    Request,
    Response,
    Struct,
    Enum,
}

impl Model {
    fn push_line(&mut self, line: &str, place: &mut Place) -> Result<(), Error> {
        let (head, doc) = split_doc(line);
        if head.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if !line.starts_with(' ') {
            let (head, section) = head.split_once(" @ ").unwrap_or((head, ""));
            let section = section.to_owned();
            *place = match head.split(' ').collect::<Vec<_>>().as_slice() {
                ["message", action, sender, block] => {
                    let [action, sender, block] = [action, sender, block].map(|word| (*word).to_owned());
                    let request = Vec::new();
                    self.messages.push(Message { action, sender, block, section, doc, request, response: None });
                    Place::Outside
                }
                ["struct", name] => {
                    self.structs.push(Struct { name: (*name).to_owned(), section, doc, fields: Vec::new() });
                    Place::Struct
                }
                ["enum", name] => {
                    self.enums.push(Enum { name: (*name).to_owned(), section, doc, values: Vec::new() });
                    Place::Enum
                }
                _ => return Err(format!("not understood: {head}").into()),
            };
            return Ok(());
        }
        match (head, &place) {
            ("request", _) if line.starts_with("  r") => *place = Place::Request,
            ("response", _) if line.starts_with("  r") => {
                self.messages.last_mut().ok_or("no message")?.response = Some(Vec::new());
                *place = Place::Response;
            }
            (_, Place::Request) => self.messages.last_mut().ok_or("no message")?.request.push(line.parse()?),
            (_, Place::Response) => {
                let response = self.messages.last_mut().and_then(|message| message.response.as_mut());
                response.ok_or("no response")?.push(line.parse()?);
            }
            (_, Place::Struct) => self.structs.last_mut().ok_or("no struct")?.fields.push(line.parse()?),
            (_, Place::Enum) => self.enums.last_mut().ok_or("no enum")?.values.push((head.to_owned(), doc)),
            (_, Place::Outside) => return Err("a line that belongs to nothing".into()),
        }
        Ok(())
    }

    /// The struct with this name.
    pub fn find_struct(&self, name: &str) -> Option<&Struct> {
        self.structs.iter().find(|item| item.name == name)
    }

    /// The enumeration with this name.
    pub fn find_enum(&self, name: &str) -> Option<&Enum> {
        self.enums.iter().find(|item| item.name == name)
    }

    /// The payloads of all messages with the names of their types.
    pub fn payloads(&self) -> impl Iterator<Item = (String, &[Field])> {
        self.messages.iter().flat_map(|message| {
            let response =
                message.response.as_ref().map(|fields| (format!("{}Response", message.action), fields.as_slice()));
            std::iter::once((message.request_name(), message.request.as_slice())).chain(response)
        })
    }
}

impl Message {
    /// The name of the type of the payload sent.
    pub fn request_name(&self) -> String {
        // A SEND has no answer, so its payload bears the name of the action alone.
        if self.response.is_some() { format!("{}Request", self.action) } else { self.action.clone() }
    }
}
