//! Views, builders and enumerations.

use super::family::{Choice, Family, Member, Object};
use crate::{
    Error,
    generate::docs,
    model::{Field, Kind, TextKind},
    names,
    names::HEAD,
};

/// The Rust type behind a member, whichever edition it comes from.
#[derive(Clone, Copy, PartialEq)]
enum Type<'m> {
    Text,
    Integer,
    Decimal,
    Boolean,
    Time,
    Json,
    Choice(&'m str),
    Object(&'m str),
}

impl<'m> Type<'m> {
    fn of(family: &Family<'_>, kind: &'m Kind) -> Self {
        match kind {
            Kind::Text(..) | Kind::Uri => Self::Text,
            Kind::Integer(..) => Self::Integer,
            Kind::Decimal(..) | Kind::Tenths => Self::Decimal,
            Kind::Boolean => Self::Boolean,
            Kind::Time => Self::Time,
            Kind::Json | Kind::CustomData => Self::Json,
            Kind::Named(name) if family.object(name).is_some() => Self::Object(name),
            Kind::Named(name) => Self::Choice(name),
        }
    }

    /// The type that holds the values of both editions.
    fn joined(self, other: Self) -> Option<Self> {
        match (self, other) {
            (one, other) if one == other => Some(one),
            (Self::Text, Self::Choice(_)) | (Self::Choice(_), Self::Text) => Some(Self::Text),
            (Self::Integer, Self::Decimal) | (Self::Decimal, Self::Integer) => Some(Self::Decimal),
            _ => None,
        }
    }

    /// What an accessor gives.
    fn shown(self) -> String {
        match self {
            Self::Text | Self::Json => "&'m str".to_owned(),
            Self::Object(name) => format!("{name}<'m>"),
            _ => self.taken(),
        }
    }

    /// What a setter takes.
    fn taken(self) -> String {
        match self {
            Self::Text | Self::Json => "&str",
            Self::Integer => "i64",
            Self::Decimal => "Decimal",
            Self::Boolean => "bool",
            Self::Time => "UnixMillis",
            Self::Choice(name) | Self::Object(name) => name,
        }
        .to_owned()
    }

    /// What a setter hands on.
    fn scalar(self) -> &'static str {
        match self {
            Self::Text => "Text(value)",
            Self::Integer => "Integer(value)",
            Self::Decimal => "Decimal(value)",
            Self::Boolean => "Boolean(value)",
            Self::Time => "Time(value)",
            Self::Json | Self::Object(_) => "Json(value)",
            Self::Choice(_) => "Choice(value.number())",
        }
    }
}

/// The type of the model that the source for a member names.
pub fn named<'m>(member: &Member<'m>) -> Option<&'m str> {
    let name = |field: Option<(usize, &'m Field)>| match field.map(|(_, field)| &field.kind) {
        Some(Kind::Named(name)) => Some(name.as_str()),
        _ => None,
    };
    // An enumeration that is a plain text in the other edition is one here, too.
    match (member.old, member.new) {
        (Some(_), Some(_)) => name(member.old).and(name(member.new)),
        (old, new) => name(old).or(name(new)),
    }
}

/// The view and the builder of an object.
pub fn object(family: &Family<'_>, object: &Object<'_>) -> Result<String, Error> {
    let Object { name, doc, .. } = object;
    let (old, new) = family.names();
    let only = match (object.old, object.new) {
        (true, false) if !new.is_empty() => format!("\n    ///\n    /// Only in {old}."),
        (false, true) => format!("\n    ///\n    /// Only in {new}."),
        _ => String::new(),
    };
    let number = family.object(name).ok_or("no object")?;
    let (mut getters, mut setters) = (String::new(), String::new());
    for member in &object.members {
        let (getter, setter) = accessors(family, object, member)?;
        getters.push_str(&getter);
        setters.push_str(&setter);
    }
    let mut source = format!("object! {{\n    /// {doc}{only}\n    {name}, {name}Builder = {number}\n}}\n\n");
    if !object.members.is_empty() {
        source.push_str(&format!("impl<'m> {name}<'m> {{\n{getters}}}\n\nimpl {name}Builder<'_> {{\n{setters}}}\n\n"));
    }
    Ok(source)
}

