//! Structs with their readers and writers, and enumerations.

use std::collections::BTreeMap;

use super::{docs, size};
use crate::{
    Error, Version,
    model::{Enum, Field, Kind, Message, Model, TextKind},
    names,
};

/// A struct, its constructor and setters, its reader and writer.
pub fn object(model: &Model, name: &str, doc: &str, fields: &[Field]) -> String {
    let mut source = String::new();
    let default = if fields.iter().any(|field| field.required) { "" } else { ", Default" };
    source.push_str(&format!("/// {doc}\n#[derive(Clone, Debug, PartialEq, Eq{default})]\npub struct {name} {{\n"));
    for field in fields {
        source.push_str(&format!(
            "/// {}\npub {}: {},\n",
            docs::field(field),
            names::field(&field.name),
            member_type(model, field)
        ));
    }
    source.push_str("}\n\n");
    source.push_str(&constructors(model, name, fields));
    source.push_str(&reader(name, fields));
    source.push_str(&writer(name, fields));
    source.push_str(&format!("via_json!({name});\n\n"));
    source
}

fn member_type(model: &Model, field: &Field) -> String {
    let kind = rust_type(&field.kind);
    if field.list.is_some() {
        format!("Vec<{kind}>")
    } else if field.required {
        kind
    } else if size::boxed(model, field) {
        format!("Option<Box<{kind}>>")
    } else {
        format!("Option<{kind}>")
    }
}

fn rust_type(kind: &Kind) -> String {
    match kind {
        Kind::Text(TextKind::Plain, None) => "AnyText".to_owned(),
        Kind::Text(kind, max) => {
            let name = match kind {
                TextKind::Plain => "Text",
                TextKind::CaseInsensitive => "CiText",
                TextKind::Token => "TokenText",
                TextKind::Secret => "SecretText",
            };
            format!("{name}<{}>", max.map_or("{ usize::MAX }".to_owned(), |max| max.to_string()))
        }
        Kind::Uri => "Uri".to_owned(),
        Kind::Integer(..) => "i64".to_owned(),
        Kind::Decimal(..) | Kind::Tenths => "Decimal".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Time => "DateTime<Utc>".to_owned(),
        Kind::Json => "RawJson".to_owned(),
        Kind::CustomData => "CustomData".to_owned(),
        Kind::Named(name) => name.clone(),
    }
}

fn constructors(model: &Model, name: &str, fields: &[Field]) -> String {
    let mut arguments = String::new();
    let mut members = String::new();
    let mut setters = String::new();
    for field in fields {
        let member = names::field(&field.name);
        let member_type = member_type(model, field);
        if field.required {
            arguments.push_str(&format!("{member}: {member_type}, "));
            members.push_str(&format!("{member}, "));
            continue;
        }
        let plain = rust_type(&field.kind);
        let (argument, empty, value) = if field.list.is_some() {
            (member_type, "Vec::new()", member.clone())
        } else if size::boxed(model, field) {
            (plain, "None", format!("Some(Box::new({member}))"))
        } else {
            (plain, "None", format!("Some({member})"))
        };
        members.push_str(&format!("{member}: {empty}, "));
        // In a link, a raw identifier's `#` would begin a fragment.
        let link = member.trim_start_matches("r#");
        setters.push_str(&format!(
            "\n/// Sets [`{link}`](Self::{link}).\n#[must_use]\n\
             pub fn with_{}(mut self, {member}: {argument}) -> Self {{\nself.{member} = {value};\nself\n}}\n",
            names::snake(&field.name)
        ));
    }
    let many = fields.iter().filter(|field| field.required).count() > 7;
    let allow = if many { "#[allow(clippy::too_many_arguments)]\n" } else { "" };
    let doc = if arguments.is_empty() { "Without any member." } else { "With the required members." };
    format!(
        "impl {name} {{\n/// {doc}\n{allow}pub fn new({arguments}) -> Self {{\nSelf {{ {members} }}\n}}\n{setters}}}\n\n"
    )
}

fn reader(name: &str, fields: &[Field]) -> String {
    let mut source = format!("impl Decode for {name} {{\nfn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {{\n");
    if fields.is_empty() {
        source.push_str("reader.members(&[])?.next(reader)?;\nOk(Self {})\n}\n}\n\n");
        return source;
    }
    let keys: Vec<String> = fields.iter().map(|field| format!("{:?}", field.name)).collect();
    source.push_str(&format!("let mut members = reader.members(&[{}])?;\n", keys.join(", ")));
    for field in fields {
        let empty = if field.list.is_some() && !field.required { "Vec::new()" } else { "None" };
        source.push_str(&format!("let mut {} = {empty};\n", names::field(&field.name)));
    }
    let assign = |field: &Field| {
        let value = read_value(field);
        let value = if field.list.is_some() && !field.required { value } else { format!("Some({value})") };
        format!("{} = {value}", names::field(&field.name))
    };
    if let [only] = fields {
        source.push_str(&format!("while members.next(reader)?.is_some() {{\n{};\n}}\n", assign(only)));
    } else {
        source.push_str("while let Some(index) = members.next(reader)? {\nmatch index {\n");
        for (index, field) in fields.iter().enumerate() {
            let pattern = if index + 1 == fields.len() { "_".to_owned() } else { index.to_string() };
            source.push_str(&format!("{pattern} => {},\n", assign(field)));
        }
        source.push_str("}\n}\n");
    }
    source.push_str("Ok(Self {\n");
    for (index, field) in fields.iter().enumerate() {
        let member = names::field(&field.name);
        if field.required {
            source.push_str(&format!("{member}: members.required({index}, {member})?,\n"));
        } else {
            source.push_str(&format!("{member},\n"));
        }
    }
    source.push_str("})\n}\n}\n\n");
    source
}