fn accessors(family: &Family<'_>, object: &Object<'_>, member: &Member<'_>) -> Result<(String, String), Error> {
    let field = member.newest();
    let types = [member.old, member.new].map(|field| field.map(|(_, field)| Type::of(family, &field.kind)));
    let kind = match types {
        [Some(old), Some(new)] => old.joined(new),
        [old, new] => old.or(new),
    };
    let kind = kind.ok_or_else(|| format!("{}.{} has two types", object.name, field.name))?;
    let lists = [member.old, member.new].map(|field| field.map(|(_, field)| field.list.is_some()));
    let is_list = field.list.is_some();
    if lists.into_iter().flatten().any(|list| list != is_list) {
        return Err(format!("{}.{} is a list in one edition only", object.name, field.name).into());
    }
    let doc = doc(family, object, member);
    let name = names::field(&field.name);
    let snake = names::snake(&field.name);
    let row = |field: Option<(usize, &Field)>| field.map_or(0xFF, |(row, _)| row);
    // With one edition both bytes are the same.
    let rows = match (member.old, member.new) {
        (old, None) if family.names().1.is_empty() => row(old) << 8 | row(old),
        (old, new) => row(new) << 8 | row(old),
    };
    let rows = format!("0x{rows:04x}");
    // What an edition lacks, or need not have, may be absent from the message.
    let is_in = |has: bool, field: Option<(usize, &Field)>| !has || field.is_some_and(|(_, field)| field.required);
    let required = is_in(object.old, member.old) && is_in(object.new, member.new);
    let shown = kind.shown();
    let (shown, call) = match (is_list, required) {
        (true, _) => (format!("List<'m, {shown}>"), "list"),
        (false, true) => (shown, "required"),
        (false, false) => (format!("Option<{shown}>"), "optional"),
    };
    let getter = format!("/// {doc}\npub fn {name}(self) -> {shown} {{\nself.0.{call}({rows})\n}}\n\n");
    let taken = kind.taken();
    let setter = match (kind, is_list) {
        (Type::Object(inner), false) => format!(
            "/// {doc}\npub fn {name}(&mut self) -> {inner}Builder<'_> {{\n{inner}Builder(self.0.object({rows}))\n}}\n\n"
        ),
        (Type::Object(inner), true) => format!(
            "/// {doc}\n///\n/// Adds an item.\npub fn add_{snake}(&mut self) -> {inner}Builder<'_> {{\n\
             {inner}Builder(self.0.add_object({rows}))\n}}\n\n"
        ),
        (_, false) => format!(
            "/// {doc}\npub fn {name}(&mut self, value: {taken}) -> &mut Self {{\n\
             self.0.set({rows}, Scalar::{});\nself\n}}\n\n",
            kind.scalar()
        ),
        (_, true) => format!(
            "/// {doc}\n///\n/// Adds an item.\npub fn add_{snake}(&mut self, value: {taken}) -> &mut Self {{\n\
             self.0.add({rows}, Scalar::{});\nself\n}}\n\n",
            kind.scalar()
        ),
    };
    Ok((getter, setter))
}

/// What a member means, what it must be, and where editions differ.
fn doc(family: &Family<'_>, object: &Object<'_>, member: &Member<'_>) -> String {
    let field = member.newest();
    let mut doc = docs::field(field);
    let (old, new) = family.names();
    match field.kind {
        Kind::Text(kind, max) => {
            if let Some(max) = max {
                doc.push_str(&format!(" At most {max} characters."));
            }
            match kind {
                TextKind::Plain => {}
                TextKind::CaseInsensitive => doc.push_str(" Case does not count."),
                TextKind::Token => doc.push_str(" Case does not count; identifies a person or vehicle."),
                TextKind::Secret => doc.push_str(" A secret."),
            }
        }
        Kind::CustomData | Kind::Json => doc.push_str(" As JSON."),
        Kind::Uri | Kind::Integer(..) | Kind::Decimal(..) | Kind::Tenths | Kind::Boolean | Kind::Time => {}
        Kind::Named(_) => {}
    }
    match (member.old, member.new) {
        (None, Some(_)) if object.old => doc.push_str(&format!(" Only in {new}.")),
        (Some(_), None) if object.new => doc.push_str(&format!(" Only in {old}.")),
        (Some((_, one)), Some((_, other))) if (one.required, &one.kind) != (other.required, &other.kind) => {
            let must = if one.required && !other.required { ", required" } else { "" };
            doc.push_str(&format!(" In {old}: `{}`{must}.", one.kind));
        }
        _ => {}
    }
    doc
}

/// The source of `choice.rs`.
pub fn choices(family: &Family<'_>) -> Result<String, Error> {
    let mut source = format!("{HEAD}//! Enumerations.\n\nuse crate::tables::generated::choices;\n\nchoices! {{\n");
    let (_, new) = family.names();
    // Those that are texts in the newest edition have no accessor.
    for (number, Choice { name, doc, values, old, .. }) in family.choices.iter().enumerate() {
        if family.newest().1.find_enum(name).is_none() {
            continue;
        }
        source.push_str(&format!("    /// {doc}\n    {name} = {number} {{\n"));
        for (index, (text, doc)) in values.iter().enumerate() {
            let only = if index >= *old && *old > 0 { format!(" Only in {new}.") } else { String::new() };
            source.push_str(&format!(
                "        /// {}{only}\n        {},\n",
                docs::sentence(doc, text),
                names::variant(text)
            ));
        }
        source.push_str("    }\n");
    }
    source.push_str("}\n");
    Ok(source)
}

/// The source of `action.rs`.
pub fn actions(family: &Family<'_>) -> String {
    let mut source = format!("{HEAD}//! Actions.\n\nuse crate::tables::generated::actions;\n\nactions! {{\n");
    let (old, new) = family.names();
    for action in &family.actions {
        let only = match (action.old, action.new) {
            (true, false) if !new.is_empty() => format!(" Only in {old}."),
            (false, true) => format!(" Only in {new}."),
            _ => String::new(),
        };
        source.push_str(&format!("    /// {}{only}\n    {},\n", action.doc, action.message.action));
    }
    source.push_str("}\n");
    source
}