fn read_value(field: &Field) -> String {
    let special = read_special(&field.kind);
    match (field.list, special) {
        (None, None) => "Decode::read(reader)?".to_owned(),
        (None, Some(call)) => format!("reader.{call}?"),
        (Some(bounds), None) => format!("reader.list({})?", list_bounds(bounds)),
        (Some(bounds), Some(call)) => format!("reader.list_with({}, |reader| reader.{call})?", list_bounds(bounds)),
    }
}

/// The method of the reader for a kind that its Rust type alone does not tell.
fn read_special(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Integer(None, None) | Kind::Decimal(None, None) => None,
        Kind::Integer(min, max) => Some(format!("integer_in({})", number_bounds(*min, *max))),
        Kind::Decimal(min, max) => Some(format!("decimal_in({})", number_bounds(*min, *max))),
        Kind::Tenths => Some("tenths()".to_owned()),
        _ => None,
    }
}

fn number_bounds(min: Option<i64>, max: Option<i64>) -> String {
    let bound = |bound: Option<i64>, open: &str| bound.map_or(open.to_owned(), |bound| bound.to_string());
    format!("{}, {}", bound(min, "i64::MIN"), bound(max, "i64::MAX"))
}

fn list_bounds((min, max): (usize, Option<usize>)) -> String {
    format!("{min}, {}", max.map_or("usize::MAX".to_owned(), |max| max.to_string()))
}

fn writer(name: &str, fields: &[Field]) -> String {
    let mut source =
        format!("impl Encode for {name} {{\nfn write(&self, writer: &mut Writer) {{\nwriter.begin_object();\n");
    for field in fields {
        source.push_str(&write_member(field));
    }
    source.push_str("writer.end_object();\n}\n}\n\n");
    source
}

fn write_member(field: &Field) -> String {
    let member = format!("self.{}", names::field(&field.name));
    let key = &field.name;
    // Integers are handed over by value, decimals by reference.
    let (own, item) = if matches!(field.kind, Kind::Integer(..)) { ("", "*item") } else { ("&", "item") };
    let Some((min, max)) = field.list else {
        return match (write_special(&field.kind, &format!("{own}{member}")), field.required) {
            (None, true) => format!("writer.member({key:?}, &{member});\n"),
            (None, false) => format!("writer.optional({key:?}, &{member});\n"),
            (Some(call), true) => format!("writer.name({key:?});\nwriter.{call};\n"),
            (Some(_), false) => {
                let call = write_special(&field.kind, "value").unwrap_or_default();
                format!("if let Some(value) = {own}{member} {{\nwriter.name({key:?});\nwriter.{call};\n}}\n")
            }
        };
    };
    let bounds = list_bounds((min, max));
    match (write_special(&field.kind, item), field.required) {
        (None, true) => format!("writer.list({key:?}, &{member}, {bounds});\n"),
        (None, false) => format!("writer.optional_list({key:?}, &{member}, {bounds});\n"),
        (Some(call), required) => {
            let write = format!("writer.list_with({key:?}, &{member}, {bounds}, |item, writer| writer.{call});\n");
            if required { write } else { format!("if !{member}.is_empty() {{\n{write}}}\n") }
        }
    }
}

/// The call of the writer for a kind that its Rust type alone does not tell.
fn write_special(kind: &Kind, value: &str) -> Option<String> {
    match *kind {
        Kind::Integer(None, None) | Kind::Decimal(None, None) => None,
        Kind::Integer(min, max) => Some(format!("integer_in({value}, {})", number_bounds(min, max))),
        Kind::Decimal(min, max) => Some(format!("decimal_in({value}, {})", number_bounds(min, max))),
        Kind::Tenths => Some(format!("tenths({value})")),
        _ => None,
    }
}

/// The traits of a message.
pub fn message(message: &Message) -> String {
    let name = message.request_name();
    let action = &message.action;
    let direction = super::action::direction(message);
    let request = if message.response.is_some() {
        format!("impl Request for {name} {{\ntype Response = {action}Response;\n}}\n\n")
    } else {
        String::new()
    };
    format!(
        "impl Message for {name} {{\nconst ACTION: &'static str = {action:?};\n\
         const DIRECTION: Direction = Direction::{direction};\n}}\n\n{request}"
    )
}

/// An enumeration.
pub fn enumeration(version: Version, item: &Enum) -> Result<String, Error> {
    let doc = docs::summary(version, &item.doc, &item.name, &item.section);
    let mut source = format!("enumeration! {{\n    /// {doc}\n    {} {{\n", item.name);
    let mut variants = BTreeMap::new();
    for (text, doc) in &item.values {
        let variant = names::variant(text);
        if let Some(other) = variants.insert(variant.clone(), text) {
            return Err(format!("{}: {other} and {text} have one name", item.name).into());
        }
        source.push_str(&format!("        /// {}\n        {variant} = {text:?},\n", docs::sentence(doc, text)));
    }
    source.push_str("    }\n}\n\n");
    source.push_str(&format!("via_json!({});\n\n", item.name));
    Ok(source)
}
